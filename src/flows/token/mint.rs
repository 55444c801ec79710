//! Writing and signing tokens. Nothing here is issued: a unit commits first.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Authorized, Part, Refusal};
use crate::{
    assurance::AccountLevel,
    base::{Fault, Timestamp, ids::GrantId},
    crypto::{SigningKey, Typ},
    flows::{
        Provider,
        caller::Caller,
        clients::{KnownClient, crypto_alg},
        nested,
    },
    oidc::{
        access_token::{AccessToken, Authentication},
        alg::SigningAlg,
        authorization_details::Detail,
        id_token::{ExtraClaims, IdToken},
        logout_token::LogoutToken,
        resource::Aim,
        scope::ScopeSet,
        token_exchange::{Acting, MayAct},
    },
};

/// An access token with what must be remembered of it.
pub struct AccessMinted {
    pub token: String,
    pub jti: String,
    pub expires_at: Timestamp,
}

/// `jti` of a person's token: the grant and eight random bytes, so that introspection finds the grant without a table.
pub fn person_jti(provider: &Provider, grant: GrantId) -> String {
    let mut bytes = [0; 24];
    let (head, tail) = bytes.split_at_mut(16);
    head.copy_from_slice(grant.0.as_bytes());
    provider.entropy.fill(tail);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The grant inside a `jti`; a client's own token has none.
pub fn grant_of_jti(jti: &str) -> Option<GrantId> {
    let bytes: [u8; 24] = URL_SAFE_NO_PAD.decode(jti).ok()?.try_into().ok()?;
    let (grant, _) = bytes.split_first_chunk::<16>()?;
    Some(GrantId(uuid::Uuid::from_bytes(*grant)))
}

/// Access tokens are for us and for APIs that read our JWK Set: ES256 where there is such a key, it costs a twelfth of RSA; RS256 last, and
/// never where the client's profile does not have it (FAPI 2.0 Security Profile §5.4.1).
fn access_signer(provider: &Provider, client: &KnownClient) -> Result<Arc<SigningKey>, Refusal> {
    const ORDER: [SigningAlg; 4] = [SigningAlg::Es256, SigningAlg::EdDsa, SigningAlg::Ps256, SigningAlg::Rs256];
    let (ring, of_profile) = (provider.keys.ring(), client.client.rules.profile.algs());
    let mut allowed = ORDER.into_iter().filter(|alg| of_profile.contains(alg));
    allowed.find_map(|alg| ring.signer(crypto_alg(alg)).cloned()).ok_or(Refusal::NoSigningKey)
}

fn sign(key: &SigningKey, typ: Typ, claims: Result<Vec<u8>, serde_json::Error>) -> Result<String, Fault> {
    let claims = claims.map_err(|error| Fault::internal("a token cannot be written", error))?;
    key.sign_jwt(typ, &claims).map_err(|error| Fault::internal("a token cannot be signed", error))
}

/// For a person, under a grant.
pub fn person_access(
    provider: &Provider,
    client: &Caller,
    grant: GrantId,
    (authorized, scopes, part): (&Authorized, &ScopeSet, &Part),
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<Result<AccessMinted, Refusal>, Fault> {
    let key = match access_signer(provider, client) {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let jti = person_jti(provider, grant);
    let token = AccessToken {
        iss: provider.settings.issuer.clone(),
        exp: expires_at,
        aud: part.aim.audience.clone(),
        sub: part.aim.sub.clone(),
        client_id: client.id.clone(),
        iat: now,
        jti: jti.clone(),
        scope: (!scopes.is_empty()).then(|| scopes.to_string()),
        cnf: client.confirmation(),
        authentication: Authentication {
            auth_time: Some(authorized.auth_time),
            acr: Some(authorized.acr.clone()),
            amr: authorized.amr.clone(),
            // The client's own name for the session: another agency's API could only compare it with others'.
            sid: (part.aim.sub == authorized.sub).then(|| authorized.sid.clone()),
        },
        authorization_details: part.details.iter().map(Detail::for_resources).collect(),
        acting: Acting { may_act: MayAct::of(&part.details, &client.id), ..Acting::default() },
    };
    let token = sign(&key, Typ::AccessToken, token.to_json())?;
    Ok(Ok(AccessMinted { token, jti, expires_at }))
}

/// For a client that acts for itself (RFC 9068 §2.2: `sub` is the client).
pub fn client_access(
    provider: &Provider,
    client: &Caller,
    (scopes, aim): (&ScopeSet, Aim),
    now: Timestamp,
) -> Result<Result<AccessMinted, Refusal>, Fault> {
    let key = match access_signer(provider, client) {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let jti = URL_SAFE_NO_PAD.encode(provider.entropy.bytes::<16>());
    let expires_at = now + provider.settings.lifetimes.access_token;
    let token = AccessToken {
        iss: provider.settings.issuer.clone(),
        exp: expires_at,
        aud: aim.audience,
        sub: aim.sub,
        client_id: client.id.clone(),
        iat: now,
        jti: jti.clone(),
        scope: (!scopes.is_empty()).then(|| scopes.to_string()),
        cnf: client.confirmation(),
        authentication: Authentication::default(),
        authorization_details: Vec::new(),
        acting: Acting::default(),
    };
    let token = sign(&key, Typ::AccessToken, token.to_json())?;
    Ok(Ok(AccessMinted { token, jti, expires_at }))
}

/// For a client that acts in a person's name, as far as it goes written by the exchange.
pub fn exchanged(
    provider: &Provider,
    client: &KnownClient,
    token: AccessToken,
) -> Result<Result<AccessMinted, Refusal>, Fault> {
    let key = match access_signer(provider, client) {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let signed = sign(&key, Typ::AccessToken, token.to_json())?;
    Ok(Ok(AccessMinted { token: signed, jti: token.jti, expires_at: token.exp }))
}

/// What an ID token says beside the authorization.
pub struct IdTokenParts<'a> {
    pub access_token: &'a str,
    /// Only at the first issuance (OIDC Core §12.2).
    pub nonce: Option<String>,
    pub account_level: AccountLevel,
    pub claims: ExtraClaims,
    pub now: Timestamp,
}

pub fn id_token(
    provider: &Provider,
    client: &KnownClient,
    authorized: &Authorized,
    parts: IdTokenParts<'_>,
) -> Result<Result<String, Refusal>, Fault> {
    let Some(key) = provider.keys.ring().signer(client.id_token_alg).cloned() else {
        return Ok(Err(Refusal::NoSigningKey));
    };
    let token = IdToken {
        iss: provider.settings.issuer.clone(),
        sub: authorized.sub.clone(),
        aud: client.id.clone(),
        exp: parts.now + provider.settings.lifetimes.id_token,
        iat: parts.now,
        auth_time: authorized.auth_time,
        nonce: parts.nonce,
        acr: authorized.acr.clone(),
        amr: authorized.amr.clone(),
        azp: None,
        at_hash: Some(client.id_token_alg.half_hash(parts.access_token)),
        sid: Some(authorized.sid.clone()),
        account_level: Some(parts.account_level.code().to_owned()),
        account_type: Some("citizen".to_owned()),
        claims: parts.claims,
    };
    sign(&key, Typ::Jwt, token.to_json()).map(Ok)
}

/// By the algorithm of the client's ID tokens (Back-Channel Logout 1.0 §2.4): it has no other way to say which it knows.
pub fn logout_token(
    provider: &Provider,
    client: &KnownClient,
    token: &LogoutToken,
) -> Result<Result<String, Refusal>, Fault> {
    let Some(key) = provider.keys.ring().signer(client.id_token_alg).cloned() else {
        return Ok(Err(Refusal::NoSigningKey));
    };
    sign(&key, Typ::LogoutToken, token.to_json()).map(Ok)
}

/// The ID token as the client wants it: signed, and encrypted where it registered that (OIDC Core §2).
pub async fn for_client(
    provider: &Provider,
    client: &KnownClient,
    id_token: Option<String>,
    now: Timestamp,
) -> Result<Result<Option<String>, Refusal>, Fault> {
    let (Some(how), Some(signed)) = (client.client.responses.id_token, &id_token) else { return Ok(Ok(id_token)) };
    let content = (nested::Content::Jwt, signed.as_bytes());
    Ok(match nested::encrypted(provider, client, how, content, now).await? {
        Ok(token) => Ok(Some(token)),
        Err(error) => Err(Refusal::NotEncrypted(error)),
    })
}
