//! Signing in as people do it: late, twice, by going back, and with what they paste.

use dinhdanh::base::Span;
use serde_json::json;

use crate::support::{
    app::{Answer, BYE, Browser, CALLBACK, PORTAL, TestApp, authorize, query_of},
    people::{NUMBER, PASSWORD},
};

const START: &str = "https://portal.example/start";

/// Posts to the page that stands now, and shows the next one.
async fn next(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    let answer = browser.submit(path, &page, fields).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

/// The portal, with or without an address where its sign-in begins.
async fn with_start(app: &TestApp, start: Option<&str>) {
    let mut metadata = json!({
        "client_name": "Cổng thử", "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [BYE], "scope": "openid",
    });
    if let Some(start) = start {
        metadata["initiate_login_uri"] = start.into();
    }
    app.change_client(PORTAL, metadata).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_late_or_back_begins_again_at_the_portal() {
    let app = TestApp::sqlite().await;
    with_start(&app, Some(START)).await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let asked = authorize(&[("scope", "openid")]);
    let late = browser.get(&asked).await.location().to_owned();
    let stale = browser.get(&late).await;
    app.at.clock.advance(Span::hours(1));
    let page = browser.get(&late).await;
    assert!(page.body.contains("Trang này đã hết hạn") && page.body.contains(START), "{}", page.body);
    assert!(page.body.contains("Bắt đầu lại từ") && page.body.contains("Cổng thử"), "{}", page.body);
    // A form of before is answered by the same page.
    let page = browser.submit(&late, &stale, &[("action", "continue"), ("username", NUMBER)]).await;
    assert!(page.body.contains(START), "{}", page.body);

    // Back, after the sign-in: it is over, and the way on is the portal again.
    let done = browser.get(&asked).await.location().to_owned();
    let back = browser.walk(&done, &holder).await;
    assert!(query_of(&back).contains_key("code"), "{back}");
    let page = browser.get(&done).await;
    assert!(page.body.contains("đã xong") && page.body.contains(START), "{}", page.body);

    // Another browser, or one that dropped its cookies, is told so, and nothing of the portal.
    let page = app.browser().get(&done).await;
    assert!(page.body.contains("cookie") && !page.body.contains(START), "{}", page.body);

    // A portal without such an address: back to it by oneself.
    with_start(&app, None).await;
    let page = browser.get(&late).await;
    assert!(page.body.contains("Hãy quay lại cổng") && !page.body.contains("href=\"https:"), "{}", page.body);
}

/// Two tabs of one browser, each with a sign-in of its own: the second needs nothing typed, and both reach their portals.
#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_do_not_disturb_each_other() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let one = browser.get(&authorize(&[("state", "one")])).await.location().to_owned();
    let two = browser.get(&authorize(&[("state", "two")])).await.location().to_owned();
    let page_two = next(&mut browser, &two, &[("action", "continue"), ("username", NUMBER)]).await;
    let back = browser.walk(&one, &holder).await;
    assert_eq!(query_of(&back)["state"], "one");
    // The other tab's form, drawn before the first was done, is no error: its page knows that the person is signed in.
    let answer = browser.submit(&two, &page_two, &[("action", "continue"), ("password", PASSWORD)]).await;
    let to = answer.location().to_owned();
    let back = if to.starts_with('/') { browser.walk(&to, &holder).await } else { to };
    assert_eq!(query_of(&back)["state"], "two");
}

/// Who comes back after lunch reads why they are asked again, once; nobody else does.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_session_says_that_it_ended() {
    let app = TestApp::sqlite().await;
    app.holder().await;
    let mut browser = app.browser();
    assert!(!browser.get("/account").await.body.contains("đã kết thúc"));
    next(&mut browser, "/account", &[("action", "continue"), ("username", NUMBER)]).await;
    let fields = [("action", "continue"), ("username", NUMBER), ("password", PASSWORD)];
    next(&mut browser, "/account", &fields).await;
    let form = browser.get("/account/lock").await;
    app.at.clock.advance(Span::minutes(31));
    let answer = browser.submit("/account/lock", &form, &[("action", "confirm")]).await;
    assert_eq!(answer.location(), "/account");
    let page = browser.get("/account").await;
    assert!(page.body.contains("Phiên đăng nhập trước") && page.body.contains("name=\"username\""), "{}", page.body);
    assert!(!browser.get("/account").await.body.contains("Phiên đăng nhập trước"), "the dead cookie is gone");
    assert_eq!(app.at.audited("account.locked", "done").await, 0);
}

/// A form of one's account page that was drawn before another tab signed in, or before the session ended, is no foreign one.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_form_of_the_account_page_leads_to_the_page() {
    let app = TestApp::sqlite().await;
    app.holder().await;
    let mut browser = app.browser();
    let stale = browser.get("/account").await;
    next(&mut browser, "/account", &[("action", "continue"), ("username", NUMBER)]).await;
    let fields = [("action", "continue"), ("username", NUMBER), ("password", PASSWORD)];
    next(&mut browser, "/account", &fields).await;
    let number = [("action", "continue"), ("username", NUMBER)];
    assert_eq!(browser.submit("/account", &stale, &number).await.location(), "/account");
    let signed_in = browser.get("/account").await;
    assert!(signed_in.body.contains("name=\"session\""), "{}", signed_in.body);
    app.at.clock.advance(Span::minutes(31));
    let answer = browser.submit("/account", &signed_in, &[("action", "end"), ("session", "x")]).await;
    assert_eq!(answer.location(), "/account");
    // Another site's form stays one.
    let foreign = browser.post("/account", &[("csrf", "AAAA"), ("action", "continue"), ("username", NUMBER)]).await;
    assert_eq!(foreign.status.as_u16(), 403);
}
