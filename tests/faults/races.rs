//! F21: thirty-two at once, at two processes on one database, through HTTP: each thing that is for one use has one winner.

use std::collections::BTreeSet;

use dinhdanh::{
    base::{Fault, Span, ids::AccountId},
    crypto::recovery,
    store::{Class, Conn, LaneKey, Tx, Unit, authenticators},
};
use http::StatusCode;
use serde_json::json;

use super::nation::{Asked, Nation, at_once, token_request, with_status};
use crate::support::{
    app::{
        Answer, Browser, CALLBACK, ISSUER, OTHER, OTHER_CALLBACK, OTHER_SECRET, PHONE_APP, PHONE_APP_CALLBACK, PORTAL,
        PORTAL_SECRET, VERIFIER, authorize, hidden, query_of,
    },
    binary::Serving,
    people::{self, NAME, NUMBER, PASSWORD, PHONE, person},
    signer::Signer,
};

const RACERS: usize = 32;
const AT_PORTAL: (&str, &str) = (PORTAL, PORTAL_SECRET);

struct Race {
    nation: Nation,
    processes: [Serving; 2],
}

impl Race {
    async fn each() -> Vec<Self> {
        let mut all = Vec::new();
        for nation in Nation::each().await {
            let processes = [nation.serve(), nation.serve()];
            all.push(Self { nation, processes });
        }
        all
    }

    async fn all(&self, asked: &Asked) -> Vec<Answer> {
        at_once(&self.processes, vec![asked.clone(); RACERS]).await
    }

    async fn audited(&self, action: &'static str, outcome: &'static str) -> i64 {
        self.nation.app.at.audited(action, outcome).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.nation.app.at.count(sql).await
    }
}

fn redemption(code: &str) -> Asked {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    token_request(AT_PORTAL, &fields)
}

fn refresh(token: &str) -> Asked {
    token_request(AT_PORTAL, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

/// I1, I2: one family comes of a code, and those that came too late have revoked it.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_redeemed_once() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let code = app.code(&app.holder().await, "openid profile").await;
        let answers = race.all(&redemption(&code)).await;
        assert_eq!(with_status(&answers, StatusCode::OK), 1);
        for answer in answers.iter().filter(|answer| answer.status != StatusCode::OK) {
            assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
        }
        assert_eq!(race.audited("token.issued", "done").await, 1);
        let won = answers.iter().find(|answer| answer.status == StatusCode::OK).unwrap().text("refresh_token");
        let after = refresh(&won).send(race.processes[0].address).await.unwrap();
        assert_eq!(after.refusal(), (400, "invalid_grant".to_owned()), "its replay revoked the family");
        race.nation.assert_audit_whole().await;
    }
}

/// I4: a client that proved itself gets the same successor however often it asks at once; there is no second one.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_has_one_successor() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let first = app.redeem(&app.code(&app.holder().await, "openid").await).await.text("refresh_token");
        let answers = race.all(&refresh(&first)).await;
        let next: BTreeSet<_> = answers.iter().map(|answer| answer.text("refresh_token")).collect();
        assert_eq!(next.len(), 1, "one successor");
        assert_eq!(race.count("SELECT max(generation) FROM refresh_family").await, 2);
        let next = next.into_iter().next().unwrap();
        assert_eq!(refresh(&next).send(race.processes[1].address).await.unwrap().status, StatusCode::OK);
        race.nation.assert_audit_whole().await;
    }
}

/// A public client cannot be told from a thief: the first gets an answer, the second ends the family.
#[tokio::test(flavor = "multi_thread")]
async fn a_public_clients_refresh_token_is_answered_once() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let asked = authorize(&[("client_id", PHONE_APP), ("redirect_uri", PHONE_APP_CALLBACK)]);
        let code = query_of(&app.browser().walk(&asked, &app.holder().await).await).remove("code").unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", PHONE_APP),
            ("code", &code),
            ("redirect_uri", PHONE_APP_CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let first = app.post("/token", &[], &fields).await.text("refresh_token");
        let again = [("grant_type", "refresh_token"), ("client_id", PHONE_APP), ("refresh_token", &first)];
        let answers = race.all(&Asked::post("/token", &[], &again)).await;
        assert_eq!(with_status(&answers, StatusCode::OK), 1);
        let won = answers.iter().find(|answer| answer.status == StatusCode::OK).unwrap().text("refresh_token");
        let next = [("grant_type", "refresh_token"), ("client_id", PHONE_APP), ("refresh_token", &won)];
        let next = Asked::post("/token", &[], &next).send(race.processes[0].address).await.unwrap();
        assert_eq!(next.refusal(), (400, "invalid_grant".to_owned()));
    }
}

