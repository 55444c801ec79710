//! Answers as the client registered: ID tokens, UserInfo and introspection, signed and encrypted to its key.

use dinhdanh::{
    base::Span,
    crypto::jwe::{DecryptionKey, Encrypted},
    oidc::encryption::{ContentAlg, KeyAlg},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, CALLBACK, ISSUER, PORTAL_SECRET, TestApp, VERIFIER, authorize, basic, payload, query_of},
    served::Served,
};

const BANK: &str = "bank";

fn jwk(key: &DecryptionKey, kid: &str) -> Value {
    let mut members = key.public().members();
    members.insert("use".to_owned(), "enc".into());
    members.insert("kid".to_owned(), kid.into());
    Value::Object(members)
}

async fn add(app: &TestApp, over: &Value) {
    let mut metadata = json!({
        "client_name#vi": "Ngân hàng", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile",
    });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    app.add_client(BANK, Some(PORTAL_SECRET), metadata).await;
}

/// The answer to a good code.
async fn tokens(app: &TestApp) -> Answer {
    let holder = app.holder().await;
    let back = app.browser().walk(&authorize(&[("client_id", BANK)]), &holder).await;
    let code = query_of(&back).remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    app.post("/token", &[("authorization", &basic(BANK, PORTAL_SECRET))], &fields).await
}

/// The content, and the header's `kid`.
fn opened(token: &str, key: &DecryptionKey) -> (String, Option<String>) {
    let encrypted = Encrypted::parse(token).unwrap();
    let kid = encrypted.kid.clone();
    (String::from_utf8(encrypted.open(key).unwrap()).unwrap(), kid)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_is_signed_and_then_encrypted_with_each_algorithm() {
    for app in TestApp::each().await {
        let key = DecryptionKey::generate(KeyAlg::EcdhEs).unwrap();
        let keys = json!({ "keys": [jwk(&key, "e1")] });
        add(
            &app,
            &json!({
                "jwks": keys, "id_token_signed_response_alg": "ES256",
                "id_token_encrypted_response_alg": "ECDH-ES+A256KW", "id_token_encrypted_response_enc": "A256GCM",
            }),
        )
        .await;
        let issued = tokens(&app).await;
        assert_eq!(issued.status, StatusCode::OK, "{}", issued.body);
        let encrypted = issued.text("id_token");
        let (signed, kid) = opened(&encrypted, &key);
        assert_eq!(kid.as_deref(), Some("e1"));
        let claims = payload(&signed);
        assert_eq!(
            (&claims["iss"], &claims["aud"], &claims["nonce"]),
            (&json!(ISSUER), &json!(BANK), &json!("a nonce"))
        );
        // Refreshed ones too, and the signed one inside is still a hint.
        let refresh_token = issued.text("refresh_token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
        let refreshed = app.post("/token", &[("authorization", &basic(BANK, PORTAL_SECRET))], &fields).await;
        assert_eq!(payload(&opened(&refreshed.text("id_token"), &key).0)["sub"], claims["sub"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_is_json_a_jwt_or_encrypted_as_registered() {
    let rsa = DecryptionKey::generate(KeyAlg::RsaOaep256).unwrap();
    let keys = json!({ "keys": [jwk(&rsa, "r1")] });
    let rsa_only = json!({ "jwks": keys, "userinfo_encrypted_response_alg": "RSA-OAEP-256" });
    let both = json!({
        "jwks": keys, "userinfo_signed_response_alg": "RS256", "userinfo_encrypted_response_alg": "RSA-OAEP-256",
    });
    for (over, encrypted, signed) in [
        (json!({}), false, false),
        (json!({ "userinfo_signed_response_alg": "ES256" }), false, true),
        (rsa_only, true, false),
        (both, true, true),
    ] {
        let app = TestApp::sqlite().await;
        add(&app, &over).await;
        let issued = tokens(&app).await;
        let bearer = format!("Bearer {}", issued.text("access_token"));
        let answer = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{over}: {}", answer.body);
        let media = if encrypted || signed { "application/jwt" } else { "application/json" };
        assert_eq!(answer.header("content-type"), Some(media));
        let text = if encrypted {
            let parsed = Encrypted::parse(&answer.body).unwrap();
            // `alg` without `enc`.
            assert_eq!(parsed.enc, ContentAlg::A128CbcHs256);
            opened(&answer.body, &rsa).0
        } else {
            answer.body.clone()
        };
        let claims = if signed { payload(&text) } else { serde_json::from_str(&text).unwrap() };
        assert_eq!(claims["sub"], payload(&issued.text("id_token"))["sub"]);
        assert_eq!((claims.get("iss").is_some(), claims.get("aud").is_some()), (signed, signed));
        // It is no ID token, wherever somebody tries it.
        if signed && !encrypted {
            let hint = authorize(&[("client_id", BANK), ("prompt", "none"), ("id_token_hint", &text)]);
            let told = query_of(app.get(&hint, &[]).await.location());
            assert_eq!(told["error"], "login_required");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_answers_as_jwt_where_it_is_asked_to() {
    let app = TestApp::sqlite().await;
    let key = DecryptionKey::generate(KeyAlg::EcdhEs).unwrap();
    add(
        &app,
        &json!({
            "jwks": { "keys": [jwk(&key, "e1")] }, "introspection_signed_response_alg": "ES256",
            "introspection_encrypted_response_alg": "ECDH-ES", "introspection_encrypted_response_enc": "A256GCM",
        }),
    )
    .await;
    let token = tokens(&app).await.text("access_token");
    let credentials = basic(BANK, PORTAL_SECRET);
    let ask = async |accept: &str| {
        app.post("/introspect", &[("authorization", &credentials), ("accept", accept)], &[("token", &token)]).await
    };
    assert_eq!(ask("application/json").await.json()["active"], true);
    let not_wanted = ask("application/json, application/token-introspection+jwt;q=0").await;
    assert_eq!(not_wanted.json()["active"], true);
    let answer = ask("application/json;q=0.5, application/token-introspection+jwt").await;
    assert_eq!(answer.header("content-type"), Some("application/token-introspection+jwt"));
    let claims = payload(&opened(&answer.body, &key).0);
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(BANK)));
    assert_eq!(claims["token_introspection"]["active"], true);
    assert!(claims.get("sub").is_none() && claims.get("exp").is_none(), "{claims}");
    // Without registration it is signed with RS256 and in the open.
    let plain = app.post_as_portal("/introspect", &[("token", &token)]).await;
    assert_eq!(plain.json(), json!({ "active": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_to_encrypt_to_nothing_leaves() {
    let app = TestApp::sqlite().await;
    let key = DecryptionKey::generate(KeyAlg::EcdhEs).unwrap();
    let served = Served::start(json!({ "keys": [] }).to_string()).await;
    add(&app, &json!({ "jwks_uri": served.url, "id_token_encrypted_response_alg": "ECDH-ES" })).await;
    let refused = tokens(&app).await;
    assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
    assert!(refused.text("error_description").contains("no key to encrypt to with ECDH-ES"), "{}", refused.body);
    // The client adds its key.
    served.say(200, json!({ "keys": [jwk(&key, "new")] }).to_string());
    app.at.clock.advance(Span::secs(10));
    let holder_signed_in = authorize(&[("client_id", BANK), ("prompt", "none")]);
    assert_eq!(query_of(app.get(&holder_signed_in, &[]).await.location())["error"], "login_required");
}
