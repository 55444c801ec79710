//! Signing out: who may end a session without asking, where it leads, and who is told.

use std::sync::Arc;

use axum::{Router, extract::State, routing::post};
use dinhdanh::{
    base::ids::ClientId,
    cli::sms::NoGateway,
    crypto::jwe::{DecryptionKey, Encrypted},
    flows::outbox::worker,
    oidc::{encryption::KeyAlg, logout_token::LogoutToken},
};
use http::StatusCode;
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc};
use url::form_urlencoded;

use crate::support::app::{
    BYE, Browser, Holder, ISSUER, OTHER, OTHER_CALLBACK, PORTAL, TestApp, authorize, encoded, payload, query_of,
};

/// Signs in at the portal; answers the ID token.
async fn sign_in(app: &TestApp, browser: &mut Browser<'_>, holder: &Holder) -> String {
    let back = browser.walk(&authorize(&[]), holder).await;
    app.redeem(&query_of(&back)["code"]).await.text("id_token")
}

async fn is_signed_in(browser: &mut Browser<'_>) -> bool {
    let silent = browser.get(&authorize(&[("prompt", "none")])).await;
    query_of(silent.location()).contains_key("code")
}

fn logout(fields: &[(&str, &str)]) -> String {
    format!("/logout?{}", encoded(fields))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_own_hint_ends_it_at_once_and_leads_back() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let hint = sign_in(&app, &mut browser, &holder).await;
        assert!(is_signed_in(&mut browser).await);
        let asked = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "a&b")];
        let left = browser.get(&logout(&asked)).await;
        assert_eq!(left.location(), format!("{BYE}?state=a%26b"));
        assert!(!is_signed_in(&mut browser).await);
        assert_eq!(app.at.audited("session.ended", "done").await, 1);
        // Nobody is signed in any more: the way back is the same.
        assert_eq!(browser.get(&logout(&asked)).await.location(), format!("{BYE}?state=a%26b"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_that_was_copied_is_worth_nothing_afterwards() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let hint = sign_in(&app, &mut browser, &holder).await;
    let copied = browser.jar.clone();
    browser.get(&logout(&[("id_token_hint", &hint)])).await;
    browser.jar = copied;
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_hint_the_person_is_asked_first() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        sign_in(&app, &mut browser, &holder).await;
        let mut elsewhere = app.browser();
        let hint_of_another_session = sign_in(&app, &mut elsewhere, &holder).await;
        for path in [
            "/logout".to_owned(),
            "/sign-out".to_owned(),
            logout(&[("client_id", PORTAL), ("post_logout_redirect_uri", BYE)]),
            logout(&[("id_token_hint", &hint_of_another_session)]),
            logout(&[("id_token_hint", "a.b.c")]),
        ] {
            let page = browser.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(
                page.body.contains("value=\"sign_out\"") && page.body.contains("Cổng thử"),
                "{path}: {}",
                page.body
            );
            assert!(is_signed_in(&mut browser).await, "{path}");
            assert_eq!(browser.submit(&path, &page, &[("action", "stay")]).await.location(), "/");
            assert!(is_signed_in(&mut browser).await, "{path}");
        }
        let path = logout(&[("client_id", PORTAL), ("post_logout_redirect_uri", BYE), ("state", "x")]);
        let page = browser.get(&path).await;
        assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' https://portal.example"));
        let foreign = browser.post(&path, &[("csrf", "guessed"), ("action", "sign_out")]).await;
        assert_eq!(foreign.status, StatusCode::FORBIDDEN);
        assert!(is_signed_in(&mut browser).await);
        let left = browser.submit(&path, &page, &[("action", "sign_out")]).await;
        assert_eq!(left.location(), format!("{BYE}?state=x"));
        assert!(!is_signed_in(&mut browser).await);
        assert!(is_signed_in(&mut elsewhere).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_clients_own_addresses_are_led_to() {
    let app = TestApp::sqlite().await;
    let mut browser = app.browser();
    for (client, uri) in [
        (PORTAL, "https://evil.example/"),
        (PORTAL, "https://portal.example/bye/"),
        (OTHER, BYE),
        ("nobody", BYE),
        ("", BYE),
    ] {
        let mut fields = vec![("post_logout_redirect_uri", uri)];
        fields.extend((!client.is_empty()).then_some(("client_id", client)));
        let page = browser.get(&logout(&fields)).await;
        assert_eq!((page.status, page.header("location")), (StatusCode::OK, None), "{client} {uri}");
    }
    let right = browser.get(&logout(&[("client_id", PORTAL), ("post_logout_redirect_uri", BYE)])).await;
    assert_eq!(right.location(), BYE);
    let repeated = browser.get("/logout?client_id=portal&client_id=portal").await;
    assert_eq!(repeated.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_one_client_in_the_name_of_another_is_refused() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let hint = sign_in(&app, &mut browser, &holder).await;
    let answer = browser.get(&logout(&[("id_token_hint", &hint), ("client_id", OTHER)])).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posted_request_goes_on_with_the_cookies_that_a_post_from_elsewhere_lacks() {
    let app = TestApp::sqlite().await;
    let holder = app.holder().await;
    let mut browser = app.browser();
    let hint = sign_in(&app, &mut browser, &holder).await;
    let from_portal = [("origin", "https://portal.example"), ("sec-fetch-site", "cross-site")];
    let posted =
        app.post("/logout", &from_portal, &[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]).await;
    let again = posted.location().to_owned();
    assert_eq!(browser.get(&again).await.location(), BYE);
    assert!(!is_signed_in(&mut browser).await);
}

/// A portal's back-channel endpoint: the first logout tokens are answered by `first`, then 200.
async fn listen(first: StatusCode) -> (String, mpsc::UnboundedReceiver<String>) {
    let (told, heard) = mpsc::unbounded_channel();
    let take = async |State((told, first)): State<(mpsc::UnboundedSender<String>, StatusCode)>, body: String| {
        told.send(body).unwrap();
        first
    };
    let router = Router::new().route("/backchannel", post(take)).with_state((told, first));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/backchannel", listener.local_addr().unwrap());
    tokio::spawn(async move { axum_serve(listener, router).await });
    (url, heard)
}

/// The next notice; fails rather than wait for ever.
async fn hear(heard: &mut mpsc::UnboundedReceiver<String>) -> String {
    let next = tokio::time::timeout(std::time::Duration::from_mins(1), heard.recv()).await;
    next.expect("nobody is told").unwrap()
}

async fn axum_serve(listener: TcpListener, router: Router) {
    use crate::support::wire::{Wired, unhurried};
    use dinhdanh::http::server::App;
    let _wired = Wired::serve(listener, App::new(Arc::default(), router), unhurried());
    std::future::pending::<()>().await;
}

/// Back-Channel Logout 1.0 §2.6 item 1: a client that has its ID tokens encrypted refuses a logout token that is not.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_id_tokens_encrypted_gets_encrypted_logout_tokens() {
    for app in TestApp::each().await {
        let (holder, (uri, mut heard)) = (app.holder().await, listen(StatusCode::OK).await);
        let key = DecryptionKey::generate(KeyAlg::EcdhEs).unwrap();
        let mut jwk = key.public().members();
        jwk.extend([("use".to_owned(), "enc".into()), ("kid".to_owned(), "e1".into())]);
        let metadata = json!({
            "redirect_uris": [OTHER_CALLBACK], "backchannel_logout_uri": uri, "scope": "openid",
            "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
            "jwks": { "keys": [jwk] },
        });
        app.add_client("sealed", Some("a-secret-of-thirty-two-characters-x"), metadata).await;
        let worker = tokio::spawn(worker::work(app.at.provider.clone(), Arc::new(NoGateway), app.at.clock.clone()));
        let mut browser = app.browser();
        let asked = authorize(&[("client_id", "sealed"), ("redirect_uri", OTHER_CALLBACK), ("scope", "openid")]);
        browser.walk(&asked, &holder).await;
        let page = browser.get("/sign-out").await;
        browser.submit("/sign-out", &page, &[("action", "sign_out")]).await;

        let body = hear(&mut heard).await;
        let (_, token) = form_urlencoded::parse(body.as_bytes()).into_owned().next().unwrap();
        let header = payload(&format!(".{}", token.split('.').next().unwrap()));
        assert_eq!((&header["iss"], &header["cty"]), (&json!(ISSUER), &json!("JWT")), "{header}");
        let signed = String::from_utf8(Encrypted::parse(&token).unwrap().open(&key).unwrap()).unwrap();
        let typ = jsonwebtoken::decode_header(&signed).unwrap().typ;
        let claims = serde_json::to_vec(&payload(&signed)).unwrap();
        let client = ClientId::from("sealed");
        let token = LogoutToken::parse(typ.as_deref(), &claims, ISSUER, &client, app.at.now()).unwrap();
        assert!(token.sid().is_some() && token.sub().is_some());
        worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_portal_of_the_session_is_told_and_those_that_do_not_confirm_are_named() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let (good, mut heard) = listen(StatusCode::OK).await;
        let (bad, mut refused) = listen(StatusCode::BAD_REQUEST).await;
        for (id, name, uri) in [("told", "Cổng nghe", good), ("deaf", "Cổng điếc", bad)] {
            let metadata = json!({
                "client_name#vi": name, "purpose#vi": "Để thử", "redirect_uris": [OTHER_CALLBACK],
                "backchannel_logout_uri": uri, "scope": "openid",
            });
            app.add_client(id, Some("a-secret-of-thirty-two-characters-x"), metadata).await;
        }
        let sms = Arc::new(NoGateway);
        let worker = tokio::spawn(worker::work(app.at.provider.clone(), sms, app.at.clock.clone()));
        let mut browser = app.browser();
        for id in ["told", "deaf"] {
            let asked = authorize(&[("client_id", id), ("redirect_uri", OTHER_CALLBACK), ("scope", "openid")]);
            browser.walk(&asked, &holder).await;
        }
        let page = browser.get("/sign-out").await;
        let left = browser.submit("/sign-out", &page, &[("action", "sign_out")]).await;
        assert_eq!(left.status, StatusCode::OK);
        assert!(left.body.contains("Cổng điếc") && !left.body.contains("Cổng nghe"), "{}", left.body);
        assert!(!is_signed_in(&mut browser).await);

        let body = hear(&mut heard).await;
        let (name, token) = form_urlencoded::parse(body.as_bytes()).into_owned().next().unwrap();
        assert_eq!(name, "logout_token");
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("logout+jwt"));
        let claims = serde_json::to_vec(&payload(&token)).unwrap();
        let client = ClientId::from("told");
        let token = LogoutToken::parse(header.typ.as_deref(), &claims, ISSUER, &client, app.at.now()).unwrap();
        assert!(token.sid().is_some() && token.sub().is_some());
        assert!(heard.try_recv().is_err(), "told twice");
        hear(&mut refused).await;
        assert_eq!(app.at.audited("outbox.delivered", "done").await, 1);
        worker.abort();
    }
}
