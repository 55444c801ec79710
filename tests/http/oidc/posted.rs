//! Requests and answers that travel in forms: POST to the authorization endpoint, and form_post.

use http::StatusCode;

use crate::support::app::{CALLBACK, ISSUER, PORTAL, TestApp, authorize, challenge, hidden};

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_request_is_gone_on_with_by_whoever_opens_it_first() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let challenge = challenge();
        let fields = [
            ("client_id", PORTAL),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "a state"),
            ("code_challenge_method", "S256"),
            ("code_challenge", challenge.as_str()),
        ];
        // From another site: no Lax cookie comes along, the origin is the portal's.
        let headers = [("origin", "https://portal.example"), ("sec-fetch-site", "cross-site")];
        let posted = app.post("/authorize", &headers, &fields).await;
        let path = posted.location().to_owned();
        assert!(path.starts_with("/sign-in?i="), "{path}");
        let (mut browser, mut thief) = (app.browser(), app.browser());
        let back = browser.walk(&path, &holder).await;
        assert!(back.starts_with(&format!("{CALLBACK}?")) && back.contains("code=ddc_"), "{back}");
        assert!(!thief.get(&path).await.body.contains("name=\"username\""), "it is the first browser's");
        // What may not be redirected is a page, and nothing is kept of it.
        let stranger = app.post("/authorize", &[], &[("client_id", "nobody"), ("redirect_uri", CALLBACK)]).await;
        assert_eq!(stranger.status, StatusCode::BAD_REQUEST);
        // A known client's mistake goes back to it.
        let mut wrong = fields.to_vec();
        wrong.retain(|(name, _)| *name != "code_challenge");
        let refused = app.post("/authorize", &headers, &wrong).await;
        assert!(refused.location().starts_with(&format!("{CALLBACK}?error=invalid_request")), "{}", refused.location());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn form_post_carries_the_answer_to_the_portal_and_nowhere_else() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        browser.walk(&authorize(&[]), &holder).await;
        let asked = [("response_mode", "form_post"), ("state", "\"><script>alert(1)</script>")];
        let page = browser.get(&authorize(&asked)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let code = hidden(&page.body, "code").expect("no code");
        assert_eq!(hidden(&page.body, "iss").as_deref(), Some(ISSUER));
        assert!(page.body.contains(&format!("action=\"{CALLBACK}\"")) && !page.body.contains("<script>alert"));
        assert!(page.body.contains("<button"), "a person without scripts presses it");
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https://portal.example"), "{policy}");
        assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("unsafe-none"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
        let refused = app.browser().get(&authorize(&[("response_mode", "form_post"), ("prompt", "none")])).await;
        assert_eq!(hidden(&refused.body, "error").as_deref(), Some("login_required"), "{}", refused.body);
        assert_eq!(hidden(&refused.body, "state").as_deref(), Some("a state"));
    }
}
