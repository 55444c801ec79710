//! From the authorization request to tokens that another library verifies.

use http::StatusCode;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};

use crate::support::app::{CALLBACK, ISSUER, PORTAL, TestApp, authorize, payload, query_of};

/// By a library that is not ours, with the key that is published.
async fn verified(app: &TestApp, jwt: &str, alg: Algorithm, audience: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(app.get("/jwks", &[]).await.json()).unwrap();
    let header = jsonwebtoken::decode_header(jwt).unwrap();
    assert_eq!(header.alg, alg);
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).expect("the key is published")).unwrap();
    let mut rules = Validation::new(alg);
    rules.set_audience(&[audience]);
    rules.set_issuer(&[ISSUER]);
    // The test's clock stands at another day than the machine's.
    rules.validate_exp = false;
    jsonwebtoken::decode::<Value>(jwt, &key, &rules).unwrap().claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_gets_tokens_that_another_library_verifies() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let back = browser.walk(&authorize(&[]), &holder).await;
        assert!(back.starts_with(&format!("{CALLBACK}?")), "{back}");
        let answer = query_of(&back);
        assert_eq!((answer["state"].as_str(), answer["iss"].as_str()), ("a state", ISSUER));

        let tokens = app.redeem(&answer["code"]).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        assert_eq!(tokens.header("cache-control"), Some("no-store"));
        assert_eq!(tokens.header("pragma"), Some("no-cache"));
        let body = tokens.json();
        assert_eq!(
            (&body["token_type"], &body["expires_in"], &body["scope"]),
            (&json!("Bearer"), &json!(600), &json!("openid profile"))
        );

        let id = verified(&app, &tokens.text("id_token"), Algorithm::RS256, PORTAL).await;
        assert_eq!((&id["nonce"], &id["acr"]), (&json!("a nonce"), &json!("urn:vn:xacthuc:1")));
        assert_eq!(id["iat"].as_i64().unwrap(), app.at.now().secs());
        let access = verified(&app, &tokens.text("access_token"), Algorithm::ES256, ISSUER).await;
        assert_eq!((&access["sub"], &access["client_id"]), (&id["sub"], &json!(PORTAL)));

        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let userinfo = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(userinfo.status, StatusCode::OK, "{}", userinfo.body);
        assert_eq!(userinfo.json()["sub"], id["sub"]);
        assert_eq!(userinfo.json()["name"], json!("Nguyễn Văn Thử"));
        assert!(userinfo.json().get("phone_number").is_none(), "not asked for: {}", userinfo.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sign_in_needs_no_page_and_a_higher_level_only_the_code() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    browser.walk(&authorize(&[]), &holder).await;
    let silent = browser.get(&authorize(&[("prompt", "none")])).await;
    assert!(query_of(silent.location()).contains_key("code"), "{}", silent.location());

    let asked = authorize(&[("acr_values", "urn:vn:xacthuc:2")]);
    let back = browser.walk(&asked, &holder).await;
    let tokens = app.redeem(&query_of(&back)["code"]).await;
    let id = payload(&tokens.text("id_token"));
    assert_eq!(id["acr"], json!("urn:vn:xacthuc:2"));
    assert_eq!(id["amr"], json!(["pwd", "otp", "mfa"]));
}

/// OpenID Connect Core §3.1.2.2 (4), §5.5.1: about the one that was named, or about one of them, or about nobody.
#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_about_the_subject_that_was_named() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let back = query_of(&browser.walk(&authorize(&[]), &holder).await);
        let hint = app.redeem(&back["code"]).await.text("id_token");
        let sub = payload(&hint)["sub"].clone();
        for (asked, answered) in [
            (json!(null), true),
            (json!({ "value": sub }), true),
            (json!({ "values": [sub] }), true),
            (json!({ "values": ["nobody", sub] }), true),
            (json!({ "values": [] }), true),
            (json!({ "value": "nobody" }), false),
            (json!({ "values": ["nobody", "no one"] }), false),
            // No text is the name of somebody: that is not the same as no name.
            (json!({ "value": 5 }), false),
            (json!({ "values": [null, true] }), false),
        ] {
            // What comes with every sign-in needs no consent of its own.
            let claims = json!({ "id_token": { "sub": asked, "acr": null, "auth_time": null } }).to_string();
            for hint in ["", &hint] {
                let all = authorize(&[("prompt", "none"), ("claims", &claims), ("id_token_hint", hint)]);
                let told = query_of(browser.get(&all).await.location());
                assert_eq!(told.contains_key("code"), answered, "{asked}: {told:?}");
                assert!(answered || told["error"] == "login_required", "{asked}: {told:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_what_answers() {
    let app = TestApp::sqlite().await;
    let discovery = app.get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(discovery.header("access-control-allow-origin"), Some("*"));
    let document = discovery.json();
    assert_eq!(document["issuer"], json!(ISSUER));
    let oauth = app.get("/.well-known/oauth-authorization-server", &[]).await;
    assert_eq!(oauth.json(), document);
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "introspection_endpoint",
        "end_session_endpoint",
    ] {
        let url = document[endpoint].as_str().unwrap_or_else(|| panic!("{endpoint} is not named"));
        let path = url.strip_prefix(ISSUER).unwrap();
        assert_ne!(app.get(path, &[]).await.status, StatusCode::NOT_FOUND, "{endpoint}");
    }
}
