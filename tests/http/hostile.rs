//! What no honest client sends, at every address: text that would be markup, headers that are none, documents without a bottom,
//! and a record that refuses to write.

use axum::body::Body;
use dinhdanh::{http::api::registry::BASE, registry::operator::Role};
use http::{HeaderValue, Request, StatusCode};
use serde_json::json;

use crate::support::{
    app::{Answer, CALLBACK, PORTAL, PORTAL_SECRET, TestApp, authorize, basic, encoded},
    database::TestDb,
    operators,
};

const MARKUP: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}";

const PAGES: [&str; 20] = [
    "/",
    "/authorize",
    "/sign-in",
    "/register",
    "/register/done",
    "/account",
    "/account/password",
    "/account/locked",
    "/device",
    "/device/approved",
    "/logout",
    "/sign-out",
    "/check-session",
    "/language/en",
    "/console",
    "/console/sign-in",
    "/console/find",
    "/console/cases",
    "/assets/x",
    "/nowhere",
];

const PARAMETERS: [&str; 40] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "acr_values",
    "claims",
    "display",
    "ui_locales",
    "login_hint",
    "id_token_hint",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "resource",
    "authorization_details",
    "dpop_jkt",
    "iss",
    "login_hint_token",
    "binding_message",
    "user_code",
    "post_logout_redirect_uri",
    "logout_hint",
    "i",
    "next",
    "back",
    "error",
    "error_description",
    "error_hint",
    "username",
    "password",
    "code",
    "csrf",
    "action",
    "who",
];

fn assert_inert(answer: &Answer, what: &str) {
    assert!(!answer.status.is_server_error(), "{what}: {}", answer.body);
    let kind = answer.header("content-type").unwrap_or_default();
    if kind.starts_with("text/html") {
        for never in ["<script>alert", "<img src=x", "\"'><", "{{7*7}}&amp;", "onerror=alert(1)>"] {
            assert!(!answer.body.contains(never), "{what} {never}: {}", answer.body);
        }
        assert!(answer.header("content-security-policy").is_some_and(|policy| !policy.contains("alert")), "{what}");
    }
    for (name, value) in &answer.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        assert!(!value.contains("<script>"), "{what}: {name}: {value}");
    }
}

/// CVE-2019-8400: markup in every parameter of every page, asked for and posted, alone and beside a good request.
#[tokio::test(flavor = "multi_thread")]
async fn markup_in_any_parameter_is_only_text() {
    let app = TestApp::sqlite().await;
    for path in PAGES {
        let all: Vec<_> = PARAMETERS.iter().map(|name| (*name, MARKUP)).collect();
        for fields in all.chunks(1).chain([all.as_slice()]) {
            let what = format!("{path} {}", fields.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(","));
            let html = [("accept", "text/html")];
            assert_inert(&app.get(&format!("{path}?{}", encoded(fields)), &html).await, &what);
            if fields.len() > 1 {
                assert_inert(&app.post(path, &html, fields).await, &format!("POST {what}"));
            }
        }
    }
    // Where the rest is right, the page that follows speaks of it; and so does the answer to the portal.
    for name in PARAMETERS {
        let mut browser = app.browser();
        let answer = browser.get(&authorize(&[(name, MARKUP)])).await;
        assert_inert(&answer, name);
        match answer.header("location") {
            Some(to) if to.starts_with("/sign-in") => assert_inert(&browser.get(to).await, name),
            Some(to) => assert!(to.starts_with(CALLBACK) && !to.contains(['<', '"', '\'']), "{name}: {to}"),
            None => {}
        }
    }
}

const AUTHORIZED: [&str; 8] = [
    "/token",
    "/introspect",
    "/revoke",
    "/par",
    "/device_authorization",
    "/backchannel_authentication",
    "/userinfo",
    "/clients",
];

