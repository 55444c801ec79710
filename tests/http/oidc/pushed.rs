//! Pushed authorization requests (RFC 9126) as clients and browsers meet them.

use dinhdanh::base::Span;
use http::StatusCode;
use serde_json::json;

use crate::support::{
    app::{
        Answer, CALLBACK, ISSUER, OTHER, OTHER_CALLBACK, OTHER_SECRET, PHONE_APP, PHONE_APP_CALLBACK, PORTAL,
        PORTAL_SECRET, TestApp, authorize, basic, encoded, query_of,
    },
    signer::Signer,
};

/// The parameters of a good request of [`PORTAL`]; an empty value takes one away.
fn fields(more: &[(&str, &str)]) -> Vec<(String, String)> {
    let asked = authorize(more);
    url::form_urlencoded::parse(asked.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

async fn push(app: &TestApp, more: &[(&str, &str)]) -> Answer {
    app.post_as_portal("/par", &borrowed(&fields(more))).await
}

async fn pushed(app: &TestApp, more: &[(&str, &str)]) -> String {
    let answer = push(app, more).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    answer.text("request_uri")
}

fn opened(client: &str, request_uri: &str) -> String {
    format!("/authorize?{}", encoded(&[("client_id", client), ("request_uri", request_uri)]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_becomes_a_code_and_nothing_in_the_browser_changes_it() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let answer = push(&app, &[("scope", "openid phone"), ("state", "pushed state")]).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.json()["expires_in"], 90);
        let request_uri = answer.text("request_uri");
        assert!(request_uri.starts_with("urn:ietf:params:oauth:request_uri:ddp_"), "{request_uri}");
        // RFC 9126 §4, RFC 9101 §5: what stands beside the reference is ignored.
        let tampered =
            encoded(&[("scope", "openid profile"), ("state", "x"), ("redirect_uri", "https://evil.example/")]);
        let start = format!("{}&{tampered}", opened(PORTAL, &request_uri));
        let back = query_of(&app.browser().walk(&start, &holder).await);
        assert_eq!((back["state"].as_str(), back["iss"].as_str()), ("pushed state", ISSUER));
        let tokens = app.redeem(&back["code"]).await;
        assert_eq!(tokens.text("scope"), "openid phone");
        assert_eq!(app.at.audited("authorize.pushed", "done").await, 1);
        // The code was its end.
        let again = app.browser().get(&opened(PORTAL, &request_uri)).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_share_it_until_one_of_them_is_answered() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let request_uri = pushed(&app, &[]).await;
        let start = opened(PORTAL, &request_uri);
        let mut browser = app.browser();
        let first = browser.get(&start).await.location().to_owned();
        // A reload, long after the 90 seconds: the sign-in that it began still stands.
        app.at.clock.advance(Span::minutes(5));
        let second = browser.get(&start).await.location().to_owned();
        assert_ne!(first, second);
        assert!(browser.walk(&first, &holder).await.contains("code="));
        // The other tab gives no second code: its page says that the request was answered.
        let other = browser.get(&second).await;
        let page = if other.status == StatusCode::SEE_OTHER { browser.get(&second).await } else { other };
        assert!(page.status != StatusCode::SEE_OTHER && !page.body.contains("code="), "{}", page.body);
        assert_eq!(browser.get(&start).await.status, StatusCode::BAD_REQUEST);
        assert_eq!(app.at.audited("authorize.granted", "done").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_over_after_its_time_and_of_one_client_only() {
    for app in TestApp::each().await {
        let request_uri = pushed(&app, &[]).await;
        let foreign = app.browser().get(&opened(OTHER, &request_uri)).await;
        assert_eq!(foreign.status, StatusCode::BAD_REQUEST);
        // The stranger's try used nothing up.
        assert_eq!(app.browser().get(&opened(PORTAL, &request_uri)).await.status, StatusCode::SEE_OTHER);
        let request_uri = pushed(&app, &[]).await;
        app.at.clock.advance(Span::secs(90));
        assert_eq!(app.browser().get(&opened(PORTAL, &request_uri)).await.status, StatusCode::BAD_REQUEST);
        let request_uri = pushed(&app, &[]).await;
        app.at.clock.advance(Span::secs(89));
        assert_eq!(app.browser().get(&opened(PORTAL, &request_uri)).await.status, StatusCode::SEE_OTHER);
        // Each cut, flipped and made-up reference.
        let fresh = pushed(&app, &[]).await;
        let cut = &fresh[..fresh.len() - 1];
        for wrong in [cut, &format!("{fresh}A"), &fresh.replace("ddp_", "ddc_"), "urn:ietf:params:oauth:request_uri:"] {
            let answer = app.browser().get(&opened(PORTAL, wrong)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let twice = format!("{}&{}", opened(PORTAL, &fresh), encoded(&[("request_uri", &fresh)]));
        assert_eq!(app.browser().get(&twice).await.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_final_error_is_its_end_too() {
    for app in TestApp::each().await {
        let request_uri = pushed(&app, &[("prompt", "none")]).await;
        let start = opened(PORTAL, &request_uri);
        let back = app.browser().get(&start).await;
        assert_eq!(query_of(back.location())["error"], "login_required");
        assert_eq!(app.browser().get(&start).await.status, StatusCode::BAD_REQUEST);
        // By POST it is stored and gone on with as any other.
        let request_uri = pushed(&app, &[]).await;
        let posted = app.browser().post("/authorize", &[("client_id", PORTAL), ("request_uri", &request_uri)]).await;
        assert!(posted.location().starts_with("/sign-in?i="));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_to_authenticate_is_a_way_to_push() {
    for app in TestApp::each().await {
        let asked = fields(&[]);
        // `client_id` only in the header.
        let unnamed: Vec<_> = borrowed(&asked).into_iter().filter(|(name, _)| *name != "client_id").collect();
        assert_eq!(app.post_as_portal("/par", &unnamed).await.status, StatusCode::CREATED);

        let public = fields(&[("client_id", PHONE_APP), ("redirect_uri", PHONE_APP_CALLBACK)]);
        assert_eq!(app.post("/par", &[], &borrowed(&public)).await.status, StatusCode::CREATED);

        let signer = Signer::new("k1");
        let metadata = json!({
            "redirect_uris": ["https://signing.example/cb"], "token_endpoint_auth_method": "private_key_jwt",
            "jwks": {"keys": [signer.jwk()]},
        });
        app.add_client("signing", None, metadata).await;
        let assertion = signer.assertion("signing", ISSUER, "j1", app.at.now());
        let of_signing = fields(&[
            ("client_id", "signing"),
            ("redirect_uri", "https://signing.example/cb"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ]);
        assert_eq!(app.post("/par", &[], &borrowed(&of_signing)).await.status, StatusCode::CREATED);
        // The same assertion again.
        let replayed = app.post("/par", &[], &borrowed(&of_signing)).await;
        assert_eq!(replayed.refusal(), (401, "invalid_client".to_owned()));
        // No secret and no assertion is kept.
        let kept = app.at.count("SELECT count(*) FROM pushed_request WHERE CAST(request AS TEXT) LIKE '%assertion%'");
        assert_eq!(kept.await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_prove_who_it_is_pushes_nothing() {
    let app = TestApp::sqlite().await;
    let asked = fields(&[]);
    let wrong = app.post("/par", &[("authorization", &basic(PORTAL, OTHER_SECRET))], &borrowed(&asked)).await;
    assert_eq!(wrong.refusal(), (401, "invalid_client".to_owned()));
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
    let unproven = app.post("/par", &[], &borrowed(&asked)).await;
    assert_eq!(unproven.refusal(), (401, "invalid_client".to_owned()));
    let of_another = app.post("/par", &[("authorization", &basic(OTHER, OTHER_SECRET))], &borrowed(&asked)).await;
    assert_eq!(of_another.refusal(), (400, "invalid_request".to_owned()));
    let got = app.get("/par", &[("authorization", &basic(PORTAL, PORTAL_SECRET))]).await;
    assert_eq!((got.status.as_u16(), got.header("allow")), (405, Some("POST")));
    assert_eq!(app.at.count("SELECT count(*) FROM pushed_request").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_is_told_in_json_when_the_request_is_pushed() {
    let app = TestApp::sqlite().await;
    let table: &[(&str, &str, &str)] = &[
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("redirect_uri", "https://evil.example/cb", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "openid vn_id", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("claims", "[]", "invalid_request"),
        ("response_mode", "web_message", "invalid_request"),
        ("registration", "{}", "registration_not_supported"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:ddp_x", "invalid_request"),
        ("request_uri", "https://portal.example/request.jwt", "invalid_request"),
    ];
    for (name, value, error) in table {
        let answer = push(&app, &[(name, value)]).await;
        assert_eq!(answer.refusal(), (400, (*error).to_owned()), "{name}={value}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    let mut twice = fields(&[]);
    twice.push(("state".to_owned(), "another".to_owned()));
    assert_eq!(app.post_as_portal("/par", &borrowed(&twice)).await.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(app.at.count("SELECT count(*) FROM pushed_request").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_must_push_is_refused_without() {
    for app in TestApp::each().await {
        let metadata = json!({
            "redirect_uris": ["https://bank.example/cb"], "require_pushed_authorization_requests": true,
        });
        app.add_client("bank", Some(PORTAL_SECRET), metadata).await;
        let of_bank = [("client_id", "bank"), ("redirect_uri", "https://bank.example/cb")];
        let back = app.browser().get(&authorize(&of_bank)).await;
        assert_eq!(query_of(back.location())["error"], "invalid_request");
        let header = basic("bank", PORTAL_SECRET);
        let answer = app.post("/par", &[("authorization", &header)], &borrowed(&fields(&of_bank))).await;
        let start = opened("bank", &answer.text("request_uri"));
        assert_eq!(app.browser().get(&start).await.status, StatusCode::SEE_OTHER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_opens_nothing_else() {
    let app = TestApp::sqlite().await;
    let request_uri = pushed(&app, &[]).await;
    let token = request_uri.rsplit(':').next().unwrap();
    let code = [("grant_type", "authorization_code"), ("code", token), ("redirect_uri", CALLBACK)];
    assert_eq!(app.post_as_portal("/token", &code).await.refusal(), (400, "invalid_grant".to_owned()));
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token)];
    assert_eq!(app.post_as_portal("/token", &refresh).await.refusal(), (400, "invalid_grant".to_owned()));
    let bearer = format!("Bearer {token}");
    assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.refusal().0, 401);
    assert_eq!(app.post_as_portal("/introspect", &[("token", token)]).await.json(), json!({"active": false}));
    // Two clients with the same parameters: a reference each, and neither is the other's.
    let other = fields(&[("client_id", OTHER), ("redirect_uri", OTHER_CALLBACK)]);
    let answer = app.post("/par", &[("authorization", &basic(OTHER, OTHER_SECRET))], &borrowed(&other)).await;
    assert_ne!(answer.text("request_uri"), request_uri);
}
