// DPoP (RFC 9449) with nothing but Node: proofs, and the nonces that servers ask for.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'

const b64 = (bytes) => Buffer.from(bytes).toString('base64url')

// One key for a client, kept where nobody copies it. A token that leaks is worth nothing without it.
export function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  return { privateKey, jwk: { kty, crv, x, y } }
}

// RFC 7638: how tokens and `dpop_jkt` name the key.
export function thumbprint({ jwk: { crv, kty, x, y } }) {
  return b64(createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest())
}

// RFC 9449 §4.2: for this one request, with this token, now.
function proof(key, method, url, { token, nonce }) {
  const { origin, pathname } = new URL(url) // htu has no query and no fragment
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk }
  const claims = {
    htm: method, htu: origin + pathname, iat: Math.floor(Date.now() / 1000), jti: randomUUID(),
    ...(token && { ath: b64(createHash('sha256').update(token).digest()) }),
    ...(nonce && { nonce }),
  }
  const text = `${b64(JSON.stringify(header))}.${b64(JSON.stringify(claims))}`
  // JWS wants the two numbers of an ECDSA signature side by side, not DER.
  return `${text}.${b64(sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' }))}`
}

// The newest nonce of each server. Ours and an API's have nothing to do with each other.
const nonces = new Map()

export async function fetchWithProof(key, url, { token, ...init } = {}) {
  const method = init.method ?? 'GET'
  const { origin } = new URL(url)
  const send = async () => {
    const headers = new Headers(init.headers)
    if (token) headers.set('authorization', `DPoP ${token}`)
    headers.set('dpop', proof(key, method, url, { token, nonce: nonces.get(origin) }))
    const answer = await fetch(url, { ...init, method, headers })
    const nonce = answer.headers.get('dpop-nonce')
    if (nonce) nonces.set(origin, nonce) // it may come with any answer, a good one too
    return answer
  }
  const answer = await send()
  return (await wantsNonce(answer)) ? send() : answer // once: whoever asks twice will ask again
}

// RFC 9449 §8 at the token endpoint (400, JSON) and §9 at an API (401, WWW-Authenticate).
async function wantsNonce(answer) {
  if (answer.status === 401) {
    return /\berror="use_dpop_nonce"/.test(answer.headers.get('www-authenticate') ?? '')
  }
  if (answer.status !== 400) return false
  const body = await answer.clone().json().catch(() => ({}))
  return body.error === 'use_dpop_nonce'
}
