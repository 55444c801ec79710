//! A client's registration changes while its grants live: what it may not have any more is not given for what was granted before.

use dinhdanh::{
    crypto::opaque::digest_of_text,
    flows::register_clients::{Change, ChangeClients, Unchanged},
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::app::{
    Answer, Holder, OTHER_SECRET, PORTAL, PORTAL_SECRET, TestApp, VERIFIER, authorize, basic, encoded, payload,
    query_of,
};

const RP: &str = "office";
const CALLBACK: &str = "https://office.example/cb";
const HEALTH: &str = "https://api.health.example/v1";
const LAND: &str = "https://api.land.example/";

fn metadata(over: &Value) -> Value {
    let mut all = json!({
        "redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile phone", "authorization_details_types": ["identity_check", "delegation"],
        "resources": { HEALTH: "health", LAND: "land" },
    });
    all.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    all
}

fn server(host: &str, uris: &[&str]) -> Value {
    json!({ "redirect_uris": [format!("https://{host}/cb")], "resource_uris": uris, "client_name": host })
}

async fn set_up(app: &TestApp) -> Holder {
    app.add_client("health", Some(PORTAL_SECRET), server("health.example", &[HEALTH])).await;
    app.add_client("land", Some(OTHER_SECRET), server("land.example", &[LAND])).await;
    app.add_client(RP, Some(PORTAL_SECRET), metadata(&json!({}))).await;
    app.holder().await
}

async fn token(app: &TestApp, fields: &[(&str, &str)]) -> Answer {
    app.post("/token", &[("authorization", &basic(RP, PORTAL_SECRET))], fields).await
}

async fn code(app: &TestApp, holder: &Holder, more: &[(&str, &str)], resources: &[&str]) -> String {
    let mut asked = vec![("client_id", RP), ("redirect_uri", CALLBACK), ("scope", "openid profile phone")];
    asked.extend(more);
    let resources: Vec<_> = resources.iter().map(|uri| ("resource", *uri)).collect();
    let start = format!("{}&{}", authorize(&asked), encoded(&resources));
    query_of(&app.browser().walk(&start, holder).await).remove("code").unwrap()
}

async fn redeem(app: &TestApp, code: &str, more: &[(&str, &str)]) -> Answer {
    let fields =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    token(app, &[&fields[..], more].concat()).await
}

async fn refresh(app: &TestApp, token_text: &str, more: &[(&str, &str)]) -> Answer {
    token(app, &[&[("grant_type", "refresh_token"), ("refresh_token", token_text)][..], more].concat()).await
}

fn refused(error: &str) -> (u16, String) {
    (400, error.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn scopes_that_were_taken_away_are_not_given_again() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let claims = json!({"userinfo": {"phone_number": null}}).to_string();
        let tokens = redeem(&app, &code(&app, &holder, &[("claims", &claims)], &[]).await, &[]).await;
        assert_eq!(tokens.text("scope"), "openid profile phone", "{}", tokens.body);
        let late = code(&app, &holder, &[], &[]).await;
        app.change_client(RP, metadata(&json!({"scope": "openid profile"}))).await;

        // A token of before opens no more than its client may have; by a claim's name neither.
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let info = app.get("/userinfo", &[("authorization", &bearer)]).await.json();
        assert!(info.get("phone_number").is_none() && info["name"].is_string(), "{info}");
        let asked = refresh(&app, &tokens.text("refresh_token"), &[("scope", "openid phone")]).await;
        assert_eq!(asked.refusal(), refused("invalid_scope"));
        let again = refresh(&app, &tokens.text("refresh_token"), &[]).await;
        assert_eq!((again.status, again.text("scope").as_str()), (StatusCode::OK, "openid profile"), "{}", again.body);
        assert_eq!(payload(&again.text("access_token"))["scope"], json!("openid profile"));
        assert_eq!(redeem(&app, &late, &[]).await.text("scope"), "openid profile");

        // Nothing of it is left.
        app.change_client(RP, metadata(&json!({"scope": "email"}))).await;
        assert_eq!(refresh(&app, &again.text("refresh_token"), &[]).await.refusal(), refused("invalid_scope"));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn details_and_resources_that_were_taken_away_are_not_given_again() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let details = json!([
            {"type": "identity_check", "procedure": "1", "predicates": ["alive"]},
            {"type": "delegation", "procedure": "1", "actions": ["submit"]},
        ])
        .to_string();
        let of_code = code(&app, &holder, &[("authorization_details", &details)], &[HEALTH, LAND]).await;
        let tokens = redeem(&app, &of_code, &[("resource", HEALTH)]).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let other = code(&app, &holder, &[], &[HEALTH]).await;

        let fewer = json!({"authorization_details_types": ["delegation"], "resources": { LAND: "land" }});
        app.change_client(RP, metadata(&fewer)).await;
        let gone = refresh(&app, &tokens.text("refresh_token"), &[("resource", HEALTH)]).await;
        assert_eq!(gone.refusal(), refused("invalid_target"));
        let check = json!([{"type": "identity_check", "procedure": "1", "predicates": ["alive"]}]).to_string();
        let gone = refresh(&app, &tokens.text("refresh_token"), &[("authorization_details", &check)]).await;
        assert_eq!(gone.refusal(), refused("invalid_authorization_details"));
        let kept = refresh(&app, &tokens.text("refresh_token"), &[]).await;
        assert_eq!(kept.status, StatusCode::OK, "{}", kept.body);
        let claims = payload(&kept.text("access_token"));
        assert_eq!((&claims["aud"], claims["authorization_details"].as_array().unwrap().len()), (&json!(LAND), 1));
        // What was for one resource alone does not become a token for us.
        assert_eq!(redeem(&app, &other, &[]).await.refusal(), refused("invalid_target"));

        // Its server serves it no more; and then a server of another sector does.
        app.change_client("land", server("land.example", &[])).await;
        assert_eq!(refresh(&app, &kept.text("refresh_token"), &[]).await.refusal(), refused("invalid_target"));
        app.change_client("health", server("health.example", &[HEALTH, LAND])).await;
        app.change_client(RP, metadata(&json!({"resources": { LAND: "health" }}))).await;
        let moved = refresh(&app, &kept.text("refresh_token"), &[]).await;
        assert_eq!(moved.refusal(), refused("invalid_target"), "it would tell one agency the other's name");
    }
}

/// What the operator's commands do: an old secret is nobody's, and what a disabled client holds opens nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_was_changed_and_a_client_that_was_disabled_open_nothing() {
    for app in TestApp::each().await {
        let tokens = app.redeem(&app.code(&app.holder().await, "openid").await).await;
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        let own = [("grant_type", "client_credentials"), ("scope", "reports:read")];
        let with = async |secret: &str| app.post("/token", &[("authorization", &basic(PORTAL, secret))], &own).await;
        let change = async |change| {
            let done = app.at.provider.writer.submit(ChangeClients { change, now: app.at.now() }).await.unwrap();
            // As `cli::watch` tells it to each process.
            app.at.provider.clients.forget();
            done
        };
        assert_eq!(with(PORTAL_SECRET).await.status, StatusCode::OK);
        let digest = || digest_of_text(OTHER_SECRET).as_bytes().to_vec();
        change(Change::RotateSecret(PORTAL.into(), digest())).await.unwrap();
        assert_eq!(with(PORTAL_SECRET).await.refusal(), (401, "invalid_client".to_owned()));
        assert_eq!(with(OTHER_SECRET).await.status, StatusCode::OK);
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::OK);
        change(Change::Disable(PORTAL.into())).await.unwrap();
        assert_eq!(with(OTHER_SECRET).await.refusal(), (401, "invalid_client".to_owned()));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::UNAUTHORIZED);
        for unknown in [Change::RotateSecret("nobody".into(), digest()), Change::Disable("nobody".into())] {
            assert_eq!(change(unknown).await, Err(Unchanged::Unknown("nobody".into())));
        }
        for action in ["client.secret_rotated", "client.disabled"] {
            assert_eq!(app.at.audited(action, "done").await, 1, "{action}");
        }
    }
}