/// CVE-2026-9803, GHSA-gv94-wp4h-vv8p: a header that is not as its grammar has it is refused, and never half understood.
#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_authorization_is_refused_everywhere() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let access = app.redeem(&app.code(&holder, "openid").await).await.text("access_token");
    let good = basic(PORTAL, PORTAL_SECRET);
    let own = good.strip_prefix("Basic ").unwrap();
    let malformed: Vec<Vec<u8>> = [
        String::new(),
        " ".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Basic".to_owned(),
        "Basic ====".to_owned(),
        "Basic Og==".to_owned(),
        "Basic /w==".to_owned(),
        format!("Basic\t{own}"),
        format!("Basic  {own}="),
        format!("Basic {own},"),
        format!("Basic {own}, Bearer {access}"),
        format!("Basic {own} {own}"),
        format!("Basic{own}"),
        format!("Bearer\t{access}"),
        format!("Bearer {access},"),
        format!("Bearer {access} {access}"),
        format!("Bearer \"{access}\""),
        format!("Bearer{access}"),
        format!("Token {access}"),
        format!("Bearer {}", "a".repeat(20_000)),
        format!("Digest username=\"{PORTAL}\""),
        access.clone(),
        own.to_owned(),
    ]
    .map(String::into_bytes)
    .into_iter()
    .chain([b"Bearer \xff\xfe".to_vec(), b"Basic \x80".to_vec(), "Bearer ữ".as_bytes().to_vec()])
    .collect();
    for path in AUTHORIZED {
        for header in &malformed {
            let fields = [("grant_type", "client_credentials"), ("token", access.as_str()), ("scope", "reports:read")];
            let answer = send(&app, path, &[header.as_slice()], &encoded(&fields)).await;
            let said = String::from_utf8_lossy(header).chars().take(60).collect::<String>();
            assert!(answer.status.is_client_error(), "{path} {said:?}: {} {}", answer.status, answer.body);
        }
        // Two headers are no header, also when each is right.
        for pair in [[good.as_bytes(), good.as_bytes()], [good.as_bytes(), b"Bearer x"]] {
            let answer = send(&app, path, &pair, "grant_type=client_credentials&token=x").await;
            assert!(answer.status.is_client_error(), "{path} twice: {} {}", answer.status, answer.body);
        }
    }
    for path in ["/token", "/introspect", "/revoke"] {
        let form = "grant_type=client_credentials&token=x&scope=reports%3Aread";
        let answer = send(&app, path, &[good.as_bytes()], form).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: the right one is understood: {}", answer.body);
    }
    let bearer = format!("Bearer {access}");
    assert_eq!(
        send(&app, "/userinfo", &[bearer.as_bytes()], "").await.status,
        StatusCode::OK,
        "and the right one opens"
    );
    let twice = send(&app, "/userinfo", &[bearer.as_bytes(), bearer.as_bytes()], "").await;
    assert!(twice.status.is_client_error(), "{}", twice.status);
}

/// Somebody's page or an error that its reader understands, and never the framework's own words.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_no_text_names_what_nobody_has() {
    let app = TestApp::sqlite().await;
    let own = |answer: &Answer, path: &str| {
        let media = answer.header("content-type").unwrap_or_default();
        assert!(!media.starts_with("text/plain") && !answer.body.contains("UTF-8"), "{path}: {}", answer.body);
    };
    for path in ["/language/%ff", "/assets/%ff/pages.css", "/assets/0/%ff", "/%ff"] {
        let answer = app.get(path, &[("accept", "text/html")]).await;
        own(&answer, path);
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    let event = format!("{BASE}/events/%ff");
    let answer = app.get(&event, &[]).await;
    own(&answer, &event);
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "who asks comes first");
    for role in [Role::Registrar, Role::Approver, Role::Auditor] {
        let clerk = app.operator(&format!("canbo.{}", role.code()), &[role], None).await;
        let mut browser = app.browser();
        operators::sign_in(&app, &mut browser, &clerk).await;
        for part in ["find", "person", "propose", "pairs", "trail", "flag", "events", "cases", "imports", "exports"] {
            let path = format!("/console/{part}/%ff");
            let answer = browser.get(&path).await;
            own(&answer, &path);
            assert!(answer.status != StatusCode::OK && answer.status != StatusCode::BAD_REQUEST, "{path}");
        }
    }
}

