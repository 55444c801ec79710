//! Clients that register themselves (RFC 7591) and manage their own registration (RFC 7592), on both engines.

use dinhdanh::{
    base::Span,
    flows::self_registration::{OpenTo, initial},
    store::cache::Rate,
};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, ISSUER, TestApp, authorize, basic, payload, query_of},
    database::TestDb,
};

pub const CALLBACK: &str = "https://new.example/cb";

pub async fn each(open_to: OpenTo) -> Vec<TestApp> {
    let mut all = Vec::new();
    for test in TestDb::each().await {
        all.push(TestApp::with(test, |settings| settings.registration.open_to = open_to).await);
    }
    all
}

pub async fn register(app: &TestApp, metadata: &Value) -> Answer {
    app.json(Method::POST, "/clients", None, Some(metadata)).await
}

/// The registration's own address and token.
pub struct Own {
    pub path: String,
    pub token: String,
    pub id: String,
    pub secret: String,
}

pub fn own(answer: &Answer) -> Own {
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    Own {
        path: answer.text("registration_client_uri").strip_prefix(ISSUER).unwrap().to_owned(),
        token: answer.text("registration_access_token"),
        id: answer.text("client_id"),
        secret: answer.json()["client_secret"].as_str().unwrap_or_default().to_owned(),
    }
}

