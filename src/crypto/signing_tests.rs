use std::{collections::HashSet, sync::LazyLock};

use serde_json::Value;

use super::*;

static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::Rs256).unwrap());

/// One key of each algorithm; the RSA one is shared, for it takes its time to make.
fn keys() -> Vec<SigningKey> {
    let rsa = RSA.to_pkcs8().unwrap();
    vec![
        SigningKey::from_pkcs8(Alg::Rs256, &rsa).unwrap(),
        SigningKey::from_pkcs8(Alg::Ps256, &rsa).unwrap(),
        SigningKey::generate(Alg::Es256).unwrap(),
        SigningKey::generate(Alg::EdDsa).unwrap(),
    ]
}

#[test]
fn what_is_signed_verifies_by_the_public_key_and_nothing_else_does() {
    let keys = keys();
    for key in &keys {
        let signature = key.sign(b"message").unwrap();
        let verifying = key.public().parse_for(key.alg()).unwrap();
        assert!(verifying.verifies(b"message", &signature), "{}", key.alg());
        assert!(!verifying.verifies(b"massage", &signature), "{}", key.alg());
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut changed = signature.clone();
            changed[at] ^= 1;
            assert!(!verifying.verifies(b"message", &changed), "{} byte {at}", key.alg());
        }
        assert!(!verifying.verifies(b"message", &[]));
        assert!(!verifying.verifies(b"message", &signature[..signature.len() - 1]));
    }
    // One RSA key under two algorithms: the signature of one is not the other's.
    let (rs, ps) = (&keys[0], &keys[1]);
    let verifying = ps.public().parse_for(Alg::Ps256).unwrap();
    assert!(!verifying.verifies(b"message", &rs.sign(b"message").unwrap()));
}

#[test]
fn an_elliptic_signature_has_its_fixed_length() {
    let key = SigningKey::generate(Alg::Es256).unwrap();
    for n in 0..64_u8 {
        assert_eq!(key.sign(&[n]).unwrap().len(), 64, "never the ASN.1 form");
    }
}

#[test]
fn a_key_written_out_and_read_is_the_same_key() {
    for key in keys() {
        let again = SigningKey::from_pkcs8(key.alg(), &key.to_pkcs8().unwrap()).unwrap();
        assert_eq!(again.kid(), key.kid());
        assert_eq!(again.public(), key.public());
        let signature = again.sign(b"message").unwrap();
        assert!(key.public().parse_for(key.alg()).unwrap().verifies(b"message", &signature));
        assert_eq!(key.kid(), key.public().thumbprint());
        assert!(!format!("{key:?}").contains("Pair"));
    }
}

#[test]
fn a_key_is_read_only_as_what_it_is() {
    let keys = keys();
    for key in &keys {
        let pkcs8 = key.to_pkcs8().unwrap();
        for alg in Alg::SIGNING {
            let same_family = alg == key.alg() || (key.alg().rsa().is_some() && alg.rsa().is_some());
            assert_eq!(SigningKey::from_pkcs8(alg, &pkcs8).is_ok(), same_family, "{} as {alg}", key.alg());
        }
        let torn = SecretBytes::new(pkcs8.reveal()[..pkcs8.reveal().len() - 1].to_vec());
        assert_eq!(SigningKey::from_pkcs8(key.alg(), &torn).unwrap_err(), SigningError::NotThisKey(key.alg()));
    }
    assert_eq!(SigningKey::generate(Alg::Es384).unwrap_err(), SigningError::NotForSigning(Alg::Es384));
    assert!(SigningKey::from_pkcs8(Alg::Es256, &SecretBytes::new(Vec::new())).is_err());
}

#[test]
fn a_jwt_says_its_algorithm_key_and_type() {
    let key = SigningKey::generate(Alg::Es256).unwrap();
    let mut headers = HashSet::new();
    for typ in Typ::ALL {
        let token = key.sign_jwt(typ, br#"{"sub":"a"}"#).unwrap();
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
        assert_eq!(header, json!({ "alg": "ES256", "kid": key.kid(), "typ": typ.name() }));
        assert_eq!(URL_SAFE_NO_PAD.decode(parts[1]).unwrap(), br#"{"sub":"a"}"#);
        headers.insert(parts[0].to_owned());
    }
    assert_eq!(headers.len(), 4);
}

/// Another library reads what we write: the interface of a relying party.
#[test]
fn another_library_verifies_our_tokens() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::Jwk};
    for key in keys() {
        let token = key.sign_jwt(Typ::Jwt, br#"{"sub":"a"}"#).unwrap();
        let jwk: Jwk = serde_json::from_value(Value::Object(key.public().members())).unwrap();
        let mut validation = Validation::new(match key.alg() {
            Alg::Rs256 => Algorithm::RS256,
            Alg::Ps256 => Algorithm::PS256,
            Alg::EdDsa => Algorithm::EdDSA,
            _ => Algorithm::ES256,
        });
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        let read = decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation).unwrap();
        assert_eq!(read.claims, json!({ "sub": "a" }));
        assert_eq!(read.header.kid.as_deref(), Some(key.kid()));
    }
}

#[test]
fn der_that_is_no_rsa_key_gives_no_numbers() {
    let good = [0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03];
    assert_eq!(rsa_numbers(&good), Some((vec![5], vec![3])));
    for end in 0..good.len() {
        assert_eq!(rsa_numbers(&good[..end]), None);
    }
    assert_eq!(rsa_numbers(&[&good[..], &[0]].concat()), None);
    assert_eq!(rsa_numbers(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02]), None);
}
