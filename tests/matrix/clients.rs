//! What one client was given, at another client's hands (CVE-2026-16089, CVE-2026-28513): nothing, and nothing is lost by it.

use http::StatusCode;

use super::Table;
use crate::support::app::{
    Answer, CALLBACK, OTHER, OTHER_SECRET, PHONE_APP, PORTAL, PORTAL_SECRET, TestApp, VERIFIER, basic, challenge,
    encoded, query_of,
};

/// Who calls.
const CALLERS: [&str; 3] = [PORTAL, OTHER, PHONE_APP];

/// What belongs to the portal, and is tried.
const TRIED: [&str; 6] = ["code", "refresh token", "introspection", "revocation", "request_uri", "code again"];

async fn call(app: &TestApp, caller: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let header = match caller {
        PORTAL => basic(PORTAL, PORTAL_SECRET),
        OTHER => basic(OTHER, OTHER_SECRET),
        _ => String::new(),
    };
    if header.is_empty() {
        let mut named = vec![("client_id", caller)];
        named.extend(fields);
        return app.post(path, &[], &named).await;
    }
    app.post(path, &[("authorization", &header)], fields).await
}

fn outcome(answer: &Answer) -> String {
    if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_one_clients_is_no_others() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut table = Table::of(TRIED.map(str::to_owned));
        for caller in CALLERS {
            let code = app.code(&holder, "openid profile").await;
            let redemption = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let by_code = outcome(&call(&app, caller, "/token", &redemption).await);
            let tokens = app.redeem(&app.code(&holder, "openid profile").await).await;
            let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let by_refresh = outcome(&call(&app, caller, "/token", &fields).await);
            let seen = call(&app, caller, "/introspect", &[("token", &access)]).await;
            let seen = match seen.status {
                StatusCode::OK if seen.json()["active"] == true => "ACTIVE".to_owned(),
                StatusCode::OK => "inactive".to_owned(),
                _ => outcome(&seen),
            };
            call(&app, caller, "/revoke", &[("token", &access)]).await;
            let still = app.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await;
            let revoked = if still.status == StatusCode::OK { "still good" } else { "REVOKED" }.to_owned();
            let pushed = pushed(&app, caller).await;
            // The rightful client's own try after the stranger's: nothing was lost.
            let after = outcome(&app.redeem(&code).await);
            table.row(caller.to_owned(), vec![by_code, by_refresh, seen, revoked, pushed, after]);
        }
        insta::assert_snapshot!("each_client_with_the_portals_things", table.to_string());
    }
}

/// The portal pushed it; the caller's name stands in the browser's request.
async fn pushed(app: &TestApp, caller: &str) -> String {
    let challenge = challenge();
    let fields = [
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let uri = app.post_as_portal("/par", &fields).await.text("request_uri");
    let query = encoded(&[("client_id", caller), ("request_uri", &uri)]);
    let answer = app.browser().get(&format!("/authorize?{query}")).await;
    match answer.header("location") {
        Some(to) if to.starts_with("/sign-in") => "OPENS".to_owned(),
        Some(to) => query_of(to).remove("error").unwrap_or_default(),
        None => format!("page {}", answer.status.as_u16()),
    }
}