fn asserted(signer: &Signer, jti: &str) -> Asked {
    let assertion = signer.assertion("batch", ISSUER, jti, dinhdanh::base::Clock::System.now());
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
    ];
    Asked::post("/token", &[], &fields)
}

/// Until this process has seen what another one registered.
async fn until_known(signer: &Signer, process: &Serving, number: usize) {
    for attempt in 0..60 {
        let asked = asserted(signer, &format!("before-{number}-{attempt}"));
        if asked.send(process.address).await.unwrap().status == StatusCode::OK {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    panic!("the process never hears of the client");
}

/// I9: the same assertion, in the same second, at two replicas.
#[tokio::test(flavor = "multi_thread")]
async fn a_clients_assertion_counts_once() {
    for race in Race::each().await {
        let signer = Signer::new("k1");
        let metadata = json!({
            "grant_types": ["client_credentials"], "scope": "reports:read",
            "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [signer.jwk()] },
        });
        race.nation.app.add_client("batch", None, metadata).await;
        for (number, process) in race.processes.iter().enumerate() {
            until_known(&signer, process, number).await;
        }
        let answers = race.all(&asserted(&signer, "j1")).await;
        assert_eq!(with_status(&answers, StatusCode::OK), 1);
        assert_eq!(with_status(&answers, StatusCode::UNAUTHORIZED), RACERS - 1);
        assert_eq!(race.audited("client.assertion_replayed", "refused").await, 31);
    }
}

/// Thirty-two step-ups that one session began, each at the page that asks for a code.
async fn step_ups(browser: &mut Browser<'_>) -> Vec<(String, String)> {
    let mut pages = Vec::new();
    for _ in 0..RACERS {
        let begun = browser.get(&authorize(&[("acr_values", "urn:vn:xacthuc:2")])).await;
        let path = begun.location().to_owned();
        let page = browser.get(&path).await;
        assert!(page.body.contains("name=\"code\""), "{}", page.body);
        pages.push((path, hidden(&page.body, "csrf").unwrap()));
    }
    pages
}

fn codes(browser: &Browser<'_>, pages: &[(String, String)], code: &str) -> Vec<Asked> {
    let form = |(path, csrf): &(String, String)| {
        Asked::form(browser, path, &[("csrf", csrf), ("action", "continue"), ("code", code)])
    };
    pages.iter().map(form).collect()
}

/// How many were given a new session's cookie.
fn raised(answers: &[Answer]) -> usize {
    let sets = |answer: &&Answer| {
        answer.headers.get_all("set-cookie").iter().any(|cookie| cookie.to_str().unwrap().contains("session="))
    };
    answers.iter().filter(sets).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_code_raises_one_session_once() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let holder = app.holder().await;
        let mut browser = race.nation.signed_in(&holder, "openid").await;
        let pages = step_ups(&mut browser).await;
        // Of now, not of half a minute later: the processes have their own clock.
        let code = dinhdanh::crypto::totp::code_at(&holder.seed, dinhdanh::base::Clock::System.now());
        let answers = at_once(&race.processes, codes(&browser, &pages, code.reveal())).await;
        assert_eq!(raised(&answers), 1);
        assert_eq!(race.audited("session.raised", "done").await, 1);
    }
}

struct AddRecovery(AccountId, Vec<u8>);

impl Unit for AddRecovery {
    type Out = ();
    const KIND: &'static str = "test.add_recovery";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        authenticators::insert_recovery(tx, self.0, &self.1, dinhdanh::base::Clock::System.now()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_is_used_once() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let holder = app.holder().await;
        let mut browser = race.nation.signed_in(&holder, "openid").await;
        let provider = &app.at.provider;
        let account = AccountId(account_id(app).await);
        let code = recovery::generate(&provider.entropy);
        let digest = recovery::digest_of(&provider.secrets.codes, account, code.reveal()).unwrap();
        provider.writer.submit(AddRecovery(account, digest.as_bytes().to_vec())).await.unwrap();
        let mut pages = step_ups(&mut browser).await;
        for (path, csrf) in &mut pages {
            let asked = [("csrf", csrf.as_str()), ("action", "use_recovery_code")];
            assert_eq!(browser.post(path, &asked).await.status, StatusCode::SEE_OTHER);
        }
        let answers = at_once(&race.processes, codes(&browser, &pages, code.reveal())).await;
        assert_eq!(raised(&answers), 1);
        assert_eq!(race.audited("session.raised", "done").await, 1);
        assert_eq!(race.count("SELECT count(*) FROM recovery_code WHERE used_at IS NULL").await, 0);
    }
}

