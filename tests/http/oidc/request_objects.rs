//! Request objects (RFC 9101) by value, by reference and pushed.

use dinhdanh::{base::Timestamp, crypto::Alg};
use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::support::{
    app::{ISSUER, PORTAL_SECRET, TestApp, VERIFIER, basic, challenge, encoded, query_of},
    served::Served,
    signer::Signer,
};

const CLIENT: &str = "signing";
const CALLBACK: &str = "https://signing.example/cb";
const TYP: &str = "oauth-authz-req+jwt";

/// A client with the signer's key, and other members laid over its metadata.
async fn register(app: &TestApp, signer: &Signer, over: &Value) {
    let mut metadata = json!({ "redirect_uris": [CALLBACK], "jwks": { "keys": [signer.jwk()] } });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    app.add_client(CLIENT, Some(PORTAL_SECRET), metadata).await;
}

/// The claims of a good object; a `null` takes one away.
fn claims(now: Timestamp, over: &Value) -> Value {
    let mut claims = json!({
        "iss": CLIENT, "aud": ISSUER, "client_id": CLIENT, "nbf": now.secs(), "exp": now.secs() + 300,
        "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK, "state": "inside",
        "code_challenge": challenge(), "code_challenge_method": "S256",
    });
    let claims = claims.as_object_mut().unwrap();
    for (name, value) in over.as_object().unwrap_or(&Map::new()) {
        claims.insert(name.clone(), value.clone());
    }
    claims.retain(|_, value| !value.is_null());
    Value::Object(claims.clone())
}

fn object(signer: &Signer, now: Timestamp, over: &Value) -> String {
    let header = json!({ "alg": signer.key.alg().name(), "kid": signer.kid, "typ": TYP });
    signer.jws(&header, &claims(now, over))
}

fn asked(more: &[(&str, &str)]) -> String {
    let mut fields = vec![("client_id", CLIENT)];
    fields.extend(more);
    format!("/authorize?{}", encoded(&fields))
}

