//! Signing out from the portal, and being signed out by the provider.

use http::StatusCode;
use serde_json::json;

use super::{Stage, browser::Browser, provider::parameters};

#[tokio::test]
async fn signing_out_ends_both_sessions_and_comes_back() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let redirect = stage.post("/sign-out", "").await;
    assert_eq!(redirect.status, StatusCode::SEE_OTHER);
    let asked = parameters(redirect.location().query().unwrap().as_bytes());
    assert_eq!(redirect.location().path(), "/logout");
    assert_eq!(asked["post_logout_redirect_uri"], stage.at("/signed-out").as_str());
    assert_eq!(asked["client_id"], "moh");
    assert_eq!(asked["id_token_hint"].split('.').count(), 3);
    assert_eq!(asked["state"].len(), 43);
    assert!(!stage.home().await.has("NGUYỄN VĂN THỬ"), "the session here ends before the provider is asked");
    let page = stage.browser.follow(redirect).await;
    page.must_have("Định Danh cũng đã kết thúc phiên của bạn");
}

#[tokio::test]
async fn a_signed_out_page_that_nobody_asked_for_claims_nothing() {
    let mut stage = Stage::set().await;
    let page = stage.browser.get(&stage.at("/signed-out?state=guessed")).await;
    page.must_have("Bạn không đăng nhập ở cổng này");
    stage.sign_in().await;
    let page = stage.browser.get(&stage.at("/signed-out?state=guessed")).await;
    assert_eq!(page.location().path(), "/");
    stage.home().await.must_have("NGUYỄN VĂN THỬ");
}

#[tokio::test]
async fn the_provider_ends_the_session_and_the_open_page_says_so() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let token = stage.provider.logout_token("moh", "j1", &json!({}));
    let answer = stage.back_channel(&format!("logout_token={token}")).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(answer.headers["cache-control"], "no-store");
    let page = stage.home().await;
    page.must_have("Bạn đã được đăng xuất");
    assert!(!page.has("NGUYỄN VĂN THỬ"));
    assert!(!stage.browser.get(&stage.at("/services/track")).await.has("Người nộp"));
    // The news goes with the next sign-in.
    let page = stage.sign_in().await;
    assert!(page.has("NGUYỄN VĂN THỬ") && !page.has("Bạn đã được đăng xuất"));
}

#[tokio::test]
async fn a_logout_token_is_taken_once() {
    let mut stage = Stage::set().await;
    let token = stage.provider.logout_token("moh", "j1", &json!({}));
    assert_eq!(stage.back_channel(&format!("logout_token={token}")).await.status, StatusCode::OK);
    stage.sign_in().await;
    let answer = stage.back_channel(&format!("logout_token={token}")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body, r#"{"error":"invalid_request","error_description":"jti was used before"}"#);
    stage.home().await.must_have("NGUYỄN VĂN THỬ");
}

#[tokio::test]
async fn without_sid_every_session_of_the_person_ends_and_with_it_one() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let other_session = stage.provider.logout_token("moh", "j1", &json!({ "sid": "session-2" }));
    assert_eq!(stage.back_channel(&format!("logout_token={other_session}")).await.status, StatusCode::OK);
    stage.home().await.must_have("NGUYỄN VĂN THỬ");
    let whole_person = stage.provider.logout_token("moh", "j2", &json!({ "sid": null }));
    assert_eq!(stage.back_channel(&format!("logout_token={whole_person}")).await.status, StatusCode::OK);
    assert!(!stage.home().await.has("NGUYỄN VĂN THỬ"));
}

#[tokio::test]
async fn a_logout_token_that_is_none_ends_nothing() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let provider = &stage.provider;
    let (header, claims) = (json!({ "typ": "logout+jwt", "stray": true }), json!({ "jti": "j" }));
    let bodies = [
        String::new(),
        "logout_token=".to_owned(),
        "logout_token=a.b.c".to_owned(),
        format!("logout_token={0}&logout_token={0}", provider.logout_token("moh", "j1", &json!({}))),
        format!("logout_token={}", provider.logout_token("dvcqg", "j2", &json!({}))),
        format!("logout_token={}", provider.logout_token("moh", "j3", &json!({ "iss": "https://evil.example" }))),
        format!("logout_token={}", provider.logout_token("moh", "j4", &json!({ "nonce": "n" }))),
        format!("logout_token={}", provider.logout_token("moh", "j5", &json!({ "events": null }))),
        format!("logout_token={}", provider.logout_token("moh", "j6", &json!({ "exp": 1_600_000_000 }))),
        format!("logout_token={}", provider.sign(&header, &claims)),
    ];
    for body in bodies {
        let answer = stage.back_channel(&body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.headers["content-type"], "application/json", "{body}");
    }
    stage.home().await.must_have("NGUYỄN VĂN THỬ");
}

#[tokio::test]
async fn a_logout_token_by_a_newer_key_is_believed_and_unknown_keys_do_not_make_us_ask_for_ever() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    stage.provider.rotate();
    let token = stage.provider.logout_token("moh", "j1", &json!({}));
    assert_eq!(stage.back_channel(&format!("logout_token={token}")).await.status, StatusCode::OK);
    assert!(!stage.home().await.has("NGUYỄN VĂN THỬ"));
    let claims = json!({ "jti": "j" });
    for n in 0..20 {
        let token = stage.provider.sign(&json!({ "typ": "logout+jwt", "kid": format!("stranger-{n}") }), &claims);
        assert_eq!(stage.back_channel(&format!("logout_token={token}")).await.status, StatusCode::BAD_REQUEST);
    }
    let asked = stage.provider.jwks_calls();
    assert!((3..=8).contains(&asked), "{asked} fetches");
}

#[tokio::test]
async fn the_back_channel_takes_forms_by_post_and_nothing_else() {
    let stage = Stage::set().await;
    let url = stage.at("/backchannel-logout");
    let mut server = Browser::new();
    assert_eq!(server.get(&url).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let page = server.ask(http::Method::POST, &url, "x", &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    let long = format!("logout_token={}", "a".repeat(17 * 1024));
    assert_eq!(stage.back_channel(&long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}
