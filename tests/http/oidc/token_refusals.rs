//! Everything that the token endpoint refuses, and how.

use axum::body::Body;
use dinhdanh::base::Span;
use http::{Method, Request, StatusCode};

use crate::support::{
    app::{
        Answer, CALLBACK, ISSUER, OTHER, OTHER_SECRET, PHONE_APP, PHONE_APP_CALLBACK, PORTAL, PORTAL_SECRET, TestApp,
        VERIFIER, authorize, basic, query_of,
    },
    database::TestDb,
    signer::Signer,
};

/// What a right redemption sends, with some fields in another way; an empty value takes one away.
async fn redeem_with(app: &TestApp, code: &str, changed: &[(&str, &str)]) -> Answer {
    let right =
        [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
    let of = |name: &str| changed.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let fields: Vec<_> = right
        .iter()
        .map(|(name, value)| (*name, of(name).unwrap_or(value)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    app.post_as_portal("/token", &fields).await
}

fn refused(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_for_nobody_else_and_for_nothing_else() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let code = app.code(&holder, "openid").await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let by_other = app.post("/token", &[("authorization", &basic(OTHER, OTHER_SECRET))], &fields).await;
        assert_eq!(by_other.refusal(), refused(400, "invalid_grant"));
        let table: &[(&str, &str, &str)] = &[
            ("code_verifier", "", "invalid_grant"),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl", "invalid_grant"),
            ("code_verifier", "short", "invalid_grant"),
            ("redirect_uri", "", "invalid_grant"),
            ("redirect_uri", "https://portal.example/cb/", "invalid_grant"),
            ("redirect_uri", "https://other.example/cb", "invalid_grant"),
            ("code", "ddc_nonsense", "invalid_grant"),
            ("code", "", "invalid_request"),
            ("grant_type", "", "invalid_request"),
            ("grant_type", "password", "unsupported_grant_type"),
            ("grant_type", "implicit", "unsupported_grant_type"),
        ];
        for (name, value, error) in table {
            let answer = redeem_with(&app, &code, &[(name, value)]).await;
            assert_eq!(answer.refusal(), refused(400, error), "{name}={value}");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        // None of that has used it up.
        assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
    }
}

/// What no database keeps, in each place where something names a client: nobody's name, and no fault of ours.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_an_impossible_name_is_nobody() {
    for test in TestDb::each().await {
        let open = dinhdanh::flows::self_registration::OpenTo::Everybody;
        let app = TestApp::with(test, |settings| settings.registration.open_to = open).await;
        let signer = Signer::new("k1");
        for name in ["\0", "portal\0", "cổng", "a\nb"] {
            let assertion = signer.assertion(name, ISSUER, "j", app.at.now());
            let fields = [
                ("grant_type", "client_credentials"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion.as_str()),
            ];
            assert_eq!(app.post("/token", &[], &fields).await.refusal(), refused(401, "invalid_client"), "{name:?}");
        }
        let metadata = serde_json::json!({ "redirect_uris": ["https://new.example/cb"] });
        let token = app.json(Method::POST, "/clients", None, Some(&metadata)).await.text("registration_access_token");
        for method in [Method::GET, Method::DELETE] {
            let answer = app.json(method.clone(), "/clients/a%00b", Some(&token), None).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{method}: {}", answer.body);
        }
        let keys = serde_json::json!({
            "redirect_uris": ["https://new.example/cb"], "jwks": {"keys": [{"kty": "EC", "kid": "\u{0}"}]},
        });
        let refusal = app.json(Method::POST, "/clients", None, Some(&keys)).await;
        assert_eq!(refusal.refusal(), refused(400, "invalid_client_metadata"));
        let claims = [("claims", r#"{"userinfo":{"name":{"value":"\u0000"}}}"#)];
        let back = app.browser().get(&authorize(&claims)).await;
        assert_eq!(query_of(back.location())["error"], "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_code_takes_back_what_it_gave() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let code = app.code(&holder, "openid").await;
        let tokens = app.redeem(&code).await;
        let bearer = format!("Bearer {}", tokens.text("access_token"));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::OK);
        assert_eq!(app.redeem(&code).await.refusal(), refused(400, "invalid_grant"));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.refusal(), refused(401, "invalid_token"));
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", &tokens.text("refresh_token"))];
        assert_eq!(app.post_as_portal("/token", &refresh).await.refusal(), refused(400, "invalid_grant"));
        assert_eq!(app.at.audited("token.code_replayed", "refused").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_lives_for_a_minute() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let code = app.code(&holder, "openid").await;
    app.at.clock.advance(Span::secs(60));
    assert_eq!(app.redeem(&code).await.refusal(), refused(400, "invalid_grant"));
    let code = app.code(&holder, "openid").await;
    app.at.clock.advance(Span::secs(59));
    assert_eq!(app.redeem(&code).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_prove_who_they_are_gets_401_and_the_header_its_challenge() {
    let app = TestApp::sqlite().await;
    let form = [("grant_type", "client_credentials")];
    for (client, secret) in
        [(PORTAL, OTHER_SECRET), ("nobody", PORTAL_SECRET), (PHONE_APP, PORTAL_SECRET), (PORTAL, "x")]
    {
        let by_header = app.post("/token", &[("authorization", &basic(client, secret))], &form).await;
        assert_eq!(by_header.refusal(), refused(401, "invalid_client"), "{client}");
        assert!(by_header.header("www-authenticate").unwrap().starts_with("Basic realm="), "{client}");
        // Registered for the header, so that the body is not taken even with the right secret.
        let in_body = [form[0], ("client_id", client), ("client_secret", secret)];
        let by_body = app.post("/token", &[], &in_body).await;
        assert_eq!(by_body.refusal(), refused(401, "invalid_client"), "{client}");
        assert_eq!(by_body.header("www-authenticate"), None);
    }
    let right_but_in_body = [form[0], ("client_id", PORTAL), ("client_secret", PORTAL_SECRET)];
    assert_eq!(app.post("/token", &[], &right_but_in_body).await.refusal(), refused(401, "invalid_client"));
    assert_eq!(app.post("/token", &[], &form).await.refusal(), refused(401, "invalid_client"));
    let name_alone = [form[0], ("client_id", PORTAL)];
    assert_eq!(app.post("/token", &[], &name_alone).await.refusal(), refused(401, "invalid_client"));
    let both = [form[0], ("client_id", PORTAL), ("client_secret", PORTAL_SECRET)];
    assert_eq!(app.post_as_portal("/token", &both).await.refusal(), refused(400, "invalid_request"));
    let twice = [("authorization", basic(PORTAL, PORTAL_SECRET)), ("authorization", basic(OTHER, OTHER_SECRET))];
    let twice = twice.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(app.post("/token", &twice, &form).await.refusal(), refused(400, "invalid_request"));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_none_are_refused_before_anything_is_read() {
    let app = TestApp::sqlite().await;
    let got = app.get("/token", &[]).await;
    assert_eq!(got.refusal(), refused(405, "invalid_request"));
    assert_eq!(got.header("allow"), Some("POST"));
    let repeated = [("grant_type", "client_credentials"), ("scope", "reports:read"), ("scope", "reports:read")];
    assert_eq!(app.post_as_portal("/token", &repeated).await.refusal(), refused(400, "invalid_request"));
    let unknown_twice = [("grant_type", "client_credentials"), ("x", "1"), ("x", "1")];
    assert_eq!(app.post_as_portal("/token", &unknown_twice).await.refusal(), refused(400, "invalid_request"));

    let send = async |content_type: &str, body: String| {
        let request = Request::post("/token")
            .header("content-type", content_type)
            .header("authorization", basic(PORTAL, PORTAL_SECRET))
            .header("content-length", body.len())
            .body(Body::from(body))
            .unwrap();
        app.send(request).await
    };
    let json = send("application/json", r#"{"grant_type":"client_credentials"}"#.to_owned()).await;
    assert_eq!(json.refusal(), refused(400, "invalid_request"));
    let form = "application/x-www-form-urlencoded";
    let large = send(form, format!("grant_type=client_credentials&x={}", "x".repeat(16 * 1024))).await;
    assert_eq!(large.refusal(), refused(413, "invalid_request"));
    let broken = send(form, "grant_type=client_credentials&x=%FF".to_owned()).await;
    assert_eq!(broken.refusal(), refused(400, "invalid_request"));
    let parameter =
        send("application/x-www-form-urlencoded; charset=UTF-8", "grant_type=client_credentials".to_owned());
    assert_eq!(parameter.await.status, StatusCode::OK);
    // Two media types are none: somebody on the way may have read it as the other.
    for (one, other) in [(form, "application/json"), ("application/json", form), (form, form)] {
        let request = Request::post("/token")
            .header("content-type", one)
            .header("content-type", other)
            .header("authorization", basic(PORTAL, PORTAL_SECRET))
            .body(Body::from("grant_type=client_credentials"))
            .unwrap();
        assert_eq!(app.send(request).await.refusal(), refused(400, "invalid_request"), "{one} {other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_its_own_scopes_for_itself_and_nothing_about_people() {
    let app = TestApp::sqlite().await;
    let ask = async |scope: &str| {
        let fields = [("grant_type", "client_credentials"), ("scope", scope)];
        app.post_as_portal("/token", &fields).await
    };
    let all = app.post_as_portal("/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(all.text("scope"), "reports:read reports:write");
    assert!(all.json().get("refresh_token").is_none() && all.json().get("id_token").is_none());
    assert_eq!(ask("reports:read").await.text("scope"), "reports:read");
    for scope in ["openid", "reports:read profile", "reports:delete", "a\"b"] {
        assert_eq!(ask(scope).await.refusal(), refused(400, "invalid_scope"), "{scope}");
    }
    let bearer = format!("Bearer {}", all.text("access_token"));
    let userinfo = app.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(userinfo.refusal(), refused(403, "insufficient_scope"));
    let by_public = [("grant_type", "client_credentials"), ("client_id", PHONE_APP)];
    assert_eq!(app.post("/token", &[], &by_public).await.refusal(), refused(400, "unauthorized_client"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_client_redeems_by_its_name_and_the_verifier() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let asked = authorize(&[("client_id", PHONE_APP), ("redirect_uri", PHONE_APP_CALLBACK)]);
    let code = query_of(&app.browser().walk(&asked, &holder).await).remove("code").unwrap();
    let fields = |verifier: &'static str| {
        [
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", PHONE_APP.to_owned()),
            ("code", code.clone()),
            ("redirect_uri", PHONE_APP_CALLBACK.to_owned()),
            ("code_verifier", verifier.to_owned()),
        ]
    };
    let send = async |verifier| {
        let fields = fields(verifier);
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| (*name, value.as_str())).filter(|f| !f.1.is_empty()).collect();
        app.post("/token", &[], &fields).await
    };
    assert_eq!(send("").await.refusal(), refused(400, "invalid_grant"));
    assert_eq!(send("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl").await.refusal(), refused(400, "invalid_grant"));
    assert_eq!(send(VERIFIER).await.status, StatusCode::OK);
}