async fn send(app: &TestApp, path: &str, authorization: &[&[u8]], form: &str) -> Answer {
    let mut builder = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    for value in authorization {
        builder = builder.header("authorization", HeaderValue::from_bytes(value).unwrap());
    }
    app.send(builder.body(Body::from(form.to_owned())).unwrap()).await
}

/// Documents that go on inwards end nobody's stack.
#[tokio::test(flavor = "multi_thread")]
async fn documents_without_a_bottom_are_refused() {
    let open = dinhdanh::flows::self_registration::OpenTo::Everybody;
    let app = TestApp::with(TestDb::sqlite().await, |settings| settings.registration.open_to = open).await;
    let verify = format!("{BASE}/verify");
    // As much as a form, and as a JSON body may hold.
    let shapes = |count: usize| {
        ["[".repeat(count), "{\"a\":".repeat(count / 5), format!("{}1{}", "[".repeat(count / 2), "]".repeat(count / 2))]
    };
    for (deep, deeper) in shapes(4_500).into_iter().zip(shapes(60_000)) {
        for name in ["claims", "authorization_details", "request"] {
            let answer = app.post_as_portal("/par", &[("response_type", "code"), (name, &deep)]).await;
            assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
            let begun =
                app.post("/authorize", &[], &[("client_id", PORTAL), ("redirect_uri", CALLBACK), (name, &deep)]).await;
            assert!(!begun.status.is_server_error(), "{name}: {}", begun.status);
        }
        for (path, body) in [("/clients", &deep), ("/clients", &deeper), (verify.as_str(), &deeper)] {
            let request = Request::post(path).header("content-type", "application/json");
            let answer = app.send(request.body(Body::from(body.clone())).unwrap()).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
        }
        let jwt = {
            use base64::Engine as _;
            let part = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&deep);
            format!("{part}.{part}.{part}")
        };
        for path in ["/introspect", "/revoke"] {
            let answer = app.post_as_portal(path, &[("token", &jwt)]).await;
            assert!(!answer.status.is_server_error(), "{path}: {}", answer.status);
        }
    }
}

/// F15, CVE-2020-15223: what could not be written was not done, is not said to be done, and is done when it is asked again.
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_that_was_not_written_is_not_acknowledged() {
    for test in TestDb::each().await {
        let app = TestApp::on(test).await;
        let holder = app.holder().await;
        let tokens = app.redeem(&app.code(&holder, "openid").await).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        poison(&app, "token.revoked").await;
        for token in [&access, &refresh] {
            let answer = app.post_as_portal("/revoke", &[("token", token)]).await;
            assert!(answer.status.is_server_error(), "{} {}", answer.status, answer.body);
            assert!(!answer.body.contains("poison"), "{}", answer.body);
            let seen = app.post_as_portal("/introspect", &[("token", token)]).await.json();
            assert_eq!(seen["active"], json!(true), "nothing of it happened");
        }
        app.at
            .change(if app.at.test.engine == dinhdanh::store::Engine::Sqlite {
                "DROP TRIGGER poison"
            } else {
                "DROP TRIGGER poison ON audit_event"
            })
            .await;
        for token in [&access, &refresh] {
            assert_eq!(app.post_as_portal("/revoke", &[("token", token)]).await.status, StatusCode::OK);
            let seen = app.post_as_portal("/introspect", &[("token", token)]).await.json();
            assert_eq!(seen["active"], json!(false));
        }
    }
}

/// No event of this kind can be recorded.
async fn poison(app: &TestApp, action: &str) {
    let statements: Vec<String> = if app.at.test.engine == dinhdanh::store::Engine::Sqlite {
        vec![format!(
            "CREATE TRIGGER poison BEFORE INSERT ON audit_event WHEN new.action = '{action}' \
             BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )]
    } else {
        vec![
            "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''poison''; END'".to_owned(),
            format!(
                "CREATE TRIGGER poison BEFORE INSERT ON audit_event FOR EACH ROW WHEN (new.action = '{action}') \
                 EXECUTE FUNCTION poison()"
            ),
        ]
    };
    for sql in statements {
        app.at.change(sql.leak()).await;
    }
}
