//! What surrounds the pages: headers, host names, other sites' forms, languages, hostile text.

use http::{Method, StatusCode};
use serde_json::json;

use super::{Stage, mischief};

#[tokio::test]
async fn pages_are_small_without_anything_inline_and_never_stored_or_framed() {
    let mut stage = Stage::set().await;
    let page = stage.sign_in().await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' {}",
            stage.provider.issuer
        )
    );
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["referrer-policy"], "same-origin");
    let style = stage.browser.get(&stage.at("/style.css")).await;
    assert_eq!(style.headers["content-type"], "text/css; charset=utf-8");
    assert!(style.has("--main") && page.body.len() + style.body.len() < 60 * 1024);
    assert_eq!(stage.browser.get(&stage.at("/icon.svg")).await.headers["content-type"], "image/svg+xml");
    for inline in ["<script", "<style", " style=", " onclick", "javascript:"] {
        assert!(!page.has(inline), "{inline}");
    }
}

#[tokio::test]
async fn hostile_text_from_the_provider_is_only_text() {
    let mut stage = Stage::set().await;
    let canary = "<script>alert(1)</script>\"'&";
    stage.provider.misbehave(mischief(|m| {
        m.userinfo = json!({ "name": canary, canary: canary, "card": { canary: [canary] } });
        m.id_token = json!({ "account_level": canary, "sid": canary, "amr": [canary] });
    }));
    let page = stage.sign_in().await;
    page.must_have("&#60;script&#62;alert(1)&#60;/script&#62;");
    assert!(!page.has("<script"));
}

#[tokio::test]
async fn another_sites_form_does_nothing() {
    let mut stage = Stage::set().await;
    stage.sign_in().await;
    let hostile: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "http://moh.localhost:1")],
    ];
    for headers in hostile {
        for path in ["/sign-out", "/sign-in", "/userinfo", "/services/submit"] {
            let url = stage.at(path);
            let page = stage.browser.ask(Method::POST, &url, "", headers).await;
            assert_eq!(page.status, StatusCode::FORBIDDEN, "{path} {headers:?}");
        }
    }
    stage.home().await.must_have("NGUYỄN VĂN THỬ");
    // A browser that says nothing of the form's origin is trusted as far as its Lax cookie goes.
    let url = stage.at("/sign-out");
    assert_eq!(stage.browser.ask(Method::POST, &url, "", &[("origin", "null")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn under_another_name_the_portal_sends_readers_home_and_takes_nothing() {
    let mut stage = Stage::set().await;
    let mut url = stage.url.clone();
    url.set_host(Some("localhost")).unwrap();
    let page = stage.browser.get(&url).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.location(), stage.url);
    url.set_path("/sign-in");
    assert_eq!(stage.browser.post(&url, "").await.status, StatusCode::MISDIRECTED_REQUEST);
}

#[tokio::test]
async fn the_language_is_switched_and_kept_and_handed_to_the_provider() {
    let mut stage = Stage::set().await;
    let page = stage.browser.get(&stage.at("/language/en?back=/services/track")).await;
    assert_eq!(page.location().path(), "/services/track");
    let page = stage.browser.follow(page).await;
    page.must_have("<html lang=\"en\">");
    page.must_have("Track my practice licence");
    stage.sign_in().await.must_have("Welcome,");
    assert_eq!(stage.provider.last_asked()["ui_locales"], "en");
    for hostile in ["//evil.example", "https://evil.example/", "/services/nothing", "/callback"] {
        let page = stage.browser.get(&stage.at(&format!("/language/vi?back={hostile}"))).await;
        assert_eq!(page.location(), stage.url, "{hostile}");
    }
    assert_eq!(stage.browser.get(&stage.at("/language/fr")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_that_says_so() {
    let mut stage = Stage::set().await;
    for path in ["/nothing", "/services/nothing"] {
        let page = stage.browser.get(&stage.at(path)).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        page.must_have("Không có trang này");
    }
    assert_eq!(stage.post("/services/nothing", "").await.status, StatusCode::NOT_FOUND);
    for path in ["/callback", "/callback?state=x&code=y", "/callback?error=access_denied&state=x"] {
        assert_eq!(stage.browser.get(&stage.at(path)).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}
