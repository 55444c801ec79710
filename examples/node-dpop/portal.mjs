// Signs one person in without any library: every token is bound to a key of this program (DPoP), from the code to UserInfo.
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto'
import { createServer } from 'node:http'
import { fetchWithProof, newKey, thumbprint } from './dpop.mjs'

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI } = process.env
const provider = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json()
if (provider.issuer !== ISSUER) throw new Error('another issuer than was asked for')

const key = newKey()
const [state, nonce, verifier] = [0, 0, 0].map(() => randomBytes(32).toString('base64url'))
const address = new URL(provider.authorization_endpoint)
address.search = new URLSearchParams({
  response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, scope: 'openid profile email', state, nonce,
  code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
  dpop_jkt: thumbprint(key), // whoever gets hold of the code has not the key (RFC 9449 section 10)
})

async function tokensFor(code) {
  const credentials = [CLIENT_ID, CLIENT_SECRET].map(encodeURIComponent).join(':')
  const answer = await fetchWithProof(key, provider.token_endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, code_verifier: verifier }),
  })
  const tokens = await answer.json()
  if (!answer.ok || tokens.token_type !== 'DPoP') throw new Error(`no bound token: ${JSON.stringify(tokens)}`)
  return tokens
}

// OpenID Connect Core section 3.1.3.7.
async function claimsOf(idToken) {
  const [head, body, signature] = idToken.split('.')
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url'))
  const { keys } = await (await fetch(provider.jwks_uri)).json()
  const { alg, kid } = read(head)
  const jwk = keys.find((one) => one.kid === kid && one.use === 'sig')
  const signed = Buffer.from(`${head}.${body}`)
  if (alg !== 'RS256' || !verify('sha256', signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64url'))) {
    throw new Error('the ID token is not signed by the provider')
  }
  const claims = read(body)
  if (claims.iss !== ISSUER || claims.aud !== CLIENT_ID || claims.nonce !== nonce || claims.exp < Date.now() / 1000) {
    throw new Error('the ID token is not for this sign-in')
  }
  return claims
}

const back = new URL(REDIRECT_URI)
const server = createServer(async (request, response) => {
  const url = new URL(request.url, REDIRECT_URI)
  if (url.pathname !== back.pathname) return response.writeHead(404).end()
  try {
    const told = Object.fromEntries(url.searchParams)
    if (told.state !== state || told.iss !== ISSUER || !told.code) throw new Error(`no code: ${JSON.stringify(told)}`)
    const tokens = await tokensFor(told.code)
    const { sub, acr } = await claimsOf(tokens.id_token)
    // Without its key the token opens nothing, not even by its own client.
    const stolen = await fetch(provider.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    if (stolen.status !== 401) throw new Error('the token works without its key')
    const answer = await fetchWithProof(key, provider.userinfo_endpoint, { token: tokens.access_token })
    const person = await answer.json()
    if (!answer.ok || person.sub !== sub) throw new Error(`no UserInfo: ${JSON.stringify(person)}`)
    response.end('Signed in. You can close this page.')
    console.log(JSON.stringify({ ...person, acr }, null, 2))
  } catch (error) {
    response.writeHead(502).end('Not signed in.')
    console.error(error)
    process.exitCode = 1
  }
  server.close()
  server.closeAllConnections()
})
server.listen(Number(back.port), back.hostname, () => console.log(`Open ${address.href}`))
