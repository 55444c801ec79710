//! People in every state, on every way to tokens and data (CVE-2026-9798, CVE-2026-16103, CVE-2026-43983): a lock that only
//! the sign-in page knows is no lock.

use http::StatusCode;

use super::Table;
use crate::support::app::{Answer, TestApp, authorize, query_of};

/// Each with what it does to everybody in the record.
const STATES: [(&str, &str); 7] = [
    ("well", "UPDATE account SET version = version"),
    ("dead", "UPDATE person SET vital = 'dead', version = version + 1"),
    (
        "locked by themselves",
        "INSERT INTO account_lock (account_id, reason, since, actor, note) \
         SELECT id, 'SELF', created_at, 'person', '' FROM account",
    ),
    (
        "locked by an authority",
        "INSERT INTO account_lock (account_id, reason, since, actor, note) \
         SELECT id, 'AUTHORITY', created_at, 'command-line', '' FROM account",
    ),
    ("card withdrawn", "UPDATE card SET state = 'revoked'"),
    ("account not active", "UPDATE account SET state = 'issued', version = version + 1"),
    ("password from the desk", "UPDATE account SET password_given = TRUE, version = version + 1"),
];

const WAYS: [&str; 6] = ["authorize", "prompt=none", "code", "refresh token", "userinfo", "introspection"];

fn outcome(answer: &Answer) -> String {
    if answer.status == StatusCode::OK { "OPENS".to_owned() } else { format!("{:?}", answer.refusal()) }
}

fn redirected(answer: &Answer) -> String {
    match answer.header("location") {
        Some(to) if to.starts_with('/') => "page".to_owned(),
        Some(to) => query_of(to).remove("error").unwrap_or_else(|| "CODE".to_owned()),
        None => format!("page {}", answer.status.as_u16()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_gets_anything_on_any_way() {
    let mut tables = Vec::new();
    for engine in 0..2 {
        let mut table = Table::of(WAYS.map(str::to_owned));
        for (state, change) in STATES {
            let app = TestApp::each().await.swap_remove(engine);
            let holder = app.holder().await;
            let mut browser = app.browser();
            let back = browser.walk(&authorize(&[]), &holder).await;
            let tokens = app.redeem(&query_of(&back)["code"]).await;
            let code = app.code(&holder, "openid profile").await;
            app.at.change(change).await;
            let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            table.row(
                state.to_owned(),
                vec![
                    redirected(&browser.get(&authorize(&[])).await),
                    redirected(&browser.get(&authorize(&[("prompt", "none")])).await),
                    outcome(&app.redeem(&code).await),
                    outcome(&app.post_as_portal("/token", &fields).await),
                    outcome(&app.get("/userinfo", &[("authorization", &format!("Bearer {access}"))]).await),
                    match app.post_as_portal("/introspect", &[("token", &access)]).await.json()["active"].as_bool() {
                        Some(true) => "ACTIVE".to_owned(),
                        Some(false) => "inactive".to_owned(),
                        None => "no answer".to_owned(),
                    },
                ],
            );
        }
        tables.push(table.to_string());
    }
    assert_eq!(tables[0], tables[1], "the engines disagree");
    insta::assert_snapshot!("each_state_on_each_way", tables[0]);
}
