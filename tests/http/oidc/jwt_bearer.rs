//! Services that show an assertion of their own (RFC 7523 §2.1).

use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, ISSUER, OTHER, PORTAL_SECRET, TestApp, basic, payload},
    signer::{Signer, assertion_claims},
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const BATCH: &str = "batch";

async fn add(app: &TestApp, key: &Signer, over: &Value) {
    let mut metadata = json!({
        "grant_types": [GRANT], "response_types": [], "scope": "reports:read reports:write",
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
    });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    let secret = metadata["token_endpoint_auth_method"].as_str().unwrap().starts_with("client_secret");
    app.add_client(BATCH, secret.then_some(PORTAL_SECRET), metadata).await;
}

async fn ask(app: &TestApp, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let mut fields = vec![("grant_type", GRANT), ("assertion", assertion)];
    fields.extend(more);
    app.post("/token", &[], &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_gives_what_client_credentials_would_and_works_once() {
    for app in TestApp::each().await {
        let key = Signer::new("k1");
        add(&app, &key, &json!({})).await;
        let assertion = key.assertion(BATCH, ISSUER, "j1", app.at.now());
        let answer = ask(&app, &assertion, &[("scope", "reports:read")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let claims = payload(&answer.text("access_token"));
        assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(BATCH), &json!(BATCH)));
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!(ISSUER), &json!("reports:read")));
        assert_eq!((answer.json().get("refresh_token"), claims.get("auth_time")), (None, None));
        let replayed = ask(&app, &assertion, &[]).await;
        assert_eq!(replayed.refusal(), (400, "invalid_grant".to_owned()));
        assert!(replayed.text("error_description").contains("jti was used before"), "{}", replayed.body);
        assert_eq!(app.at.audited("client.assertion_replayed", "refused").await, 1);
        assert_eq!(app.at.audited("token.issued", "done").await, 1);
        let wider = ask(&app, &key.assertion(BATCH, ISSUER, "j2", app.at.now()), &[("scope", "openid")]).await;
        assert_eq!(wider.refusal(), (400, "invalid_scope".to_owned()));
        let targeted = key.assertion(BATCH, ISSUER, "j3", app.at.now());
        let target = ask(&app, &targeted, &[("resource", "https://x.example/")]).await;
        assert_eq!(target.refusal(), (400, "invalid_target".to_owned()));

        let contested = key.assertion(BATCH, ISSUER, "race", app.at.now());
        let answers = join_all((0..16).map(|_| ask(&app, &contested, &[]))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_that_are_wrong_say_what_was_expected() {
    for app in TestApp::each().await {
        let (key, thief) = (Signer::new("k1"), Signer::new("k1"));
        add(&app, &key, &json!({})).await;
        let now = app.at.now();
        let good = assertion_claims(BATCH, ISSUER, "j", now);
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            key.jwt(&claims)
        };
        let not_verified = "assertion is not signed with a registered key";
        for (assertion, told) in [
            ("x".to_owned(), not_verified),
            (thief.jwt(&good), not_verified),
            (key.jws(&json!({ "alg": "none" }), &good), not_verified),
            (key.jws(&json!({ "alg": "HS256", "kid": "k1" }), &good), not_verified),
            // What authenticates a client is no grant (RFC 8725 §3.11).
            (key.jws(&json!({ "alg": "ES256", "typ": "client-authentication+jwt" }), &good), not_verified),
            (key.jws(&json!({ "alg": "ES256", "typ": "dpop+jwt" }), &good), not_verified),
            (key.assertion("nobody", ISSUER, "j", now), not_verified),
            (key.assertion(OTHER, ISSUER, "j", now), "this client authenticates otherwise"),
            (
                with("aud", json!("https://other.example")),
                "assertion aud is missing or wrong; expected the single string",
            ),
            (with("aud", json!([ISSUER, "https://other.example"])), "assertion aud is missing or wrong"),
            (with("iss", json!(OTHER)), "assertion iss is missing or wrong; expected the client_id batch"),
            (with("exp", Value::Null), "assertion exp is missing"),
            (with("exp", json!(now.secs() - 11)), "assertion has expired"),
            (with("exp", json!(now.secs() + 3_700)), "assertion exp is too far ahead"),
            (with("iat", json!(now.secs() + 61)), "assertion iat is not a number in the past"),
            (with("jti", Value::Null), "assertion jti is missing"),
        ] {
            let answer = ask(&app, &assertion, &[]).await;
            let error = if told.contains("otherwise") { (401, "invalid_client") } else { (400, "invalid_grant") };
            assert_eq!(answer.refusal(), (error.0, error.1.to_owned()), "{told}: {}", answer.body);
            assert!(answer.text("error_description").starts_with(told), "{told}: {}", answer.body);
        }
        let nothing = app.post("/token", &[], &[("grant_type", GRANT)]).await;
        assert_eq!(nothing.refusal(), (400, "invalid_request".to_owned()));
        assert_eq!(ask(&app, &key.jwt(&good), &[]).await.status, StatusCode::OK, "nothing used up its jti");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_authenticates_otherwise_does_so_beside_the_assertion() {
    for app in TestApp::each().await {
        let key = Signer::new("k1");
        add(&app, &key, &json!({ "token_endpoint_auth_method": "client_secret_basic" })).await;
        let assertion = |jti: &str| key.assertion(BATCH, ISSUER, jti, app.at.now());
        let alone = ask(&app, &assertion("1"), &[]).await;
        assert_eq!(alone.refusal(), (401, "invalid_client".to_owned()));
        let by_name = ask(&app, &assertion("1"), &[("client_id", BATCH)]).await;
        assert_eq!(by_name.refusal(), (401, "invalid_client".to_owned()));
        let with = async |assertion: &str, client: &str, secret: &str| {
            let fields = [("grant_type", GRANT), ("assertion", assertion)];
            app.post("/token", &[("authorization", &basic(client, secret))], &fields).await
        };
        let wrong = with(&assertion("1"), BATCH, "no-secret-of-this-client-no-secret-of").await;
        assert_eq!(wrong.refusal(), (401, "invalid_client".to_owned()));
        assert_eq!(with(&assertion("1"), BATCH, PORTAL_SECRET).await.status, StatusCode::OK);
        // Another client cannot bring it, whatever it may itself.
        let others = with(&assertion("2"), OTHER, crate::support::app::OTHER_SECRET).await;
        assert_eq!(others.refusal(), (400, "unauthorized_client".to_owned()));
        // Both the grant and the client by assertions: two of them, each once.
        add_key_client(&app, &key).await;
        let fields = |grant: &str, auth: &str| {
            [
                ("grant_type", GRANT.to_owned()),
                ("assertion", grant.to_owned()),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
                ("client_assertion", auth.to_owned()),
            ]
        };
        let of = |jti: &str| key.assertion("by-key", ISSUER, jti, app.at.now());
        for (grant, auth, status) in [(of("a"), of("b"), 200), (of("c"), of("c"), 400)] {
            let sent = fields(&grant, &auth);
            let sent: Vec<_> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(app.post("/token", &[], &sent).await.status, status);
        }
    }
}

async fn add_key_client(app: &TestApp, key: &Signer) {
    let metadata = json!({
        "grant_types": [GRANT], "response_types": [], "scope": "reports:read",
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk()] },
    });
    app.add_client("by-key", None, metadata).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_and_tokens_can_be_bound() {
    let app = TestApp::sqlite().await;
    let (key, thief, sender) = (Signer::new("k1"), Signer::new("k1"), Signer::new(""));
    add(&app, &key, &json!({ "dpop_bound_access_tokens": true })).await;
    let unbound = ask(&app, &key.assertion(BATCH, ISSUER, "1", app.at.now()), &[]).await;
    assert_eq!(unbound.refusal(), (400, "invalid_dpop_proof".to_owned()));
    let mut claims = json!({ "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": app.at.now().secs(), "jti": "p" });
    let assertion = key.assertion(BATCH, ISSUER, "2", app.at.now());
    let fields = [("grant_type", GRANT), ("assertion", assertion.as_str())];
    let told = app.post("/token", &[("dpop", &sender.proof(&claims))], &fields).await;
    assert_eq!(told.refusal(), (400, "use_dpop_nonce".to_owned()));
    claims["nonce"] = told.header("dpop-nonce").unwrap().into();
    // What only lacked the nonce has not used up the assertion.
    let bound = app.post("/token", &[("dpop", &sender.proof(&claims))], &fields).await;
    assert_eq!(payload(&bound.text("access_token"))["cnf"]["jkt"], sender.key.public().thumbprint());

    add_key_client(&app, &key).await;
    let mut statuses = Vec::new();
    for n in 0..21 {
        let guess = thief.assertion("by-key", ISSUER, &format!("g{n}"), app.at.now());
        statuses.push(ask(&app, &guess, &[]).await.status.as_u16());
    }
    assert_eq!((statuses[0], statuses[20]), (400, 429), "{statuses:?}");
}
