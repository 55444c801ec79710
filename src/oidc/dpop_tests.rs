use proptest::prelude::*;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);
const TOKEN: &str = "https://dinhdanh.example/token";
/// The example of RFC 9449 §7.1.
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";

fn claims() -> Map<String, Value> {
    let claims = json!({ "htm": "POST", "htu": TOKEN, "iat": NOW.secs(), "jti": "j1" });
    claims.as_object().unwrap().clone()
}

fn judged(claims: &Map<String, Value>, ath: Option<&str>) -> Result<ProofClaims, ProofError> {
    let uris = [TOKEN.to_owned(), "https://mtls.dinhdanh.example/token".to_owned()];
    check(claims, &ProofRules { method: "POST", uris: &uris, ath, now: NOW })
}

fn with(name: &str, value: Value) -> Result<ProofClaims, ProofError> {
    let mut claims = claims();
    claims.insert(name.to_owned(), value);
    judged(&claims, None)
}

fn without(name: &str) -> Result<ProofClaims, ProofError> {
    let mut claims = claims();
    claims.remove(name);
    judged(&claims, None)
}

#[test]
fn a_good_proof_is_remembered_for_as_long_as_it_works() {
    let expected = ProofClaims { jti: "j1".to_owned(), until: NOW + Span::secs(61), nonce: None };
    assert_eq!(judged(&claims(), None), Ok(expected));
    assert_eq!(with("nonce", json!("n")).unwrap().nonce.as_deref(), Some("n"));
    assert_eq!(with("htu", json!("https://mtls.dinhdanh.example/token")).map(drop), Ok(()));
    assert_eq!(with("more", json!({})).map(drop), Ok(()));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let now = NOW;
    let method = ProofError::Method { expected: "POST".to_owned() };
    let uri = ProofError::Uri { expected: TOKEN.to_owned() };
    for (name, error) in
        [("htm", method.clone()), ("htu", uri.clone()), ("iat", ProofError::Time { now }), ("jti", ProofError::Jti)]
    {
        assert_eq!(without(name), Err(error.clone()), "{name}");
        for value in [json!(null), json!({}), json!([]), json!(true), json!("")] {
            assert_eq!(with(name, value.clone()), Err(error.clone()), "{name} {value}");
        }
    }
    for wrong in ["GET", "post", "POST "] {
        assert_eq!(with("htm", json!(wrong)), Err(method.clone()));
    }
    for wrong in [
        "https://dinhdanh.example/userinfo",
        "https://dinhdanh.example/token/",
        "https://dinhdanh.example/TOKEN",
        "https://dinhdanh.example:8443/token",
        "http://dinhdanh.example/token",
        "https://evil.example/token",
        "https://dinhdanh.example@evil.example/token",
        "https://user@dinhdanh.example/token",
        "https://dinhdanh.example.evil.example/token",
        "https://dinhdanh.example/token%2F",
        "//dinhdanh.example/token",
        "/token",
        "dinhdanh.example/token",
    ] {
        assert_eq!(with("htu", json!(wrong)), Err(uri.clone()), "{wrong}");
    }
    for wrong in [json!("x".repeat(257)), json!("a\u{0}b"), json!(1)] {
        assert_eq!(with("jti", wrong), Err(ProofError::Jti));
    }
    assert_eq!(with("nonce", json!(1)), Err(ProofError::Nonce));
}

#[test]
fn addresses_are_compared_after_normalisation() {
    for same in [
        "HTTPS://DINHDANH.example/token",
        "https://dinhdanh.example:443/token",
        "https://dinhdanh.example/token?x=1#y",
        "https://dinhdanh.example/a/../token",
        "https://dinhdanh.example/./token",
        "https://dinhdanh.example/%74oken",
        "https://dinhdanh.example/to%6ben",
    ] {
        assert_eq!(with("htu", json!(same)).map(drop), Ok(()), "{same}");
    }
}

#[test]
fn a_proof_lives_for_a_minute_on_either_side() {
    for (offset, good) in [(-60, true), (-61, false), (60, true), (61, false), (-3_600, false), (3_600, false)] {
        assert_eq!(with("iat", json!(NOW.secs() + offset)).is_ok(), good, "{offset}");
    }
    assert_eq!(with("iat", json!(NOW.secs() + 60)).unwrap().until, NOW + Span::secs(121));
    assert!(with("exp", json!(NOW.secs() - 10)).is_err() && with("exp", json!(NOW.secs())).is_ok());
    assert!(with("nbf", json!(NOW.secs() + 61)).is_err() && with("nbf", json!(NOW.secs())).is_ok());
}

#[test]
fn at_a_resource_the_proof_names_the_token() {
    let mut bound = claims();
    assert_eq!(judged(&bound, Some(ATH)), Err(ProofError::TokenHash));
    bound.insert("ath".to_owned(), json!(ATH));
    assert!(judged(&bound, Some(ATH)).is_ok());
    assert_eq!(judged(&bound, Some(&ATH.replace('f', "g"))), Err(ProofError::TokenHash));
    // At the token endpoint it means nothing.
    assert!(judged(&bound, None).is_ok());
}

#[test]
fn thumbprints_have_43_characters() {
    assert!(is_thumbprint(ATH));
    for wrong in ["", "short", &ATH[1..], &format!("{ATH}="), &ATH.replace('f', "+")] {
        assert!(!is_thumbprint(wrong), "{wrong}");
    }
}

#[test]
fn refusals_have_the_codes_of_rfc_9449() {
    let error: OAuthError = ProofError::Jti.into();
    assert_eq!(error.code, OAuthErrorCode::InvalidDpopProof);
    assert_eq!(use_nonce().code, OAuthErrorCode::UseDpopNonce);
}

proptest! {
    #[test]
    fn any_claims_never_panic(htu in ".{0,60}", htm in ".{0,8}", iat in any::<f64>(), jti in ".{0,20}") {
        let claims = json!({ "htm": htm, "htu": htu, "iat": iat, "jti": jti });
        let _ = judged(claims.as_object().unwrap(), Some(ATH));
    }

    #[test]
    fn normalising_twice_changes_nothing(path in "[ -~]{0,30}") {
        if let Some(once) = normalised(&format!("https://dinhdanh.example/{path}")) {
            prop_assert_eq!(normalised(&once), Some(once));
        }
    }
}
