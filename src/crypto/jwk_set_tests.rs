use proptest::prelude::*;

use super::*;

/// RFC 7638 §3.1.
const RSA: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;
/// RFC 7515 A.3.1, without its private part.
const P256: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

fn set(keys: &[&str]) -> Result<ParsedJwks, JwkError> {
    ParsedJwks::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes())
}

#[test]
fn a_set_keeps_what_can_verify() {
    let usable = set(&[
        RSA,
        P256,
        &P256.replace('}', r#","use":"enc"}"#),
        &P256.replace('}', r#","key_ops":["encrypt"]}"#),
        &P256.replace('}', r#","alg":"ECDH-ES"}"#),
        r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#,
        r#"{"kty":"new"}"#,
    ])
    .unwrap();
    assert_eq!(usable.len(), 2);
    assert_eq!(usable.candidates(Alg::Rs256, Some("2011-04-29")).count(), 1);
    assert_eq!(usable.candidates(Alg::Ps256, Some("2011-04-29")).count(), 0, "its alg says RS256");
    assert_eq!(usable.candidates(Alg::Es256, None).count(), 1);
    // The one EC key has no name, and may be the one that is meant.
    assert_eq!(usable.candidates(Alg::Es256, Some("x")).count(), 1);
    assert_eq!(usable.candidates(Alg::Rs256, Some("x")).count(), 0, "this one has another name");
    let both = set(&[&RSA.replace(r#""alg":"RS256","#, "")]).unwrap();
    assert_eq!((both.candidates(Alg::Rs256, None).count(), both.candidates(Alg::Ps256, None).count()), (1, 1));
}

/// RFC 7517 §4.5, RFC 7515 §4.1.4.
#[test]
fn a_key_without_a_name_is_tried_where_none_has_the_name() {
    let named = |kid: &str| P256.replacen('{', &format!(r#"{{"kid":"{kid}","#), 1);
    let table: [(&[&str], Option<&str>, usize); 8] = [
        (&[P256], None, 1),
        (&[P256, P256], None, 2),
        (&[P256, P256], Some("a"), 2),
        (&[P256, &named("a")], Some("a"), 1),
        (&[P256, &named("a")], Some("b"), 1),
        (&[P256, &named("a")], None, 2),
        (&[&named("a"), &named("a")], Some("a"), 2),
        (&[&named("a"), RSA], Some("2011-04-29"), 0),
    ];
    for (keys, kid, tried) in table {
        let keys = set(keys).unwrap();
        assert_eq!(keys.candidates(Alg::Es256, kid).count(), tried, "{kid:?} {keys:?}");
    }
    let keys = set(&[P256, &named("a")]).unwrap();
    assert!(keys.names(Alg::Es256, Some("a")) && !keys.names(Alg::Rs256, Some("a")));
    assert!(!keys.names(Alg::Es256, Some("b")) && !keys.names(Alg::Es256, None));
}

#[test]
fn one_leaked_key_condemns_the_set() {
    let leaked = P256.replace('}', r#","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#);
    assert_eq!(set(&[RSA, &leaked]).unwrap_err(), JwkError::Private("d"));
}

#[test]
fn what_is_no_set_is_refused() {
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(ParsedJwks::parse(text.as_bytes()).unwrap_err(), JwkError::NotASet, "{text}");
    }
    assert!(set(&[]).unwrap().is_empty());
    assert_eq!(set(&[P256; 33]).unwrap_err(), JwkError::TooMany);
    assert!(set(&[P256; 32]).is_ok());
}

#[test]
fn only_a_key_for_encryption_is_encrypted_to() {
    let enc = |text: &str, more: &str| text.replacen('{', &format!("{{{more},"), 1);
    let rsa = RSA.replace(r#""alg":"RS256","#, "");
    for (key, alg, fits) in [
        (RSA.to_owned(), KeyAlg::RsaOaep256, false),
        (rsa.clone(), KeyAlg::RsaOaep256, false),
        (enc(&rsa, r#""use":"sig""#), KeyAlg::RsaOaep256, false),
        (enc(&rsa, r#""use":"enc""#), KeyAlg::RsaOaep256, true),
        (enc(&rsa, r#""alg":"RSA-OAEP-256""#), KeyAlg::RsaOaep256, true),
        (enc(&rsa, r#""use":"enc","alg":"RSA-OAEP""#), KeyAlg::RsaOaep256, false),
        (enc(&rsa, r#""use":"enc""#), KeyAlg::EcdhEs, false),
        (enc(P256, r#""use":"enc""#), KeyAlg::EcdhEs, true),
        (enc(P256, r#""key_ops":["deriveKey"]"#), KeyAlg::EcdhEs, true),
        (enc(&rsa, r#""key_ops":["wrapKey","encrypt"]"#), KeyAlg::RsaOaep256, true),
        (enc(&rsa, r#""key_ops":["verify"]"#), KeyAlg::RsaOaep256, false),
        (enc(&rsa, r#""use":"sig","key_ops":["encrypt"]"#), KeyAlg::RsaOaep256, false),
        (enc(&rsa, r#""use":"enc","key_ops":["verify"]"#), KeyAlg::RsaOaep256, false),
        (enc(P256, r#""use":"enc","alg":"ECDH-ES+A256KW""#), KeyAlg::EcdhEs, false),
        (enc(P256, r#""use":"enc","alg":"ECDH-ES+A256KW""#), KeyAlg::EcdhEsA256Kw, true),
    ] {
        assert_eq!(set(&[&key]).unwrap().recipient(alg).is_some(), fits, "{alg} {key:.60}");
    }
}

proptest! {
    #[test]
    fn parsing_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(ParsedJwks::parse(&bytes).is_err());
    }
}
