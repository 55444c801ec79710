use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const ISSUER: &str = "http://localhost:8080";
const CLIENT: &str = "moh";
const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

struct Key {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Key {
    fn new(kid: &'static str) -> Self {
        Self { pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(), kid }
    }

    fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
                "x": text(&point[1..33]), "y": text(&point[33..65]) })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn keys(of: &[&Key]) -> JsonWebKeySet<CoreJsonWebKey> {
    serde_json::from_value(json!({ "keys": of.iter().map(|key| key.jwk()).collect::<Vec<_>>() })).unwrap()
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "a", "typ": "logout+jwt" })
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": CLIENT, "iat": NOW.secs(), "exp": NOW.secs() + 120, "jti": "j1", "sub": "s", "sid": "i",
            "events": { EVENT: {} } })
}

/// The claims with some members replaced, or with `null` taken away.
fn changed(mut base: Value, change: &Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
    base
}

fn judge(key: &Key, header: &Value, claims: &Value, keys: &JsonWebKeySet<CoreJsonWebKey>) -> Result<Logout, Invalid> {
    validate(&key.sign(header, claims), &Expected { issuer: ISSUER, client_id: CLIENT, keys }, NOW)
}

#[test]
fn a_token_as_the_specification_has_it_is_believed() {
    let key = Key::new("a");
    let logout = judge(&key, &header(), &claims(), &keys(&[&key])).unwrap();
    assert_eq!((logout.jti.as_str(), logout.sub.as_deref(), logout.sid.as_deref()), ("j1", Some("s"), Some("i")));
    assert_eq!(logout.issued_at, NOW.secs());
    assert!(logout.expires_at > NOW + Span::secs(120));
}

#[test]
fn variants_that_the_specification_allows_are_believed() {
    let (key, other) = (Key::new("a"), Key::new("b"));
    let keys = keys(&[&other, &key]);
    for change in [
        json!({ "sub": null }),
        json!({ "sid": null }),
        json!({ "aud": [CLIENT] }),
        json!({ "exp": NOW.secs() - 59, "iat": NOW.secs() + 60 }),
        json!({ "iat": 1_795_366_800.5 }),
    ] {
        judge(&key, &header(), &changed(claims(), &change), &keys).unwrap_or_else(|why| panic!("{change}: {why:?}"));
    }
    for change in [json!({ "typ": "application/Logout+JWT" }), json!({ "kid": null })] {
        judge(&key, &changed(header(), &change), &claims(), &keys).unwrap_or_else(|why| panic!("{change}: {why:?}"));
    }
}

#[test]
fn each_claim_is_checked() {
    let key = Key::new("a");
    let keys = keys(&[&key]);
    let cases = [
        (json!({ "iss": null }), "iss is another issuer"),
        (json!({ "iss": "http://localhost:8080/" }), "iss is another issuer"),
        (json!({ "aud": null }), "aud is not this client alone"),
        (json!({ "aud": "dvcqg" }), "aud is not this client alone"),
        (json!({ "aud": [CLIENT, "dvcqg"] }), "aud is not this client alone"),
        (json!({ "aud": [] }), "aud is not this client alone"),
        (json!({ "iat": null }), "iat or exp is missing"),
        (json!({ "exp": null }), "iat or exp is missing"),
        (json!({ "exp": "1795366920" }), "iat or exp is missing"),
        (json!({ "exp": 1e300 }), "iat or exp is missing"),
        (json!({ "iat": NOW.secs() + 61 }), "iat lies in the future"),
        (json!({ "exp": NOW.secs() - 60 }), "it has expired"),
        (json!({ "events": null }), "events does not say back-channel logout"),
        (json!({ "events": { EVENT: true } }), "events does not say back-channel logout"),
        (json!({ "events": [EVENT] }), "events does not say back-channel logout"),
        (
            json!({ "events": { "http://schemas.openid.net/event/other": {} } }),
            "events does not say back-channel logout",
        ),
        (json!({ "nonce": "n" }), "it has a nonce, so it may be an ID token"),
        (json!({ "jti": null }), "jti is missing"),
        (json!({ "jti": "" }), "jti is missing"),
        (json!({ "sub": null, "sid": null }), "it names neither sub nor sid"),
        (json!({ "sid": 7 }), "it names neither sub nor sid"),
        (json!({ "sub": "" }), "it names neither sub nor sid"),
    ];
    for (change, why) in cases {
        let verdict = judge(&key, &header(), &changed(claims(), &change), &keys);
        assert_eq!(verdict.unwrap_err(), Invalid::Because(why), "{change}");
    }
}

#[test]
fn the_header_is_checked_and_an_id_token_is_no_logout_token() {
    let key = Key::new("a");
    let keys = keys(&[&key]);
    let cases = [
        (json!({ "alg": "none" }), Invalid::Because("alg is not ES256, which this client registered")),
        (json!({ "alg": "HS256" }), Invalid::Because("alg is not ES256, which this client registered")),
        (json!({ "alg": null }), Invalid::Because("alg is not ES256, which this client registered")),
        (json!({ "typ": "JWT" }), Invalid::Because("typ is not logout+jwt")),
        (json!({ "typ": "at+jwt" }), Invalid::Because("typ is not logout+jwt")),
        (json!({ "typ": null }), Invalid::Because("typ is not logout+jwt")),
        (
            json!({ "crit": ["b64"] }),
            Invalid::Because("crit names an extension that is not known here (RFC 7515 §4.1.11)"),
        ),
        (json!({ "kid": "z" }), Invalid::UnknownKey),
    ];
    for (change, why) in cases {
        let verdict = judge(&key, &changed(header(), &change), &claims(), &keys);
        assert_eq!(verdict.unwrap_err(), why, "{change}");
    }
}

#[test]
fn a_signature_by_another_key_or_over_other_bytes_is_refused() {
    const WHY: Invalid = Invalid::Because("the signature does not verify");
    let (key, impostor) = (Key::new("a"), Key::new("a"));
    let keys = keys(&[&key]);
    assert_eq!(judge(&impostor, &header(), &claims(), &keys).unwrap_err(), WHY);
    let expected = Expected { issuer: ISSUER, client_id: CLIENT, keys: &keys };
    let (honest, other) =
        (key.sign(&header(), &claims()), key.sign(&header(), &changed(claims(), &json!({ "sub": "t" }))));
    let (_, signature) = honest.rsplit_once('.').unwrap();
    let (signed, _) = other.rsplit_once('.').unwrap();
    assert_eq!(validate(&format!("{signed}.{signature}"), &expected, NOW).unwrap_err(), WHY);
    assert_eq!(validate(&format!("{signed}."), &expected, NOW).unwrap_err(), WHY);
}

#[test]
fn what_is_no_compact_jwt_is_refused() {
    let keys = keys(&[]);
    let expected = Expected { issuer: ISSUER, client_id: CLIENT, keys: &keys };
    for text in ["", ".", "..", "a.b.c", "e30.e30.!", "a.b.c.d.e", "e30", "bnVsbA.bnVsbA.AA"] {
        assert!(matches!(validate(text, &expected, NOW), Err(Invalid::Because(_))), "{text:?}");
    }
}
