//! Validation of a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6). That it is new is for [`super::visits`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{JsonWebKey, JsonWebKeySet, core::CoreJsonWebKey};
use serde_json::{Map, Value};

use super::{provider::SIGNING_ALG, visits::Logout};
use crate::base::{Span, Timestamp};

/// The member of `events` that makes a JWT a logout token (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How far two machines' clocks may differ.
const SKEW: Span = Span::minutes(1);

/// Why a logout token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invalid {
    /// No key of this name among the provider's: it may be newer than our copy.
    UnknownKey,
    Because(&'static str),
}

/// Who issues tokens, for whom, and by which keys.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) keys: &'a JsonWebKeySet<CoreJsonWebKey>,
}

pub(super) fn validate(token: &str, expected: &Expected<'_>, now: Timestamp) -> Result<Logout, Invalid> {
    const NOT_COMPACT: Invalid = Invalid::Because("it is no signed JWT in compact form");
    let (signed, signature) = token.rsplit_once('.').ok_or(NOT_COMPACT)?;
    let (header, payload) = signed.split_once('.').ok_or(NOT_COMPACT)?;
    let header = object(header).ok_or(NOT_COMPACT)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| NOT_COMPACT)?;
    check_header(&header)?;
    check_signature(&header, signed, &signature, expected.keys)?;
    let claims = object(payload).ok_or(NOT_COMPACT)?;
    check_claims(&claims, expected, now)
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

fn check_header(header: &Map<String, Value>) -> Result<(), Invalid> {
    // §2.6(2): the algorithm registered for ID tokens, and never none.
    if header.get("alg").and_then(Value::as_str) != Some("ES256") {
        return Err(Invalid::Because("alg is not ES256, which this client registered"));
    }
    if header.contains_key("crit") {
        return Err(Invalid::Because("crit names an extension that is not known here (RFC 7515 §4.1.11)"));
    }
    // §2.4 recommends the type; this provider has it on every logout token, so that no other kind can stand in for one.
    let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
    match typ.strip_prefix("application/").unwrap_or(&typ) {
        "logout+jwt" => Ok(()),
        _ => Err(Invalid::Because("typ is not logout+jwt")),
    }
}

fn check_signature(
    header: &Map<String, Value>,
    signed: &str,
    signature: &[u8],
    keys: &JsonWebKeySet<CoreJsonWebKey>,
) -> Result<(), Invalid> {
    let kid = header.get("kid").and_then(Value::as_str);
    let named: Vec<_> = keys
        .keys()
        .iter()
        .filter(|key| kid.is_none_or(|kid| key.key_id().is_some_and(|id| id.as_str() == kid)))
        .collect();
    if named.is_empty() {
        return Err(Invalid::UnknownKey);
    }
    if named.iter().any(|key| key.verify_signature(&SIGNING_ALG, signed.as_bytes(), signature).is_ok()) {
        Ok(())
    } else {
        Err(Invalid::Because("the signature does not verify"))
    }
}

fn check_claims(claims: &Map<String, Value>, expected: &Expected<'_>, now: Timestamp) -> Result<Logout, Invalid> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let time = |name: &str| claims.get(name).and_then(Value::as_f64);
    let refuse = |why| Err(Invalid::Because(why));
    if text("iss") != Some(expected.issuer) {
        return refuse("iss is another issuer");
    }
    if !is_for(claims.get("aud"), expected.client_id) {
        return refuse("aud is not this client alone");
    }
    let (Some(issued_at), Some(expires_at)) = (time("iat").and_then(moment), time("exp").and_then(moment)) else {
        return refuse("iat or exp is missing");
    };
    if issued_at > now + SKEW {
        return refuse("iat lies in the future");
    }
    if now >= expires_at + SKEW {
        return refuse("it has expired");
    }
    if !claims.get("events").and_then(|events| events.get(EVENT)).is_some_and(Value::is_object) {
        return refuse("events does not say back-channel logout");
    }
    if claims.contains_key("nonce") {
        return refuse("it has a nonce, so it may be an ID token");
    }
    let Some(jti) = text("jti") else { return refuse("jti is missing") };
    let is_odd = |name: &str| claims.contains_key(name) && text(name).is_none();
    if is_odd("sub") || is_odd("sid") || (text("sub").is_none() && text("sid").is_none()) {
        return refuse("it names neither sub nor sid");
    }
    Ok(Logout {
        jti: jti.to_owned(),
        sub: text("sub").map(str::to_owned),
        sid: text("sid").map(str::to_owned),
        issued_at: issued_at.secs(),
        expires_at: expires_at + SKEW,
    })
}

/// One string or a list (RFC 7519 §4.1.3); a list with somebody else in it is not trusted, as with ID tokens.
fn is_for(aud: Option<&Value>, client_id: &str) -> bool {
    match aud {
        Some(Value::String(one)) => one == client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|one| one.as_str() == Some(client_id)),
        _ => false,
    }
}

/// A `NumericDate` (RFC 7519 §2) in whole seconds; `None` for what no clock shows.
fn moment(seconds: f64) -> Option<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked, and a fraction of a second is nothing here"
    )]
    (0.0..1e11).contains(&seconds).then(|| Timestamp::from_secs(seconds as i64))
}

#[cfg(test)]
#[path = "logout_token_tests.rs"]
mod tests;
