//! Introspection (RFC 7662) and revocation (RFC 7009): a client learns of and ends its own tokens, nobody else's.

use dinhdanh::base::Span;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Answer, OTHER, OTHER_SECRET, PHONE_APP, PORTAL, TestApp, basic};

async fn introspect(app: &TestApp, token: &str) -> Value {
    app.post_as_portal("/introspect", &[("token", token)]).await.json()
}

async fn revoke(app: &TestApp, token: &str) -> Answer {
    app.post_as_portal("/revoke", &[("token", token)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_learns_of_its_own_tokens_only() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let tokens = app.redeem(&app.code(&holder, "openid").await).await;
        let access = introspect(&app, &tokens.text("access_token")).await;
        assert_eq!((&access["active"], &access["client_id"]), (&json!(true), &json!(PORTAL)));
        assert_eq!((&access["scope"], &access["token_type"]), (&json!("openid"), &json!("Bearer")));
        assert_eq!(access["acr"], json!("urn:vn:xacthuc:1"));
        let refresh = introspect(&app, &tokens.text("refresh_token")).await;
        assert_eq!((&refresh["active"], &refresh["sub"]), (&json!(true), &access["sub"]));

        let by_other = [("authorization", basic(OTHER, OTHER_SECRET))];
        let by_other = by_other.each_ref().map(|(name, value)| (*name, value.as_str()));
        for token in ["access_token", "refresh_token"] {
            let foreign = app.post("/introspect", &by_other, &[("token", &tokens.text(token))]).await;
            assert_eq!((foreign.status, foreign.json()), (StatusCode::OK, json!({"active": false})), "{token}");
        }
        for nonsense in ["x", &tokens.text("id_token")] {
            assert_eq!(introspect(&app, nonsense).await, json!({"active": false}), "{nonsense}");
        }
        app.at.clock.advance(Span::minutes(10));
        assert_eq!(introspect(&app, &tokens.text("access_token")).await, json!({"active": false}));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_introspects_without_credentials() {
    let app = TestApp::sqlite().await;
    let by_name = app.post("/introspect", &[], &[("token", "x"), ("client_id", PHONE_APP)]).await;
    assert_eq!(by_name.refusal(), (401, "invalid_client".to_owned()));
    let by_nobody = app.post("/introspect", &[], &[("token", "x")]).await;
    assert_eq!(by_nobody.refusal(), (401, "invalid_client".to_owned()));
    let without_token = app.post_as_portal("/introspect", &[]).await;
    assert_eq!(without_token.refusal(), (400, "invalid_request".to_owned()));
    for path in ["/introspect", "/revoke"] {
        let got = app.get(path, &[]).await;
        assert_eq!((got.status, got.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("POST")), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_access_token_ends_alone_and_a_refresh_token_with_its_family() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let tokens = app.redeem(&app.code(&holder, "openid").await).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let done = revoke(&app, &access).await;
        assert_eq!((done.status, done.body.as_str(), done.header("content-type")), (StatusCode::OK, "", None));
        assert_eq!(introspect(&app, &access).await["active"], json!(false));
        assert_eq!(introspect(&app, &refresh).await["active"], json!(true));
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
        let second = app.post_as_portal("/token", &fields).await;
        assert_eq!(introspect(&app, &second.text("access_token")).await["active"], json!(true));
        assert_eq!(revoke(&app, &second.text("refresh_token")).await.status, StatusCode::OK);
        for token in ["access_token", "refresh_token"] {
            assert_eq!(introspect(&app, &second.text(token)).await["active"], json!(false), "{token}");
        }
        assert_eq!(app.at.audited("token.revoked", "done").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_clients_own_stays_as_it_is() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let tokens = app.redeem(&app.code(&holder, "openid").await).await;
    let header = basic(OTHER, OTHER_SECRET);
    for token in ["access_token", "refresh_token"] {
        let foreign = app.post("/revoke", &[("authorization", &header)], &[("token", &tokens.text(token))]).await;
        assert_eq!(foreign.status, StatusCode::OK);
        assert_eq!(introspect(&app, &tokens.text(token)).await["active"], json!(true), "{token}");
    }
    assert_eq!(revoke(&app, "nonsense").await.status, StatusCode::OK);
    let nobody = app.post("/revoke", &[], &[("token", &tokens.text("access_token"))]).await;
    assert_eq!(nobody.refusal(), (401, "invalid_client".to_owned()));
    assert_eq!(app.at.audited("token.revoked", "done").await, 0);
}
