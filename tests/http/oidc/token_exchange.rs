//! Token exchange (RFC 8693): who may act for whom, with how little, and for how long.

use dinhdanh::base::Span;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, Holder, ISSUER, TestApp, VERIFIER, authorize, basic, encoded, payload, query_of},
    signer::Signer,
};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// To whom people sign in and delegate.
const PORTAL: &str = "dvc";
const CALLBACK: &str = "https://dvc.example/cb";
/// Who acts, one after the other.
const DESK: &str = "mot-cua";
const ARCHIVE: &str = "kho-ho-so";
const SECRET: &str = "a-secret-of-all-clients-of-this-test";
const HEALTH: &str = "https://api.health.example/v1";
const RECORDS: &str = "https://api.health.example/records";

async fn set_up(app: &TestApp) -> Holder {
    let server = json!({ "redirect_uris": ["https://health.example/cb"], "resource_uris": [HEALTH, RECORDS] });
    app.add_client("health", Some(SECRET), server).await;
    let caller = |more: Value| {
        let mut metadata = json!({
            "grant_types": ["client_credentials", GRANT], "scope": "openid reports:read",
            "resources": { HEALTH: "health", RECORDS: "health" },
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    let portal = json!({
        "redirect_uris": [CALLBACK], "client_name#vi": "Cổng dịch vụ công",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials", GRANT],
        "scope": "openid profile offline_access reports:read reports:write",
        "authorization_details_types": ["delegation", "identity_check"], "delegates": [DESK, ARCHIVE, "gone"],
    });
    app.add_client(PORTAL, Some(SECRET), caller(portal)).await;
    app.add_client(DESK, Some(SECRET), caller(json!({ "client_name#vi": "Bộ phận Một cửa" }))).await;
    app.add_client(ARCHIVE, Some(SECRET), caller(json!({}))).await;
    app.holder().await
}

fn delegation(delegate: Option<&str>) -> Value {
    let mut value = json!({ "type": "delegation", "procedure": "1.004222", "actions": ["submit"] });
    if let Some(delegate) = delegate {
        value["delegate"] = delegate.into();
    }
    value
}

fn start(details: &Value, resources: &[&str]) -> String {
    let details = details.to_string();
    let scope = "openid profile offline_access reports:read";
    let mut asked = vec![("client_id", PORTAL), ("redirect_uri", CALLBACK), ("scope", scope), ("prompt", "consent")];
    if details != "null" {
        asked.push(("authorization_details", details.as_str()));
    }
    let more: Vec<_> = resources.iter().map(|uri| ("resource", *uri)).collect();
    format!("{}&{}", authorize(&asked), encoded(&more))
}

/// What the portal gets for a person who delegated.
async fn delegated(app: &TestApp, holder: &Holder, details: &Value, headers: &[(&str, &str)]) -> Answer {
    let back = query_of(&app.browser().walk(&start(details, &[HEALTH, RECORDS]), holder).await);
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", back["code"].as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let by = basic(PORTAL, SECRET);
    let mut all = vec![("authorization", by.as_str())];
    all.extend(headers);
    let answer = app.post("/token", &all, &fields).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer
}

/// A client's token for itself.
async fn own(app: &TestApp, client: &str) -> String {
    let fields = [("grant_type", "client_credentials"), ("resource", HEALTH)];
    app.post("/token", &[("authorization", &basic(client, SECRET))], &fields).await.text("access_token")
}

/// The exchange that is right, with fields laid over it; an empty value takes one away.
async fn exchange(app: &TestApp, client: &str, subject: &str, over: &[(&str, &str)]) -> Answer {
    let actor = own(app, client).await;
    exchange_with(app, client, (subject, &actor), over, &[]).await
}

async fn exchange_with(
    app: &TestApp,
    client: &str,
    (subject, actor): (&str, &str),
    over: &[(&str, &str)],
    headers: &[(&str, &str)],
) -> Answer {
    let mut fields = vec![
        ("grant_type", GRANT),
        ("subject_token", subject),
        ("subject_token_type", ACCESS_TOKEN),
        ("actor_token", actor),
        ("actor_token_type", ACCESS_TOKEN),
    ];
    fields.retain(|(name, _)| !over.iter().any(|(other, _)| other == name));
    fields.extend(over.iter().filter(|(_, value)| !value.is_empty()));
    let by = basic(client, SECRET);
    let mut all = vec![("authorization", by.as_str())];
    all.extend(headers);
    app.post("/token", &all, &fields).await
}

async fn seen_by(app: &TestApp, client: &str, token: &str) -> Value {
    app.post("/introspect", &[("authorization", &basic(client, SECRET))], &[("token", token)]).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delegate_acts_in_a_persons_name_and_says_so() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let tokens = delegated(&app, &holder, &json!([delegation(Some(DESK))]), &[]).await;
        let subject = tokens.text("access_token");
        let of = payload(&subject);
        assert_eq!(of["may_act"], json!({ "sub": DESK }));
        assert_eq!(of.get("act"), None);

        app.at.clock.advance(Span::minutes(4));
        let answer = exchange(&app, DESK, &subject, &[("requested_token_type", ACCESS_TOKEN)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let body = answer.json();
        assert_eq!((&body["issued_token_type"], &body["token_type"]), (&json!(ACCESS_TOKEN), &json!("Bearer")));
        assert_eq!((body.get("refresh_token"), body.get("id_token")), (None, None));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let claims = payload(&answer.text("access_token"));
        assert_eq!(claims["act"], json!({ "sub": DESK }));
        assert_eq!((&claims["client_id"], &claims["sub"]), (&json!(DESK), &of["sub"]));
        assert_eq!((&claims["aud"], &claims["acr"], &claims["auth_time"]), (&of["aud"], &of["acr"], &of["auth_time"]));
        assert_eq!(claims["authorization_details"], json!([delegation(Some(DESK))]));
        // Of the portal's scopes those that are the delegate's too, and never a longer life.
        assert_eq!((&claims["scope"], &body["scope"]), (&json!("openid reports:read"), &json!("openid reports:read")));
        assert_eq!(claims["exp"], of["exp"]);
        assert_eq!(body["expires_in"], claims["exp"].as_i64().unwrap() - app.at.now().secs());
        assert_eq!((claims.get("sid"), claims.get("may_act")), (None, None));

        // The server and the delegate learn who acts; the portal learns nothing of a token that is not its own.
        let token = answer.text("access_token");
        for client in ["health", DESK] {
            let seen = seen_by(&app, client, &token).await;
            assert_eq!((&seen["active"], &seen["act"]), (&json!(true), &json!({ "sub": DESK })), "{client}");
        }
        for client in [PORTAL, ARCHIVE] {
            assert_eq!(seen_by(&app, client, &token).await, json!({ "active": false }), "{client}");
        }
        let narrow = exchange(&app, DESK, &subject, &[("audience", RECORDS), ("scope", "reports:read")]).await;
        let claims = payload(&narrow.text("access_token"));
        assert_eq!((&claims["aud"], &claims["scope"]), (&json!(RECORDS), &json!("reports:read")));
        assert_eq!(app.at.audited("token.refused", "refused").await, 0);
    }
}

/// Who asks, with what over the right fields, and the error and words that it is told.
type Wrong<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn what_is_not_permitted_is_refused_by_the_specifications_errors() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let tokens = delegated(&app, &holder, &json!([delegation(Some(DESK))]), &[]).await;
        let subject = tokens.text("access_token");
        let narrow = exchange(&app, DESK, &subject, &[("audience", RECORDS), ("scope", "reports:read")]).await;
        let narrow = narrow.text("access_token");
        let (desks, archives) = (own(&app, DESK).await, own(&app, ARCHIVE).await);
        let refresh = tokens.text("refresh_token");
        let other =
            json!([{ "type": "delegation", "procedure": "9", "delegate": DESK, "actions": ["submit"] }]).to_string();
        let id_token = tokens.text("id_token");
        let cut = &subject[..subject.len() - 1];
        let table: &[Wrong<'_>] = &[
            (DESK, &[("actor_token", ""), ("actor_token_type", "")], "invalid_request", "impersonation is not offered"),
            (DESK, &[("actor_token_type", "")], "invalid_request", "actor_token_type is missing"),
            (DESK, &[("subject_token", "")], "invalid_request", "subject_token"),
            (DESK, &[("subject_token_type", "")], "invalid_request", "subject_token_type"),
            (
                DESK,
                &[("requested_token_type", "urn:ietf:params:oauth:token-type:id_token")],
                "invalid_request",
                ACCESS_TOKEN,
            ),
            (DESK, &[("subject_token", cut)], "invalid_request", "subject_token is expired, revoked or not"),
            (DESK, &[("subject_token", &id_token)], "invalid_request", "subject_token is expired, revoked or not"),
            (DESK, &[("subject_token", &refresh)], "invalid_request", "subject_token is expired, revoked or not"),
            (DESK, &[("subject_token", &desks)], "invalid_request", "subject_token is a client's own"),
            (DESK, &[("actor_token", &archives)], "invalid_request", "must be this client's own access token"),
            (DESK, &[("actor_token", &subject)], "invalid_request", "must be this client's own access token"),
            (DESK, &[("actor_token", "x")], "invalid_request", "actor_token is expired, revoked or not"),
            (ARCHIVE, &[], "invalid_request", "may_act of the subject_token names another client"),
            (PORTAL, &[], "invalid_request", "may_act of the subject_token names another client"),
            (DESK, &[("audience", "https://api.other.example/")], "invalid_target", "the subject token is not for"),
            (DESK, &[("audience", ISSUER)], "invalid_target", "the subject token is not for"),
            (DESK, &[("resource", "https://api.other.example/")], "invalid_target", "the subject token is not for"),
            (DESK, &[("resource", "/v1")], "invalid_target", "absolute URI"),
            (DESK, &[("scope", "reports:write")], "invalid_scope", "goes beyond the subject token's"),
            (DESK, &[("scope", "profile")], "invalid_scope", "not among this client's own"),
            (DESK, &[("scope", "offline_access")], "invalid_scope", "goes beyond the subject token's"),
            (
                DESK,
                &[("authorization_details", &other)],
                "invalid_authorization_details",
                "goes beyond what was granted",
            ),
            (
                DESK,
                &[("subject_token", &narrow), ("audience", HEALTH)],
                "invalid_target",
                "the subject token is not for",
            ),
            (
                DESK,
                &[("subject_token", &narrow), ("scope", "openid")],
                "invalid_scope",
                "goes beyond the subject token's",
            ),
            ("health", &[], "unauthorized_client", "not registered for this grant_type"),
        ];
        for (client, over, error, told) in table {
            let mut over = over.to_vec();
            if *client == "health" {
                over.push(("actor_token", &desks));
            }
            let actor = if *client == "health" { desks.clone() } else { own(&app, client).await };
            let answer = exchange_with(&app, client, (&subject, &actor), &over, &[]).await;
            assert_eq!(answer.refusal(), (400, (*error).to_owned()), "{client} {over:?}: {}", answer.body);
            assert!(answer.text("error_description").contains(told), "{client} {over:?}: {}", answer.body);
        }
        let audited = app.at.audited("token.refused", "refused").await;
        assert!(audited >= 15, "{audited}");

        // Whoever delegated nothing, or to the portal itself, gave nobody else a token.
        let nothing = delegated(&app, &holder, &Value::Null, &[]).await.text("access_token");
        for client in [DESK, PORTAL] {
            let answer = exchange(&app, client, &nothing, &[]).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
            assert!(answer.text("error_description").contains("delegated nothing to this client"), "{}", answer.body);
        }
        let to_portal = delegated(&app, &holder, &json!([delegation(None)]), &[]).await.text("access_token");
        assert_eq!(payload(&to_portal)["may_act"], json!({ "sub": PORTAL }));
        assert_eq!(exchange(&app, DESK, &to_portal, &[]).await.refusal().0, 400);
        let acting = exchange(&app, PORTAL, &to_portal, &[]).await;
        assert_eq!(payload(&acting.text("access_token"))["act"], json!({ "sub": PORTAL }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_is_for_whom_the_person_shared_with() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let details = json!([delegation(Some(DESK)), delegation(None)]);
        let back = query_of(&app.browser().walk(&start(&details, &[]), &holder).await);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back["code"].as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let subject = app.post("/token", &[("authorization", &basic(PORTAL, SECRET))], &fields).await;
        let subject = subject.text("access_token");
        let opened = async |token: &str| app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await;
        let desks = exchange(&app, DESK, &subject, &[]).await.text("access_token");
        assert_eq!(payload(&desks)["aud"], ISSUER);
        assert_eq!(opened(&desks).await.refusal(), (403, "insufficient_scope".to_owned()));
        let portals = exchange(&app, PORTAL, &subject, &[]).await.text("access_token");
        assert_eq!(opened(&portals).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_with_everything_that_it_stands_on() {
    const ENDS: [&str; 8] = [
        "UPDATE session SET ended_at = created_at, version = version + 1",
        "UPDATE grants SET revoked_at = created_at, version = version + 1",
        "UPDATE client SET state = 'disabled', version = version + 1 WHERE client_id = 'dvc'",
        "UPDATE client SET state = 'disabled', version = version + 1 WHERE client_id = 'mot-cua'",
        "UPDATE person SET vital = 'dead', version = version + 1",
        "INSERT INTO account_lock (account_id, reason, since, actor, note) \
         SELECT id, 'SELF', created_at, 'person', '' FROM account",
        "UPDATE card SET state = 'revoked'",
        "UPDATE account SET state = 'issued', version = version + 1",
    ];
    for (at, end) in ENDS.into_iter().enumerate() {
        for app in TestApp::each().await {
            let holder = set_up(&app).await;
            let subject = delegated(&app, &holder, &json!([delegation(Some(DESK))]), &[]).await.text("access_token");
            let actor = own(&app, DESK).await;
            let token = exchange_with(&app, DESK, (&subject, &actor), &[], &[]).await.text("access_token");
            if at == 0 {
                // Without `offline_access` it ends with the session.
                app.at.change("UPDATE grants SET offline = (1 = 0)").await;
            }
            app.at.change(end).await;
            app.at.provider.clients.forget();
            assert_eq!(seen_by(&app, "health", &token).await, json!({ "active": false }), "{end}");
            let again = exchange_with(&app, DESK, (&subject, &actor), &[], &[]).await;
            let expected = match at {
                3 => (401, "invalid_client"),
                4.. => (400, "invalid_grant"),
                _ => (400, "invalid_request"),
            };
            assert_eq!(again.refusal(), (expected.0, expected.1.to_owned()), "{end}: {}", again.body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_takes_along_what_was_exchanged_for_it() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let details = json!([delegation(Some(DESK)), delegation(Some(ARCHIVE))]);
        let tokens = delegated(&app, &holder, &details, &[]).await;
        let subject = tokens.text("access_token");
        assert_eq!(payload(&subject).get("may_act"), None, "two may act: each delegation says itself who");
        // The desk keeps the archive's delegation, so that the archive can act after it.
        let both = details.to_string();
        let desks = exchange(&app, DESK, &subject, &[("authorization_details", &both)]).await.text("access_token");
        assert_eq!(payload(&desks)["may_act"], json!({ "sub": ARCHIVE }));
        let archives = exchange(&app, ARCHIVE, &desks, &[]).await.text("access_token");
        let claims = payload(&archives);
        assert_eq!(claims["act"], json!({ "sub": ARCHIVE, "act": { "sub": DESK } }));
        assert_eq!(claims["authorization_details"], json!([delegation(Some(ARCHIVE))]));
        // The chain goes no way back: what the archive has lets nobody act.
        let back = exchange(&app, DESK, &archives, &[]).await;
        assert!(back.text("error_description").contains("delegated nothing to this client"), "{}", back.body);
        let sibling = exchange(&app, ARCHIVE, &subject, &[]).await.text("access_token");

        app.post("/revoke", &[("authorization", &basic(DESK, SECRET))], &[("token", &desks)]).await;
        assert_eq!(seen_by(&app, "health", &desks).await["active"], false);
        assert_eq!(seen_by(&app, "health", &archives).await["active"], false);
        assert_eq!(seen_by(&app, "health", &sibling).await["active"], true);
        // Nobody revokes what is another's.
        app.post("/revoke", &[("authorization", &basic(DESK, SECRET))], &[("token", &sibling)]).await;
        assert_eq!(seen_by(&app, "health", &sibling).await["active"], true);
        app.post("/revoke", &[("authorization", &basic(PORTAL, SECRET))], &[("token", &subject)]).await;
        assert_eq!(seen_by(&app, "health", &sibling).await["active"], false);
        // An actor that is gone takes along what was exchanged after it.
        let subject = delegated(&app, &holder, &details, &[]).await.text("access_token");
        let desks = exchange(&app, DESK, &subject, &[("authorization_details", &both)]).await.text("access_token");
        let archives = exchange(&app, ARCHIVE, &desks, &[]).await.text("access_token");
        app.at.change("UPDATE client SET state = 'disabled', version = version + 1 WHERE client_id = 'mot-cua'").await;
        app.at.provider.clients.forget();
        assert_eq!(seen_by(&app, "health", &archives).await["active"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_is_exchanged_by_its_key_and_stays_bound() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let (key, thief) = (Signer::new(""), Signer::new(""));
        let proof = async |key: &Signer, jti: &str| {
            let mut claims = json!({
                "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": app.at.now().secs(), "jti": jti
            });
            let by = basic(PORTAL, SECRET);
            let fields = [("grant_type", "client_credentials")];
            let told = app.post("/token", &[("authorization", &by), ("dpop", &key.proof(&claims))], &fields).await;
            claims["nonce"] = told.header("dpop-nonce").unwrap().into();
            key.proof(&claims)
        };
        let actor = own(&app, PORTAL).await;
        let details = json!([delegation(None)]);
        let back = query_of(&app.browser().walk(&start(&details, &[HEALTH]), &holder).await);
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", back["code"].as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let (by, first) = (basic(PORTAL, SECRET), proof(&key, "1").await);
        let tokens = app.post("/token", &[("authorization", &by), ("dpop", &first)], &fields).await;
        let subject = tokens.text("access_token");
        for headers in [vec![], vec![("dpop", proof(&thief, "2").await)]] {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = exchange_with(&app, PORTAL, (&subject, &actor), &[], &headers).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
            assert!(answer.text("error_description").contains("subject_token is bound to a key"), "{}", answer.body);
        }
        let right = proof(&key, "3").await;
        let answer = exchange_with(&app, PORTAL, (&subject, &actor), &[], &[("dpop", &right)]).await;
        assert_eq!(answer.text("token_type"), "DPoP", "{}", answer.body);
        let claims = payload(&answer.text("access_token"));
        assert_eq!(claims["cnf"], payload(&subject)["cnf"]);
        let replayed = exchange_with(&app, PORTAL, (&subject, &actor), &[], &[("dpop", &right)]).await;
        assert_eq!(replayed.refusal(), (400, "invalid_dpop_proof".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_will_act_is_named_to_the_person_and_registered_by_operators() {
    for app in TestApp::each().await {
        let holder = set_up(&app).await;
        let mut browser = app.browser();
        browser.walk(&start(&json!([delegation(None)]), &[]), &holder).await;
        let page = browser.get(&start(&json!([delegation(Some(DESK))]), &[])).await.location().to_owned();
        let shown = browser.get(&page).await;
        assert!(shown.body.contains("Bộ phận Một cửa"), "{}", shown.body);
        // Not registered as a delegate of this portal: refused before anybody is asked.
        let foreign = browser.get(&start(&json!([delegation(Some("health"))]), &[])).await;
        assert_eq!(query_of(foreign.location())["error"], "invalid_authorization_details");
        // The client's own floor holds for what it gets in a person's name.
        let strict = json!({
            "grant_types": ["client_credentials", GRANT], "min_acr": "urn:vn:xacthuc:3",
            "resources": { HEALTH: "health", RECORDS: "health" },
        });
        app.add_client("gone", Some(SECRET), strict).await;
        let subject = delegated(&app, &holder, &json!([delegation(Some("gone"))]), &[]).await.text("access_token");
        let answer = exchange(&app, "gone", &subject, &[]).await;
        assert!(answer.text("error_description").contains("min_acr"), "{}", answer.body);
    }
}
