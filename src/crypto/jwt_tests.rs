use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::crypto::signing::{SigningKey, Typ};

const ANY: Expect<'static> = Expect { algs: &Alg::ALL, typ: TypRule::IfPresent(&["JWT"]) };

/// RFC 7515 A.2: RS256.
const A2_KEY: &str = r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#;
const A2: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
/// RFC 7515 A.3: ES256.
const A3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
const A3: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 7515 A.1: HS256 under a shared key.
const A1: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7515 A.5: unsecured.
const A5: &str = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
/// RFC 7520 §4.1: RS256 with a `kid`, over a text that is not JSON.
const COOKBOOK_KEY: &str = r#"{"kty":"RSA","kid":"bilbo.baggins@hobbiton.example","use":"sig","n":"n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw","e":"AQAB"}"#;
const COOKBOOK: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.MRjdkly7_-oTPTS3AXP41iQIGKa80A0ZmTuV5MEaHoxnW2e5CZ5NlKtainoFmKZopdHM1O2U4mwzJdQx996ivp83xuglII7PNDi84wnB-BDkoBwA78185hX-Es4JIwmDLJK3lfWRa-XtL0RnltuYv746iYTh_qHRD68BNt1uSNCrUCTJDt5aAE6x8wW1Kt9eRo4QPocSadnHXFxnt8Is9UzpERV0ePPQdLuW3IS_de3xyIrDaLGdjluPxUAhb6L2aXic1U12podGU0KLUQSE_oI-ZnmKJ3F4uOZDnd6QZWJushZ41Axf_fcIe8u9ipH84ogoree7vjbU5y18kDquDg";
/// RFC 8037 A.4: Ed25519 over a text that is not JSON.
const ED_KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
const ED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Alg::Es256).unwrap());

fn jwks(keys: &[&str]) -> ParsedJwks {
    ParsedJwks::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
}

fn key_named(kid: &str) -> String {
    let mut members = KEY.public().members();
    members.insert("kid".to_owned(), kid.into());
    Value::Object(members).to_string()
}

fn own_jwks() -> ParsedJwks {
    jwks(&[&Value::Object(KEY.public().members()).to_string()])
}

fn parse(token: &str) -> Result<Unverified<'_>, JwtError> {
    Unverified::parse(token, HeaderKey::Refused)
}

fn verify(token: &str, keys: &ParsedJwks) -> Result<Map<String, Value>, JwtError> {
    parse(token)?.verify(keys, &ANY)
}

