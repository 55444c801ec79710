//! OpenID Connect Session Management 1.0: `session_state`, its cookie, its frame.

use dinhdanh::crypto::digest::sha256;
use http::StatusCode;
use serde_json::json;

use crate::support::{
    app::{CALLBACK, PORTAL, TestApp, authorize, query_of},
    database::TestDb,
};

const HTTPS: &str = "https://dinhdanh.example";
const COOKIE: &str = "__Host-dinhdanh-state";

async fn https(test: TestDb) -> TestApp {
    TestApp::with(test, |settings| settings.issuer = HTTPS.to_owned()).await
}

/// As the frame's script computes it.
fn expected(browser_state: &str, salt: &str) -> String {
    let text = format!("{PORTAL} https://portal.example {browser_state} {salt}");
    sha256(text.as_bytes()).as_bytes().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

fn holds(session_state: &str, browser_state: &str) -> bool {
    let (digest, salt) = session_state.split_once('.').unwrap();
    digest == expected(browser_state, salt)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_portal_notices_sign_in_and_sign_out_and_nothing_else() {
    for test in TestDb::each().await {
        let app = https(test).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        let nobody = browser.get(&authorize(&[("prompt", "none")])).await;
        let answer = query_of(nobody.location());
        assert_eq!(answer["error"], "login_required");
        let before = browser.jar[COOKIE].clone();
        assert!(holds(&answer["session_state"], &before));
        // A stranger's state stays what it was.
        browser.get(&authorize(&[("prompt", "none")])).await;
        assert_eq!(browser.jar[COOKIE], before);

        let back = browser.walk(&authorize(&[]), &holder).await;
        let signed_in = query_of(&back)["session_state"].clone();
        let during = browser.jar[COOKIE].clone();
        assert!(during != before && holds(&signed_in, &during) && !holds(&signed_in, &before));
        let session = browser.jar.iter().find(|(name, _)| name.ends_with("session")).map(|(_, value)| value).unwrap();
        assert!(!session.contains(&during) && !during.contains(session.as_str()));
        // A step up is the same person's sign-in still.
        let higher = browser.walk(&authorize(&[("acr_values", "urn:vn:xacthuc:2")]), &holder).await;
        assert_eq!(browser.jar[COOKIE], during);
        let higher = &query_of(&higher)["session_state"];
        assert!(holds(higher, &during) && *higher != signed_in, "salted anew");

        let page = browser.get("/sign-out").await;
        let left = browser.submit("/sign-out", &page, &[("action", "sign_out")]).await;
        let cookie = left.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
        let cookie = cookie.filter(|text| text.starts_with(COOKIE)).collect::<Vec<_>>();
        assert_eq!(cookie.len(), 1);
        assert!(cookie[0].ends_with("; Path=/; SameSite=None; Secure"), "{cookie:?}");
        assert!(!holds(&signed_in, &browser.jar[COOKIE]));
        // The state of a session that is over is not adopted again.
        browser.jar.insert(COOKIE.to_owned(), during.clone());
        browser.get(&authorize(&[("prompt", "none")])).await;
        assert_ne!(browser.jar[COOKIE], during);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_frame_is_any_sites_to_show_and_has_one_script() {
    let app = https(TestDb::sqlite().await).await;
    let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(discovery["check_session_iframe"], json!(format!("{HTTPS}/check-session")));
    let frame = app.get("/check-session", &[]).await;
    assert_eq!((frame.status, frame.header("x-frame-options")), (StatusCode::OK, None));
    let policy = frame.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'sha256-") && policy.contains("; frame-ancestors *;"),
        "{policy}"
    );
    assert_eq!(frame.body.matches("<script>").count(), 1);
    assert!(frame.body.contains(&format!("'{COOKIE}='")) && frame.headers.get("set-cookie").is_none());
    // Every other page keeps its frame options.
    assert_eq!(app.get("/", &[]).await.header("x-frame-options"), Some("DENY"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_https_none_of_it_is_there() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let back = browser.walk(&authorize(&[("redirect_uri", CALLBACK)]), &holder).await;
    assert!(!query_of(&back).contains_key("session_state"));
    assert!(browser.jar.keys().all(|name| !name.contains("state")));
    assert_eq!(app.get("/check-session", &[]).await.status, StatusCode::NOT_FOUND);
    assert!(app.get("/.well-known/openid-configuration", &[]).await.json().get("check_session_iframe").is_none());
}
