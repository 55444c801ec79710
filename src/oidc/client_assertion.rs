//! The claims of a client assertion (RFC 7521 §5.2, RFC 7523 §3) after its signature was verified with a key of the client:
//! who, for whom, and until when. Every refusal names the value that was expected.

use serde_json::{Map, Value};

use super::{
    alg::SigningAlg,
    client_auth::client_id,
    error::{OAuthError, OAuthErrorCode},
    numeric_date,
    token_kind::media_type_matches,
};
use crate::base::{Span, Timestamp, ids::ClientId};

/// A client's clock may run this much behind ours; `jti`s are remembered as much longer.
const SKEW: Span = Span::secs(10);

/// `iat` and `nbf` further ahead are refused. FAPI 2.0 §5.3.2.1 demands acceptance to 10 s and refusal after 60 s.
const AHEAD: Span = Span::secs(60);

/// The longest `jti` in characters: it becomes a key in the database.
const MAX_JTI: usize = 256;

/// What an assertion is measured by.
#[derive(Clone, Copy, Debug)]
pub struct AssertionRules<'a> {
    /// The client whose key verified the signature.
    pub client_id: &'a ClientId,
    /// What the client may sign with.
    pub algs: &'a [SigningAlg],
    /// One of these: the issuer; for a client registered with `client_assertion_audience: endpoint` exactly the URL that was called.
    pub audiences: &'a [&'a str],
    /// How far ahead `exp` may lie: [`Self::LIFETIME`], for `fapi2-*` profiles [`Self::FAPI2_LIFETIME`].
    pub lifetime: Span,
    pub now: Timestamp,
}

impl AssertionRules<'_> {
    pub const LIFETIME: Span = Span::hours(1);
    pub const FAPI2_LIFETIME: Span = Span::minutes(5);
}

/// What must be remembered, so that the assertion works once (RFC 7523 §3 item 7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionOnce {
    pub jti: String,
    /// `exp` plus the skew that is granted: from then on the assertion is refused as expired.
    pub until: Timestamp,
}

/// Why an assertion is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssertionError {
    #[error("client_assertion alg is not allowed for this client; expected one of {expected}")]
    Algorithm { expected: String },
    #[error("client_assertion has a crit header; expected none")]
    Critical,
    #[error("client_assertion typ is wrong; expected client-authentication+jwt or JWT")]
    Type,
    #[error("client_assertion iss is missing or wrong; expected the client_id {expected}")]
    Issuer { expected: String },
    #[error("client_assertion sub is missing or wrong; expected the client_id {expected}")]
    Subject { expected: String },
    #[error("client_assertion aud is missing or wrong; expected the single string {expected}")]
    Audience { expected: String },
    #[error("client_assertion exp is missing or not a number; expected seconds since 1970, at most {} s ahead", .lifetime.as_secs())]
    NoExpiry { lifetime: Span },
    #[error("client_assertion has expired; expected exp after {}", .now.secs())]
    Expired { now: Timestamp },
    #[error("client_assertion exp is too far ahead; expected at most {} s, that is {}", .lifetime.as_secs(), .latest.secs())]
    LivesTooLong { lifetime: Span, latest: Timestamp },
    #[error("client_assertion {claim} is not a number in the past; expected at most {}", .latest.secs())]
    FromTheFuture { claim: &'static str, latest: Timestamp },
    #[error("client_assertion jti is missing or wrong; expected 1 to 256 printable characters")]
    Jti,
}

impl From<AssertionError> for OAuthError {
    /// RFC 7521 §4.2.1: every one of them is `invalid_client`.
    fn from(error: AssertionError) -> Self {
        Self::new(OAuthErrorCode::InvalidClient, error.to_string())
    }
}

/// The client that an assertion claims to be of, read before anything is verified, to find the keys (RFC 7523 §3: `sub`
/// is the `client_id`). Worth nothing until [`check`] has passed for that client.
pub fn claimed_client(claims: &Map<String, Value>) -> Option<ClientId> {
    claims.get("sub").and_then(Value::as_str).and_then(client_id)
}

/// All checks but the signature and the `jti`'s being new.
pub fn check(
    header: &Map<String, Value>,
    claims: &Map<String, Value>,
    rules: &AssertionRules<'_>,
) -> Result<AssertionOnce, AssertionError> {
    check_header(header, rules)?;
    check_parties(claims, rules)?;
    let until = check_times(claims, rules)?;
    let jti = claims.get("jti").and_then(Value::as_str).filter(|jti| is_jti(jti)).ok_or(AssertionError::Jti)?;
    Ok(AssertionOnce { jti: jti.to_owned(), until })
}

