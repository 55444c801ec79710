//! People, cards, accounts, sessions and clients in every state, on every way to tokens and data (CVE-2026-9798, CVE-2026-16103,
//! CVE-2026-43983, CVE-2025-64521): a lock that only the sign-in page knows is no lock.

use dinhdanh::registry::operator::Role;
use http::StatusCode;

use super::{
    Table,
    artefacts::{Artefacts, Kind},
};
use crate::support::{
    app::{Answer, TestApp, VERIFIER, authorize, query_of},
    elsewhere::{CIBA, DEVICE},
};

/// Each with what it does to everybody in the record.
const STATES: [(&str, &str); 13] = [
    ("well", "UPDATE account SET version = version"),
    ("dead", "UPDATE person SET vital = 'dead', version = version + 1"),
    ("declared missing", "UPDATE person SET vital = 'missing_declared', version = version + 1"),
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
    ("card held", "UPDATE card SET state = 'held'"),
    ("card expired", "UPDATE card SET expires_on = '2026-11-21'"),
    ("without a card", "DELETE FROM card"),
    ("account not active", "UPDATE account SET state = 'issued', version = version + 1"),
    ("password from the desk", "UPDATE account SET password_given = TRUE, version = version + 1"),
    ("sessions ended", "UPDATE session SET ended_at = seen_at, version = version + 1"),
    ("client disabled", "UPDATE client SET state = 'disabled', version = version + 1"),
];

const WAYS: [&str; 12] = [
    "authorize",
    "prompt=none",
    "code",
    "refresh token",
    "offline refresh token",
    "device code",
    "auth_req_id",
    "exchange",
    "request_uri",
    "client's own",
    "userinfo",
    "introspection",
];

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

/// What somebody holds when the state changes.
struct Held {
    code: String,
    access: String,
    refresh: String,
    offline: String,
    device_code: String,
    auth_req_id: String,
    request_uri: String,
}

impl Held {
    async fn made(made: &mut Artefacts<'_>) -> Self {
        made.delegate().await;
        let tokens = made.tokens_for("openid profile").await;
        Self {
            access: tokens.text("access_token"),
            refresh: tokens.text("refresh_token"),
            offline: made.tokens_for("openid offline_access").await.text("refresh_token"),
            device_code: made.make(Kind::DeviceCode).await,
            auth_req_id: made.make(Kind::AuthReqId).await,
            request_uri: made.make(Kind::RequestUri).await,
            // Last: the browser that brought it is the one that asks again.
            code: made.make(Kind::Code).await,
        }
    }

    async fn tried(&self, made: &Artefacts<'_>) -> Vec<String> {
        let app = made.app;
        let asked = async |more: &[(&str, &str)]| {
            let mut browser = app.browser();
            browser.jar.clone_from(&made.jar);
            let own = [&[("client_id", Artefacts::CLIENT)][..], more].concat();
            redirected(&browser.get(&authorize(&own)).await)
        };
        let token = async |grant: &str, name: &str, value: &str| {
            let callback = ("redirect_uri", crate::support::app::CALLBACK);
            let fields = [("grant_type", grant), (name, value), callback, ("code_verifier", VERIFIER)];
            outcome(&made.post("/token", if name == "code" { &fields } else { &fields[..2] }).await)
        };
        let pushed = format!("/authorize?client_id={}&request_uri={}", Artefacts::CLIENT, self.request_uri);
        let bearer = format!("Bearer {}", self.access);
        let seen = made.post("/introspect", &[("token", &self.access)]).await;
        vec![
            asked(&[]).await,
            asked(&[("prompt", "none")]).await,
            token("authorization_code", "code", &self.code).await,
            token("refresh_token", "refresh_token", &self.refresh).await,
            token("refresh_token", "refresh_token", &self.offline).await,
            token(DEVICE, "device_code", &self.device_code).await,
            token(CIBA, "auth_req_id", &self.auth_req_id).await,
            outcome(&made.exchange().await),
            redirected(&app.browser().get(&pushed).await),
            outcome(&made.post("/token", &[("grant_type", "client_credentials")]).await),
            outcome(&app.get("/userinfo", &[("authorization", &bearer)]).await),
            match seen.status {
                StatusCode::OK if seen.json()["active"] == true => "ACTIVE".to_owned(),
                StatusCode::OK => "inactive".to_owned(),
                _ => outcome(&seen),
            },
        ]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_may_gets_anything_on_any_way() {
    let mut tables = [(); 2].map(|()| Table::of(WAYS.map(str::to_owned)));
    for (state, change) in STATES {
        let apps: Vec<TestApp> = Artefacts::each().await;
        for (app, table) in apps.into_iter().zip(&mut tables) {
            let holder = app.holder().await;
            let clerk = app.operator("canbo.thu", &[Role::Registrar], None).await;
            let mut made = Artefacts::new(&app, &holder, &clerk).await;
            let held = Held::made(&mut made).await;
            let own = made.own_token().await;
            app.at.change(change).await;
            app.at.provider.clients.forget();
            made.actor = own;
            table.row(state.to_owned(), held.tried(&made).await);
        }
    }
    for table in tables {
        insta::assert_snapshot!("each_state_on_each_way", table.to_string());
    }
}
