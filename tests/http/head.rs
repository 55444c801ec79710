//! HEAD does nothing (RFC 9110 §9.2.1): not what GET does either.

use axum::body::Body;
use dinhdanh::{base::Span, registry::operator::Role};
use http::{Method, Request, StatusCode};

use crate::support::{
    app::{Answer, Browser, ISSUER, PORTAL, TestApp, authorize, encoded, query_of},
    operators,
    routes::{self, Get},
};

/// Answered before routing.
const PUBLISHED: [&str; 2] = ["/.well-known/openid-configuration", "/jwks"];

async fn head(app: &TestApp, browser: &Browser<'_>, path: &str, headers: &[(&str, &str)]) -> Answer {
    let cookies = browser.jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let request = Request::builder().method(Method::HEAD).uri(path).header("cookie", cookies);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_none_and_documents_have() {
    let app = TestApp::sqlite().await;
    let (holder, clerk) = (app.holder().await, app.operator("canbo.thu", &[Role::Registrar], None).await);
    let mut browser = app.browser();
    browser.walk(&authorize(&[]), &holder).await;
    operators::sign_in(&app, &mut browser, &clerk).await;
    for (path, get) in routes::all().into_iter().filter(|(_, get)| *get != Get::Document) {
        let answer = head(&app, &browser, &path, &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::METHOD_NOT_ALLOWED, ""), "{path}");
        let allowed: Vec<&str> =
            answer.header("allow").unwrap_or_else(|| panic!("{path}: no Allow")).split(',').collect();
        assert_eq!(allowed.contains(&"GET"), get == Get::Acts, "{path}: {allowed:?}");
        assert!(!allowed.contains(&"HEAD"), "{path}: {allowed:?}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
    let documents = routes::all().into_iter().filter(|(_, get)| *get == Get::Document).map(|(path, _)| path);
    for path in PUBLISHED.map(str::to_owned).into_iter().chain(documents) {
        let (of_head, of_get) = (head(&app, &browser, &path, &[]).await, app.get(&path, &[]).await);
        assert_eq!((of_head.status, of_head.body.as_str()), (of_get.status, ""), "{path}");
        assert_eq!(of_head.header("content-type"), of_get.header("content-type"), "{path}");
    }
}

/// With everything that would make GET do something.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_comes_of_it() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let code = query_of(&browser.walk(&authorize(&[]), &holder).await).remove("code").unwrap();
        let tokens = app.redeem(&code).await;
        let (hint, bearer) = (tokens.text("id_token"), format!("Bearer {}", tokens.text("access_token")));
        // Time enough that a use of the session would be written down, and that `prompt=login` is not answered by this sign-in.
        app.at.clock.advance(Span::minutes(2));
        let asked = query_of(&format!("http://x{}", authorize(&[("prompt", "none")])));
        let fields: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pushed = app.post_as_portal("/par", &fields).await.text("request_uri");
        let pushed = format!("/authorize?{}", encoded(&[("client_id", PORTAL), ("request_uri", &pushed)]));
        let waiting = browser.get(&authorize(&[("prompt", "login")])).await.location().to_owned();
        let state = async || {
            let at = &app.at;
            [
                at.count("SELECT count(*) FROM interaction").await,
                at.count("SELECT count(*) FROM authorization_code").await,
                at.count("SELECT count(*) FROM audit_event").await,
                at.count("SELECT count(*) FROM session WHERE ended_at IS NULL").await,
                at.count("SELECT count(DISTINCT seen_at) FROM session WHERE seen_at > created_at").await,
            ]
        };
        let before = state().await;
        let left = format!("/logout?{}", encoded(&[("id_token_hint", hint.as_str())]));
        for path in [authorize(&[]).as_str(), &authorize(&[("prompt", "none")]), &pushed, &waiting, &left, "/account"] {
            let answer = head(&app, &browser, path, &[("accept", "text/html")]).await;
            assert_eq!((answer.status, answer.header("location")), (StatusCode::METHOD_NOT_ALLOWED, None), "{path}");
        }
        let answer = head(&app, &browser, "/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(state().await, before);
        // And all of it works still, by GET.
        assert!(query_of(browser.get(&pushed).await.location()).contains_key("code"));
        assert_eq!(app.get("/userinfo", &[("authorization", &bearer)]).await.status, StatusCode::OK);
        assert_eq!(browser.get(&waiting).await.status, StatusCode::OK);
        let page = browser.get(&left).await;
        assert_eq!(page.status, StatusCode::OK, "{ISSUER}: {}", page.body);
        assert_ne!(state().await, before);
    }
}