fn minimal() -> Value {
    json!({"redirect_uris": [CALLBACK]})
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_off_until_somebody_turns_it_on() {
    for app in TestApp::each().await {
        let answer = register(&app, &minimal()).await;
        assert_eq!(answer.refusal(), (403, "access_denied".to_owned()));
        let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
        assert!(discovery.get("registration_endpoint").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_registers_signs_somebody_in_and_is_shown_as_unverified() {
    for app in each(OpenTo::Everybody).await {
        let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(discovery["registration_endpoint"], json!(format!("{ISSUER}/clients")));
        let sent = json!({
            "redirect_uris": [CALLBACK], "client_name": "New", "client_name#vi": "Cổng mới", "purpose#vi": "Để thử",
            "logo_uri": "https://new.example/l.svg", "policy_uri#vi": "https://new.example/vi/p", "tos_uri": "https://new.example/t",
            "scope": "openid profile vn_id", "nobody_knows": {"this": [1]}, "client_id": "mine", "client_secret": "mine",
        });
        let answer = register(&app, &sent).await;
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
        let (client, said) = (own(&answer), answer.json());
        for name in
            ["redirect_uris", "client_name", "client_name#vi", "purpose#vi", "logo_uri", "policy_uri#vi", "tos_uri"]
        {
            assert_eq!(said[name], sent[name], "{name}");
        }
        assert_eq!((&said["scope"], &said["client_secret_expires_at"]), (&json!("openid profile"), &json!(0)));
        assert_eq!(said["client_id_issued_at"].as_i64().unwrap(), app.at.now().secs());
        assert_eq!((&said["grant_types"], &said["subject_type"]), (&json!(["authorization_code"]), &json!("pairwise")));
        assert!(said.get("nobody_knows").is_none() && client.id != "mine" && client.secret != "mine");
        assert_eq!(app.at.audited("client.registered_itself", "done").await, 1);

        let holder = app.holder().await;
        let asked = authorize(&[
            ("client_id", &client.id),
            ("redirect_uri", CALLBACK),
            // A confidential client that registered itself may do without.
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ]);
        let mut browser = app.browser();
        let page = browser.get(&asked).await;
        let page = browser.get(page.location()).await;
        assert!(page.body.contains("Cổng mới") && page.body.contains("Chưa xác minh"), "{}", page.body);
        let code = query_of(&browser.walk(&asked, &holder).await).remove("code").unwrap();
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
        let tokens = app.post("/token", &[("authorization", &basic(&client.id, &client.secret))], &fields).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        assert_eq!(payload(&tokens.text("id_token"))["aud"], json!(client.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_registration_is_read_with_its_own_token_and_no_other() {
    for app in each(OpenTo::Everybody).await {
        let answer = register(&app, &minimal()).await;
        let (mine, other) = (own(&answer), own(&register(&app, &minimal()).await));
        let read = app.json(Method::GET, &mine.path, Some(&mine.token), None).await;
        assert_eq!(read.status, StatusCode::OK);
        let mut expected = answer.json();
        // Only its digest is kept, so that nobody can read it again.
        for name in ["client_secret", "client_secret_expires_at"] {
            expected.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(read.json(), expected);

        let bare = app.json(Method::GET, &mine.path, None, None).await;
        assert_eq!((bare.status, bare.body.as_str()), (StatusCode::UNAUTHORIZED, ""));
        assert_eq!(bare.header("www-authenticate"), Some(format!("Bearer realm=\"{ISSUER}\"").as_str()));
        let cut = &mine.token[..mine.token.len() - 1];
        for (path, token) in [
            (&mine.path, other.token.as_str()),
            (&other.path, &mine.token),
            (&mine.path, cut),
            (&mine.path, &mine.secret),
            (&mine.path, "x"),
            (&"/clients/nobody".to_owned(), &mine.token),
        ] {
            for method in [Method::GET, Method::PUT, Method::DELETE] {
                let body = json!({"client_id": mine.id, "redirect_uris": [CALLBACK]});
                let answer = app.json(method.clone(), path, Some(token), Some(&body)).await;
                assert_eq!(answer.refusal(), (401, "invalid_token".to_owned()), "{method} {path}");
                assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
            }
        }
        let in_query = format!("{}?access_token={}", mine.path, mine.token);
        assert_eq!(app.json(Method::GET, &in_query, None, None).await.refusal(), (400, "invalid_request".to_owned()));
        let wrong = app.json(Method::POST, &mine.path, Some(&mine.token), None).await;
        assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

/// Whose it is comes before what it says: 401 for a stranger, however wrong the body is.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_looked_at_before_the_body() {
    let send = async |app: &TestApp, method: &Method, path: &str, token: Option<&str>, (media, body): (&str, &str)| {
        let request = http::Request::builder().method(method).uri(path).header("content-type", media);
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        app.send(request.body(axum::body::Body::from(body.to_owned())).unwrap()).await
    };
    let bodies = [("application/json", "{"), ("text/plain", "x"), ("application/json", r#"{"a":1,"a":2}"#), ("", "")];
    for app in each(OpenTo::Everybody).await {
        let mine = own(&register(&app, &minimal()).await);
        for body in bodies {
            let put = async |path: &str, token| send(&app, &Method::PUT, path, token, body).await;
            let bare = put(&mine.path, None).await;
            assert_eq!((bare.status, bare.body.as_str()), (StatusCode::UNAUTHORIZED, ""), "{body:?}");
            for path in [mine.path.as_str(), "/clients/nobody", "/clients/%ff"] {
                let stranger = put(path, Some("x")).await;
                assert_eq!(stranger.refusal(), (401, "invalid_token".to_owned()), "{path} {body:?}");
            }
            let own = put(&mine.path, Some(&mine.token)).await;
            assert_eq!(own.refusal(), (400, "invalid_client_metadata".to_owned()), "{body:?}");
        }
        for method in [Method::GET, Method::DELETE] {
            let nobody = app.json(method, "/clients/%ff", Some(&mine.token), None).await;
            assert_eq!(nobody.refusal(), (401, "invalid_token".to_owned()));
        }
    }
    for app in each(OpenTo::TokenHolders).await {
        for body in bodies {
            let bare = send(&app, &Method::POST, "/clients", None, body).await;
            assert_eq!((bare.status, bare.body.as_str()), (StatusCode::UNAUTHORIZED, ""), "{body:?}");
            let stranger = send(&app, &Method::POST, "/clients", Some("x"), body).await;
            assert_eq!(stranger.refusal(), (401, "invalid_token".to_owned()), "{body:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_everything_and_keeps_every_rule() {
    for app in each(OpenTo::Everybody).await {
        let sent = json!({"redirect_uris": [CALLBACK], "client_name": "Old", "contacts": ["it@new.example"]});
        let mine = own(&register(&app, &sent).await);
        let put = async |body: Value| app.json(Method::PUT, &mine.path, Some(&mine.token), Some(&body)).await;

        let new = json!({
            "client_id": mine.id, "client_secret": mine.secret, "client_name#vi": "Mới", "contacts": null,
            "redirect_uris": ["https://new.example/other"],
        });
        let changed = put(new).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        let said = changed.json();
        assert_eq!(
            (&said["client_name#vi"], &said["redirect_uris"]),
            (&json!("Mới"), &json!(["https://new.example/other"]))
        );
        assert!(said.get("client_name").is_none() && said.get("contacts").is_none());
        assert_eq!((&said["client_secret"], &said["client_secret_expires_at"]), (&json!(mine.secret), &json!(0)));
        assert_eq!(said["registration_access_token"], json!(mine.token), "it is not rotated");
        assert_eq!(
            app.json(Method::GET, &mine.path, Some(&mine.token), None).await.json()["client_name#vi"],
            json!("Mới")
        );

        let with = |more: Value| {
            let mut body = json!({"client_id": mine.id, "redirect_uris": [CALLBACK]});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        for (body, code, says) in [
            (json!({"redirect_uris": [CALLBACK]}), "invalid_client_metadata", "client_id"),
            (with(json!({"client_id": "other"})), "invalid_client_metadata", "client_id"),
            (with(json!({"client_secret": "not the secret"})), "invalid_client_metadata", "client_secret"),
            (with(json!({"client_secret": 1})), "invalid_client_metadata", "client_secret"),
            (
                with(json!({"registration_access_token": mine.token})),
                "invalid_client_metadata",
                "registration_access_token",
            ),
            (with(json!({"registration_client_uri": "x"})), "invalid_client_metadata", "registration_client_uri"),
            (with(json!({"client_secret_expires_at": 0})), "invalid_client_metadata", "client_secret_expires_at"),
            (with(json!({"client_id_issued_at": 1})), "invalid_client_metadata", "client_id_issued_at"),
            (with(json!({"redirect_uris": ["http://new.example/cb"]})), "invalid_redirect_uri", "redirect_uris"),
            (with(json!({"redirect_uris": []})), "invalid_redirect_uri", "redirect_uris"),
            (with(json!({"redirect_uris": ["https://elsewhere.example/cb"]})), "invalid_redirect_uri", "sector"),
            (with(json!({"require_pkce": false})), "invalid_client_metadata", "require_pkce"),
            (with(json!({"min_acr": "urn:vn:xacthuc:1"})), "invalid_client_metadata", "min_acr"),
            (with(json!({"id_token_signed_response_alg": "none"})), "invalid_client_metadata", "id_token_signed"),
        ] {
            let answer = put(body.clone()).await;
            assert_eq!(answer.refusal(), (400, code.to_owned()), "{body}");
            assert!(answer.text("error_description").contains(says), "{}", answer.body);
        }
        // Without a secret, and with a new one again.
        let public = put(with(json!({"token_endpoint_auth_method": "none"}))).await.json();
        assert!(public.get("client_secret").is_none());
        let again = put(with(json!({"token_endpoint_auth_method": "client_secret_post"}))).await.json();
        assert_ne!(again["client_secret"], json!(mine.secret));
        assert!(again["client_secret"].as_str().unwrap().starts_with("ddk_"));
        assert_eq!(app.at.audited("client.changed_itself", "done").await, 3, "as often as it changed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_client_takes_everything_with_it() {
    for app in each(OpenTo::Everybody).await {
        let sent = json!({"redirect_uris": [CALLBACK], "grant_types": ["authorization_code", "refresh_token"]});
        let mine = own(&register(&app, &sent).await);
        let holder = app.holder().await;
        let asked = authorize(&[
            ("client_id", &mine.id),
            ("redirect_uri", CALLBACK),
            ("scope", "openid offline_access"),
            ("prompt", "consent"),
        ]);
        let mut browser = app.browser();
        let code = query_of(&browser.walk(&asked, &holder).await).remove("code").unwrap();
        let credentials = basic(&mine.id, &mine.secret);
        let verifier = crate::support::app::VERIFIER;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier),
        ];
        let tokens = app.post("/token", &[("authorization", &credentials)], &fields).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));

        let gone = app.json(Method::DELETE, &mine.path, Some(&mine.token), None).await;
        assert_eq!((gone.status, gone.body.as_str()), (StatusCode::NO_CONTENT, ""));
        assert_eq!(app.at.audited("client.deleted_itself", "done").await, 1);
        assert_eq!(app.at.count("SELECT count(*) FROM grants WHERE revoke_reason = 'client_deleted'").await, 1);
        assert_eq!(app.at.count("SELECT count(*) FROM consent WHERE withdrawn_at IS NULL").await, 0);
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let refused = app.post("/token", &[("authorization", &credentials)], &fields).await;
        assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()));
        let bearer = format!("Bearer {access}");
        assert_eq!(
            app.get("/userinfo", &[("authorization", &bearer)]).await.refusal(),
            (401, "invalid_token".to_owned())
        );
        assert_eq!(browser.get(&asked).await.status, StatusCode::BAD_REQUEST);
        for method in [Method::GET, Method::DELETE] {
            let again = app.json(method, &mine.path, Some(&mine.token), None).await;
            assert_eq!(again.refusal(), (401, "invalid_token".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn initial_access_tokens_are_counted_and_end() {
    for app in each(OpenTo::TokenHolders).await {
        let bare = register(&app, &minimal()).await;
        assert_eq!((bare.status, bare.body.as_str()), (StatusCode::UNAUTHORIZED, ""));
        let made = initial::make(&app.at.provider.entropy, "for a test", 2, Span::hours(1), app.at.now());
        assert!(app.at.provider.writer.submit(made.keep()).await.unwrap());
        let with = async |token: &str| app.json(Method::POST, "/clients", Some(token), Some(&minimal())).await;
        assert_eq!(with("x").await.refusal(), (401, "invalid_token".to_owned()));
        // A refused registration spends nothing.
        let bad = app.json(Method::POST, "/clients", Some(made.token.reveal()), Some(&json!({}))).await;
        assert_eq!(bad.refusal(), (400, "invalid_redirect_uri".to_owned()));
        let first = own(&with(made.token.reveal()).await);
        own(&with(made.token.reveal()).await);
        assert_eq!(with(made.token.reveal()).await.refusal(), (401, "invalid_token".to_owned()), "spent");
        assert_eq!(with(&first.token).await.refusal(), (401, "invalid_token".to_owned()), "another kind of token");

        let late = initial::make(&app.at.provider.entropy, "", 5, Span::hours(1), app.at.now());
        let revoked = initial::make(&app.at.provider.entropy, "", 5, Span::hours(9), app.at.now());
        for token in [&late, &revoked] {
            app.at.provider.writer.submit(token.keep()).await.unwrap();
        }
        let revoke = || initial::revoke(&revoked.row.id, app.at.now());
        assert!(app.at.provider.writer.submit(revoke()).await.unwrap());
        assert!(!app.at.provider.writer.submit(revoke()).await.unwrap(), "once");
        app.at.clock.advance(Span::hours(1));
        for token in [&late, &revoked] {
            assert_eq!(with(token.token.reveal()).await.refusal(), (401, "invalid_token".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_and_the_whole_service_have_limits() {
    for test in TestDb::each().await {
        let app = TestApp::with(test, |settings| {
            settings.registration.open_to = OpenTo::Everybody;
            settings.registration.most = 2;
            settings.registration.per_network = Rate { burst: 4, per: Span::minutes(4) };
        })
        .await;
        let first = own(&register(&app, &minimal()).await);
        own(&register(&app, &minimal()).await);
        let full = register(&app, &minimal()).await;
        assert_eq!(full.refusal(), (503, "temporarily_unavailable".to_owned()));
        app.json(Method::DELETE, &first.path, Some(&first.token), None).await;
        own(&register(&app, &minimal()).await);
        let often = register(&app, &minimal()).await;
        assert_eq!(often.refusal(), (503, "temporarily_unavailable".to_owned()));
        let wait: i64 = often.header("retry-after").unwrap().parse().unwrap();
        assert!((30..=61).contains(&wait), "{wait}");
    }
}
