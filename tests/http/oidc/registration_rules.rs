//! What a client that registers itself may say, who may vouch for it, and whose sector it may join.

use std::sync::Arc;

use axum::Router;
use dinhdanh::{
    crypto::{Alg, ParsedJwks, SigningKey, Typ},
    flows::self_registration::{OpenTo, StatementIssuer},
    http::server::App,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::registration::{CALLBACK, each, own, register};
use crate::support::{
    app::{ISSUER, TestApp, VERIFIER, authorize, basic, payload, query_of},
    database::TestDb,
    people::NUMBER,
    signer::{Signer, assertion_claims},
    wire::{Wired, unhurried},
};

fn with(more: &Value) -> Value {
    let mut body = json!({"redirect_uris": [CALLBACK]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_client_is_refused_with_the_member() {
    for app in each(OpenTo::Everybody).await {
        for (body, code, says) in [
            (json!({}), "invalid_redirect_uri", "redirect_uris"),
            (with(&json!({"redirect_uris": ["http://new.example/cb"]})), "invalid_redirect_uri", "redirect_uris"),
            (with(&json!({"redirect_uris": ["https://new.example/cb#f"]})), "invalid_redirect_uri", "redirect_uris"),
            (with(&json!({"response_types": ["id_token"]})), "invalid_client_metadata", "response_types"),
            (with(&json!({"grant_types": ["implicit"]})), "invalid_client_metadata", "grant_types"),
            (with(&json!({"id_token_signed_response_alg": "none"})), "invalid_client_metadata", "id_token_signed"),
            (with(&json!({"id_token_signed_response_alg": "HS256"})), "invalid_client_metadata", "id_token_signed"),
            (with(&json!({"subject_type": "public"})), "invalid_client_metadata", "subject_type"),
            (with(&json!({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}})), "invalid_client_metadata", "jwks"),
            (
                with(&json!({"token_endpoint_auth_method": "client_secret_jwt"})),
                "invalid_client_metadata",
                "token_endpoint",
            ),
            (with(&json!({"scope": "vn_id"})), "invalid_client_metadata", "scope"),
            (with(&json!({"rp_class": "state"})), "invalid_client_metadata", "rp_class"),
            (with(&json!({"legal_basis": "x"})), "invalid_client_metadata", "legal_basis"),
            (with(&json!({"require_pkce": true})), "invalid_client_metadata", "require_pkce"),
            (with(&json!({"software_statement": 1})), "invalid_software_statement", "software_statement"),
            (with(&json!({"software_statement": "x.y.z"})), "invalid_software_statement", "software_statement"),
        ] {
            let answer = register(&app, &body).await;
            assert_eq!(answer.refusal(), (400, code.to_owned()), "{body}");
            assert!(answer.text("error_description").contains(says), "{}", answer.body);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        assert_eq!(app.at.count("SELECT count(*) FROM client WHERE registered_by = 'self'").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_json_object_is_a_request() {
    let app = each(OpenTo::Everybody).await.remove(0);
    let good = with(&json!({})).to_string();
    let twice = format!("{{\"redirect_uris\":[\"{CALLBACK}\"],\"client_name\":\"a\",\"client_name\":\"b\"}}");
    let deep = format!("{{\"redirect_uris\":[\"{CALLBACK}\"],\"x\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    for (media, body) in [
        ("text/plain", good.as_str()),
        ("application/x-www-form-urlencoded", "redirect_uris=x"),
        ("application/json", "[]"),
        ("application/json", ""),
        ("application/json", "{"),
        ("application/json", &twice),
        ("application/json", &deep),
    ] {
        let request = http::Request::post("/clients").header("content-type", media);
        let answer = app.send(request.body(axum::body::Body::from(body.to_owned())).unwrap()).await;
        assert_eq!(answer.refusal(), (400, "invalid_client_metadata".to_owned()), "{media} {body}");
    }
    let request = http::Request::post("/clients").header("content-type", "application/json; charset=utf-8");
    own(&app.send(request.body(axum::body::Body::from(good)).unwrap()).await);
    assert_eq!(app.get("/clients", &[]).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// Permutations that libraries and conformance suites register with.
#[tokio::test(flavor = "multi_thread")]
async fn usual_registrations_pass_and_are_echoed() {
    let app = each(OpenTo::Everybody).await.remove(0);
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "alg": "ES256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]});
    for more in [
        json!({"grant_types": ["authorization_code"], "response_types": ["code"]}),
        json!({"grant_types": ["authorization_code", "refresh_token"], "scope": "openid offline_access"}),
        json!({"token_endpoint_auth_method": "client_secret_post"}),
        json!({"token_endpoint_auth_method": "none"}),
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys, "token_endpoint_auth_signing_alg": "ES256"}),
        json!({"jwks": keys}),
        json!({"id_token_signed_response_alg": "RS256"}),
        json!({"id_token_signed_response_alg": "ES256"}),
        json!({"subject_type": "pairwise", "application_type": "web"}),
        json!({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb", "vn.example.app:/cb"]}),
        json!({"default_max_age": 3600, "require_auth_time": true, "default_acr_values": ["urn:vn:xacthuc:2"]}),
        json!({"initiate_login_uri": "https://new.example/start", "post_logout_redirect_uris": ["https://new.example/bye"]}),
        json!({"backchannel_logout_uri": "https://new.example/out", "backchannel_logout_session_required": true}),
        json!({"logo_uri": "https://new.example/l.png", "logo_uri#vi-VN": "https://new.example/vi.png", "client_uri": "https://new.example/"}),
        json!({"policy_uri": "https://new.example/p", "tos_uri": "https://new.example/t#two", "contacts": ["a@new.example"]}),
        json!({"software_id": "4NRB1-0XZABZI9E6-5SM3R", "software_version": "2.1"}),
    ] {
        let answer = register(&app, &with(&more)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{more}: {}", answer.body);
        let said = answer.json();
        for (name, value) in with(&more).as_object().unwrap() {
            assert_eq!(&said[name], value, "{more}");
        }
        let has_secret = !matches!(said["token_endpoint_auth_method"].as_str(), Some("none" | "private_key_jwt"));
        assert_eq!(said.get("client_secret").is_some(), has_secret, "{more}");
    }
}

async fn serve<const N: usize>(documents: [(&'static str, &'static str); N]) -> String {
    let mut router = Router::new();
    for (path, body) in documents {
        router = router.route(path, axum::routing::get(async move || body));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let _wired = Wired::serve(listener, App::new(Arc::default(), router), unhurried());
        std::future::pending::<()>().await;
    });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sector_is_joined_only_by_whom_its_document_lists() {
    for app in each(OpenTo::Everybody).await {
        let both = r#"["https://a.example/cb", "https://b.example/cb"]"#;
        let at = serve([
            ("/good", both),
            ("/lacks", r#"["https://a.example/cb"]"#),
            ("/no-json", "hello"),
            ("/object", "{}"),
        ])
        .await;
        let uris = json!(["https://a.example/cb", "https://b.example/cb"]);
        let sent = |path: &str| json!({"redirect_uris": uris, "sector_identifier_uri": format!("{at}{path}")});
        let bare = register(&app, &json!({"redirect_uris": uris})).await;
        assert_eq!(bare.refusal(), (400, "invalid_client_metadata".to_owned()), "several hosts need a sector");
        for path in ["/lacks", "/no-json", "/object", "/nowhere"] {
            let answer = register(&app, &sent(path)).await;
            assert_eq!(answer.refusal(), (400, "invalid_client_metadata".to_owned()), "{path}");
            assert!(answer.text("error_description").starts_with("sector_identifier_uri"), "{}", answer.body);
        }
        // An address inside the network is not called, whoever names it.
        let inside = json!({"redirect_uris": uris, "sector_identifier_uri": "https://169.254.169.254/latest"});
        assert!(register(&app, &inside).await.text("error_description").contains("private address"));

        let mine = own(&register(&app, &sent("/good")).await);
        let put = async |uris: &[&str], sector: Option<String>| {
            let body = json!({"client_id": mine.id, "redirect_uris": uris, "sector_identifier_uri": sector});
            app.json(Method::PUT, &mine.path, Some(&mine.token), Some(&body)).await
        };
        let good = Some(format!("{at}/good"));
        assert_eq!(put(&["https://b.example/cb"], good.clone()).await.status, StatusCode::OK);
        let unlisted = put(&["https://c.example/cb"], good).await;
        assert_eq!(unlisted.refusal(), (400, "invalid_client_metadata".to_owned()), "checked on update too");
        assert_eq!(put(&["https://b.example/cb"], None).await.refusal().0, 400, "the sector stays");
    }
}

/// An issuer of statements, and what it says signed.
fn statement(key: &SigningKey, claims: &Value) -> String {
    key.sign_jwt(Typ::Jwt, claims.to_string().as_bytes()).unwrap()
}

/// OpenID Connect Core §9 told libraries to name the token endpoint, RFC 9126 §2 leaves all three; who registers itself can ask nobody for
/// one of them. In a list there could be others beside us (the audience injection of 2025).
#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_of_who_registered_itself_may_name_us_in_three_ways() {
    const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for app in each(OpenTo::Everybody).await {
        let signer = Signer::new("k1");
        let answer = register(
            &app,
            &with(&json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [signer.jwk()]}})),
        )
        .await;
        assert!(answer.json().get("client_assertion_audience").is_none(), "{}", answer.body);
        let mine = own(&answer);
        let (token, par, revoke) = (format!("{ISSUER}/token"), format!("{ISSUER}/par"), format!("{ISSUER}/revoke"));
        let mut jti = 0;
        for (path, aud, good) in [
            ("/token", json!(ISSUER), true),
            ("/token", json!(token), true),
            ("/token", json!(par), false),
            ("/token", json!([token]), false),
            ("/token", json!("https://other.example/token"), false),
            ("/par", json!(par), true),
            ("/par", json!(token), true),
            ("/par", json!(ISSUER), true),
            ("/revoke", json!(revoke), true),
            ("/revoke", json!(par), false),
        ] {
            jti += 1;
            let mut claims = assertion_claims(&mine.id, ISSUER, &jti.to_string(), app.at.now());
            claims["aud"] = aud.clone();
            let assertion = signer.jwt(&claims);
            let fields = [
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion.as_str()),
                ("grant_type", "authorization_code"),
                ("code", "x"),
                ("token", "x"),
            ];
            let answer = app.post(path, &[], &fields).await;
            assert_eq!(answer.status != StatusCode::UNAUTHORIZED, good, "{path} {aud}: {}", answer.body);
        }
        // An update that says nothing of it leaves it so.
        let body = with(&json!({
            "client_id": mine.id, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [signer.jwk()]},
        }));
        assert_eq!(app.json(Method::PUT, &mine.path, Some(&mine.token), Some(&body)).await.status, StatusCode::OK);
        let assertion = signer.assertion(&mine.id, &token, "after", app.at.now());
        let fields = [("client_assertion_type", JWT_BEARER), ("client_assertion", &assertion), ("token", "x")];
        assert_eq!(app.post("/revoke", &[], &fields).await.status, StatusCode::OK);
    }
}

/// It could fill anybody's page with its words, as many names as it gives itself; whom it knows it knows by a `sub`.
#[tokio::test(flavor = "multi_thread")]
async fn who_registered_itself_asks_nobody_by_their_number() {
    const CIBA: &str = "urn:openid:params:grant-type:ciba";
    for app in each(OpenTo::Everybody).await {
        let holder = app.holder().await;
        let grants = json!(["authorization_code", CIBA]);
        let mine =
            own(&register(&app, &with(&json!({"grant_types": grants, "backchannel_token_delivery_mode": "poll"})))
                .await);
        let as_mine = basic(&mine.id, &mine.secret);
        let ask = async |hint: (&str, &str)| {
            let headers = [("authorization", as_mine.as_str())];
            app.post("/backchannel_authentication", &headers, &[("scope", "openid"), hint]).await
        };
        for number in [NUMBER, "001085000002"] {
            let answer = ask(("login_hint", number)).await;
            assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()), "{number}");
        }
        let more = [("client_id", mine.id.as_str()), ("redirect_uri", CALLBACK), ("scope", "openid")];
        let back = app.browser().walk(&authorize(&more), &holder).await;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &query_of(&back)["code"]),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = app.post("/token", &[("authorization", &as_mine)], &fields).await;
        let id_token = tokens.text("id_token");
        let sub = payload(&id_token)["sub"].as_str().unwrap().to_owned();
        for hint in [("login_hint", sub.as_str()), ("id_token_hint", id_token.as_str())] {
            assert_eq!(ask(hint).await.status, StatusCode::OK, "{hint:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_of_an_approved_issuer_takes_precedence() {
    const BOARD: &str = "https://board.example";
    let (key, other) = (SigningKey::generate(Alg::Es256).unwrap(), SigningKey::generate(Alg::Es256).unwrap());
    for test in TestDb::each().await {
        let mut public = key.public().members();
        public.insert("kid".to_owned(), json!(key.kid()));
        let jwks = json!({"keys": [public]}).to_string();
        let keys = Arc::new(ParsedJwks::parse(jwks.as_bytes()).unwrap());
        let app = TestApp::with(test, |settings| {
            settings.registration.open_to = OpenTo::Everybody;
            settings.registration.statement_issuers = vec![StatementIssuer { issuer: BOARD.to_owned(), keys }];
        })
        .await;
        let now = app.at.now().secs();
        let good = json!({
            "iss": BOARD, "iat": now, "exp": now + 60, "aud": ISSUER, "jti": "1",
            "client_name": "Vouched", "software_id": "s-1", "redirect_uris": ["https://vouched.example/cb"],
        });
        let signed = statement(&key, &good);
        let answer = register(&app, &with(&json!({"software_statement": signed, "client_name": "Mine"}))).await;
        let (mine, said) = (own(&answer), answer.json());
        assert_eq!((&said["client_name"], &said["software_id"]), (&json!("Vouched"), &json!("s-1")));
        assert_eq!(said["redirect_uris"], json!(["https://vouched.example/cb"]));
        assert_eq!(said["software_statement"], json!(signed), "unmodified");
        assert!(said.get("iss").is_none());
        let body = json!({"client_id": mine.id, "software_statement": signed, "client_name": "Mine again"});
        let changed = app.json(Method::PUT, &mine.path, Some(&mine.token), Some(&body)).await;
        assert_eq!(changed.json()["client_name"], json!("Vouched"), "on update as on creation");

        let but = |name: &str, value: Value| {
            let mut claims = good.clone();
            claims[name] = value;
            claims
        };
        // NumericDates may have a fraction, and lie further off than any calendar (RFC 7519 §2).
        for (name, value) in [
            ("exp", json!(i64::MAX)),
            ("exp", json!(format!("{}.5", now + 60).parse::<f64>().unwrap())),
            ("nbf", json!(i64::MIN)),
            ("nbf", json!(-1e300)),
        ] {
            let text = statement(&key, &but(name, value.clone()));
            own(&register(&app, &with(&json!({"software_statement": text}))).await);
        }
        for (text, code) in [
            (statement(&key, &but("exp", json!(i64::MIN))), "invalid_software_statement"),
            (statement(&key, &but("nbf", json!(i64::MAX))), "invalid_software_statement"),
            (statement(&key, &but("exp", json!("soon"))), "invalid_software_statement"),
            (statement(&other, &good), "invalid_software_statement"),
            (statement(&key, &but("iss", json!("https://nobody.example"))), "unapproved_software_statement"),
            (statement(&key, &but("iss", Value::Null)), "invalid_software_statement"),
            (statement(&key, &but("exp", json!(now - 60))), "invalid_software_statement"),
            (statement(&key, &but("nbf", json!(now + 60))), "invalid_software_statement"),
            (statement(&key, &but("aud", json!("https://other.example"))), "invalid_software_statement"),
            (statement(&key, &but("min_acr", json!("urn:vn:xacthuc:1"))), "invalid_client_metadata"),
            (signed[..signed.len() - 2].to_owned(), "invalid_software_statement"),
        ] {
            let answer = register(&app, &with(&json!({"software_statement": text}))).await;
            assert_eq!(answer.refusal(), (400, code.to_owned()), "{}", answer.body);
        }
    }
}
