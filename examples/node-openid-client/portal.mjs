// Signs one person in with openid-client and prints what the provider says of them.
import { createServer } from 'node:http'
import * as oidc from 'openid-client'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env
const issuer = new URL(ISSUER)
// Plain http is for a demo on this machine; a real issuer is https and needs no such word.
const execute = issuer.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
// The library would send the secret in the form; a client is registered for the header unless it says otherwise.
const config = await oidc.discovery(issuer, CLIENT_ID, {}, oidc.ClientSecretBasic(CLIENT_SECRET), { execute })

const verifier = oidc.randomPKCECodeVerifier()
const state = oidc.randomState()
const nonce = oidc.randomNonce()
const address = oidc.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI,
  scope: 'openid profile email',
  code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})

const back = new URL(REDIRECT_URI)
const server = createServer(async (request, response) => {
  const url = new URL(request.url, REDIRECT_URI)
  if (url.pathname !== back.pathname) return response.writeHead(404).end()
  try {
    // Checks state, iss (RFC 9207), the signature, nonce, aud and exp of the ID token.
    const tokens = await oidc.authorizationCodeGrant(config, url, {
      pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
    })
    const { sub, acr } = tokens.claims()
    const person = await oidc.fetchUserInfo(config, tokens.access_token, sub)
    response.end('Signed in. You can close this page.')
    console.log(JSON.stringify({ ...person, acr }, null, 2))
    server.close()
  } catch (error) {
    response.writeHead(502).end('Not signed in.')
    console.error(error)
    process.exitCode = 1
    server.close()
  }
  server.closeAllConnections()
})
server.listen(Number(back.port), back.hostname, () => console.log(`Open ${address.href}`))
