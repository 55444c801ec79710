//! DPoP proofs (RFC 9449 §4): the claims, after the signature was verified with the key that the header brought. The
//! header's `typ`, `alg` and `jwk` are judged with the signature. Every refusal names what was expected.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use url::Url;

use super::{
    error::{OAuthError, OAuthErrorCode},
    numeric_date,
};
use crate::base::{Span, Timestamp};

/// The header's `typ` (§4.2).
pub const TYP: &str = "dpop+jwt";

/// How old a proof may be, and how far a client's clock may run ahead (§11.1).
const WINDOW: Span = Span::secs(60);

/// The longest `jti` in characters.
const MAX_JTI: usize = 256;

/// What a proof is measured by.
#[derive(Clone, Copy, Debug)]
pub struct ProofRules<'a> {
    pub method: &'a str,
    /// The addresses under which the endpoint that was called is known.
    pub uris: &'a [String],
    /// The hash of the access token that the request carries (§4.3 item 12); none at the token endpoint.
    pub ath: Option<&'a str>,
    pub now: Timestamp,
}

/// What is left to be judged by those who have keys and a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofClaims {
    pub jti: String,
    /// From then on the proof is refused as too old, and its `jti` may be forgotten.
    pub until: Timestamp,
    pub nonce: Option<String>,
}

/// Why a proof is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("htm must be {expected}")]
    Method { expected: String },
    #[error("htu must be {expected}")]
    Uri { expected: String },
    #[error("iat must be a number within {} s of now, that is of {}", WINDOW.as_secs(), .now.secs())]
    Time { now: Timestamp },
    #[error("{claim} must be a number that {} allows", .now.secs())]
    Bound { claim: &'static str, now: Timestamp },
    #[error("jti must be 1 to {MAX_JTI} printable characters")]
    Jti,
    #[error("nonce must be a text")]
    Nonce,
    #[error("ath must be the base64url SHA-256 of the access token in this request")]
    TokenHash,
}

impl From<ProofError> for OAuthError {
    fn from(error: ProofError) -> Self {
        refused(&error)
    }
}

/// `invalid_dpop_proof` (§5, §7.1).
pub fn refused(why: &dyn std::fmt::Display) -> OAuthError {
    OAuthError::new(
        OAuthErrorCode::InvalidDpopProof,
        format!("the DPoP proof is refused: {why} (RFC 9449 section 4.3)"),
    )
}

/// §8, §9: the answer carries a nonce that the next proof must repeat.
pub fn use_nonce() -> OAuthError {
    OAuthError::new(
        OAuthErrorCode::UseDpopNonce,
        "the proof needs the nonce of this answer's DPoP-Nonce header (RFC 9449 section 8)",
    )
}

/// §4.3 items 8 to 12, but whether the nonce is ours and the `jti` new.
pub fn check(claims: &Map<String, Value>, rules: &ProofRules<'_>) -> Result<ProofClaims, ProofError> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    // Methods are case-sensitive (RFC 9110 §9.1).
    if text("htm") != Some(rules.method) {
        return Err(ProofError::Method { expected: rules.method.to_owned() });
    }
    let htu = text("htu").and_then(normalised);
    if htu.is_none() || !rules.uris.iter().any(|uri| normalised(uri) == htu) {
        return Err(ProofError::Uri { expected: rules.uris.first().cloned().unwrap_or_default() });
    }
    let now = rules.now;
    let iat = claims.get("iat").and_then(numeric_date::from_value).ok_or(ProofError::Time { now })?;
    if now.since(iat) > WINDOW || iat.since(now) > WINDOW {
        return Err(ProofError::Time { now });
    }
    check_bounds(claims, now)?;
    let jti = text("jti").filter(|jti| is_jti(jti)).ok_or(ProofError::Jti)?;
    let nonce = match claims.get("nonce") {
        None => None,
        Some(Value::String(nonce)) => Some(nonce.clone()),
        Some(_) => return Err(ProofError::Nonce),
    };
    if rules.ath.is_some_and(|expected| text("ath") != Some(expected)) {
        return Err(ProofError::TokenHash);
    }
    Ok(ProofClaims { jti: jti.to_owned(), until: iat + WINDOW + Span::secs(1), nonce })
}

/// Proofs need neither `exp` nor `nbf`; one that has them means them (RFC 7519 §4.1.4, §4.1.5).
fn check_bounds(claims: &Map<String, Value>, now: Timestamp) -> Result<(), ProofError> {
    if let Some(exp) = claims.get("exp")
        && numeric_date::from_value(exp).is_none_or(|exp| exp + Span::secs(10) <= now)
    {
        return Err(ProofError::Bound { claim: "exp", now });
    }
    if let Some(nbf) = claims.get("nbf")
        && numeric_date::from_value(nbf).is_none_or(|nbf| nbf.since(now) > WINDOW)
    {
        return Err(ProofError::Bound { claim: "nbf", now });
    }
    Ok(())
}

fn is_jti(jti: &str) -> bool {
    (1..=MAX_JTI).contains(&jti.chars().count()) && !jti.chars().any(char::is_control)
}

/// An address without query and fragment, after the normalisation of syntax and scheme that §4.3 recommends (RFC 3986
/// §6.2.2, §6.2.3): case of scheme and host, default ports, dots in the path, escapes that need not be.
fn normalised(uri: &str) -> Option<String> {
    let mut url = Url::parse(uri).ok()?;
    if !matches!(url.scheme(), "https" | "http") || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    let path = without_needless_escapes(url.path());
    url.set_path(&path);
    Some(url.into())
}

/// RFC 3986 §6.2.2.1, §6.2.2.2: escapes in capitals, and none of unreserved characters.
fn without_needless_escapes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => out.push(char::from(byte)),
            Some(byte) => {
                let _never_fails = write!(out, "%{byte:02X}");
            }
            None => {
                out.push('%');
                rest = after;
                continue;
            }
        }
        rest = after.get(2..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// A thumbprint as `dpop_jkt` and `cnf.jkt` carry it (RFC 7638 with SHA-256): 43 characters of base64url.
pub fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
#[path = "dpop_tests.rs"]
mod tests;
