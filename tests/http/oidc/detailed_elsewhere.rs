//! `resource` (RFC 8707) and `authorization_details` (RFC 9396) of requests that a person answers elsewhere: device authorization
//! and backchannel authentication, from the request to the tokens.

use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, Browser, Holder, ISSUER, OTHER_SECRET, PORTAL_SECRET, TestApp, basic, payload},
    elsewhere::{self, CIBA, DEVICE},
    people::NUMBER,
};

const DESK: &str = "desk";
const HEALTH: &str = "https://api.health.example/v1";
const LAND: &str = "https://api.land.example/";
/// Registered by the client and served by nobody.
const GONE: &str = "https://api.gone.example/";

fn metadata(more: &Value) -> Value {
    let mut all = json!({
        "client_name#vi": "Tổng đài", "purpose#vi": "Hỗ trợ qua điện thoại", "grant_types": [DEVICE, CIBA, "refresh_token"],
        "response_types": [], "scope": "openid profile", "backchannel_token_delivery_mode": "poll",
        "authorization_details_types": ["identity_check", "delegation"],
        "resources": { HEALTH: "health", LAND: "land", GONE: "land" },
    });
    all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    all
}

async fn set_up(app: &TestApp, more: &Value) -> Holder {
    let server = |host: &str, uri: &str| json!({ "redirect_uris": [format!("https://{host}/cb")], "resource_uris": [uri], "client_name": host });
    app.add_client("health", Some(PORTAL_SECRET), server("health.example", HEALTH)).await;
    app.add_client("land", Some(OTHER_SECRET), server("land.example", LAND)).await;
    app.add_client(DESK, Some(PORTAL_SECRET), metadata(more)).await;
    app.holder().await
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Device,
    Backchannel,
}

async fn post(app: &TestApp, path: &str, fields: &[(&str, &str)]) -> Answer {
    app.post(path, &[("authorization", &basic(DESK, PORTAL_SECRET))], fields).await
}

async fn ask(app: &TestApp, way: Way, more: &[(&str, &str)]) -> Answer {
    let own = match way {
        Way::Device => vec![("scope", "openid profile")],
        Way::Backchannel => vec![("scope", "openid profile"), ("login_hint", NUMBER)],
    };
    let path = match way {
        Way::Device => "/device_authorization",
        Way::Backchannel => "/backchannel_authentication",
    };
    post(app, path, &[&own, more].concat()).await
}

/// The page of the interaction in which the person answers.
async fn open(browser: &mut Browser<'_>, way: Way, begun: &Answer, holder: &Holder) -> String {
    match way {
        Way::Device => elsewhere::enter(browser, &begun.text("user_code")).await,
        Way::Backchannel => elsewhere::open(browser, holder).await,
    }
}

async fn fetch(app: &TestApp, way: Way, begun: &Answer, more: &[(&str, &str)]) -> Answer {
    let (grant, name) = match way {
        Way::Device => (DEVICE, "device_code"),
        Way::Backchannel => (CIBA, "auth_req_id"),
    };
    let handle = begun.text(if way == Way::Device { "device_code" } else { "auth_req_id" });
    let fields = [&[("grant_type", grant), (name, handle.as_str())][..], more].concat();
    post(app, "/token", &fields).await
}