/// The error that the client is told at its redirect URI, which stands beside the object.
async fn told(app: &TestApp, more: &[(&str, &str)]) -> String {
    let mut fields = more.to_vec();
    fields.extend([("redirect_uri", CALLBACK), ("state", "outside")]);
    let back = query_of(app.browser().get(&asked(&fields)).await.location());
    assert_eq!(back["iss"], ISSUER);
    back["error"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_signed_counts() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let signer = Signer::new("k1");
        register(&app, &signer, &json!({})).await;
        let jwt = object(&signer, app.at.now(), &json!({ "nonce": "n", "max_age": 600 }));
        let outside = [("request", jwt.as_str()), ("state", "outside"), ("scope", "openid profile"), ("nonce", "x")];
        let back = query_of(&app.browser().walk(&asked(&outside), &holder).await);
        assert_eq!(back["state"], "inside");
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &back["code"]),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let tokens = app.post("/token", &[("authorization", &basic(CLIENT, PORTAL_SECRET))], &fields).await;
        assert_eq!(tokens.text("scope"), "openid");
        assert_eq!(crate::support::app::payload(&tokens.text("id_token"))["nonce"], "n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_algorithm_that_discovery_names() {
    let app = TestApp::sqlite().await;
    for alg in [Alg::Rs256, Alg::Ps256, Alg::Es256, Alg::EdDsa] {
        let signer = Signer::of(alg, "k1");
        let client = format!("signing-{}", alg.name());
        let metadata = json!({ "redirect_uris": [CALLBACK], "jwks": { "keys": [signer.jwk()] },
            "request_object_signing_alg": alg.name() });
        app.add_client(&client, Some(PORTAL_SECRET), metadata).await;
        let over = json!({ "iss": client, "client_id": client });
        let jwt = object(&signer, app.at.now(), &over);
        let start = format!("/authorize?{}", encoded(&[("client_id", &client), ("request", &jwt)]));
        assert!(app.browser().get(&start).await.location().starts_with("/sign-in"), "{}", alg.name());
    }
}

/// RFC 7517 §4.5: neither the keys nor who signs need name them.
#[tokio::test(flavor = "multi_thread")]
async fn keys_without_names_verify_too() {
    for app in TestApp::each().await {
        let [first, second, stranger] = [Signer::new("k"), Signer::new("k"), Signer::new("k")];
        let keys = [&first, &second].map(|signer| {
            let mut jwk = signer.jwk();
            jwk.as_object_mut().unwrap().remove("kid");
            jwk
        });
        register(&app, &first, &json!({ "jwks": { "keys": keys } })).await;
        for (signer, good) in [(&first, true), (&second, true), (&stranger, false)] {
            for header in [json!({ "alg": "ES256" }), json!({ "alg": "ES256", "kid": "k" })] {
                let jwt = signer.jws(&header, &claims(app.at.now(), &json!({})));
                let back = app.browser().get(&asked(&[("request", &jwt), ("redirect_uri", CALLBACK)])).await;
                if good {
                    assert!(back.location().starts_with("/sign-in"), "{header}: {}", back.location());
                } else {
                    assert_eq!(query_of(back.location())["error"], "invalid_request_object", "{header}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "one table")]
async fn an_object_that_is_wrong_is_refused_and_never_read() {
    for app in TestApp::each().await {
        let (signer, stranger) = (Signer::new("k1"), Signer::new("k1"));
        register(&app, &signer, &json!({ "request_object_signing_alg": "ES256" })).await;
        let now = app.at.now();
        let good = object(&signer, now, &json!({}));
        let header = |over: Value| {
            let mut header = json!({ "alg": "ES256", "kid": "k1", "typ": TYP });
            header.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
            header
        };
        let unsigned = |alg: &str| {
            let parts = signer.jws(&header(json!({ "alg": alg })), &claims(now, &json!({})));
            format!("{}.", parts.rsplit_once('.').unwrap().0)
        };
        let mut table = vec![
            ("another key", object(&stranger, now, &json!({}))),
            ("another client's", object(&signer, now, &json!({ "iss": "portal", "client_id": "portal" }))),
            ("another algorithm", object(&Signer::of(Alg::EdDsa, "k1"), now, &json!({}))),
            ("none", unsigned("none")),
            ("None", unsigned("None")),
            ("HS256", unsigned("HS256")),
            ("no signature", unsigned("ES256")),
            ("an assertion", signer.assertion(CLIENT, ISSUER, "j1", now)),
            ("an access token's type", signer.jws(&header(json!({ "typ": "at+jwt" })), &claims(now, &json!({})))),
            ("crit", signer.jws(&header(json!({ "crit": ["x"], "x": 1 })), &claims(now, &json!({})))),
            ("jku", signer.jws(&header(json!({ "jku": "https://evil.example" })), &claims(now, &json!({})))),
            ("no JWT", "x".to_owned()),
            ("two parts", "a.b".to_owned()),
            ("five parts", "a.b.c.d.e".to_owned()),
        ];
        for (name, over) in [
            ("aud", json!({ "aud": "https://other.example" })),
            ("sub", json!({ "sub": CLIENT })),
            ("exp", json!({ "nbf": now.secs() - 600, "exp": now.secs() - 60 })),
            ("exp - nbf", json!({ "exp": now.secs() + 3_700 })),
            ("nbf too old", json!({ "nbf": now.secs() - 3_700 })),
            ("nbf ahead", json!({ "nbf": now.secs() + 100 })),
            ("request inside", json!({ "request": good })),
            ("request_uri inside", json!({ "request_uri": "https://signing.example/r" })),
            ("form", json!({ "scope": ["openid"] })),
        ] {
            table.push((name, object(&signer, now, &over)));
        }
        for (name, jwt) in &table {
            assert_eq!(told(&app, &[("request", jwt)]).await, "invalid_request_object", "{name}");
            // With no redirect URI beside it there is nobody to tell.
            let unaddressed = asked(&[("request", jwt), ("scope", "openid")]);
            assert_eq!(app.browser().get(&unaddressed).await.status, StatusCode::BAD_REQUEST, "{name}");
        }
        for at in [0, good.len() / 2, good.len() - 1] {
            let mut flipped = good.clone().into_bytes();
            flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
            let flipped = String::from_utf8(flipped).unwrap();
            assert_eq!(told(&app, &[("request", &flipped)]).await, "invalid_request_object", "{at}");
        }
        let twice = format!("{}&{}", asked(&[("request", &good), ("scope", "openid")]), encoded(&[("request", &good)]));
        assert_eq!(app.browser().get(&twice).await.status, StatusCode::BAD_REQUEST);
        let both = told(&app, &[("request", &good), ("request_uri", "https://signing.example/r")]).await;
        assert_eq!(both, "invalid_request");
        assert_eq!(told(&app, &[("request", &good), ("response_type", "token")]).await, "invalid_request_object");
        assert!(app.browser().get(&asked(&[("request", &good)])).await.location().starts_with("/sign-in"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_read_what_is_inside() {
    let app = TestApp::sqlite().await;
    let signer = Signer::new("k1");
    register(&app, &signer, &json!({})).await;
    let now = app.at.now();
    for (over, error) in [
        (json!({ "scope": null }), "invalid_scope"),
        (json!({ "code_challenge": null, "code_challenge_method": null }), "invalid_request"),
        (json!({ "response_type": null }), "invalid_request"),
        (json!({ "response_type": "token" }), "unsupported_response_type"),
        (json!({ "prompt": "none" }), "login_required"),
    ] {
        // What is missing inside is not taken from outside.
        let jwt = object(&signer, now, &over);
        let start = asked(&[("request", &jwt), ("scope", "openid"), ("code_challenge", &challenge())]);
        assert_eq!(query_of(app.browser().get(&start).await.location())["error"], error, "{over}");
    }
    let elsewhere = object(&signer, now, &json!({ "redirect_uri": "https://evil.example/cb" }));
    let page = app.browser().get(&asked(&[("request", &elsewhere), ("redirect_uri", CALLBACK)])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_fetched_only_where_the_client_registered_it() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        let served = Served::start(object(&signer, app.at.now(), &json!({ "state": "fetched" }))).await;
        let elsewhere = Served::start(object(&signer, app.at.now(), &json!({}))).await;
        register(&app, &signer, &json!({ "request_uris": [served.url] })).await;

        let start = asked(&[("request_uri", &served.url), ("scope", "openid"), ("response_type", "code")]);
        assert!(app.browser().get(&start).await.location().starts_with("/sign-in"));
        assert!(app.browser().get(&start).await.location().starts_with("/sign-in"));
        assert_eq!(served.asked(), 2, "without a fragment the content may have changed");
        let versioned = format!("{}#v1", served.url);
        for _ in 0..3 {
            assert!(app.browser().get(&asked(&[("request_uri", &versioned)])).await.location().starts_with("/sign-in"));
        }
        assert_eq!(served.asked(), 3, "a version is fetched once");

        for wrong in [elsewhere.url.as_str(), &format!("{}?x", served.url), "file:///etc/passwd", "urn:x", "x"] {
            assert_eq!(told(&app, &[("request_uri", wrong)]).await, "invalid_request_uri", "{wrong}");
        }
        assert_eq!(elsewhere.asked(), 0);
        served.say(404, "gone");
        assert_eq!(told(&app, &[("request_uri", &served.url)]).await, "invalid_request_uri");
        served.say(200, "not a JWT");
        assert_eq!(told(&app, &[("request_uri", &served.url)]).await, "invalid_request_object");
        served.say(200, "x".repeat(300 * 1024));
        assert_eq!(told(&app, &[("request_uri", &served.url)]).await, "invalid_request_uri");
    }
}

/// Whoever opens a request by reference makes us call: as often as a portal needs it, and not as often as somebody likes.
#[tokio::test(flavor = "multi_thread")]
async fn a_clients_addresses_are_called_so_often_and_no_oftener() {
    let app = TestApp::sqlite().await;
    let signer = Signer::new("k1");
    let served = Served::start("gone").await;
    served.say(404, "gone");
    register(&app, &signer, &json!({ "request_uris": [served.url] })).await;
    let by_reference = [("request_uri", served.url.as_str())];
    for _ in 0..6 {
        let all = futures_util::future::join_all((0..50).map(|_| told(&app, &by_reference))).await;
        assert!(all.iter().all(|error| error == "invalid_request_uri"), "{all:?}");
    }
    served.say(200, object(&signer, app.at.now(), &json!({})));
    assert_eq!(told(&app, &by_reference).await, "temporarily_unavailable");
    // Another version is another call.
    let versioned = format!("{}#v1", served.url);
    assert_eq!(told(&app, &[("request_uri", &versioned)]).await, "temporarily_unavailable");
    assert_eq!(served.asked(), 300);
    // Other clients are not held up, nor is this one for long.
    let metadata =
        json!({ "redirect_uris": [CALLBACK], "jwks": { "keys": [signer.jwk()] }, "request_uris": [served.url] });
    app.add_client("signing-too", Some(PORTAL_SECRET), metadata).await;
    let others = encoded(&[("client_id", "signing-too"), ("redirect_uri", CALLBACK), ("request_uri", &served.url)]);
    let back = query_of(app.browser().get(&format!("/authorize?{others}")).await.location());
    assert_eq!((back["error"].as_str(), served.asked()), ("invalid_request_object", 301));
    app.at.clock.advance(dinhdanh::base::Span::secs(1));
    assert!(app.browser().get(&asked(&[("request_uri", &versioned)])).await.location().starts_with("/sign-in"));
    // What is kept costs nothing.
    for _ in 0..20 {
        assert!(app.browser().get(&asked(&[("request_uri", &versioned)])).await.location().starts_with("/sign-in"));
    }
    assert_eq!(served.asked(), 302);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_must_sign_is_refused_without() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        register(&app, &signer, &json!({ "require_signed_request_object": true })).await;
        let plain = [
            ("scope", "openid"),
            ("response_type", "code"),
            ("code_challenge", &challenge()),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(told(&app, &plain).await, "invalid_request");
        let push = async |more: &[(&str, &str)]| {
            let mut fields = vec![("client_id", CLIENT), ("redirect_uri", CALLBACK)];
            fields.extend(more);
            app.post("/par", &[("authorization", &basic(CLIENT, PORTAL_SECRET))], &fields).await
        };
        assert_eq!(push(&plain).await.refusal(), (400, "invalid_request".to_owned()));
        // RFC 9126 §3: pushed in an object, with nothing of what stands beside it.
        let jwt = object(&signer, app.at.now(), &json!({}));
        let pushed = push(&[("request", &jwt), ("scope", "profile"), ("state", "outside")]).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        let holder = app.holder().await;
        let start = asked(&[("request_uri", &pushed.text("request_uri"))]);
        assert_eq!(query_of(&app.browser().walk(&start, &holder).await)["state"], "inside");

        let wrong = object(&signer, app.at.now(), &json!({ "aud": "https://other.example" }));
        assert_eq!(push(&[("request", &wrong)]).await.refusal(), (400, "invalid_request_object".to_owned()));
        let foreign = object(&signer, app.at.now(), &json!({ "client_id": "portal" }));
        assert_eq!(push(&[("request", &foreign)]).await.refusal(), (400, "invalid_request_object".to_owned()));
        let rule = object(&signer, app.at.now(), &json!({ "scope": "openid vn_id" }));
        assert_eq!(push(&[("request", &rule)]).await.refusal(), (400, "invalid_scope".to_owned()));
    }
}
