//! What lingers in a browser stands in nobody's way: ended sessions, refused people, pages of a service that does not register.

use dinhdanh::{
    base::Span,
    flows::{CitizenRegistration, Settings},
};
use http::StatusCode;

use crate::support::{
    app::{Browser, TestApp, authorize, query_of},
    database::TestDb,
    people::{PASSWORD, another},
};

fn session(browser: &Browser<'_>) -> Option<String> {
    browser.jar.get("dinhdanh-8080-session").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_of_a_session_that_ended_is_taken_back_and_one_that_only_changed_is_not() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    for path in ["/", "/account"] {
        let mut browser = app.browser();
        browser.walk(&authorize(&[]), &holder).await;
        let old = session(&browser).unwrap();
        app.at.clock.advance(Span::secs(1));
        browser.walk(&authorize(&[("prompt", "login")]), &holder).await;
        let new = session(&browser).unwrap();
        assert_ne!(old, new);
        // Another tab sends the cookie from before the rise: the answer must not wipe out the new one.
        browser.jar.insert("dinhdanh-8080-session".to_owned(), old.clone());
        browser.get(path).await;
        assert_eq!(session(&browser), Some(old), "{path}: a cookie that only changed is left alone");
        browser.jar.insert("dinhdanh-8080-session".to_owned(), new);
        app.at.clock.advance(Span::minutes(31));
        browser.get(path).await;
        assert_eq!(session(&browser), None, "{path}: idle too long");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_gives_way_to_another_person() {
    const LOCKED: &str = "INSERT INTO account_lock (account_id, reason, since, actor, note) \
                          SELECT id, 'SELF', created_at, 'person', '' FROM account WHERE person_id IN \
                          (SELECT id FROM person WHERE number = '900085000001')";
    for app in TestApp::each().await {
        let locked = app.holder().await;
        let other = app.holder_of(another(27)).await;
        app.at.change(LOCKED).await;
        let mut browser = app.browser();
        let path = browser.get(&authorize(&[])).await.location().to_owned();
        for fields in [
            [("action", "continue"), ("username", locked.number.as_str())],
            [("action", "continue"), ("password", PASSWORD)],
        ] {
            let page = browser.get(&path).await;
            browser.submit(&path, &page, &fields).await;
        }
        let page = browser.get(&path).await;
        assert!(page.body.contains("đang bị khóa") && page.body.contains("change_number"), "{}", page.body);
        browser.submit(&path, &page, &[("action", "change_number")]).await;
        let back = browser.walk(&path, &other).await;
        assert!(query_of(&back).contains_key("code"), "{back}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_does_not_register_people_leads_nobody_there() {
    let open = TestApp::sqlite().await.browser().get("/").await;
    assert!(open.body.contains("href=\"/register\""));
    let close = |settings: &mut Settings| settings.citizen_registration = CitizenRegistration::Closed;
    let app = TestApp::with(TestDb::sqlite().await, close).await;
    let mut browser = app.browser();
    assert!(!browser.get("/").await.body.contains("/register"));
    let path = browser.get(&authorize(&[])).await.location().to_owned();
    assert!(!browser.get(&path).await.body.contains("/register"));
    for answer in [browser.get("/register").await, browser.post("/register", &[("name", "x")]).await] {
        assert!(answer.status == StatusCode::OK && answer.body.contains("<h1>") && !answer.body.contains("card_day"));
    }
    assert_eq!(app.at.count("SELECT count(*) FROM registration").await, 0);
}