fn details() -> String {
    json!([
        {"type": "identity_check", "procedure": "1.004222", "fields": {"name": "Nguyễn Văn Thử", "birthdate": "1990-01-01"}},
        {"type": "delegation", "procedure": "1.004222", "actions": ["submit"]},
    ])
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_shown_agreed_to_and_carried() {
    for app in TestApp::each().await {
        let holder = set_up(&app, &json!({})).await;
        for way in [Way::Device, Way::Backchannel] {
            let details = details();
            let more = [("resource", HEALTH), ("resource", LAND), ("authorization_details", details.as_str())];
            let begun = ask(&app, way, &more).await;
            assert_eq!(begun.status, StatusCode::OK, "{way:?}: {}", begun.body);
            let mut browser = app.browser();
            let interaction = open(&mut browser, way, &begun, &holder).await;
            // Everything but the agreement, and then the page as it is shown.
            let mut shown = browser.get(&interaction).await;
            while !shown.body.contains("value=\"agree\"") {
                browser.fill(&interaction, &shown, &holder).await;
                shown = browser.get(&interaction).await;
            }
            for words in ["health.example", "land.example", "1.004222", "Nguyễn Văn Thử", "nộp hồ sơ"] {
                assert!(shown.body.contains(words), "{way:?} {words}: {}", shown.body);
            }
            assert_eq!(browser.walk(&interaction, &holder).await, "/device/approved");
            // Two sectors are two tokens, as with a code.
            let both = fetch(&app, way, &begun, &[]).await;
            assert_eq!(both.refusal(), (400, "invalid_target".to_owned()), "{way:?}");
            let other = fetch(&app, way, &begun, &[("resource", "https://x.example/")]).await;
            assert_eq!(other.refusal(), (400, "invalid_target".to_owned()), "{way:?}");
            let wider = json!([{"type": "delegation", "procedure": "1.004222", "actions": ["withdraw"]}]).to_string();
            let wider = fetch(&app, way, &begun, &[("resource", HEALTH), ("authorization_details", &wider)]).await;
            assert_eq!(wider.refusal(), (400, "invalid_authorization_details".to_owned()), "{way:?}");
            let tokens = fetch(&app, way, &begun, &[("resource", HEALTH)]).await;
            assert_eq!(tokens.status, StatusCode::OK, "{way:?}: {}", tokens.body);
            let claims = payload(&tokens.text("access_token"));
            assert_eq!(claims["aud"], json!(HEALTH));
            assert_eq!(claims["authorization_details"].as_array().unwrap().len(), 2, "{claims}");
            let told = &tokens.json()["authorization_details"];
            assert_eq!(told[0]["results"], json!({"name": "yes", "birthdate": "no"}), "{way:?}: {told}");
            // And the other one by refreshing, with one of the details.
            let one = json!([{"type": "delegation", "procedure": "1.004222", "actions": ["submit"]}]).to_string();
            let refresh = tokens.text("refresh_token");
            let fields = [
                ("grant_type", "refresh_token"),
                ("refresh_token", refresh.as_str()),
                ("resource", LAND),
                ("authorization_details", one.as_str()),
            ];
            let again = post(&app, "/token", &fields).await;
            let claims = payload(&again.text("access_token"));
            assert_eq!((&claims["aud"], claims["authorization_details"].as_array().unwrap().len()), (&json!(LAND), 1));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_client_may_not_name_is_refused_at_once() {
    for app in TestApp::each().await {
        set_up(&app, &json!({"authorization_details_types": ["delegation"]})).await;
        let check = details();
        for way in [Way::Device, Way::Backchannel] {
            for (name, value, error) in [
                ("resource", "https://x.example/", "invalid_target"),
                ("resource", GONE, "invalid_target"),
                ("resource", "/v1", "invalid_target"),
                ("authorization_details", check.as_str(), "invalid_authorization_details"),
                ("authorization_details", "[]", "invalid_authorization_details"),
            ] {
                let answer = ask(&app, way, &[(name, value)]).await;
                assert_eq!(answer.refusal(), (400, error.to_owned()), "{way:?} {value}");
            }
            assert_eq!(ask(&app, way, &[("resource", ISSUER)]).await.status, StatusCode::OK, "{way:?}");
        }
    }
}

/// One push brings one token.
#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_for_those_who_know_the_person_by_one_name() {
    let app = TestApp::sqlite().await;
    let more = json!({
        "backchannel_token_delivery_mode": "push", "backchannel_client_notification_endpoint": "https://desk.example/n",
    });
    set_up(&app, &more).await;
    let token = ("client_notification_token", "8d67dc78-7faa-4d41-aabd-67707b374255");
    let two = ask(&app, Way::Backchannel, &[token, ("resource", HEALTH), ("resource", LAND)]).await;
    assert_eq!(two.refusal(), (400, "invalid_target".to_owned()));
    let with_us = ask(&app, Way::Backchannel, &[token, ("resource", HEALTH), ("resource", ISSUER)]).await;
    assert_eq!(with_us.refusal(), (400, "invalid_target".to_owned()));
    let one = ask(&app, Way::Backchannel, &[token, ("resource", HEALTH)]).await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.body);
}
