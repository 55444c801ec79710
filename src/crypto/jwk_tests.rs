use proptest::prelude::*;

use super::*;

/// RFC 7638 §3.1.
const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
/// RFC 7515 A.3.1, without its private part.
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// RFC 8037 A.2.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

fn members(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap()
}

fn key(text: &str) -> Result<PublicKey, JwkError> {
    PublicKey::from_members(&members(text))
}

fn with(text: &str, name: &str, value: Value) -> Result<PublicKey, JwkError> {
    let mut members = members(text);
    members.insert(name.to_owned(), value);
    PublicKey::from_members(&members)
}

#[test]
fn thumbprints_of_the_rfcs() {
    assert_eq!(key(RSA).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key(ED25519).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

#[test]
fn a_key_writes_the_members_that_it_was_read_from() {
    for text in [RSA, P256, ED25519] {
        let key = key(text).unwrap();
        let again = PublicKey::from_members(&key.members()).unwrap();
        assert_eq!(again, key);
        for (name, value) in key.members() {
            assert_eq!(members(text).get(&name), Some(&value), "{name}");
        }
    }
}

#[test]
fn private_and_symmetric_keys_are_refused_by_name() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        for text in [RSA, P256, ED25519] {
            assert_eq!(with(text, name, "AQAB".into()), Err(JwkError::Private(name)));
        }
    }
    assert_eq!(key(r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMk"}"#), Err(JwkError::Private("k")));
}

#[test]
fn malformed_members_are_named() {
    for name in ["x", "y", "crv", "kty"] {
        let mut lacking = members(P256);
        lacking.remove(name);
        assert_eq!(PublicKey::from_members(&lacking), Err(JwkError::Member(name)));
        assert_eq!(with(P256, name, 7.into()), Err(JwkError::Member(name)));
    }
    // Padding, the other alphabet, stray bits, a leading zero more or less.
    for x in [
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVE",
        "AH_NzidwNtcRQYPL7m_bS3tYBzM1e-nvE7rPbjx70VRF",
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEV",
        "",
    ] {
        assert_eq!(with(P256, "x", x.into()), Err(JwkError::Member("x")), "{x}");
    }
    assert_eq!(with(RSA, "n", "AQAB".into()), Err(JwkError::RsaSize));
    assert_eq!(with(RSA, "n", URL_SAFE_NO_PAD.encode([0x7f; 256]).into()), Err(JwkError::RsaSize));
    assert_eq!(with(RSA, "n", URL_SAFE_NO_PAD.encode([0xff; 513]).into()), Err(JwkError::RsaSize));
    assert_eq!(
        with(RSA, "n", URL_SAFE_NO_PAD.encode([&[0_u8][..], &[0xff; 256]].concat()).into()),
        Err(JwkError::Member("n"))
    );
    assert_eq!(with(RSA, "e", "AAEAAQ".into()), Err(JwkError::Member("e")));
    assert_eq!(with(RSA, "e", "AQAAAAE".into()), Err(JwkError::Member("e")));
    assert_eq!(with(P256, "crv", "secp256k1".into()), Err(JwkError::Unsupported));
    assert_eq!(with(ED25519, "crv", "X25519".into()), Err(JwkError::Unsupported));
}

#[test]
fn numbers_that_are_no_point_of_the_curve_make_no_key() {
    let off_curve = with(P256, "y", URL_SAFE_NO_PAD.encode([1; 32]).into()).unwrap();
    assert_eq!(off_curve.parse_for(Alg::Es256).unwrap_err(), JwkError::NoKey);
    assert_eq!(key(P256).unwrap().parse_for(Alg::Rs256).unwrap_err(), JwkError::Unsupported);
}

proptest! {
    #[test]
    fn keys_of_any_numbers_never_panic(
        kty in prop::sample::select(vec!["RSA", "EC", "OKP"]),
        crv in prop::sample::select(vec!["P-256", "P-384", "Ed25519"]),
        x in prop::collection::vec(any::<u8>(), 0..60),
        n in prop::collection::vec(any::<u8>(), 250..260),
    ) {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let jwk = json!({ "kty": kty, "crv": crv, "x": b64(&x), "y": b64(&x), "n": b64(&n), "e": b64(&x) });
        if let Ok(key) = PublicKey::from_members(jwk.as_object().unwrap()) {
            for alg in key.algs() {
                drop(key.parse_for(*alg));
            }
        }
    }
}
