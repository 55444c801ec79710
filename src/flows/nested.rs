//! What is signed and then encrypted, as the client registered (RFC 7519 §11.2: in this order).

use serde_json::{Map, Value, json};

use super::{
    Provider, client_keys,
    clients::{KnownClient, crypto_alg},
};
use crate::{
    base::{Fault, Timestamp},
    crypto::{
        ParsedJwks, Typ,
        jwe::{self, Recipient, Says},
    },
    oidc::{
        alg::SigningAlg,
        client::ResponseForm,
        encryption::Encryption,
        error::{OAuthError, OAuthErrorCode},
    },
};

/// What stands inside what is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A signed token: `cty` says so (RFC 7519 §5.2).
    Jwt,
    /// One that comes unasked: its issuer stands outside too, so that the receiver knows whose keys to take (Back-Channel Logout
    /// 1.0 §2.4, RFC 7519 §5.3).
    LogoutToken,
    Json,
}

/// Encrypts to the client's key. The refusal tells its engineer what is missing.
pub async fn encrypted(
    provider: &Provider,
    client: &KnownClient,
    how: Encryption,
    (content, plain): (Content, &[u8]),
    now: Timestamp,
) -> Result<Result<String, OAuthError>, Fault> {
    let recipient = match recipient(provider, client, how, now).await {
        Ok(recipient) => recipient,
        Err(error) => return Ok(Err(error)),
    };
    let says = match content {
        Content::Jwt => Says { cty: Some("JWT"), iss: None },
        Content::LogoutToken => Says { cty: Some("JWT"), iss: Some(&provider.settings.issuer) },
        Content::Json => Says::default(),
    };
    jwe::encrypt(&recipient, how, says, plain, &provider.entropy)
        .map(Ok)
        .map_err(|error| Fault::internal("an answer cannot be encrypted", error))
}

/// The client's key to encrypt to.
pub async fn recipient(
    provider: &Provider,
    client: &KnownClient,
    how: Encryption,
    now: Timestamp,
) -> Result<Recipient, OAuthError> {
    let has_key = |keys: &ParsedJwks| keys.recipient(how.alg).is_some();
    let keys = client_keys::find(provider, client, has_key, now).await;
    keys.as_ref().and_then(|keys| keys.recipient(how.alg)).cloned().ok_or_else(|| {
        let text = format!("the client's jwks or jwks_uri gives no key to encrypt to with {} (use enc)", how.alg);
        OAuthError::new(OAuthErrorCode::InvalidRequest, text)
    })
}

/// An answer as JWT. `typ` is what it is; `default` signs where the client registered no algorithm but the form is signed.
pub async fn answer(
    provider: &Provider,
    client: &KnownClient,
    (form, default): (ResponseForm, Option<SigningAlg>),
    (typ, claims): (Typ, Map<String, Value>),
    now: Timestamp,
) -> Result<Result<String, OAuthError>, Fault> {
    let claims = Value::Object(claims).to_string();
    let signed = match form.signed.or(default) {
        None => None,
        Some(alg) => {
            let Some(key) = provider.keys.ring().signer(crypto_alg(alg)).cloned() else {
                let text = format!("no key for {alg} is active here");
                return Ok(Err(OAuthError::new(OAuthErrorCode::ServerError, text)));
            };
            let signed = key.sign_jwt(typ, claims.as_bytes());
            Some(signed.map_err(|error| Fault::internal("an answer cannot be signed", error))?)
        }
    };
    match (form.encrypted, &signed) {
        (None, Some(jwt)) => Ok(Ok(jwt.clone())),
        (None, None) => Ok(Ok(claims)),
        (Some(how), Some(jwt)) => encrypted(provider, client, how, (Content::Jwt, jwt.as_bytes()), now).await,
        (Some(how), None) => encrypted(provider, client, how, (Content::Json, claims.as_bytes()), now).await,
    }
}

/// The claims of an introspection response as JWT (RFC 9701 §5): the answer is one member, so that nothing in it is taken
/// for a claim of the token that carries it.
pub fn introspection_claims(issuer: &str, client: &KnownClient, answer: &Value, now: Timestamp) -> Map<String, Value> {
    let claims = json!({
        "iss": issuer, "aud": client.id.as_str(), "iat": now.secs(), "token_introspection": answer,
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}
