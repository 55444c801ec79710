//! One way to prove a client at every endpoint that asks for it, and an end of patience with who cannot.

use dinhdanh::base::Span;
use http::StatusCode;
use serde_json::json;

use crate::support::{
    app::{ISSUER, PORTAL, PORTAL_SECRET, TestApp, basic, challenge},
    signer::Signer,
};

const BATCH: &str = "batch";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn signing_client(app: &TestApp) -> Signer {
    let signer = Signer::new("k1");
    let metadata = json!({
        "redirect_uris": ["https://batch.example/cb"], "scope": "openid profile reports:read",
        "grant_types": ["authorization_code", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk()] },
    });
    app.add_client(BATCH, None, metadata).await;
    signer
}

/// Every endpoint where clients authenticate, with a request that is right but for the proof.
fn endpoints(challenge: &str) -> Vec<(&'static str, Vec<(&'static str, &str)>)> {
    vec![
        ("/token", vec![("grant_type", "client_credentials"), ("scope", "reports:read")]),
        ("/introspect", vec![("token", "nobody's")]),
        ("/revoke", vec![("token", "nobody's")]),
        (
            "/par",
            vec![
                ("response_type", "code"),
                ("redirect_uri", "https://batch.example/cb"),
                ("scope", "openid"),
                ("client_id", BATCH),
                ("code_challenge", challenge),
                ("code_challenge_method", "S256"),
            ],
        ),
        ("/device_authorization", vec![("scope", "openid")]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_proves_its_client_at_each_endpoint_once() {
    for app in TestApp::each().await {
        let signer = signing_client(&app).await;
        let challenge = challenge();
        for (path, fields) in endpoints(&challenge) {
            let assertion = signer.assertion(BATCH, ISSUER, &format!("once at {path}"), app.at.now());
            let mut proven = vec![("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
            proven.extend(&fields);
            let answer = app.post(path, &[], &proven).await;
            assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.body);
            // The same again, there and at the token endpoint: used is used.
            for again in [path, "/token"] {
                let mut fields = proven.clone();
                if again == "/token" {
                    fields.retain(|(name, _)| name.starts_with("client_assertion"));
                    fields.push(("grant_type", "client_credentials"));
                }
                let refused = app.post(again, &[], &fields).await;
                assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()), "{path}, then {again}");
            }
            // A secret is not this client's way, and a stranger's key is no key.
            let by_secret = [("authorization", basic(BATCH, "a secret that it never had, long enough"))];
            let headers: Vec<_> = by_secret.iter().map(|(name, value)| (*name, value.as_str())).collect();
            assert_eq!(app.post(path, &headers, &fields).await.status, StatusCode::UNAUTHORIZED, "{path}");
            let forged = Signer::new("k1").assertion(BATCH, ISSUER, "forged", app.at.now());
            let mut fields = fields.clone();
            fields.extend([("client_assertion_type", JWT_BEARER), ("client_assertion", forged.as_str())]);
            assert_eq!(app.post(path, &[], &fields).await.status, StatusCode::UNAUTHORIZED, "{path}");
            app.at.clock.advance(Span::minutes(1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_fails_too_often_waits_and_who_is_right_never_does() {
    let app = TestApp::sqlite().await;
    let fields = [("grant_type", "client_credentials")];
    let wrong = async |client: &str| {
        app.post("/token", &[("authorization", &basic(client, "wrong wrong wrong wrong wrong wrong"))], &fields).await
    };
    for _ in 0..20 {
        assert_eq!(wrong(PORTAL).await.refusal(), (401, "invalid_client".to_owned()));
    }
    let limited = wrong(PORTAL).await;
    assert_eq!(limited.refusal(), (429, "temporarily_unavailable".to_owned()));
    assert_eq!((limited.header("retry-after"), limited.header("cache-control")), (Some("4"), Some("no-store")));
    assert_eq!(limited.header("www-authenticate"), None, "it was not looked whether the secret is right");
    // Nobody shuts a portal out: the right secret works, other names have their own patience, and so does the next minute.
    let right = app.post("/token", &[("authorization", &basic(PORTAL, PORTAL_SECRET))], &fields).await;
    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(wrong("somebody-else").await.status, StatusCode::UNAUTHORIZED);
    for (path, fields) in [("/introspect", [("token", "x")]), ("/revoke", [("token", "x")])] {
        let answer = app.post(path, &[("authorization", &basic(PORTAL, "no"))], &fields).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{path}: one count for all endpoints");
    }
    app.at.clock.advance(Span::minutes(1));
    assert_eq!(wrong(PORTAL).await.status, StatusCode::UNAUTHORIZED);
}
