//! Software statements (RFC 7591 §2.3): what an issuer that the operators trust says of a piece of software.

use serde_json::{Map, Value};

use crate::{
    base::{Span, Timestamp},
    crypto::{Alg, Expect, HeaderKey, TypRule, Unverified},
    flows::Settings,
    oidc::{
        error::{OAuthError, OAuthErrorCode},
        numeric_date,
    },
};

/// Claims about the statement itself, which are no metadata (RFC 7519 §4.1).
const ABOUT_ITSELF: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
const SKEW: Span = Span::secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementRefusal {
    NotAText,
    Malformed,
    /// Its issuer is none whom the operators approved.
    UnknownIssuer,
    Signature,
    Expired,
    NotYet,
    OtherAudience,
}

impl StatementRefusal {
    /// RFC 7591 §3.2.2.
    pub fn oauth(self) -> OAuthError {
        let invalid = OAuthErrorCode::InvalidSoftwareStatement;
        let (code, text) = match self {
            Self::NotAText => (invalid, "software_statement is not a text"),
            Self::Malformed => (invalid, "software_statement is not a signed JWT with an iss (RFC 7591 section 2.3)"),
            Self::UnknownIssuer => {
                (OAuthErrorCode::UnapprovedSoftwareStatement, "software_statement iss is not approved at this service")
            }
            Self::Signature => (invalid, "software_statement is not signed by a key of its iss"),
            Self::Expired => (invalid, "software_statement exp has passed"),
            Self::NotYet => (invalid, "software_statement nbf has not come"),
            Self::OtherAudience => (invalid, "software_statement aud does not name this service"),
        };
        OAuthError::new(code, text)
    }
}

/// The metadata with the statement's claims in the place of what the client says (§3.1.1: they take precedence). Without a
/// statement nothing changes.
pub fn apply(
    settings: &Settings,
    mut metadata: Map<String, Value>,
    now: Timestamp,
) -> Result<Map<String, Value>, StatementRefusal> {
    let text = match metadata.get("software_statement") {
        None | Some(Value::Null) => return Ok(metadata),
        Some(Value::String(text)) => text,
        Some(_) => return Err(StatementRefusal::NotAText),
    };
    let mut claims = verified(settings, text)?;
    check_itself(&claims, &settings.issuer, now)?;
    claims.retain(|name, _| !ABOUT_ITSELF.contains(&name.as_str()) && name != "software_statement");
    metadata.extend(claims);
    Ok(metadata)
}

fn verified(settings: &Settings, text: &str) -> Result<Map<String, Value>, StatementRefusal> {
    let unverified = Unverified::parse(text, HeaderKey::Refused).map_err(|_| StatementRefusal::Malformed)?;
    let claimed = unverified.unverified_claims().map_err(|_| StatementRefusal::Malformed)?;
    let issuer = claimed.get("iss").and_then(Value::as_str).ok_or(StatementRefusal::Malformed)?;
    let known = settings.registration.statement_issuers.iter().find(|known| known.issuer == issuer);
    let expect = Expect { algs: &Alg::ALL, typ: TypRule::IfPresent(&["JWT"]) };
    unverified
        .verify(&known.ok_or(StatementRefusal::UnknownIssuer)?.keys, &expect)
        .map_err(|_| StatementRefusal::Signature)
}

fn check_itself(claims: &Map<String, Value>, issuer: &str, now: Timestamp) -> Result<(), StatementRefusal> {
    // RFC 7519 §2: with a fraction or without, and however far away.
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => numeric_date::from_value(value).map(Some).ok_or(StatementRefusal::Malformed),
    };
    if time("exp")?.is_some_and(|exp| exp + SKEW <= now) {
        return Err(StatementRefusal::Expired);
    }
    if time("nbf")?.is_some_and(|nbf| nbf > now + SKEW) {
        return Err(StatementRefusal::NotYet);
    }
    let named = |value: &Value| value.as_str() == Some(issuer);
    match claims.get("aud") {
        None => Ok(()),
        Some(Value::Array(all)) if all.iter().any(named) => Ok(()),
        Some(one) if named(one) => Ok(()),
        Some(_) => Err(StatementRefusal::OtherAudience),
    }
}