async fn account_id(app: &crate::support::app::TestApp) -> uuid::Uuid {
    const ONLY: &str = "SELECT id FROM account";
    let mut conn = app.at.conn().await;
    match &mut conn {
        Conn::Sqlite(conn) => sqlx::query_scalar(ONLY).fetch_one(&mut **conn).await.unwrap(),
        Conn::Postgres(conn) => sqlx::query_scalar(ONLY).fetch_one(&mut **conn).await.unwrap(),
    }
}

/// However often the button is pressed, one code is issued.
#[tokio::test(flavor = "multi_thread")]
async fn an_authorization_ends_once() {
    for race in Race::each().await {
        let app = &race.nation.app;
        let holder = app.holder().await;
        let mut browser = race.nation.signed_in(&holder, "openid").await;
        let before = race.audited("authorize.granted", "done").await;
        // Another portal, which nobody has agreed to.
        let asked = authorize(&[("client_id", OTHER), ("redirect_uri", OTHER_CALLBACK)]);
        let path = browser.get(&asked).await.location().to_owned();
        let page = browser.get(&path).await;
        assert!(page.body.contains("value=\"agree\""), "{}", page.body);
        let csrf = hidden(&page.body, "csrf").unwrap();
        let agree = Asked::form(&browser, &path, &[("csrf", &csrf), ("action", "agree")]);
        let mut answers = race.all(&agree).await;
        // Then everybody comes for the answer at once; a press that came late has it already.
        let cookies = super::nation::cookies(&browser);
        answers.extend(race.all(&Asked::get(&path, &[("cookie", &cookies)])).await);
        let given: BTreeSet<_> = answers
            .iter()
            .filter_map(|answer| answer.header("location").filter(|to| to.starts_with(OTHER_CALLBACK)))
            .filter_map(|to| query_of(to).remove("code"))
            .collect();
        assert_eq!(given.len(), 1, "{given:?}");
        assert_eq!(race.audited("authorize.granted", "done").await - before, 1);
        let code = given.into_iter().next().unwrap();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", OTHER_CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let redeemed = token_request((OTHER, OTHER_SECRET), &fields).send(race.processes[0].address).await.unwrap();
        assert_eq!(redeemed.status, StatusCode::OK, "{}", redeemed.body);
    }
}

/// A browser that has told who its person is, and waits for the code that went to the phone.
async fn registering(nation: &Nation) -> Browser<'_> {
    let mut browser = nation.app.browser();
    let fields = [
        ("action", "continue"),
        ("username", NUMBER),
        ("name", NAME),
        ("birth_day", "5"),
        ("birth_month", "3"),
        ("birth_year", "1985"),
        ("card_day", "10"),
        ("card_month", "5"),
        ("card_year", "2021"),
        ("phone", PHONE),
    ];
    let page = browser.get("/register").await;
    browser.submit("/register", &page, &fields).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_sent_to_a_phone_is_taken_once() {
    for race in Race::each().await {
        people::add(&race.nation.app.at, person()).await;
        let mut browser = registering(&race.nation).await;
        let code = race.nation.app.at.newest_code().await;
        let csrf = hidden(&browser.get("/register").await.body, "csrf").unwrap();
        let asked = [("csrf", csrf.as_str()), ("action", "continue"), ("code", &code)];
        race.all(&Asked::form(&browser, "/register", &asked)).await;
        assert_eq!(race.audited("registration.phone_confirmed", "done").await, 1);
        race.nation.assert_audit_whole().await;
    }
}

/// One person, two registrations that both got as far as the password.
#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_one_account() {
    for race in Race::each().await {
        people::add(&race.nation.app.at, person()).await;
        let mut asked = Vec::new();
        for _ in 0..2 {
            race.nation.app.at.clock.advance(Span::secs(1));
            let mut browser = registering(&race.nation).await;
            let code = race.nation.app.at.newest_code().await;
            let page = browser.get("/register").await;
            browser.submit("/register", &page, &[("action", "continue"), ("code", &code)]).await;
            let page = browser.get("/register").await;
            assert!(page.body.contains("new-password"), "{}", page.body);
            let csrf = hidden(&page.body, "csrf").unwrap();
            let fields = [("csrf", csrf.as_str()), ("action", "continue"), ("password", PASSWORD)];
            asked.extend(vec![Asked::form(&browser, "/register", &fields); RACERS / 2]);
        }
        at_once(&race.processes, asked).await;
        assert_eq!(race.count("SELECT count(*) FROM account").await, 1);
        assert_eq!(race.audited("account.registered", "done").await, 1);
        race.nation.assert_audit_whole().await;
    }
}
