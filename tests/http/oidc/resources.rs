//! Resource indicators (RFC 8707): whom an access token is for, under which name it knows the person, and whom it opens nothing.

use serde_json::{Value, json};

use crate::support::app::{
    Answer, Holder, ISSUER, OTHER, OTHER_SECRET, PORTAL_SECRET, TestApp, VERIFIER, authorize, basic, encoded, payload,
    query_of,
};

const RP: &str = "caller";
const RP_CALLBACK: &str = "https://caller.example/cb";
const HEALTH: &str = "https://api.health.example/v1";
const RECORDS: &str = "https://api.health.example/records";
const LAND: &str = "https://api.land.example/";
/// Named by the caller and served by nobody.
const GONE: &str = "https://api.gone.example/";

/// Two resource servers, each of its own sector, and a client that may call them.
async fn set_up(app: &TestApp) {
    let server = |host: &str, uris: &[&str]| {
        json!({ "redirect_uris": [format!("https://{host}/cb")], "resource_uris": uris,
            "client_name": host, "grant_types": ["authorization_code", "client_credentials"] })
    };
    app.add_client("health", Some(PORTAL_SECRET), server("health.example", &[HEALTH, RECORDS])).await;
    app.add_client("land", Some(OTHER_SECRET), server("land.example", &[LAND])).await;
    let caller = json!({
        "redirect_uris": [RP_CALLBACK], "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid profile reports:read",
        "resources": { HEALTH: "health", RECORDS: "health", LAND: "land", GONE: "land" },
    });
    app.add_client(RP, Some(PORTAL_SECRET), caller).await;
}

fn start(resources: &[&str]) -> String {
    let asked = authorize(&[("client_id", RP), ("redirect_uri", RP_CALLBACK)]);
    let more: Vec<_> = resources.iter().map(|uri| ("resource", *uri)).collect();
    format!("{asked}&{}", encoded(&more))
}

async fn code(app: &TestApp, holder: &Holder, resources: &[&str]) -> String {
    query_of(&app.browser().walk(&start(resources), holder).await).remove("code").unwrap()
}

async fn token(app: &TestApp, fields: &[(&str, &str)], resources: &[&str]) -> Answer {
    let mut all = fields.to_vec();
    all.extend(resources.iter().map(|uri| ("resource", *uri)));
    app.post("/token", &[("authorization", &basic(RP, PORTAL_SECRET))], &all).await
}

async fn redeem(app: &TestApp, code: &str, resources: &[&str]) -> Answer {
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", RP_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    token(app, &fields, resources).await
}

