//! What a person agreed to is remembered for exactly that: this client, these scopes, this purpose; and nowhere where the portal
//! stands between the person and somebody else.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{Browser, CALLBACK, PORTAL, PORTAL_SECRET, TestApp, authorize, hidden, query_of};

fn metadata(over: &Value) -> Value {
    let mut all = json!({
        "client_name#vi": "Cổng thử", "purpose#vi": "Cấp đổi giấy phép lái xe", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"], "scope": "openid profile phone",
    });
    all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    all
}

/// What a request without pages comes to: a code, or the error.
async fn silent(browser: &mut Browser<'_>, scope: &str) -> String {
    let back = browser.get(&authorize(&[("prompt", "none"), ("scope", scope)])).await.location().to_owned();
    let mut query = query_of(&back);
    query.remove("error").unwrap_or_else(|| query.remove("code").map_or("nothing", |_| "code").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_asked_again_when_what_was_agreed_to_changes() {
    for app in TestApp::each().await {
        app.change_client(PORTAL, metadata(&json!({}))).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        assert_eq!(silent(&mut browser, "openid").await, "login_required");
        browser.walk(&authorize(&[("scope", "openid profile")]), &holder).await;
        for remembered in ["openid profile", "openid", "profile openid"] {
            assert_eq!(silent(&mut browser, remembered).await, "code", "{remembered}");
        }
        assert_eq!(silent(&mut browser, "openid profile phone").await, "consent_required", "more than was agreed to");
        for change in
            [json!({ "purpose#vi": "Thu phí" }), json!({ "purpose#vi": "Thu phí", "legal_basis": "Nghị định 69/2024" })]
        {
            app.change_client(PORTAL, metadata(&change)).await;
            assert_eq!(silent(&mut browser, "openid profile").await, "consent_required", "{change}");
            let back = browser.walk(&authorize(&[("scope", "openid profile")]), &holder).await;
            assert!(query_of(&back).contains_key("code"), "{back}");
            assert_eq!(silent(&mut browser, "openid profile").await, "code", "{change}");
        }
        // Somebody else's agreement is nobody's.
        let other = app.holder_of(crate::support::people::another(41)).await;
        app.at.clock.advance(dinhdanh::base::Span::secs(1));
        let path = browser.get(&authorize(&[("prompt", "select_account")])).await.location().to_owned();
        let page = browser.get(&path).await;
        browser.submit(&path, &page, &[("action", "another")]).await;
        let mut seen = false;
        for _ in 0..6 {
            let page = browser.get(&path).await;
            if page.status != StatusCode::OK {
                break;
            }
            seen |= page.body.contains("value=\"agree\"");
            browser.fill(&path, &page, &other).await;
        }
        assert!(seen, "the other person was not asked");
        // A refusal is not remembered as anything.
        app.change_client(PORTAL, metadata(&json!({ "purpose#vi": "Khác" }))).await;
        let path = browser.get(&authorize(&[])).await.location().to_owned();
        let page = browser.get(&path).await;
        browser.submit(&path, &page, &[("action", "refuse")]).await;
        let back = browser.get(&path).await.location().to_owned();
        assert_eq!(query_of(&back)["error"], "access_denied");
        assert_eq!(silent(&mut browser, "openid profile").await, "consent_required");
    }
}

/// Who hands the answer on to others asks each time.
#[tokio::test(flavor = "multi_thread")]
async fn who_stands_between_asks_each_time() {
    for app in TestApp::each().await {
        app.add_client("between", Some(PORTAL_SECRET), metadata(&json!({ "rp_class": "via_provider" }))).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        let own = [("client_id", "between")];
        for _ in 0..2 {
            let path = browser.get(&authorize(&own)).await.location().to_owned();
            let mut agreed = 0;
            for _ in 0..6 {
                let page = browser.get(&path).await;
                if page.status != StatusCode::OK {
                    break;
                }
                agreed += usize::from(page.body.contains("value=\"agree\""));
                assert!(hidden(&page.body, "csrf").is_some());
                browser.fill(&path, &page, &holder).await;
            }
            assert_eq!(agreed, 1);
            let back =
                browser.get(&authorize(&[("client_id", "between"), ("prompt", "none")])).await.location().to_owned();
            assert_eq!(query_of(&back)["error"], "consent_required");
        }
    }
}