fn check_header(header: &Map<String, Value>, rules: &AssertionRules<'_>) -> Result<(), AssertionError> {
    let alg = header.get("alg").and_then(Value::as_str).and_then(SigningAlg::parse);
    if !alg.is_some_and(|alg| rules.algs.contains(&alg)) {
        let expected = rules.algs.iter().map(|alg| alg.as_str()).collect::<Vec<_>>().join(" ");
        return Err(AssertionError::Algorithm { expected });
    }
    // RFC 7515 §4.1.11: an extension that is not understood makes the signature invalid; we understand none.
    if header.contains_key("crit") {
        return Err(AssertionError::Critical);
    }
    // RFC 8725 §3.11: no other kind of JWT of this client passes for an assertion.
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(typ)) if media_type_matches(typ, "JWT") => Ok(()),
        Some(Value::String(typ)) if media_type_matches(typ, "client-authentication+jwt") => Ok(()),
        Some(_) => Err(AssertionError::Type),
    }
}

/// RFC 7523 §3 items 1 to 3.
fn check_parties(claims: &Map<String, Value>, rules: &AssertionRules<'_>) -> Result<(), AssertionError> {
    let is = |name: &str, expected: &str| claims.get(name).and_then(Value::as_str) == Some(expected);
    let client_id = rules.client_id.as_str();
    if !is("iss", client_id) {
        return Err(AssertionError::Issuer { expected: client_id.to_owned() });
    }
    if !is("sub", client_id) {
        return Err(AssertionError::Subject { expected: client_id.to_owned() });
    }
    // A single string and nothing beside it: with an array an assertion for another server works here too (the audience
    // injection of 2025, FAPI 2.0 §5.3.2.1).
    if !rules.audiences.iter().any(|audience| is("aud", audience)) {
        return Err(AssertionError::Audience { expected: rules.audiences.join(" or ") });
    }
    Ok(())
}

/// RFC 7523 §3 items 4 to 6. Returns until when the `jti` is remembered.
fn check_times(claims: &Map<String, Value>, rules: &AssertionRules<'_>) -> Result<Timestamp, AssertionError> {
    let AssertionRules { lifetime, now, .. } = *rules;
    let exp = claims.get("exp").and_then(numeric_date::from_value).ok_or(AssertionError::NoExpiry { lifetime })?;
    let until = exp + SKEW;
    if now >= until {
        return Err(AssertionError::Expired { now });
    }
    let latest = now + lifetime;
    if exp > latest {
        return Err(AssertionError::LivesTooLong { lifetime, latest });
    }
    let latest = now + AHEAD;
    for claim in ["iat", "nbf"] {
        let Some(value) = claims.get(claim) else { continue };
        if numeric_date::from_value(value).is_none_or(|at| at > latest) {
            return Err(AssertionError::FromTheFuture { claim, latest });
        }
    }
    Ok(until)
}

