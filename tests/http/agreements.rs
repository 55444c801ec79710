//! What one agreed to is seen on one's own pages and taken back there: what the portal holds dies, also what it has not fetched yet,
//! it is told, and it must ask again.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Browser, CALLBACK, PORTAL, TestApp, authorize, query_of},
    people,
};

const PAGE: &str = "/account/agreements";
const BOUND_FOR_PORTAL: &str = "SELECT count(*) FROM outbox WHERE kind = 'backchannel_logout' AND recipient = 'portal'";

fn metadata() -> Value {
    json!({
        "client_name#vi": "Cổng thử", "purpose#vi": "Để thử", "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile offline_access",
        "backchannel_logout_uri": "https://portal.example/out",
    })
}

/// What a request without pages comes to.
async fn silent(browser: &mut Browser<'_>) -> String {
    let back = browser.get(&authorize(&[("prompt", "none")])).await.location().to_owned();
    let mut query = query_of(&back);
    query.remove("error").or_else(|| query.remove("code")).unwrap()
}

async fn withdraw(browser: &mut Browser<'_>, client: &str) -> String {
    let page = browser.get(PAGE).await;
    let fields = [("client", client), ("action", "withdraw")];
    assert_eq!(browser.submit(PAGE, &page, &fields).await.location(), PAGE);
    browser.get(PAGE).await.body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_agreed_to_is_taken_back() {
    for app in TestApp::each().await {
        app.change_client(PORTAL, metadata()).await;
        let holder = app.holder().await;
        let mut browser = app.browser();
        let asked = [("scope", "openid profile offline_access"), ("prompt", "consent")];
        let back = browser.walk(&authorize(&asked), &holder).await;
        let tokens = app.redeem(&query_of(&back)["code"]).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let bearer = format!("Bearer {access}");
        let unfetched = silent(&mut browser).await;
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::OK);

        let mut neighbour = app.browser();
        let other = app.holder_of(people::another(41)).await;
        let theirs = neighbour.walk(&authorize(&[]), &other).await;
        assert!(query_of(&theirs).contains_key("code"));

        let page = browser.get(PAGE).await.body;
        for shown in ["Cổng thử", "Họ và tên", "khi bạn không trực tuyến"] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        let page = withdraw(&mut browser, "nobody").await;
        assert!(page.contains("Cổng thử") && !page.contains("Đã rút lại."), "nothing was agreed there");
        let page = withdraw(&mut browser, PORTAL).await;
        assert!(!page.contains("Cổng thử") && page.contains("Đã rút lại."), "{page}");
        assert!(!browser.get(PAGE).await.body.contains("Đã rút lại."), "said once");

        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        assert_eq!(app.post_as_portal("/token", &fields).await.refusal(), (400, "invalid_grant".to_owned()));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::UNAUTHORIZED);
        let introspected = app.post_as_portal("/introspect", &[("token", &access)]).await;
        assert_eq!(introspected.json(), json!({"active": false}));
        assert_eq!(app.redeem(&unfetched).await.refusal(), (400, "invalid_grant".to_owned()), "agreed to before");
        assert_eq!(silent(&mut browser).await, "consent_required");
        assert_eq!(app.at.count(BOUND_FOR_PORTAL).await, 1, "told once");
        assert_eq!(app.at.audited("consent.withdrawn", "done").await, 1);

        // Nobody else's.
        assert!(!["consent_required", "login_required"].contains(&silent(&mut neighbour).await.as_str()));
        // And it is asked, and given, anew.
        let again = browser.walk(&authorize(&[]), &holder).await;
        assert_eq!(app.redeem(&query_of(&again)["code"]).await.status, StatusCode::OK);
        assert!(browser.get(PAGE).await.body.contains("Cổng thử"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_back_for_another() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    browser.walk(&authorize(&[]), &holder).await;
    assert_eq!(app.browser().get(PAGE).await.location(), "/account");
    let cookies = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let fields = [("client", PORTAL), ("action", "withdraw")];
    let headers = [("cookie", cookies.as_str()), ("origin", "https://thief.example")];
    assert_eq!(app.post(PAGE, &headers, &fields).await.status, StatusCode::FORBIDDEN, "another site's form");
    assert!(browser.get(PAGE).await.body.contains("value=\"withdraw\""));
}
