//! A signed authentication request (CIBA Core §7.1.1), after its signature was verified with a key of the client: for us, of
//! now, once; and its claims as the parameters that they stand for.

use serde_json::{Map, Value};

use crate::{
    base::{Span, Timestamp, ids::ClientId},
    oidc::{error::OAuthError, numeric_date, params::Params},
};

const SKEW: Span = Span::secs(10);
const AHEAD: Span = Span::secs(60);
const OLDEST: Span = Span::minutes(60);
const LONGEST: Span = Span::minutes(60);
const MAX_JTI: usize = 200;
/// Claims about the JWT itself.
const ABOUT_ITSELF: [&str; 7] = ["iss", "aud", "exp", "iat", "nbf", "jti", "sub"];

/// What must be remembered, so that a request works once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOnce {
    pub jti: String,
    pub until: Timestamp,
}

/// The parameters, or what is wrong with the JWT.
pub fn check(
    claims: &Map<String, Value>,
    client: &ClientId,
    issuer: &str,
    now: Timestamp,
) -> Result<(Params, SignedOnce), OAuthError> {
    let bad = |what: &str| OAuthError::invalid_request(format!("the signed request {what} (CIBA Core section 7.1.1)"));
    if claims.get("iss").and_then(Value::as_str) != Some(client.as_str()) {
        return Err(bad("must have the client_id as iss"));
    }
    let is_for_us = match claims.get("aud") {
        Some(Value::String(one)) => one == issuer,
        Some(Value::Array(many)) => many.iter().any(|one| one.as_str() == Some(issuer)),
        _ => false,
    };
    if !is_for_us {
        return Err(bad("must have the issuer as aud"));
    }
    let at = |name: &str| claims.get(name).and_then(numeric_date::from_value);
    let (Some(exp), Some(iat), Some(nbf)) = (at("exp"), at("iat"), at("nbf")) else {
        return Err(bad("needs exp, iat and nbf in seconds"));
    };
    if now >= exp + SKEW {
        return Err(bad("has expired"));
    }
    if iat > now + AHEAD || nbf > now + AHEAD {
        return Err(bad("is from the future"));
    }
    if now.since(nbf) > OLDEST || exp.since(nbf) > LONGEST {
        return Err(bad("must have nbf in the last 60 minutes and exp at most 60 minutes after it"));
    }
    let jti = claims.get("jti").and_then(Value::as_str);
    let jti = jti.filter(|jti| (1..=MAX_JTI).contains(&jti.chars().count()) && !jti.chars().any(char::is_control));
    let jti = jti.ok_or_else(|| bad("needs a jti of 1 to 200 printable characters"))?;
    Ok((parameters(claims), SignedOnce { jti: jti.to_owned(), until: exp + SKEW }))
}

/// Texts as they are; numbers, objects and lists as JSON writes them, as RFC 9101 §4 has them.
fn parameters(claims: &Map<String, Value>) -> Params {
    let own = claims.iter().filter(|(name, _)| !ABOUT_ITSELF.contains(&name.as_str()));
    Params::from_pairs(own.map(|(name, value)| match value {
        Value::String(text) => (name.clone(), text.clone()),
        other => (name.clone(), other.to_string()),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

    fn claims() -> Map<String, Value> {
        let Value::Object(claims) = json!({
            "iss": "desk", "aud": "https://op.example", "exp": NOW.secs() + 300, "iat": NOW.secs(), "nbf": NOW.secs(),
            "jti": "j", "scope": "openid", "requested_expiry": 60, "claims": {"id_token": {"acr": null}},
        }) else {
            panic!()
        };
        claims
    }

    fn judged(change: impl FnOnce(&mut Map<String, Value>)) -> Result<(Params, SignedOnce), OAuthError> {
        let mut claims = claims();
        change(&mut claims);
        check(&claims, &ClientId::from("desk"), "https://op.example", NOW)
    }

    #[test]
    fn claims_become_parameters() {
        let (params, once) = judged(|_| {}).unwrap();
        assert_eq!(params.one("scope").unwrap(), Some("openid"));
        assert_eq!(params.one("requested_expiry").unwrap(), Some("60"));
        assert_eq!(params.one("claims").unwrap(), Some(r#"{"id_token":{"acr":null}}"#));
        assert_eq!(params.one("iss").unwrap(), None);
        assert_eq!(once, SignedOnce { jti: "j".to_owned(), until: NOW + Span::secs(310) });
        assert!(judged(|c| drop(c.insert("aud".to_owned(), json!(["x", "https://op.example"])))).is_ok());
    }

    #[test]
    fn every_member_about_itself_is_needed_and_checked() {
        for name in ["iss", "aud", "exp", "iat", "nbf", "jti"] {
            assert!(judged(|c| drop(c.remove(name))).is_err(), "{name}");
        }
        let now = NOW.secs();
        for (name, value) in [
            ("iss", json!("other")),
            ("aud", json!("https://other.example")),
            ("aud", json!([])),
            ("exp", json!(now - 10)),
            ("exp", json!(now + 3_601)),
            ("iat", json!(now + 61)),
            ("nbf", json!(now + 61)),
            ("nbf", json!(now - 3_601)),
            ("exp", json!("soon")),
            ("jti", json!("")),
            ("jti", json!("a\nb")),
        ] {
            assert!(judged(|c| drop(c.insert(name.to_owned(), value.clone()))).is_err(), "{name} {value}");
        }
    }
}