/// Control characters are refused because a NUL is no text to PostgreSQL.
fn is_jti(jti: &str) -> bool {
    (1..=MAX_JTI).contains(&jti.chars().count()) && !jti.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://dinhdanh.example";
    const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    fn claims() -> Map<String, Value> {
        let now = NOW.secs();
        object(&json!({ "iss": "portal", "sub": "portal", "aud": ISSUER, "exp": now + 60, "iat": now, "jti": "j1" }))
    }

    fn judged(header: &Value, claims: &Map<String, Value>) -> Result<AssertionOnce, AssertionError> {
        let client_id = ClientId::from("portal");
        let rules = AssertionRules {
            client_id: &client_id,
            algs: &[SigningAlg::Es256, SigningAlg::Ps256],
            audiences: &[ISSUER],
            lifetime: AssertionRules::LIFETIME,
            now: NOW,
        };
        check(&object(header), claims, &rules)
    }

    fn with(name: &str, value: Value) -> Result<AssertionOnce, AssertionError> {
        let mut claims = claims();
        claims.insert(name.to_owned(), value);
        judged(&json!({ "alg": "ES256" }), &claims)
    }

    #[test]
    fn a_good_assertion_is_remembered_past_its_expiry() {
        let once = judged(&json!({ "alg": "ES256", "kid": "k" }), &claims()).unwrap();
        assert_eq!(once, AssertionOnce { jti: "j1".to_owned(), until: NOW + Span::secs(70) });
        assert_eq!(claimed_client(&claims()), Some(ClientId::from("portal")));
        for typ in ["JWT", "jwt", "client-authentication+jwt", "application/client-authentication+jwt"] {
            assert!(judged(&json!({ "alg": "PS256", "typ": typ }), &claims()).is_ok(), "{typ}");
        }
    }

    #[test]
    fn the_header_is_checked() {
        for alg in [json!("none"), json!("HS256"), json!("RS256"), json!("es256"), json!(""), json!(1), Value::Null] {
            let refused = judged(&json!({ "alg": alg }), &claims()).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "client_assertion alg is not allowed for this client; expected one of ES256 PS256"
            );
        }
        assert!(matches!(judged(&json!({}), &claims()), Err(AssertionError::Algorithm { .. })));
        let crit = json!({ "alg": "ES256", "crit": ["b64"], "b64": false });
        assert_eq!(judged(&crit, &claims()), Err(AssertionError::Critical));
        for typ in [json!("at+jwt"), json!("logout+jwt"), json!("dpop+jwt"), json!(""), json!(7), Value::Null] {
            let header = json!({ "alg": "ES256", "typ": typ });
            assert_eq!(judged(&header, &claims()), Err(AssertionError::Type), "{header}");
        }
    }

    #[test]
    fn issuer_subject_and_audience_are_single_exact_strings() {
        for wrong in [json!("Portal"), json!("portal "), json!(""), json!(["portal"]), Value::Null] {
            assert!(matches!(with("iss", wrong.clone()), Err(AssertionError::Issuer { .. })), "{wrong}");
            assert!(matches!(with("sub", wrong.clone()), Err(AssertionError::Subject { .. })), "{wrong}");
        }
        for wrong in [
            json!([ISSUER]),
            json!([ISSUER, "https://other.example"]),
            json!("https://dinhdanh.example/"),
            json!("https://dinhdanh.example/token"),
            json!("HTTPS://dinhdanh.example"),
            json!({}),
            Value::Null,
        ] {
            let refused = with("aud", wrong.clone()).unwrap_err();
            assert_eq!(refused, AssertionError::Audience { expected: ISSUER.to_owned() }, "{wrong}");
            assert_eq!(
                OAuthError::from(refused).description(),
                "client_assertion aud is missing or wrong; expected the single string https://dinhdanh.example"
            );
        }
        for required in ["iss", "sub", "aud", "exp", "jti"] {
            let mut claims = claims();
            claims.remove(required);
            let refused = OAuthError::from(judged(&json!({ "alg": "ES256" }), &claims).unwrap_err());
            assert_eq!(refused.code, OAuthErrorCode::InvalidClient);
            assert!(refused.description().contains(required), "{refused}");
            assert!(refused.description().contains("expected"), "{refused}");
        }
    }

    #[test]
    fn times_are_checked_at_their_edges() {
        let now = NOW.secs();
        let at = |secs: i64| json!(secs);
        assert!(with("exp", at(now - 9)).is_ok());
        assert_eq!(with("exp", at(now - 10)), Err(AssertionError::Expired { now: NOW }));
        assert!(with("exp", at(now + 3_600)).is_ok());
        assert!(matches!(with("exp", at(now + 3_601)), Err(AssertionError::LivesTooLong { .. })));
        assert!(matches!(with("exp", json!(1e300)), Err(AssertionError::LivesTooLong { .. })));
        assert!(matches!(with("exp", json!(-1e300)), Err(AssertionError::Expired { .. })));
        for wrong in [json!("1795366860"), Value::Null, json!(true)] {
            assert!(matches!(with("exp", wrong), Err(AssertionError::NoExpiry { .. })));
        }
        for claim in ["iat", "nbf"] {
            for ahead in [-100_000, 0, 10, 60] {
                assert!(with(claim, at(now + ahead)).is_ok(), "{claim} {ahead}");
            }
            let latest = NOW + Span::secs(60);
            assert_eq!(with(claim, at(now + 61)), Err(AssertionError::FromTheFuture { claim, latest }));
            assert_eq!(with(claim, json!("now")), Err(AssertionError::FromTheFuture { claim, latest }));
        }
        let mut bare = claims();
        bare.remove("iat");
        assert!(judged(&json!({ "alg": "ES256" }), &bare).is_ok());
    }

    #[test]
    fn a_fapi_profile_lives_five_minutes() {
        let client_id = ClientId::from("portal");
        let lifetime = AssertionRules::FAPI2_LIFETIME;
        let rules = AssertionRules {
            client_id: &client_id,
            algs: &[SigningAlg::Es256],
            audiences: &[ISSUER],
            lifetime,
            now: NOW,
        };
        let header = object(&json!({ "alg": "ES256" }));
        let mut claims = claims();
        claims.insert("exp".to_owned(), json!(NOW.secs() + 300));
        assert!(check(&header, &claims, &rules).is_ok());
        claims.insert("exp".to_owned(), json!(NOW.secs() + 301));
        let refused = check(&header, &claims, &rules).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "client_assertion exp is too far ahead; expected at most 300 s, that is 1795367100"
        );
    }

    #[test]
    fn the_jti_fits_a_key() {
        for good in ["j", &"x".repeat(256), &"ệ".repeat(256)] {
            assert_eq!(with("jti", json!(good)).map(|once| once.jti), Ok(good.to_owned()));
        }
        for bad in [json!(""), json!("x".repeat(257)), json!("a\u{0}b"), json!("a\nb"), json!(1), Value::Null] {
            assert_eq!(with("jti", bad), Err(AssertionError::Jti));
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_expires_after_now_and_within_the_lifetime(exp in -10_000_i64..10_000, iat in -200_i64..200) {
            let mut claims = claims();
            claims.insert("exp".to_owned(), json!(NOW.secs() + exp));
            claims.insert("iat".to_owned(), json!(NOW.secs() + iat));
            let accepted = judged(&json!({ "alg": "ES256" }), &claims);
            prop_assert_eq!(accepted.is_ok(), exp > -10 && exp <= 3_600 && iat <= 60);
            if let Ok(once) = accepted {
                prop_assert!(once.until > NOW);
            }
        }
    }
}
