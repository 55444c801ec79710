//! Device authorization (RFC 8628): a kiosk asks, a person answers in a browser of their own.

use dinhdanh::base::Span;
use futures_util::future::join_all;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, Browser, Holder, ISSUER, OTHER_SECRET, TestApp, basic, hidden, payload},
    elsewhere::enter,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// A public client.
const KIOSK: &str = "kiosk";
/// One with a secret.
const DESK: &str = "desk";
const DESK_SECRET: &str = "desk-secret-desk-secret-desk-secret-desk";

async fn each() -> Vec<TestApp> {
    let apps = TestApp::each().await;
    for app in &apps {
        add_devices(app).await;
    }
    apps
}

async fn sqlite() -> TestApp {
    let app = TestApp::sqlite().await;
    add_devices(&app).await;
    app
}

async fn add_devices(app: &TestApp) {
    let metadata = |method: &str| {
        json!({
            "client_name": "Ki-ốt bộ phận một cửa", "client_name#vi": "Ki-ốt bộ phận một cửa",
            "purpose#vi": "Làm thủ tục tại chỗ", "grant_types": [GRANT, "refresh_token"],
            "response_types": [], "token_endpoint_auth_method": method, "scope": "openid profile offline_access",
        })
    };
    app.add_client(KIOSK, None, metadata("none")).await;
    app.add_client(DESK, Some(DESK_SECRET), metadata("client_secret_basic")).await;
}

/// As the client [`DESK`].
async fn as_desk(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    app.post(path, &[("authorization", &basic(DESK, DESK_SECRET))], fields).await
}

async fn begin(app: &TestApp, more: &[(&str, &str)]) -> Answer {
    let fields = [&[("scope", "openid profile")][..], more].concat();
    let answer = as_desk(app, "/device_authorization", &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

async fn fetch(app: &TestApp, device_code: &str) -> Answer {
    as_desk(app, "/token", &[("grant_type", GRANT), ("device_code", device_code)]).await
}

/// Everything that a person does who agrees.
async fn approve(app: &TestApp, holder: &Holder, user_code: &str) {
    let mut browser = app.browser();
    let interaction = enter(&mut browser, user_code).await;
    assert_eq!(browser.walk(&interaction, holder).await, "/device/approved");
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_approves_in_a_browser_and_the_device_gets_its_tokens() {
    for app in each().await {
        let holder = app.holder().await;
        let begun = begin(&app, &[("acr_values", "urn:vn:xacthuc:2"), ("nonce", "n-1")]).await;
        assert_eq!(begun.header("cache-control"), Some("no-store"));
        let (device_code, user_code) = (begun.text("device_code"), begun.text("user_code"));
        assert_eq!(begun.text("verification_uri"), format!("{ISSUER}/device"));
        assert_eq!(begun.text("verification_uri_complete"), format!("{ISSUER}/device?user_code={user_code}"));
        assert_eq!((&begun.json()["expires_in"], &begun.json()["interval"]), (&json!(600), &json!(5)));
        assert_eq!(fetch(&app, &device_code).await.refusal(), refused(400, "authorization_pending"));

        let mut browser = app.browser();
        let complete = begun.text("verification_uri_complete");
        let page = browser.get(complete.strip_prefix(ISSUER).unwrap()).await;
        assert_eq!(hidden_value(&page, "user_code"), user_code, "filled in, and the person presses the button");
        let typed = user_code.to_lowercase().replace('-', " ");
        let interaction = enter(&mut browser, &typed).await;
        assert_eq!(browser.walk(&interaction, &holder).await, "/device/approved");
        let told = browser.get("/device/approved").await;
        assert!(told.body.contains("Bạn đã đồng ý"), "{}", told.body);

        let tokens = fetch(&app, &device_code).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let id = payload(&tokens.text("id_token"));
        assert_eq!((&id["aud"], &id["nonce"], &id["acr"]), (&json!(DESK), &json!("n-1"), &json!("urn:vn:xacthuc:2")));
        assert_eq!(id["amr"], json!(["pwd", "otp", "mfa"]));
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let userinfo = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(userinfo.json()["name"], json!("Nguyễn Văn Thử"));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &tokens.text("refresh_token"))];
        let refreshed = as_desk(&app, "/token", &refresh).await;
        assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);

        // Once: a second use takes back what the first one gave.
        assert_eq!(fetch(&app, &device_code).await.refusal(), refused(400, "invalid_grant"));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &refreshed.text("refresh_token"))];
        assert_eq!(as_desk(&app, "/token", &refresh).await.refusal(), refused(400, "invalid_grant"));
        assert_eq!(app.at.audited("token.request_replayed", "refused").await, 1);
        assert_eq!(
            (app.at.audited("device.begun", "done").await, app.at.audited("authorize.granted", "done").await),
            (1, 1)
        );
    }
}

