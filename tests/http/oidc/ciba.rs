//! Backchannel authentication (CIBA Core 1.0): a call centre asks, the person answers on their account page.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{Router, extract::State, routing::post};
use dinhdanh::{
    base::Span,
    flows::outbox::{SmsTransport, worker},
    http::server::App,
};
use futures_util::future::join_all;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{
    app::{Answer, CALLBACK, Holder, ISSUER, OTHER, OTHER_SECRET, TestApp, authorize, basic, payload, query_of},
    database::TestDb,
    elsewhere::{open, sign_in},
    people::NUMBER,
    signer::{Signer, assertion_claims},
    wire::{Wired, unhurried},
};

const GRANT: &str = "urn:openid:params:grant-type:ciba";
pub(super) const DESK: &str = "desk";
pub(super) const SECRET: &str = "desk-secret-desk-secret-desk-secret-desk";
pub(super) const TOKEN: &str = "8d67dc78-7faa-4d41-aabd-67707b374255";

pub(super) fn metadata(more: &Value) -> Value {
    let mut all = json!({
        "client_name": "Tổng đài", "client_name#vi": "Tổng đài", "purpose#vi": "Hỗ trợ qua điện thoại",
        "grant_types": [GRANT, "refresh_token"], "response_types": [], "scope": "openid profile offline_access",
        "backchannel_token_delivery_mode": "poll",
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

async fn each() -> Vec<TestApp> {
    let apps = TestApp::each().await;
    for app in &apps {
        app.add_client(DESK, Some(SECRET), metadata(&json!({}))).await;
    }
    apps
}

async fn sqlite(more: &Value) -> TestApp {
    let app = TestApp::sqlite().await;
    app.add_client(DESK, Some(SECRET), metadata(more)).await;
    app
}

async fn as_desk(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    app.post(path, &[("authorization", &basic(DESK, SECRET))], fields).await
}

async fn ask(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    as_desk(app, "/backchannel_authentication", fields).await
}

pub(super) async fn begin(app: &TestApp, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("scope", "openid profile"), ("login_hint", NUMBER)][..], more].concat();
    let answer = ask(app, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

async fn fetch(app: &TestApp, id: &str) -> Answer {
    as_desk(app, "/token", &[("grant_type", GRANT), ("auth_req_id", id)]).await
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

pub(super) async fn approve(app: &TestApp, holder: &Holder) {
    let mut browser = app.browser();
    let interaction = open(&mut browser, holder).await;
    assert_eq!(browser.walk(&interaction, holder).await, "/device/approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_answers_on_their_account_page_and_the_client_polls() {
    for app in each().await {
        let holder = app.holder().await;
        let more = [("acr_values", "urn:vn:xacthuc:2"), ("binding_message", "W-SCT"), ("requested_expiry", "120")];
        let begun = begin(&app, &more).await;
        assert_eq!((&begun.json()["expires_in"], &begun.json()["interval"]), (&json!(120), &json!(5)));
        assert_eq!(begun.header("cache-control"), Some("no-store"));
        let id = begun.text("auth_req_id");
        assert_eq!(fetch(&app, &id).await.refusal(), refused(400, "authorization_pending"));
        assert_eq!(fetch(&app, &id).await.refusal(), refused(400, "slow_down"));

        let mut browser = app.browser();
        let interaction = open(&mut browser, &holder).await;
        let account = browser.get("/account").await;
        assert!(account.body.contains("Tổng đài") && account.body.contains("W-SCT"), "{}", account.body);
        assert_eq!(browser.walk(&interaction, &holder).await, "/device/approved", "with the code: level 2 is asked");
        assert!(!browser.get("/account").await.body.contains("name=\"request\""), "nothing waits any more");

        let tokens = fetch(&app, &id).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let token = payload(&tokens.text("id_token"));
        assert_eq!((&token["aud"], &token["acr"]), (&json!(DESK), &json!("urn:vn:xacthuc:2")));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &tokens.text("refresh_token"))];
        assert_eq!(as_desk(&app, "/token", &refresh).await.status, StatusCode::OK);
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let userinfo = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!((&userinfo.json()["sub"], &userinfo.json()["name"]), (&token["sub"], &json!("Nguyễn Văn Thử")));

        assert_eq!(fetch(&app, &id).await.refusal(), refused(400, "invalid_grant"), "once");
        let revoked = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(revoked.refusal(), refused(401, "invalid_token"));

        // The next time by what the client knows the person by.
        let sub = token["sub"].as_str().unwrap();
        let by_sub = ask(&app, &[("scope", "openid"), ("login_hint", sub)]).await;
        assert_eq!(by_sub.status, StatusCode::OK, "{}", by_sub.body);
        let hint = tokens.text("id_token");
        let by_token = ask(&app, &[("scope", "openid"), ("id_token_hint", &hint)]).await;
        assert_eq!(by_token.status, StatusCode::OK, "{}", by_token.body);
        assert_eq!(app.at.audited("backchannel.begun", "done").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_the_other_device_must_be_typed() {
    for app in each().await {
        let holder = app.holder().await;
        let right = begin(&app, &[("binding_message", "Hồ sơ 4711")]).await;
        let mut browser = app.browser();
        let interaction = open(&mut browser, &holder).await;
        let account = browser.get("/account").await;
        assert!(account.body.contains("Hồ sơ ••••") && !account.body.contains("4711"), "{}", account.body);
        let page = browser.get(&interaction).await;
        assert!(page.body.contains("name=\"number\"") && !page.body.contains("4711"), "{}", page.body);
        // What comes after it is not reached around it.
        browser.submit(&interaction, &page, &[("action", "agree")]).await;
        for (typed, told) in [("", "Hãy nhập số bạn nhìn thấy"), ("4712", "Số chưa đúng"), ("47 11", "4711")]
        {
            let page = browser.get(&interaction).await;
            browser.submit(&interaction, &page, &[("action", "continue"), ("number", typed)]).await;
            let next = browser.get(&interaction).await;
            assert!(next.body.contains(told), "{typed}: {}", next.body);
        }
        assert_eq!(browser.walk(&interaction, &holder).await, "/device/approved");
        assert_eq!(fetch(&app, &right.text("auth_req_id")).await.status, StatusCode::OK);

        // Three wrong ones in all, in whichever tab: refused.
        let wrong = begin(&app, &[("binding_message", "Hồ sơ 4711")]).await;
        let (one, other) = (open(&mut browser, &holder).await, open(&mut browser, &holder).await);
        for tab in [&one, &other, &one] {
            let page = browser.get(tab).await;
            browser.submit(tab, &page, &[("action", "continue"), ("number", "1111")]).await;
        }
        assert_eq!(browser.get(&one).await.location(), "/device/denied");
        assert_eq!(browser.get(&other).await.status, StatusCode::OK);
        assert_eq!(fetch(&app, &wrong.text("auth_req_id")).await.refusal(), refused(400, "access_denied"));
        assert_eq!(app.at.audited("backchannel.wrong_number", "refused").await, 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_tells_nobody_who_has_an_account() {
    let app = sqlite(&json!({})).await;
    let holder = app.holder().await;
    // A well-formed number of nobody: the answer is everybody's, and nobody ever answers.
    let of_nobody = ask(&app, &[("scope", "openid"), ("login_hint", "001085000002")]).await;
    let of_somebody = begin(&app, &[]).await;
    let names = |answer: &Answer| answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((of_nobody.status, names(&of_nobody)), (StatusCode::OK, names(&of_somebody)));
    for (hint, value) in [("login_hint", "nobody"), ("login_hint", "0123"), ("id_token_hint", "a.b.c")] {
        let answer = ask(&app, &[("scope", "openid"), (hint, value)]).await;
        assert_eq!(answer.refusal(), refused(400, "unknown_user_id"), "{hint}={value}");
    }
    // Another client's ID token, and another client's sub.
    let back = app.browser().walk(&authorize(&[("scope", "openid")]), &holder).await;
    let theirs = app.redeem(&query_of(&back)["code"]).await.text("id_token");
    assert!(back.starts_with(CALLBACK));
    let sub = payload(&theirs)["sub"].as_str().unwrap().to_owned();
    for (hint, value) in [("id_token_hint", theirs.as_str()), ("login_hint", &sub)] {
        let answer = ask(&app, &[("scope", "openid"), (hint, value)]).await;
        assert_eq!(answer.refusal(), refused(400, "unknown_user_id"), "{hint}");
    }
    // Nobody's requests are counted as everybody's are.
    for (number, already) in [("001085000002", 1), (NUMBER, 1)] {
        for _ in already..10 {
            assert_eq!(ask(&app, &[("scope", "openid"), ("login_hint", number)]).await.status, StatusCode::OK);
        }
        let one_more = ask(&app, &[("scope", "openid"), ("login_hint", number)]).await;
        assert_eq!(one_more.refusal(), refused(403, "access_denied"), "{number}");
    }
    app.at.clock.advance(Span::minutes(5));
    assert_eq!(fetch(&app, &of_nobody.text("auth_req_id")).await.refusal(), refused(400, "expired_token"));
    assert_eq!(fetch(&app, &of_somebody.text("auth_req_id")).await.refusal(), refused(400, "expired_token"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_wrongly_is_refused_at_once() {
    let app = sqlite(&json!({})).await;
    app.holder().await;
    let hint = ("login_hint", NUMBER);
    let table: &[(&[(&str, &str)], &str)] = &[
        (&[("scope", "openid")], "invalid_request"),
        (&[("scope", "openid"), hint, ("id_token_hint", "a.b.c")], "invalid_request"),
        (&[("scope", "openid"), ("login_hint_token", "x")], "invalid_request"),
        (&[("scope", "openid"), hint, hint], "invalid_request"),
        (&[hint], "invalid_scope"),
        (&[("scope", "profile"), hint], "invalid_scope"),
        (&[("scope", "openid vn_family"), hint], "invalid_scope"),
        (&[("scope", "openid"), hint, ("binding_message", "<b>")], "invalid_binding_message"),
        (&[("scope", "openid"), hint, ("requested_expiry", "0")], "invalid_request"),
        (&[("scope", "openid"), hint, ("request", "a.b.c")], "invalid_request"),
    ];
    for (fields, error) in table {
        assert_eq!(ask(&app, fields).await.refusal(), refused(400, error), "{fields:?}");
    }
    let form = [("scope", "openid"), hint];
    let by_other =
        app.post("/backchannel_authentication", &[("authorization", &basic(OTHER, OTHER_SECRET))], &form).await;
    assert_eq!(by_other.refusal(), refused(400, "unauthorized_client"));
    let wrong = app.post("/backchannel_authentication", &[("authorization", &basic(DESK, OTHER_SECRET))], &form).await;
    assert_eq!(wrong.refusal(), refused(401, "invalid_client"));
    assert!(wrong.header("www-authenticate").is_some());
    assert_eq!(app.get("/backchannel_authentication", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    for id in ["x", "ddq_", "ddd_abc"] {
        assert_eq!(fetch(&app, id).await.refusal(), refused(400, "invalid_grant"), "{id}");
    }
    let begun = begin(&app, &[]).await.text("auth_req_id");
    app.add_client("desk2", Some(SECRET), metadata(&json!({}))).await;
    let fields = [("grant_type", GRANT), ("auth_req_id", begun.as_str())];
    let theirs = app.post("/token", &[("authorization", &basic("desk2", SECRET))], &fields).await;
    assert_eq!(theirs.refusal(), refused(400, "invalid_grant"));
    assert_eq!(app.post_as_portal("/token", &fields).await.refusal(), refused(400, "unauthorized_client"));
    assert_eq!(fetch(&app, &begun).await.error(), "authorization_pending", "none of that has ended it");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_person_that_was_named_answers() {
    let app = sqlite(&json!({})).await;
    let holder = app.holder().await;
    let other = app.holder_of(crate::support::people::another(2)).await;
    begin(&app, &[]).await;
    let mut browser = app.browser();
    let interaction = open(&mut browser, &holder).await;
    let id = browser.get("/account").await.body;
    let id = id.split_once("name=\"request\" value=\"").unwrap().1[..36].to_owned();
    // Another person sees nothing of it, and naming it helps nobody.
    let mut theirs = app.browser();
    let page = theirs.get("/account").await;
    sign_in(&mut theirs, &page, &other).await;
    let page = theirs.get("/account").await;
    assert!(!page.body.contains("name=\"request\""), "{}", page.body);
    let answer = theirs.submit("/account", &page, &[("action", "answer"), ("request", &id)]).await;
    assert_eq!(answer.location(), "/device/late");
    // Nor does the interaction's address in another browser.
    assert!(theirs.get(&interaction).await.body.contains("không phải là trình duyệt đã bắt đầu"));
    // And another person who takes over the browser has to be the one named.
    let page = browser.get("/account").await;
    let session = page.body.split_once("name=\"session\" value=\"").unwrap().1[..36].to_owned();
    browser.submit("/account", &page, &[("action", "end"), ("session", &session)]).await;
    app.at.change("UPDATE session SET ended_at = created_at, version = version + 1").await;
    assert!(browser.get(&interaction).await.body.contains("name=\"username\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_a_lock_and_an_end_are_heard() {
    for app in each().await {
        let holder = app.holder().await;
        let refused_one = begin(&app, &[]).await.text("auth_req_id");
        let mut browser = app.browser();
        let interaction = open(&mut browser, &holder).await;
        let page = browser.get(&interaction).await;
        browser.submit(&interaction, &page, &[("action", "refuse")]).await;
        assert_eq!(browser.get(&interaction).await.location(), "/device/denied");
        assert_eq!(fetch(&app, &refused_one).await.refusal(), refused(400, "access_denied"));

        // Approved, and then the session ends.
        let ended = begin(&app, &[]).await.text("auth_req_id");
        approve(&app, &holder).await;
        app.at.change("UPDATE session SET ended_at = created_at, version = version + 1").await;
        assert_eq!(fetch(&app, &ended).await.refusal(), refused(400, "invalid_grant"));

        // Waiting, and then the person locks their account.
        let waiting = begin(&app, &[]).await.text("auth_req_id");
        let approved = begin(&app, &[]).await.text("auth_req_id");
        approve(&app, &holder).await;
        let mut browser = app.browser();
        open(&mut browser, &holder).await;
        let page = browser.get("/account/lock").await;
        browser.submit("/account/lock", &page, &[("action", "confirm")]).await;
        assert_eq!(fetch(&app, &waiting).await.refusal(), refused(400, "access_denied"));
        assert_eq!(fetch(&app, &approved).await.refusal(), refused(400, "invalid_grant"));
        let now_locked = begin(&app, &[]).await.text("auth_req_id");
        assert_eq!(fetch(&app, &now_locked).await.error(), "authorization_pending", "nobody is told of a lock");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_polls_at_once_one_gets_the_tokens() {
    for app in each().await {
        let holder = app.holder().await;
        let id = begin(&app, &[]).await.text("auth_req_id");
        approve(&app, &holder).await;
        let answers = join_all((0..32).map(|_| fetch(&app, &id))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1);
        assert!(answers.iter().filter(|a| a.status != StatusCode::OK).all(|a| a.error() == "invalid_grant"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_are_for_us_of_now_and_once() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        let more = json!({
            "backchannel_authentication_request_signing_alg": "ES256", "jwks": {"keys": [signer.jwk()]},
        });
        app.add_client(DESK, Some(SECRET), metadata(&more)).await;
        app.holder().await;
        let now = app.at.now().secs();
        let claims = |over: Value| {
            let mut all = json!({
                "iss": DESK, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": "1",
                "scope": "openid", "login_hint": NUMBER, "requested_expiry": 60,
            });
            all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
            all
        };
        let good = signer.jwt(&claims(json!({})));
        let answer = ask(&app, &[("request", &good)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.json()["expires_in"], json!(60));
        let again = signer.jwt(&claims(json!({"jti": "2"})));
        for (fields, what) in [
            (vec![("request", good.as_str())], "used before"),
            (vec![("request", again.as_str()), ("scope", "openid")], "beside"),
            (vec![("scope", "openid"), ("login_hint", NUMBER)], "not signed"),
            (vec![("request", "a.b.c")], "no JWT"),
        ] {
            assert_eq!(ask(&app, &fields).await.refusal(), refused(400, "invalid_request"), "{what}");
        }
        let thief = Signer::new("k1");
        for (jwt, what) in [
            (thief.jwt(&claims(json!({"jti": "3"}))), "another key"),
            (signer.jws(&json!({"alg": "none"}), &claims(json!({"jti": "4"}))), "alg none"),
            (signer.jwt(&claims(json!({"jti": "5", "aud": "https://other.example"}))), "another audience"),
            (signer.jwt(&claims(json!({"jti": "6", "iss": OTHER}))), "another client"),
            (signer.jwt(&claims(json!({"jti": "7", "exp": now - 60}))), "expired"),
            (signer.jwt(&claims(json!({"jti": "8", "nbf": now + 120}))), "not yet"),
            (signer.jwt(&claims(json!({"jti": null}))), "no jti"),
            (signer.jwt(&claims(json!({"jti": "9", "binding_message": "a\u{0}b"}))), "NUL, which no database keeps"),
            (signer.jwt(&claims(json!({"jti": "10", "claims": {"userinfo": {"\u{0}": null}}}))), "NUL in claims"),
            (signer.jwt(&claims(json!({"jti": "11", "scope": ["openid"]}))), "a list for a text"),
        ] {
            assert_eq!(ask(&app, &[("request", &jwt)]).await.refusal(), refused(400, "invalid_request"), "{what}");
        }
        assert_eq!(ask(&app, &[("request", &again)]).await.status, StatusCode::OK);
    }
}

/// CIBA Core §7.1: three audiences name us.
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_may_name_us_in_three_ways() {
    const ALIAS: &str = "https://mtls.dinhdanh.example";
    let of_tls = |settings: &mut dinhdanh::flows::Settings| settings.mutual_tls.alias = Some(ALIAS.to_owned());
    let app = TestApp::with(TestDb::sqlite().await, of_tls).await;
    let signer = Signer::new("k1");
    let more = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [signer.jwk()]}});
    app.add_client(DESK, None, metadata(&more)).await;
    app.holder().await;
    let send = async |path: &str, audience: Value, jti: &str| {
        let mut claims = assertion_claims(DESK, ISSUER, jti, app.at.now());
        claims["aud"] = audience;
        let assertion = signer.jwt(&claims);
        let fields = [
            ("scope", "openid"),
            ("login_hint", NUMBER),
            ("client_assertion", assertion.as_str()),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ];
        app.post(path, &[], &fields).await.status
    };
    let here = "/backchannel_authentication";
    let good = [ISSUER, ALIAS].map(|base| [format!("{base}/token"), format!("{base}{here}")]).concat();
    for (number, audience) in [&[ISSUER.to_owned()][..], &good].concat().into_iter().enumerate() {
        assert_eq!(send(here, json!(audience), &format!("j{number}")).await, StatusCode::OK, "{audience}");
    }
    for (number, wrong) in [
        json!("https://other.example"),
        json!(format!("{ISSUER}/userinfo")),
        json!([ISSUER]),
        json!(ALIAS),
        json!(format!("{ALIAS}/userinfo")),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(send(here, wrong, &format!("w{number}")).await, StatusCode::UNAUTHORIZED);
    }
    // Elsewhere the issuer alone: what is addressed to one endpoint is no proof at another.
    for path in ["/token", "/introspect", "/revoke"] {
        for (number, audience) in good.iter().enumerate() {
            let status = send(path, json!(audience), &format!("{path}{number}")).await;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} {audience}");
        }
        assert_ne!(send(path, json!(ISSUER), path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
}

pub(super) type Heard = mpsc::UnboundedReceiver<(String, Value)>;

/// A client's notification endpoint: the first notices are answered by `answers`, then 204.
pub(super) async fn listen(answers: &[u16]) -> (String, Heard) {
    type Shared = (mpsc::UnboundedSender<(String, Value)>, Arc<std::sync::Mutex<Vec<u16>>>);
    let (told, heard) = mpsc::unbounded_channel();
    let take = async |State((told, answers)): State<Shared>, headers: HeaderMap, body: String| {
        let bearer = headers["authorization"].to_str().unwrap().to_owned();
        assert_eq!(headers["content-type"], "application/json");
        told.send((bearer, serde_json::from_str(&body).unwrap())).unwrap();
        StatusCode::from_u16(answers.lock().unwrap().pop().unwrap_or(204)).unwrap()
    };
    let left = answers.iter().rev().copied().collect();
    let router = Router::new().route("/notify", post(take)).with_state((told, Arc::new(std::sync::Mutex::new(left))));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notify", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let _wired = Wired::serve(listener, App::new(Arc::default(), router), unhurried());
        std::future::pending::<()>().await;
    });
    (url, heard)
}

/// The next notice, while time goes on.
pub(super) async fn hear(app: &TestApp, heard: &mut Heard) -> (String, Value) {
    for _ in 0..20 {
        if let Ok(notice) = tokio::time::timeout(Duration::from_secs(2), heard.recv()).await {
            return notice.unwrap();
        }
        app.at.clock.advance(Span::secs(2));
    }
    panic!("no notice came")
}

struct NoGateway;

impl SmsTransport for NoGateway {
    fn send<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send + 'a>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

pub(super) fn work(app: &TestApp) -> tokio::task::JoinHandle<()> {
    tokio::spawn(worker::work(app.at.provider.clone(), Arc::new(NoGateway), app.at.clock.clone()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_says_that_there_is_something_to_fetch() {
    for app in TestApp::each().await {
        let (url, mut heard) = listen(&[]).await;
        let more = json!({"backchannel_token_delivery_mode": "ping", "backchannel_client_notification_endpoint": url});
        app.add_client(DESK, Some(SECRET), metadata(&more)).await;
        let (holder, worker) = (app.holder().await, work(&app));
        let without = ask(&app, &[("scope", "openid"), ("login_hint", NUMBER)]).await;
        assert_eq!(without.refusal(), refused(400, "invalid_request"), "the token is missing");
        let begun = begin(&app, &[("client_notification_token", TOKEN)]).await;
        assert_eq!(begun.json()["interval"], json!(5));
        let id = begun.text("auth_req_id");
        approve(&app, &holder).await;
        let (bearer, body) = hear(&app, &mut heard).await;
        assert_eq!((bearer, body), (format!("Bearer {TOKEN}"), json!({"auth_req_id": id})));
        assert_eq!(fetch(&app, &id).await.status, StatusCode::OK);
        assert!(heard.try_recv().is_err(), "told twice");
        worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_brings_the_tokens_and_comes_again_when_it_was_not_taken() {
    for app in TestApp::each().await {
        let (url, mut heard) = listen(&[500]).await;
        let more = json!({"backchannel_token_delivery_mode": "push", "backchannel_client_notification_endpoint": url});
        app.add_client(DESK, Some(SECRET), metadata(&more)).await;
        let (holder, worker) = (app.holder().await, work(&app));
        let begun = begin(&app, &[("client_notification_token", TOKEN)]).await;
        assert!(begun.json().get("interval").is_none(), "there is nothing to poll");
        let id = begun.text("auth_req_id");
        assert_eq!(fetch(&app, &id).await.refusal(), refused(400, "unauthorized_client"));
        approve(&app, &holder).await;
        let (bearer, first) = hear(&app, &mut heard).await;
        assert_eq!((bearer, &first["auth_req_id"]), (format!("Bearer {TOKEN}"), &json!(id)));
        let (_, second) = hear(&app, &mut heard).await;
        assert_eq!((&second["refresh_token"], &second["token_type"]), (&first["refresh_token"], &json!("Bearer")));
        for body in [&first, &second] {
            let token = payload(body["id_token"].as_str().unwrap());
            assert_eq!(token["urn:openid:params:jwt:claim:auth_req_id"], json!(id));
            assert!(token["urn:openid:params:jwt:claim:rt_hash"].is_string() && token["at_hash"].is_string());
            let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
            assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::OK);
        }
        // The second time by the same guards, and with a record.
        assert_eq!(app.at.audited("token.issued", "done").await, 1);
        assert_eq!(app.at.audited("token.repeated", "done").await, 1);
        let refresh = second["refresh_token"].as_str().unwrap();
        let refreshed = as_desk(&app, "/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);

        // Nobody answers: the client hears of the end.
        let begun = begin(&app, &[("client_notification_token", TOKEN), ("requested_expiry", "30")]).await;
        app.at.clock.advance(Span::secs(31));
        let (_, over) = hear(&app, &mut heard).await;
        assert_eq!(
            (&over["auth_req_id"], &over["error"]),
            (&json!(begun.text("auth_req_id")), &json!("expired_token"))
        );
        let denied = begin(&app, &[("client_notification_token", TOKEN)]).await;
        let mut browser = app.browser();
        let interaction = open(&mut browser, &holder).await;
        let page = browser.get(&interaction).await;
        browser.submit(&interaction, &page, &[("action", "refuse")]).await;
        browser.get(&interaction).await;
        let (_, no) = hear(&app, &mut heard).await;
        assert_eq!((&no["auth_req_id"], &no["error"]), (&json!(denied.text("auth_req_id")), &json!("access_denied")));
        worker.abort();
    }
}

/// Between two attempts the person is locked, the grant is withdrawn, the first refresh token is used.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_that_comes_again_is_guarded_as_the_first() {
    for (change, told) in [
        (
            "INSERT INTO account_lock (account_id, reason, since, actor, note) \
             SELECT id, 'AUTHORITY', created_at, 'command-line', '' FROM account",
            Some("access_denied"),
        ),
        ("UPDATE grants SET revoked_at = created_at", Some("transaction_failed")),
        ("UPDATE refresh_family SET generation = 2", None),
    ] {
        for app in TestApp::each().await {
            let (url, mut heard) = listen(&[500]).await;
            let more =
                json!({"backchannel_token_delivery_mode": "push", "backchannel_client_notification_endpoint": url});
            app.add_client(DESK, Some(SECRET), metadata(&more)).await;
            let (holder, worker) = (app.holder().await, work(&app));
            begin(&app, &[("client_notification_token", TOKEN)]).await;
            approve(&app, &holder).await;
            let (_, first) = hear(&app, &mut heard).await;
            assert!(first["refresh_token"].is_string(), "{first}");
            app.at.change(change).await;
            let (_, second) = hear(&app, &mut heard).await;
            match told {
                Some(error) => {
                    assert_eq!(second["error"], json!(error), "{change}: {second}");
                    assert!(second.get("access_token").is_none() && second.get("id_token").is_none());
                }
                // It has its refresh token, as its use shows: this one would revoke the family.
                None => {
                    assert!(second["access_token"].is_string() && second.get("refresh_token").is_none(), "{second}");
                    let token = payload(second["id_token"].as_str().unwrap());
                    assert!(token.get("urn:openid:params:jwt:claim:rt_hash").is_none());
                }
            }
            worker.abort();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_it() {
    let app = TestApp::sqlite().await;
    let document = app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(document["backchannel_authentication_endpoint"], json!(format!("{ISSUER}/backchannel_authentication")));
    assert_eq!(document["backchannel_token_delivery_modes_supported"], json!(["poll", "ping", "push"]));
    assert_eq!(document["backchannel_user_code_parameter_supported"], json!(false));
    assert!(document["grant_types_supported"].as_array().unwrap().contains(&json!(GRANT)));
}