async fn introspected(app: &TestApp, client: &str, secret: &str, access: &str) -> Value {
    app.post("/introspect", &[("authorization", &basic(client, secret))], &[("token", access)]).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_the_resource_and_knows_the_person_by_its_sectors_name() {
    for app in TestApp::each().await {
        set_up(&app).await;
        let holder = app.holder().await;
        let tokens = redeem(&app, &code(&app, &holder, &[HEALTH, RECORDS]).await, &[]).await;
        let access = tokens.text("access_token");
        let (claims, id_token) = (payload(&access), payload(&tokens.text("id_token")));
        assert_eq!(claims["aud"], json!([RECORDS, HEALTH]));
        assert_ne!(claims["sub"], id_token["sub"], "another sector, another name");
        assert!(claims.get("sid").is_none(), "and none of the client's for the session: {claims}");
        // The same name that the server itself knows.
        let of_server = authorize(&[("client_id", "health"), ("redirect_uri", "https://health.example/cb")]);
        let back = query_of(&app.browser().walk(&of_server, &holder).await);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back["code"].as_str()),
            ("redirect_uri", "https://health.example/cb"),
            ("code_verifier", VERIFIER),
        ];
        let own = app.post("/token", &[("authorization", &basic("health", PORTAL_SECRET))], &fields).await;
        assert_eq!(payload(&own.text("id_token"))["sub"], claims["sub"]);

        // The server learns of it, the client too, a stranger and the other server do not; and it opens nothing of ours.
        let seen = introspected(&app, "health", PORTAL_SECRET, &access).await;
        assert_eq!((&seen["active"], &seen["sub"], &seen["client_id"]), (&json!(true), &claims["sub"], &json!(RP)));
        assert_eq!(introspected(&app, RP, PORTAL_SECRET, &access).await["active"], true);
        for (stranger, secret) in [("land", OTHER_SECRET), (OTHER, OTHER_SECRET)] {
            assert_eq!(introspected(&app, stranger, secret, &access).await, json!({ "active": false }), "{stranger}");
        }
        let bearer = format!("Bearer {access}");
        let userinfo = app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(userinfo.refusal(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn token_requests_choose_among_what_was_authorized() {
    for app in TestApp::each().await {
        set_up(&app).await;
        let holder = app.holder().await;
        let code = code(&app, &holder, &[HEALTH, LAND, ISSUER]).await;
        // Two sectors in one token would tell each the other's name.
        for wrong in
            [&[][..], &[HEALTH, LAND], &[HEALTH, ISSUER], &[RECORDS], &[GONE], &["https://x.example/"], &["/v1"]]
        {
            assert_eq!(redeem(&app, &code, wrong).await.refusal(), (400, "invalid_target".to_owned()), "{wrong:?}");
        }
        let tokens = redeem(&app, &code, &[HEALTH]).await;
        let health = payload(&tokens.text("access_token"));
        assert_eq!(health["aud"], HEALTH);

        let mut refresh = tokens.text("refresh_token");
        for (resource, same_name) in [(LAND, false), (HEALTH, true), (ISSUER, false)] {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
            let wider = token(&app, &fields, &[RECORDS]).await;
            assert_eq!(wider.refusal(), (400, "invalid_target".to_owned()));
            let again = token(&app, &fields, &[resource]).await;
            let claims = payload(&again.text("access_token"));
            assert_eq!(claims["aud"], resource);
            assert_eq!(claims["sub"] == health["sub"], same_name, "{resource}");
            assert_eq!(claims.get("sid").is_some(), resource == ISSUER, "{claims}");
            if resource == ISSUER {
                let bearer = format!("Bearer {}", again.text("access_token"));
                assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, 200);
            }
            refresh = again.text("refresh_token");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_names_only_what_both_sides_registered() {
    for app in TestApp::each().await {
        set_up(&app).await;
        // Not the caller's, served by nobody, no absolute URI, a fragment.
        for wrong in ["https://x.example/", GONE, "/v1", "https://api.health.example/v1#x"] {
            let back = app.browser().get(&start(&[wrong])).await;
            assert_eq!(query_of(back.location())["error"], "invalid_target", "{wrong}");
            let mut pushed: Vec<(String, String)> = url::form_urlencoded::parse(
                authorize(&[("client_id", RP), ("redirect_uri", RP_CALLBACK)]).split_once('?').unwrap().1.as_bytes(),
            )
            .into_owned()
            .collect();
            pushed.push(("resource".to_owned(), wrong.to_owned()));
            let fields: Vec<_> = pushed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = app.post("/par", &[("authorization", &basic(RP, PORTAL_SECRET))], &fields).await;
            assert_eq!(answer.refusal(), (400, "invalid_target".to_owned()), "{wrong}");
        }
        // A client that registered none may name the service itself and nothing else.
        let own = authorize(&[("resource", ISSUER), ("prompt", "none")]);
        assert_eq!(query_of(app.browser().get(&own).await.location())["error"], "login_required");
        let other = authorize(&[("resource", HEALTH), ("prompt", "none")]);
        assert_eq!(query_of(app.browser().get(&other).await.location())["error"], "invalid_target");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_for_itself_names_them_too_and_consent_covers_them() {
    for app in TestApp::each().await {
        set_up(&app).await;
        let own = token(&app, &[("grant_type", "client_credentials")], &[HEALTH, LAND]).await;
        let claims = payload(&own.text("access_token"));
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!([HEALTH, LAND]), &json!(RP)));
        // Whoever serves only one of them is told nothing: the token is others' too.
        let seen = introspected(&app, "health", PORTAL_SECRET, &own.text("access_token")).await;
        assert_eq!(seen, json!({ "active": false }));
        let wrong = token(&app, &[("grant_type", "client_credentials")], &[GONE]).await;
        assert_eq!(wrong.refusal(), (400, "invalid_target".to_owned()));

        let holder = app.holder().await;
        let mut browser = app.browser();
        browser.walk(&start(&[HEALTH]), &holder).await;
        // Remembered for this resource, asked anew for another.
        let quietly = format!("{}&prompt=none", start(&[HEALTH]));
        assert!(browser.get(&quietly).await.location().contains("code="));
        let wider = format!("{}&prompt=none", start(&[HEALTH, LAND]));
        assert_eq!(query_of(browser.get(&wider).await.location())["error"], "consent_required");
        let page = browser.get(&start(&[LAND])).await;
        let shown = browser.get(page.location()).await;
        assert!(shown.body.contains("land.example"), "{}", shown.body);
    }
}
