//! What is not the protocol: the first page, the language switch, and what the edge shows when nothing answers.

use http::StatusCode;

use crate::support::app::{TestApp, authorize};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_knows_who_is_signed_in() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let before = browser.get("/").await;
    assert!(before.body.contains("href=\"/sign-in\"") && !before.body.contains("Nguyễn Văn Thử"));
    browser.walk(&authorize(&[]), &holder).await;
    let after = browser.get("/").await;
    assert!(after.body.contains("Nguyễn Văn Thử") && after.body.contains("href=\"/account\""), "{}", after.body);
    assert!(!app.browser().get("/").await.body.contains("Nguyễn Văn Thử"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_switch_changes_the_language_of_this_browser_and_leads_back() {
    let app = TestApp::sqlite().await;
    let mut browser = app.browser();
    assert!(browser.get("/").await.body.contains("<html lang=\"vi\""));
    assert_eq!(browser.get("/language/en?back=%2Fsign-out").await.location(), "/sign-out");
    assert!(browser.get("/").await.body.contains("<html lang=\"en\""));
    assert_eq!(browser.get("/language/vi?back=https%3A%2F%2Fevil.example").await.location(), "/");
    assert!(browser.get("/").await.body.contains("<html lang=\"vi\""));
    assert_eq!(browser.get("/language/fr").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_read_our_page_and_programs_our_json() {
    let app = TestApp::sqlite().await;
    let page = app.browser().get("/nothing-here").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::NOT_FOUND, Some("text/html; charset=utf-8")));
    let reference = page.header("x-request-id").unwrap().to_owned();
    assert!(page.body.contains(&reference) && page.body.contains("/assets/"), "{}", page.body);
    assert!(page.header("content-security-policy").unwrap().contains("style-src 'self'"));
    let english = app.get("/nothing-here", &[("accept", "text/html"), ("accept-language", "en")]).await;
    assert!(english.body.contains("<html lang=\"en\""));
    let program = app.get("/nothing-here", &[]).await;
    assert_eq!(program.header("content-type"), Some("application/problem+json"));
    let wrong_method = app.browser().post("/", &[]).await;
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, Some("GET,HEAD")));
}
