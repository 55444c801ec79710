//! The keys of a client, given as a JWK Set (RFC 7517). Only public ones: a private key sent to us is a mistake to tell.

use serde_json::Value;

use super::members::{Members, MetadataError};
use crate::oidc::nul;

const MAX_KEYS: usize = 20;
/// Members that only private and symmetric keys have (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/// The base64url form of a 2048-bit modulus (RFC 7518 §3.3 asks for no less).
const RSA_2048_LENGTH: usize = 342;

/// Whether a client must have a key to prove itself with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    SigningKey,
    Nothing,
}

pub(super) fn read(members: Members<'_>, need: Need) -> Result<Option<Value>, MetadataError> {
    let bad = |reason: String| MetadataError::new("jwks", reason);
    let Some(set) = members.get("jwks") else {
        return match need {
            Need::SigningKey => {
                Err(bad("or jwks_uri is required for private_key_jwt, signed requests and assertions".to_owned()))
            }
            Need::Nothing => Ok(None),
        };
    };
    let keys = set.get("keys").and_then(Value::as_array).ok_or_else(|| bad("has no array keys".to_owned()))?;
    if keys.len() > MAX_KEYS {
        return Err(bad(format!("has more than {MAX_KEYS} keys")));
    }
    if keys.iter().any(nul::is_in) {
        return Err(bad("has a NUL character".to_owned()));
    }
    let mut signing = 0;
    for (at, key) in keys.iter().enumerate() {
        let verifies = key_verifies_signatures(key).map_err(|reason| bad(format!("keys[{at}] {reason}")))?;
        signing += usize::from(verifies);
    }
    if need == Need::SigningKey && signing == 0 {
        return Err(bad("has no key that verifies RS256, PS256, ES256 or EdDSA".to_owned()));
    }
    Ok(Some(serde_json::json!({ "keys": keys })))
}

/// Keys of kinds that we don't know are kept and never used (RFC 7517 §5).
fn key_verifies_signatures(key: &Value) -> Result<bool, &'static str> {
    let key = key.as_object().ok_or("is not an object")?;
    if PRIVATE_MEMBERS.iter().any(|member| key.contains_key(*member)) {
        return Err("is a private or symmetric key: replace it, it is known to others now");
    }
    let text = |member: &str| key.get(member).and_then(Value::as_str);
    let kty = text("kty").ok_or("has no kty")?;
    if key.contains_key("kid") && text("kid").is_none() {
        return Err("has a kid that is not a text");
    }
    let for_signatures = matches!(text("use"), None | Some("sig"));
    match (kty, text("crv")) {
        ("RSA", _) => {
            if text("n").is_none_or(|n| n.len() < RSA_2048_LENGTH) || text("e").is_none() {
                return Err("is an RSA key without n and e of at least 2048 bits");
            }
            Ok(for_signatures)
        }
        ("EC", Some("P-256")) => match (text("x"), text("y")) {
            (Some(_), Some(_)) => Ok(for_signatures),
            _ => Err("is an EC key without x and y"),
        },
        ("OKP", Some("Ed25519")) => match text("x") {
            Some(_) => Ok(for_signatures),
            None => Err("is an OKP key without x"),
        },
        _ => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn with(jwks: Value, need: Need) -> Result<Option<Value>, MetadataError> {
        let map: Map<String, Value> = [("jwks".to_owned(), jwks)].into_iter().collect();
        read(Members(&map), need)
    }

    #[test]
    fn public_keys_pass() {
        for key in [
            json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "kid": "1"}),
            json!({"kty": "OKP", "crv": "Ed25519", "x": "a", "use": "sig"}),
            json!({"kty": "RSA", "n": "A".repeat(342), "e": "AQAB"}),
        ] {
            assert_eq!(
                with(json!({"keys": [key], "more": 1}), Need::SigningKey).unwrap(),
                Some(json!({"keys": [key]}))
            );
        }
    }

    #[test]
    fn others_are_refused_with_their_place() {
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "a", "y": "b"});
        let mut private = ec.clone();
        private["d"] = json!("secret");
        for (jwks, reason) in [
            (json!([]), "has no array keys"),
            (json!({}), "has no array keys"),
            (json!({"keys": [{"kty": "EC", "kid": "\u{0}"}]}), "has a NUL character"),
            (json!({"keys": [1]}), "keys[0] is not an object"),
            (
                json!({"keys": [ec, private]}),
                "keys[1] is a private or symmetric key: replace it, it is known to others now",
            ),
            (
                json!({"keys": [{"kty": "oct", "k": "x"}]}),
                "keys[0] is a private or symmetric key: replace it, it is known to others now",
            ),
            (json!({"keys": [{"x": "y"}]}), "keys[0] has no kty"),
            (json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a"}]}), "keys[0] is an EC key without x and y"),
            (json!({"keys": [{"kty": "OKP", "crv": "Ed25519"}]}), "keys[0] is an OKP key without x"),
            (
                json!({"keys": [{"kty": "RSA", "n": "short", "e": "AQAB"}]}),
                "keys[0] is an RSA key without n and e of at least 2048 bits",
            ),
            (json!({"keys": [{"kty": "EC", "kid": 7}]}), "keys[0] has a kid that is not a text"),
        ] {
            assert_eq!(with(jwks, Need::Nothing).unwrap_err().reason, reason);
        }
        let many = vec![ec; MAX_KEYS + 1];
        assert!(with(json!({"keys": many}), Need::Nothing).is_err());
    }

    #[test]
    fn private_key_jwt_needs_a_key_that_verifies() {
        for jwks in [
            json!(null),
            json!({"keys": []}),
            json!({"keys": [{"kty": "EC", "crv": "P-521", "x": "a", "y": "b"}]}),
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "use": "enc"}]}),
        ] {
            assert!(with(jwks.clone(), Need::SigningKey).is_err(), "{jwks}");
            assert!(with(jwks.clone(), Need::Nothing).is_ok(), "{jwks}");
        }
    }
}