fn hidden_value(page: &Answer, name: &str) -> String {
    let (_, rest) = page.body.split_once(&format!("name=\"{name}\"")).unwrap();
    let (_, rest) = rest.split_once("value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_person_sees_who_asks_and_the_code_and_is_asked_each_time() {
    let app = sqlite().await;
    let holder = app.holder().await;
    let first = begin(&app, &[]).await;
    let mut browser = app.browser();
    let interaction = enter(&mut browser, &first.text("user_code")).await;
    assert_eq!(browser.walk(&interaction, &holder).await, "/device/approved");
    // Signed in, and agreed before: still a page, with this device's own code (RFC 8628 §5.4).
    let second = begin(&app, &[]).await;
    let interaction = enter(&mut browser, &second.text("user_code")).await;
    let page = browser.get(&interaction).await;
    for shown in [&second.text("user_code"), "Ki-ốt bộ phận một cửa", "Làm thủ tục tại chỗ", "Nguyễn Văn Thử"]
    {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert!(!page.body.contains(&first.text("user_code")));
    let no = browser.submit(&interaction, &page, &[("action", "refuse")]).await;
    let to = no.location().to_owned();
    assert_eq!(browser.get(&to).await.location(), "/device/denied");
    assert_eq!(fetch(&app, &second.text("device_code")).await.refusal(), refused(400, "access_denied"));
    assert_eq!(fetch(&app, &second.text("device_code")).await.refusal(), refused(400, "access_denied"), "it stays so");
    assert_eq!(app.at.audited("authorize.refused", "refused").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_says_its_name_and_polls_in_its_time() {
    for app in each().await {
        let begun = app.post("/device_authorization", &[], &[("client_id", KIOSK), ("scope", "openid")]).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.body);
        let code = begun.text("device_code");
        let fields = [("grant_type", GRANT), ("device_code", code.as_str()), ("client_id", KIOSK)];
        let mut seen = Vec::new();
        for wait in [0, 1, 5, 15, 20] {
            app.at.clock.advance(Span::secs(wait));
            seen.push(app.post("/token", &[], &fields).await.error());
        }
        let expected =
            ["authorization_pending", "slow_down", "slow_down", "authorization_pending", "authorization_pending"];
        assert_eq!(seen, expected);
        let holder = app.holder().await;
        approve(&app, &holder, &begun.text("user_code")).await;
        assert_eq!(app.post("/token", &[], &fields).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_is_good_for_its_client_and_its_time() {
    for app in each().await {
        let holder = app.holder().await;
        let begun = begin(&app, &[]).await;
        approve(&app, &holder, &begun.text("user_code")).await;
        let code = begun.text("device_code");
        let fields = [("grant_type", GRANT), ("device_code", code.as_str())];
        let by_kiosk = [&fields[..], &[("client_id", KIOSK)]].concat();
        assert_eq!(app.post("/token", &[], &by_kiosk).await.refusal(), refused(400, "invalid_grant"));
        let unregistered = app.post_as_portal("/token", &fields).await;
        assert_eq!(unregistered.refusal(), refused(400, "unauthorized_client"));
        for wrong in ["x", "ddd_", &begun.text("user_code"), &format!("{code}A"), &code.replace("ddd_", "ddc_")] {
            assert_eq!(fetch(&app, wrong).await.refusal(), refused(400, "invalid_grant"), "{wrong}");
        }
        let as_code = [("grant_type", "authorization_code"), ("code", code.as_str())];
        assert_eq!(app.post_as_portal("/token", &as_code).await.refusal(), refused(400, "invalid_grant"));
        // None of that has used it up; time does.
        app.at.clock.advance(Span::minutes(10));
        assert_eq!(fetch(&app, &code).await.refusal(), refused(400, "expired_token"));
        let pending = begin(&app, &[]).await;
        app.at.clock.advance(Span::micros(600_000_000 - 1));
        assert_eq!(fetch(&app, &pending.text("device_code")).await.error(), "authorization_pending");
        app.at.clock.advance(Span::micros(1));
        assert_eq!(fetch(&app, &pending.text("device_code")).await.error(), "expired_token");
        let mut browser = app.browser();
        assert_eq!(enter(&mut browser, &pending.text("user_code")).await, "/device", "nothing waits any more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_device_may_not_ask_for_is_refused_at_once() {
    let app = sqlite().await;
    #[expect(clippy::type_complexity, reason = "a table")]
    let table: &[(&[(&str, &str)], u16, &str)] = &[
        (&[("scope", "")], 400, "invalid_scope"),
        (&[("scope", "openid vn_family")], 400, "invalid_scope"),
        (&[("scope", "openid"), ("max_age", "x")], 400, "invalid_request"),
        (&[("scope", "openid"), ("scope", "openid")], 400, "invalid_request"),
        (&[("scope", "openid"), ("claims", "{")], 400, "invalid_request"),
    ];
    for (fields, status, error) in table {
        let answer = as_desk(&app, "/device_authorization", fields).await;
        assert_eq!(answer.refusal(), refused(*status, error), "{fields:?}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let form = [("scope", "openid")];
    let unregistered = app.post_as_portal("/device_authorization", &form).await;
    assert_eq!(unregistered.refusal(), refused(400, "unauthorized_client"));
    let wrong = app.post("/device_authorization", &[("authorization", &basic(DESK, OTHER_SECRET))], &form).await;
    assert_eq!(wrong.refusal(), refused(401, "invalid_client"));
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
    let as_public = [form[0], ("client_id", DESK)];
    assert_eq!(app.post("/device_authorization", &[], &as_public).await.refusal(), refused(401, "invalid_client"));
    assert_eq!(app.get("/device_authorization", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let put = Request::builder().method(Method::PUT).uri("/device").body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.send(put).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_types_is_judged_kindly_and_guessing_has_an_end() {
    let app = sqlite().await;
    let holder = app.holder().await;
    let begun = begin(&app, &[]).await;
    let mut browser = app.browser();
    for (typed, told) in [
        ("", "Hãy nhập mã trên màn hình thiết bị."),
        ("WDJB", "Mã gồm tám chữ cái."),
        ("AEIO-AEIO", "Mã gồm tám chữ cái."),
        ("WDJB-MJHT", "Không có thiết bị nào đang chờ với mã này."),
    ] {
        assert_eq!(enter(&mut browser, typed).await, "/device");
        let page = browser.get("/device").await;
        assert!(page.body.contains(told), "{typed}: {}", page.body);
    }
    let page = browser.get("/device").await;
    let foreign = browser.post("/device", &[("csrf", "x"), ("user_code", &begun.text("user_code"))]).await;
    assert!(foreign.status != StatusCode::SEE_OTHER, "{:?}", foreign.status);
    assert!(hidden(&page.body, "csrf").is_some());

    // Who is signed in guesses ten times, then not even the right code helps for a minute.
    let own = begin(&app, &[]).await;
    let interaction = enter(&mut browser, &own.text("user_code")).await;
    browser.walk(&interaction, &holder).await;
    for _ in 0..10 {
        assert_eq!(enter(&mut browser, "BBBB-BBBB").await, "/device");
    }
    assert_eq!(enter(&mut browser, &begun.text("user_code")).await, "/device");
    assert!(browser.get("/device").await.body.contains("Bạn đã thử quá nhiều lần"));
    app.at.clock.advance(Span::minutes(1));
    assert!(enter(&mut browser, &begun.text("user_code")).await.starts_with("/sign-in?i="));
    assert_eq!(app.at.audited("device.code_unknown", "refused").await, 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_a_person_a_session_or_a_client_ends_the_approval() {
    const DEAD: &str = "UPDATE person SET vital = 'dead', version = version + 1";
    const ENDED: &str = "UPDATE session SET ended_at = created_at, version = version + 1";
    const LOCKED: &str = "INSERT INTO account_lock (account_id, reason, since, actor, note) \
                          SELECT id, 'SELF', created_at, 'person', '' FROM account";
    const UNFINISHED: &str = "UPDATE account SET state = 'issued', version = version + 1";
    for sql in [DEAD, ENDED, LOCKED, UNFINISHED] {
        for app in each().await {
            let holder = app.holder().await;
            let begun = begin(&app, &[]).await;
            approve(&app, &holder, &begun.text("user_code")).await;
            app.at.change(sql).await;
            let answer = fetch(&app, &begun.text("device_code")).await;
            assert_eq!(answer.refusal(), refused(400, "invalid_grant"), "{sql}");
        }
    }
    let app = sqlite().await;
    let holder = app.holder().await;
    let begun = begin(&app, &[]).await;
    let waiting = begin(&app, &[]).await;
    approve(&app, &holder, &begun.text("user_code")).await;
    app.at.change("UPDATE client SET state = 'disabled', version = version + 1 WHERE client_id = 'desk'").await;
    app.at.provider.clients.forget();
    assert_eq!(fetch(&app, &begun.text("device_code")).await.refusal(), refused(401, "invalid_client"));
    assert_eq!(enter(&mut app.browser(), &waiting.text("user_code")).await, "/device");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_polls_at_once_one_gets_the_tokens() {
    for app in each().await {
        let holder = app.holder().await;
        let begun = begin(&app, &[]).await;
        approve(&app, &holder, &begun.text("user_code")).await;
        let code = begun.text("device_code");
        let answers = join_all((0..32).map(|_| fetch(&app, &code))).await;
        let issued = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(issued, 1);
        assert!(answers.iter().filter(|a| a.status != StatusCode::OK).all(|a| a.error() == "invalid_grant"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_decision_stands() {
    for app in each().await {
        let holder = app.holder().await;
        let begun = begin(&app, &[]).await;
        let code = begun.text("user_code");
        let (mut one, mut other) = (app.browser(), app.browser());
        let (first, second) = (enter(&mut one, &code).await, enter(&mut other, &code).await);
        assert_ne!(first, second);
        // The other stands before the question when the first has answered.
        let at_consent = walk_to_consent(&mut other, &second, &holder).await;
        assert_eq!(one.walk(&first, &holder).await, "/device/approved");
        let late = other.submit(&second, &at_consent, &[("action", "agree")]).await;
        let to = late.location().to_owned();
        assert_eq!(other.get(&to).await.location(), "/device/late");
        assert_eq!(fetch(&app, &begun.text("device_code")).await.status, StatusCode::OK);
    }
}

async fn walk_to_consent(browser: &mut Browser<'_>, path: &str, holder: &Holder) -> Answer {
    for _ in 0..9 {
        let page = browser.get(path).await;
        if page.body.contains("value=\"agree\"") {
            return page;
        }
        browser.fill(path, &page, holder).await;
    }
    panic!("no consent page")
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_it() {
    let app = sqlite().await;
    let document = app.get("/.well-known/openid-configuration", &[]).await.json();
    assert_eq!(document["device_authorization_endpoint"], json!(format!("{ISSUER}/device_authorization")));
    let grants: Vec<&str> =
        document["grant_types_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(grants.contains(&GRANT), "{grants:?}");
}
