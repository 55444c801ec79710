//! A signed authentication request (CIBA Core §7.1.1), after its signature was verified with a key of the client: for us, of
//! now, once. What it asks is read as any request object's is ([`crate::oidc::request_object`]).

use serde_json::{Map, Value};

use crate::{
    base::{Span, Timestamp, ids::ClientId},
    oidc::{
        error::OAuthError,
        numeric_date,
        params::Params,
        request_object::{self, Needs, ObjectRules},
    },
};

/// Past its `exp`, as long as the object is still believed.
const SKEW: Span = Span::secs(10);
const MAX_JTI: usize = 200;

/// What must be remembered, so that a request works once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOnce {
    pub jti: String,
    pub until: Timestamp,
}

/// The parameters, or what is wrong with the JWT. CIBA Core §13 has one code for all of it.
pub fn check(
    claims: &Map<String, Value>,
    client_id: &ClientId,
    issuer: &str,
    now: Timestamp,
) -> Result<(Params, SignedOnce), OAuthError> {
    let bad = |what: &str| OAuthError::invalid_request(format!("{what} (CIBA Core section 7.1.1)"));
    let rules = ObjectRules { client_id, issuer, needs: Needs::Everything, now };
    let params = request_object::inside(claims, &rules).map_err(|error| bad(&error.to_string()))?;
    let jti = claims.get("jti").and_then(Value::as_str);
    let jti = jti.filter(|jti| (1..=MAX_JTI).contains(&jti.chars().count()) && !jti.chars().any(char::is_control));
    let jti = jti.ok_or_else(|| bad("the request object needs a jti of 1 to 200 printable characters"))?;
    let exp = claims.get("exp").and_then(numeric_date::from_value).unwrap_or(now);
    Ok((params, SignedOnce { jti: jti.to_owned(), until: exp + SKEW }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::error::OAuthErrorCode;

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
            // No database keeps it, and no parameter of a form may have it.
            ("login_hint", json!("a\u{0}b")),
            ("requested_expiry", json!(-1)),
            ("binding_message", json!(["a"])),
            ("sub", json!("desk")),
            ("request", json!("a.b.c")),
        ] {
            assert!(
                judged(|c| drop(c.insert(name.to_owned(), value.clone())))
                    .is_err_and(|error| error.code == OAuthErrorCode::InvalidRequest),
                "{name} {value}"
            );
        }
    }
}