/// A token with this header, as text, rightly signed by [`KEY`].
fn signed(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = KEY.sign(input.as_bytes()).unwrap();
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn the_examples_of_the_rfcs_verify() {
    for (token, key) in [(A2, A2_KEY), (A3, A3_KEY)] {
        let claims = verify(token, &jwks(&[key])).unwrap();
        assert_eq!(claims.get("iss"), Some(&json!("joe")));
    }
    for (token, key) in [(COOKBOOK, COOKBOOK_KEY), (ED, ED_KEY)] {
        // Rightly signed; what was signed is not an object.
        assert_eq!(verify(token, &jwks(&[key])), Err(JwtError::NotJson("payload")));
        let mut changed = token.to_owned();
        changed.replace_range(
            token.len() - 10..token.len() - 9,
            if &token[token.len() - 10..][..1] == "A" { "B" } else { "A" },
        );
        assert_eq!(verify(&changed, &jwks(&[key])), Err(JwtError::Signature));
    }
}

#[test]
fn shared_key_and_unsecured_tokens_are_refused_before_any_key_is_looked_at() {
    for token in [A1, A5] {
        assert!(matches!(verify(token, &jwks(&[A2_KEY])), Err(JwtError::Alg(_))));
    }
    for alg in ["none", "None", "nOnE", "HS256", "HS384", "HS512", "ES256K", ""] {
        let token = signed(&json!({ "alg": alg }).to_string(), "{}");
        assert!(matches!(verify(&token, &own_jwks()), Err(JwtError::Alg(_))), "{alg}");
        let stripped = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert!(matches!(verify(&stripped, &own_jwks()), Err(JwtError::Alg(_))), "{alg}");
    }
    let stripped = format!("{}.", A3.rsplit_once('.').unwrap().0);
    assert_eq!(verify(&stripped, &jwks(&[A3_KEY])), Err(JwtError::Signature));
}

/// The classic: an RSA public key as the secret of an HMAC, and an EC token for an RSA key.
#[test]
fn an_algorithm_is_verified_only_by_a_key_of_its_kind() {
    assert_eq!(verify(A3, &jwks(&[A2_KEY])), Err(JwtError::NoKey));
    assert_eq!(verify(A2, &jwks(&[A3_KEY])), Err(JwtError::NoKey));
    let narrow = Expect { algs: &[Alg::Ps256], ..ANY };
    assert_eq!(parse(A2).unwrap().verify(&jwks(&[A2_KEY]), &narrow), Err(JwtError::Alg("PS256".to_owned())));
    let as_ps256 = A2.replacen("eyJhbGciOiJSUzI1NiJ9", &URL_SAFE_NO_PAD.encode(r#"{"alg":"PS256"}"#), 1);
    assert_eq!(verify(&as_ps256, &jwks(&[A2_KEY])), Err(JwtError::Signature));
}

#[test]
fn a_header_cannot_steer_us() {
    let good = json!({ "alg": "ES256" });
    assert!(verify(&signed(&good.to_string(), "{}"), &own_jwks()).is_ok());
    let key = Value::Object(KEY.public().members());
    for (name, value) in [
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
        ("b64", json!(true)),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("jwk", key),
    ] {
        let mut header = good.clone();
        header[name] = value;
        let token = signed(&header.to_string(), "{}");
        assert_eq!(verify(&token, &own_jwks()), Err(JwtError::HeaderMember(name)));
    }
    for (header, expected) in [
        (r#"{"alg":"ES256","alg":"ES256"}"#, JwtError::NotJson("header")),
        (r#"{"alg":"ES256","kid":"a","kid":"b"}"#, JwtError::NotJson("header")),
        (r#"{"kid":"a"}"#, JwtError::HeaderLacks("alg")),
        (r#"{"alg":["ES256"]}"#, JwtError::HeaderLacks("alg")),
        (r#"{"alg":"ES256","kid":7}"#, JwtError::HeaderLacks("kid")),
        (r#"{"alg":"ES256","typ":null}"#, JwtError::HeaderLacks("typ")),
        (r#"["ES256"]"#, JwtError::NotJson("header")),
        ("", JwtError::NotJson("header")),
    ] {
        assert_eq!(verify(&signed(header, "{}"), &own_jwks()), Err(expected), "{header}");
    }
}

#[test]
fn the_type_must_be_the_one_that_is_expected() {
    let token = |typ: Option<&str>| {
        let header = typ.map_or(json!({ "alg": "ES256" }), |typ| json!({ "alg": "ES256", "typ": typ }));
        signed(&header.to_string(), "{}")
    };
    let required = Expect { algs: &[Alg::Es256], typ: TypRule::Required(&["dpop+jwt"]) };
    let check =
        |typ: Option<&str>, expect: &Expect<'_>| parse(&token(typ)).unwrap().verify(&own_jwks(), expect).map(|_| ());
    assert_eq!(check(Some("dpop+jwt"), &required), Ok(()));
    for other in [None, Some("JWT"), Some("DPoP+JWT"), Some("dpop+jwt "), Some("")] {
        assert_eq!(check(other, &required), Err(JwtError::Typ("dpop+jwt".to_owned())), "{other:?}");
    }
    assert_eq!(check(None, &ANY), Ok(()));
    assert_eq!(check(Some("JWT"), &ANY), Ok(()));
    // A media type, where others write it (RFC 7515 §4.1.9).
    for typ in ["jwt", "Jwt", "application/jwt", "APPLICATION/JWT"] {
        assert_eq!(check(Some(typ), &ANY), Ok(()), "{typ}");
    }
    for typ in ["at+jwt", "JWT ", "text/jwt", "application/application/jwt", ""] {
        assert_eq!(check(Some(typ), &ANY), Err(JwtError::Typ("JWT".to_owned())), "{typ:?}");
    }
}

#[test]
fn a_token_has_three_parts_in_one_spelling() {
    let token = signed(r#"{"alg":"ES256"}"#, r#"{"sub":"a"}"#);
    let keys = own_jwks();
    assert!(verify(&token, &keys).is_ok());
    let parts: Vec<&str> = token.split('.').collect();
    for other in
        ["", "a", "a.b", "..", ".a.", "a.b.c.d", &format!("{token}."), &format!(".{token}"), &format!("{token}.x")]
    {
        assert!(verify(other, &keys).is_err(), "{other}");
    }
    for at in 0..3 {
        for variant in [
            format!("{}=", parts[at]),
            format!("{}==", parts[at]),
            format!(" {}", parts[at]),
            format!("{}\n", parts[at]),
            format!("{}+", parts[at]),
        ] {
            let mut parts = parts.clone();
            parts[at] = &variant;
            assert!(verify(&parts.join("."), &keys).is_err(), "{variant:?}");
        }
    }
    assert_eq!(verify(&signed(r#"{"alg":"ES256"}"#, r#"{"a":1,"a":2}"#), &keys), Err(JwtError::NotJson("payload")));
}

/// Of a signature of 64 bytes the last character has four bits to spare: only zeros are taken.
#[test]
fn every_changed_character_of_a_token_is_refused() {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let token = signed(r#"{"alg":"ES256"}"#, r#"{"sub":"a"}"#);
    let keys = own_jwks();
    for at in (0..token.len()).filter(|at| token.as_bytes()[*at] != b'.') {
        let here = ALPHABET.iter().position(|byte| *byte == token.as_bytes()[at]).unwrap();
        for step in [1, 2, 4, 8, 16, 32] {
            let mut changed = token.clone().into_bytes();
            changed[at] = ALPHABET[here ^ step];
            assert!(verify(std::str::from_utf8(&changed).unwrap(), &keys).is_err(), "{at}");
        }
    }
}

#[test]
fn size_is_bounded_before_anything_is_decoded() {
    assert_eq!(parse(&"a".repeat(MAX_TOKEN + 1)).unwrap_err(), JwtError::TooLong);
    let long_header = format!(r#"{{"alg":"ES256","x":"{}"}}"#, "y".repeat(2_000));
    assert_eq!(parse(&signed(&long_header, "{}")).unwrap_err(), JwtError::TooLong);
}

#[test]
fn the_kid_chooses_the_key() {
    let token = signed(r#"{"alg":"ES256","kid":"b"}"#, "{}");
    assert!(verify(&token, &jwks(&[A3_KEY, &key_named("a"), &key_named("b")])).is_ok());
    assert_eq!(verify(&token, &jwks(&[&key_named("a")])), Err(JwtError::NoKey));
    let without = signed(r#"{"alg":"ES256"}"#, "{}");
    assert!(verify(&without, &jwks(&[A3_KEY, &key_named("a")])).is_ok(), "every key of the kind is tried");
    assert_eq!(verify(&without, &jwks(&[A3_KEY])), Err(JwtError::Signature));
}

#[test]
fn a_key_in_the_header_is_taken_only_where_it_is_asked_for() {
    let expect = Expect { algs: &[Alg::Es256], typ: TypRule::Required(&["dpop+jwt"]) };
    let header = |jwk: Value| json!({ "alg": "ES256", "typ": "dpop+jwt", "jwk": jwk }).to_string();
    let prove = |header: &str| {
        let token = signed(header, r#"{"jti":"1"}"#);
        Unverified::parse(&token, HeaderKey::Required).and_then(|proof| proof.verify_by_header_key(&expect))
    };
    let own = Value::Object(KEY.public().members());
    let (key, claims) = prove(&header(own.clone())).unwrap();
    assert_eq!(key.thumbprint(), KEY.kid());
    assert_eq!(claims.get("jti"), Some(&json!("1")));
    assert_eq!(prove(&header(serde_json::from_str(A3_KEY).unwrap())), Err(JwtError::Signature));
    assert_eq!(prove(&header(json!(7))), Err(JwtError::HeaderLacks("jwk")));
    assert_eq!(prove(r#"{"alg":"ES256","typ":"dpop+jwt"}"#), Err(JwtError::HeaderLacks("jwk")));
    let mut leaked = own;
    leaked["d"] = json!("AA");
    assert_eq!(prove(&header(leaked)), Err(JwtError::HeaderKey(JwkError::Private("d"))));
    let rsa = serde_json::from_str(A2_KEY).unwrap();
    assert_eq!(prove(&header(rsa)), Err(JwtError::HeaderKey(JwkError::Unsupported)), "an EC token, an RSA key");
}

#[test]
fn another_librarys_tokens_verify() {
    use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
    let pkcs8 = KEY.to_pkcs8().unwrap();
    let token =
        encode(&Header::new(Algorithm::ES256), &json!({ "iss": "client" }), &EncodingKey::from_ec_der(pkcs8.reveal()))
            .unwrap();
    assert_eq!(verify(&token, &own_jwks()).unwrap().get("iss"), Some(&json!("client")));
    let ours = KEY.sign_jwt(Typ::Jwt, br#"{"iss":"client"}"#).unwrap();
    // Its kid is our thumbprint; a key without a name may be meant by any.
    assert!(verify(&ours, &own_jwks()).is_ok());
    let named = jwks(&[&key_named("another")]);
    assert_eq!(verify(&ours, &named), Err(JwtError::NoKey));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "[A-Za-z0-9_.=+/-]{0,200}") {
        drop(parse(&text));
    }

    #[test]
    fn parsing_never_panics_on_any_text(text in "\\PC{0,60}") {
        drop(Unverified::parse(&text, HeaderKey::Required));
    }

    #[test]
    fn any_header_and_payload_is_taken_or_refused_without_panic(
        header in prop::collection::vec(any::<u8>(), 0..60), payload in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let token = format!("{}.{}.AA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        prop_assert!(verify(&token, &own_jwks()).is_err());
    }
}
