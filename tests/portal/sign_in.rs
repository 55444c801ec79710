//! What goes right.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Stage, mischief, portal_of, provider::Provider};
use crate::support::watched::free_port;

#[tokio::test]
async fn a_person_signs_in_and_sees_what_the_portal_received() {
    let mut stage = Stage::set().await;
    stage.home().await.must_have("Đăng nhập");
    let page = stage.sign_in().await;
    assert_eq!((page.status, page.url.path(), page.url.query()), (StatusCode::OK, "/", None));
    for text in [
        "NGUYỄN VĂN THỬ",
        "<th scope=\"row\">Ngày sinh <code lang=\"en\">birthdate</code></th><td>05/03/1985</td>",
        "900 085 000 001",
        "1 ●○○○",
        "mật khẩu (pwd)",
        "pairwise-1",
        "&#34;account_level&#34;: &#34;02&#34;",
        "Đăng xuất",
    ] {
        page.must_have(text);
    }
}

#[tokio::test]
async fn the_request_is_bound_to_the_browser_and_asks_no_more_than_it_needs() {
    let mut stage = Stage::set().await;
    let redirect = stage.post("/sign-in", "how=asked").await;
    assert_eq!(redirect.status, StatusCode::SEE_OTHER);
    assert_eq!(redirect.location().origin().ascii_serialization(), stage.provider.issuer);
    stage.browser.follow(redirect).await;
    let asked = stage.provider.last_asked();
    let expected = [
        ("response_type", "code"),
        ("client_id", "moh"),
        ("scope", "openid profile"),
        ("code_challenge_method", "S256"),
        ("ui_locales", "vi"),
    ];
    for (name, value) in expected {
        assert_eq!(asked[name], value, "{name}");
    }
    for nothing in ["acr_values", "claims", "prompt", "id_token_hint"] {
        assert!(!asked.contains_key(nothing), "{nothing}");
    }
    assert_eq!(asked["redirect_uri"], stage.at("/callback").as_str());
    assert!(["state", "nonce", "code_challenge"].iter().all(|name| asked[*name].len() == 43));
    stage.sign_in().await;
    let again = stage.provider.last_asked();
    assert!(["state", "nonce", "code_challenge"].iter().all(|name| asked[*name] != again[*name]));
}

#[tokio::test]
async fn the_cookie_is_the_portals_own_and_changes_at_the_sign_in() {
    let mut stage = Stage::set().await;
    stage.home().await;
    assert!(stage.browser.set_cookies.is_empty(), "a visitor who only looks gets no cookie");
    stage.sign_in().await;
    let [before, after] = stage.browser.set_cookies.as_slice() else { panic!("{:?}", stage.browser.set_cookies) };
    for line in [before, after] {
        assert!(line.starts_with("moh_visit=") && line.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{line}");
    }
    assert_ne!(before, after);
}

#[tokio::test]
async fn a_harder_service_asks_for_its_level_as_essential_and_opens() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let closed = stage.browser.get(&stage.at("/services/submit")).await;
    closed.must_have("Tiếp tục");
    assert!(!closed.has("900 085 000 001"));
    stage.provider.misbehave(mischief(|m| m.acr = Some("urn:vn:xacthuc:2")));
    let page = stage.press("/services/submit", "").await;
    assert_eq!(page.url.path(), "/services/submit");
    page.must_have("900 085 000 001");
    page.must_have("12 Trần Hưng Đạo\nNinh Bình");
    let asked = stage.provider.last_asked();
    assert_eq!(asked["scope"], "openid profile vn_id address vn_birth");
    let claims: Value = serde_json::from_str(&asked["claims"]).unwrap();
    assert_eq!(claims, json!({ "id_token": { "acr": { "essential": true, "values": ["urn:vn:xacthuc:2"] } } }));
    stage.home().await.must_have("2 ●●○○");
}

#[tokio::test]
async fn a_service_of_level_1_opens_without_asking_the_provider_again() {
    let mut stage = Stage::set().await;
    let page = stage.press("/services/track", "").await;
    assert_eq!(page.url.path(), "/services/track");
    assert_eq!(stage.provider.last_asked()["acr_values"], "urn:vn:xacthuc:1");
    let before = stage.provider.token_calls();
    let page = stage.press("/services/track", "").await;
    assert_eq!(page.url.path(), "/services/track");
    page.must_have("chưa có hồ sơ nào");
    assert_eq!(stage.provider.token_calls(), before);
}

#[tokio::test]
async fn a_silent_sign_in_asks_the_person_nothing() {
    let mut stage = Stage::set().await;
    let page = stage.press("/sign-in", "how=silent").await;
    page.must_have("NGUYỄN VĂN THỬ");
    let asked = stage.provider.last_asked();
    assert_eq!(asked["prompt"], "none");
    assert!(!asked.contains_key("id_token_hint"));
    stage.press("/sign-in", "how=silent").await;
    assert_eq!(stage.provider.last_asked()["id_token_hint"].split('.').count(), 3);
}

#[tokio::test]
async fn details_are_fetched_again_on_request() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    stage.provider.misbehave(mischief(|m| m.userinfo = json!({ "name": "NGUYỄN VĂN MỚI" })));
    let page = stage.press("/userinfo", "").await;
    page.must_have("NGUYỄN VĂN MỚI");
    page.must_have("Đã lấy lại thông tin");
}

#[tokio::test]
async fn a_key_that_is_newer_than_the_portals_copy_is_fetched() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    stage.provider.rotate();
    stage.sign_in().await.must_have("NGUYỄN VĂN THỬ");
    assert_eq!(stage.provider.jwks_calls(), 2);
}

#[tokio::test]
async fn a_portal_may_start_before_its_provider() {
    let port = free_port();
    let issuer = format!("http://localhost:{port}");
    let url = portal_of(&issuer).await;
    let mut browser = super::Browser::new();
    let page = browser.post(&url.join("/sign-in").unwrap(), "").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    page.must_have("Chưa liên lạc được với Định Danh");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let _running = Provider::start_as(issuer, listener);
    let page = browser.post(&url.join("/sign-in").unwrap(), "").await;
    browser.follow(page).await.must_have("NGUYỄN VĂN THỬ");
}

#[tokio::test]
async fn the_provider_may_begin_a_sign_in_and_nobody_else() {
    let mut stage = Stage::set().await;
    let issuer = stage.provider.issuer.clone();
    let at = |iss: &str| {
        format!("/start?{}", url::form_urlencoded::Serializer::new(String::new()).append_pair("iss", iss).finish())
    };
    let begun = stage.browser.get(&stage.at(&at(&issuer))).await;
    assert!(begun.location().as_str().starts_with(&issuer), "{}", begun.location());
    for other in ["https://evil.example", "", &format!("{issuer}/")] {
        assert_eq!(stage.browser.get(&stage.at(&at(other))).await.status, http::StatusCode::NOT_FOUND, "{other}");
    }
    assert_eq!(stage.browser.get(&stage.at("/start")).await.status, http::StatusCode::NOT_FOUND);
}
