//! The error page of the demonstration tells a portal's developer the exact rule; that of a service never does.

use http::StatusCode;

use crate::support::{
    app::{CALLBACK, PORTAL, TestApp, authorize},
    database::TestDb,
};

const WRONG: &str = "https://portal.example/cb/";

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_shows_the_rule_its_section_and_what_was_sent() {
    for test in TestDb::each().await {
        let app = TestApp::of_demo(test).await;
        let asked = authorize(&[("redirect_uri", WRONG), ("login_hint", "001085000001"), ("state", "sesame")]);
        let page = app.browser().get(&asked).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        for told in [
            "redirect_uri is not registered for this client",
            "RFC 6749 section 3.1.2.3",
            PORTAL,
            // Both, one under the other: what is registered and what was sent.
            &format!("<code>{CALLBACK}</code>"),
            &format!("<code>{WRONG}</code>"),
            "login_hint",
            "12 ký tự",
        ] {
            assert!(page.body.contains(told), "{told}: {}", page.body);
        }
        for never in ["001085000001", "sesame"] {
            assert!(!page.body.contains(never), "{never}: {}", page.body);
        }
        let nowhere = format!("/authorize?client_id={PORTAL}&redirect_uri={WRONG}&request=x");
        let object = app.browser().get(&nowhere).await;
        assert!(object.body.contains("invalid_request_object") && object.body.contains("RFC 9101 section 6"));
        // Whose request it was nobody knows: the rule, and nothing of what was sent.
        let nobodys = app.browser().get(&authorize(&[("client_id", "nobody"), ("scope", "a-scope")])).await;
        assert!(
            nobodys.body.contains("client_id is not registered here") && nobodys.body.contains("RFC 6749 section 2.2")
        );
        assert!(!nobodys.body.contains("a-scope"), "{}", nobodys.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_shows_none_of_it() {
    for app in TestApp::each().await {
        let page = app.browser().get(&authorize(&[("redirect_uri", WRONG)])).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST);
        for never in ["redirect_uri", "RFC", WRONG, CALLBACK, "invalid_request"] {
            assert!(!page.body.contains(never), "{never}: {}", page.body);
        }
    }
}
