//! UserInfo as a protected resource (RFC 6750): where a token may stand, and what a wrong one is told.

use axum::body::Body;
use dinhdanh::base::Span;
use http::{Method, Request, StatusCode};
use serde_json::json;

use crate::support::app::{ISSUER, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_stands_in_the_header_or_in_a_form_and_nowhere_else() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let token = app.redeem(&app.code(&holder, "openid profile").await).await.text("access_token");
        let bearer = format!("Bearer {token}");
        let header = [("authorization", bearer.as_str())];
        let by_get = app.get("/userinfo", &header).await;
        assert_eq!(by_get.json()["name"], json!("Nguyễn Văn Thử"));
        assert_eq!(by_get.header("content-type"), Some("application/json"));
        assert_eq!(by_get.header("cache-control"), Some("no-store"));
        assert_eq!(app.post("/userinfo", &header, &[]).await.json(), by_get.json());
        assert_eq!(app.post("/userinfo", &[], &[("access_token", &token)]).await.json(), by_get.json());

        // RFC 6750 §2.2: only a form is a place for a token.
        for (media, body) in [("application/json", "{}"), ("text/plain", "access_token=x"), ("", "x")] {
            let request =
                http::Request::post("/userinfo").header("content-type", media).header(header[0].0, header[0].1);
            let answer = app.send(request.body(axum::body::Body::from(body)).unwrap()).await;
            assert_eq!(answer.json(), by_get.json(), "{media}");
        }
        let in_both = app.post("/userinfo", &header, &[("access_token", &token)]).await;
        assert_eq!(in_both.refusal(), (400, "invalid_request".to_owned()));
        for headers in [&[][..], &header] {
            let in_query = app.get(&format!("/userinfo?access_token={token}"), headers).await;
            assert_eq!(in_query.refusal(), (400, "invalid_request".to_owned()));
            assert!(in_query.header("www-authenticate").unwrap().contains("error=\"invalid_request\""));
        }
        // Every release is in the audit, and nothing that was refused.
        assert_eq!(app.at.audited("userinfo.released", "done").await, 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_a_wrong_one_are_told_apart() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let none = app.get("/userinfo", &[]).await;
    assert_eq!((none.status, none.body.as_str()), (StatusCode::UNAUTHORIZED, ""));
    let bare = format!("Bearer realm=\"{ISSUER}\", scope=\"openid\"");
    assert_eq!(none.header("www-authenticate"), Some(bare.as_str()));

    let tokens = app.redeem(&app.code(&holder, "openid").await).await;
    let access = tokens.text("access_token");
    let (rest, signature) = access.rsplit_once('.').unwrap();
    let flipped: String = signature.chars().rev().collect();
    let forged = format!("{rest}.{flipped}");
    for wrong in ["abc", forged.as_str(), &tokens.text("id_token"), &tokens.text("refresh_token")] {
        let answer = app.get("/userinfo", &[("authorization", &format!("Bearer {wrong}"))]).await;
        assert_eq!(answer.refusal(), (401, "invalid_token".to_owned()), "{wrong}");
        assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
    }
    app.at.clock.advance(Span::minutes(10));
    let expired = app.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await;
    assert_eq!(expired.refusal(), (401, "invalid_token".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_openid_there_is_nothing_to_tell() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let tokens = app.redeem(&app.code(&holder, "profile").await).await;
    assert!(tokens.json().get("id_token").is_none());
    let answer = app.get("/userinfo", &[("authorization", &format!("Bearer {}", tokens.text("access_token")))]).await;
    assert_eq!(answer.refusal(), (403, "insufficient_scope".to_owned()));
    assert!(answer.header("www-authenticate").unwrap().contains("scope=\"openid\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_may_ask_with_a_token() {
    let app = TestApp::sqlite().await;
    let preflight = Request::builder()
        .method(Method::OPTIONS)
        .uri("/userinfo")
        .header("origin", "https://portal.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization")
        .body(Body::empty())
        .unwrap();
    let allowed = app.send(preflight).await;
    assert_eq!(allowed.status, StatusCode::NO_CONTENT);
    assert_eq!(allowed.header("access-control-allow-origin"), Some("*"));
    assert!(allowed.header("access-control-allow-headers").unwrap().contains("authorization"));
    // Never with cookies: the answer to * cannot have them.
    assert_eq!(allowed.header("access-control-allow-credentials"), None);
    let refused = app.get("/userinfo", &[("origin", "https://portal.example")]).await;
    assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
    let token = app.post_as_portal("/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(token.header("access-control-allow-origin"), None);
}
