//! Clients that prove themselves with a key (RFC 7523 §2.2), given by value or at a `jwks_uri` that changes and fails.

use dinhdanh::{base::Span, crypto::Alg};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt as _, net::TcpListener};

use crate::support::{
    app::{Answer, ISSUER, OTHER, TestApp},
    provider::TestProvider,
    served::Served,
    signer::{Signer, assertion_claims},
};

const BATCH: &str = "batch";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client that acts for itself and signs, with more metadata laid over.
async fn add(app: &TestApp, over: &Value) {
    let mut metadata = json!({
        "grant_types": ["client_credentials"], "scope": "reports:read",
        "token_endpoint_auth_method": "private_key_jwt",
    });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    app.add_client(BATCH, None, metadata).await;
}

async fn ask(app: &TestApp, assertion: &str) -> Answer {
    let fields =
        [("grant_type", "client_credentials"), ("client_assertion_type", JWT_BEARER), ("client_assertion", assertion)];
    app.post("/token", &[], &fields).await
}

async fn ask_with(app: &TestApp, signer: &Signer, jti: &str) -> StatusCode {
    ask(app, &signer.assertion(BATCH, ISSUER, jti, app.at.now())).await.status
}

fn set(signers: &[&Signer]) -> String {
    json!({ "keys": signers.iter().map(|signer| signer.jwk()).collect::<Vec<_>>() }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_signed_with_a_registered_key_works_once() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        add(&app, &json!({ "jwks": { "keys": [signer.jwk()] } })).await;
        let assertion = signer.assertion(BATCH, ISSUER, "j1", app.at.now());
        assert_eq!(ask(&app, &assertion).await.status, StatusCode::OK);
        let replayed = ask(&app, &assertion).await;
        assert_eq!(replayed.refusal(), (401, "invalid_client".to_owned()));
        assert!(replayed.text("error_description").contains("jti was used before"));
        assert_eq!(app.at.audited("client.assertion_replayed", "refused").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_that_are_wrong_are_refused_and_say_what_was_expected() {
    let app = TestApp::sqlite().await;
    let (signer, thief) = (Signer::new("k1"), Signer::new("k1"));
    add(&app, &json!({ "jwks": { "keys": [signer.jwk()] } })).await;
    let now = app.at.now();
    let good = assertion_claims(BATCH, ISSUER, "j", now);
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        signer.jwt(&claims)
    };
    for (assertion, told) in [
        (thief.jwt(&good), "client authentication failed"),
        (signer.jws(&json!({ "alg": "none" }), &good), "client authentication failed"),
        (signer.jws(&json!({ "alg": "HS256", "kid": "k1" }), &good), "client authentication failed"),
        (signer.jws(&json!({ "alg": "RS256", "kid": "k1" }), &good), "client authentication failed"),
        (signer.jws(&json!({ "alg": "ES256", "kid": "k2" }), &good), "client authentication failed"),
        (signer.jws(&json!({ "alg": "ES256", "typ": "dpop+jwt" }), &good), "client authentication failed"),
        (with("aud", json!("https://other.example")), "aud is missing or wrong; expected the single string http"),
        (with("aud", json!([ISSUER])), "aud is missing or wrong"),
        (with("iss", json!(OTHER)), "iss is missing or wrong; expected the client_id batch"),
        (with("exp", json!(now.secs() - 11)), "client_assertion has expired"),
        (with("exp", json!(now.secs() + 3_700)), "exp is too far ahead"),
        (with("iat", json!(now.secs() + 61)), "iat is not a number in the past"),
        (with("jti", Value::Null), "jti is missing"),
    ] {
        let answer = ask(&app, &assertion).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()), "{told}");
        assert!(answer.text("error_description").contains(told), "{told}: {}", answer.body);
    }
    // Another client's name in the same signature: that client has no such key.
    let as_other = signer.assertion(OTHER, ISSUER, "j", now);
    assert_eq!(ask(&app, &as_other).await.status, StatusCode::UNAUTHORIZED);
    // Whatever was refused has not used up the name of the good one.
    assert_eq!(ask(&app, &signer.jwt(&good)).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_at_an_address_are_read_once_by_all_that_wait() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        let served = Served::start(set(&[&signer])).await;
        add(&app, &json!({ "jwks_uri": served.url })).await;
        let jtis: Vec<String> = (0..8).map(|at| format!("j{at}")).collect();
        let answers = futures_util::future::join_all(jtis.iter().map(|jti| ask_with(&app, &signer, jti))).await;
        assert_eq!(answers, [StatusCode::OK; 8]);
        assert_eq!(served.asked(), 1);
        app.at.clock.advance(Span::minutes(9));
        assert_eq!(ask_with(&app, &signer, "later").await, StatusCode::OK);
        assert_eq!(served.asked(), 1);
        app.at.clock.advance(Span::minutes(2));
        assert_eq!(ask_with(&app, &signer, "old").await, StatusCode::OK);
        assert_eq!(served.asked(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_kid_asks_again_but_not_more_than_once_in_ten_seconds() {
    let app = TestApp::sqlite().await;
    let (old, new, stranger) = (Signer::new("old"), Signer::new("new"), Signer::new("stranger"));
    let served = Served::start(set(&[&old])).await;
    add(&app, &json!({ "jwks_uri": served.url })).await;
    assert_eq!(ask_with(&app, &old, "1").await, StatusCode::OK);
    served.say(200, set(&[&old, &new]));
    // Within the pause the new key is not known yet; strangers cause no calls at all.
    for jti in ["2", "3", "4"] {
        assert_eq!(ask_with(&app, &stranger, jti).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(served.asked(), 1);
    app.at.clock.advance(Span::secs(10));
    assert_eq!(ask_with(&app, &new, "5").await, StatusCode::OK);
    assert_eq!(ask_with(&app, &old, "6").await, StatusCode::OK);
    assert_eq!(served.asked(), 2);
    // A key that was withdrawn is gone when the set is read again.
    served.say(200, set(&[&new]));
    app.at.clock.advance(Span::minutes(10));
    assert_eq!(ask_with(&app, &old, "7").await, StatusCode::UNAUTHORIZED);
    assert_eq!(ask_with(&app, &new, "8").await, StatusCode::OK);
    // What is signed with a refused algorithm calls nobody.
    app.at.clock.advance(Span::minutes(11));
    let asked = served.asked();
    let es384 = new.jws(&json!({ "alg": "ES384", "kid": "x" }), &assertion_claims(BATCH, ISSUER, "9", app.at.now()));
    assert_eq!(ask(&app, &es384).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(served.asked(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signer_without_kid_may_change_its_key() {
    let app = TestApp::sqlite().await;
    let (old, new) = (Signer::new(""), Signer::new(""));
    let unnamed = |signer: &Signer, jti: &str| {
        let claims = assertion_claims(BATCH, ISSUER, jti, app.at.now());
        signer.jws(&json!({ "alg": "ES256" }), &claims)
    };
    let served = Served::start(set(&[&old])).await;
    add(&app, &json!({ "jwks_uri": served.url })).await;
    assert_eq!(ask(&app, &unnamed(&old, "1")).await.status, StatusCode::OK);
    served.say(200, set(&[&new]));
    app.at.clock.advance(Span::secs(10));
    assert_eq!(ask(&app, &unnamed(&new, "2")).await.status, StatusCode::OK);
}

/// RFC 7517 §4.5: `kid` is optional, on either side. Whichever key of the right kind verifies, is the one; nobody else's does.
#[tokio::test(flavor = "multi_thread")]
async fn keys_without_a_name_are_tried_one_after_the_other() {
    for app in TestApp::each().await {
        let [first, second, stranger] = [Signer::new(""), Signer::new(""), Signer::new("")];
        let other_kind = Signer::of(Alg::Rs256, "");
        let unnamed = |signer: &Signer| {
            let mut jwk = signer.jwk();
            jwk.as_object_mut().unwrap().remove("kid");
            jwk
        };
        let keys = json!({ "keys": [unnamed(&other_kind), unnamed(&first), unnamed(&second)] });
        add(&app, &json!({ "jwks": keys })).await;
        let header = |signer: &Signer, kid: Option<&str>| match kid {
            Some(kid) => json!({ "alg": signer.key.alg().name(), "kid": kid }),
            None => json!({ "alg": signer.key.alg().name() }),
        };
        let mut next = 0;
        for (signer, good) in [(&first, true), (&second, true), (&other_kind, true), (&stranger, false)] {
            // The signer's own name for its key, which the set does not have, or none.
            for kid in [None, Some("mine")] {
                next += 1;
                let claims = assertion_claims(BATCH, ISSUER, &next.to_string(), app.at.now());
                let answer = ask(&app, &signer.jws(&header(signer, kid), &claims)).await;
                assert_eq!(answer.status == StatusCode::OK, good, "{next}: {}", answer.body);
                assert!(good || answer.refusal() == (401, "invalid_client".to_owned()), "{}", answer.body);
            }
        }
    }
}

/// At an address too: what was read before is asked for again where it does not verify, and no more than once in ten seconds.
#[tokio::test(flavor = "multi_thread")]
async fn keys_without_a_name_change_at_their_address() {
    let app = TestApp::sqlite().await;
    let (old, new) = (Signer::new("old"), Signer::new("new"));
    let without_names = |signer: &Signer| set(&[signer]).replace(&format!(",\"kid\":\"{}\"", signer.kid), "");
    let nameless = without_names(&old);
    assert!(!nameless.contains("kid"), "{nameless}");
    let served = Served::start(nameless).await;
    add(&app, &json!({ "jwks_uri": served.url })).await;
    assert_eq!(ask_with(&app, &old, "1").await, StatusCode::OK);
    served.say(200, without_names(&new));
    for jti in ["2", "3"] {
        assert_eq!(ask_with(&app, &new, jti).await, StatusCode::UNAUTHORIZED, "within the pause");
    }
    assert_eq!(served.asked(), 1);
    app.at.clock.advance(Span::secs(10));
    assert_eq!(ask_with(&app, &new, "4").await, StatusCode::OK);
    assert_eq!((ask_with(&app, &old, "5").await, served.asked()), (StatusCode::UNAUTHORIZED, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_good_keys_serve_for_hours_and_then_no_more() {
    let app = TestApp::sqlite().await;
    let signer = Signer::of(Alg::Rs256, "k1");
    let served = Served::start(set(&[&signer])).await;
    add(&app, &json!({ "jwks_uri": served.url })).await;
    assert_eq!(ask_with(&app, &signer, "1").await, StatusCode::OK);
    for (number, (status, body)) in [
        (500, String::new()),
        (302, String::new()),
        (200, "<html>".to_owned()),
        (200, format!("{{\"keys\":[{}]}}", " ".repeat(70_000))),
        (200, json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] }).to_string()),
    ]
    .into_iter()
    .enumerate()
    {
        served.say(status, body);
        app.at.clock.advance(Span::minutes(20));
        let asked = served.asked();
        assert_eq!(ask_with(&app, &signer, &format!("f{number}")).await, StatusCode::OK, "{status}");
        assert_eq!(served.asked(), asked + 1);
    }
    app.at.clock.advance(Span::hours(4));
    assert_eq!(ask_with(&app, &signer, "too late").await, StatusCode::UNAUTHORIZED);
    served.say(200, set(&[&signer]));
    app.at.clock.advance(Span::secs(10));
    assert_eq!(ask_with(&app, &signer, "back").await, StatusCode::OK);
}

/// A host that takes each connection, says this, and then a letter from time to time, or nothing more.
async fn host_that(says: String, drips: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let says = says.clone();
            tokio::spawn(async move {
                let mut open = stream.write_all(says.as_bytes()).await.is_ok();
                while open {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    open = !drips || stream.write_all(b" ").await.is_ok();
                }
            });
        }
    });
    url
}

/// F35: whoever is called may not hold us, however busily, nor send us on; the client is told no while its request still lives.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_slow_or_leads_elsewhere_is_left() {
    let app = TestApp::sqlite().await;
    let signer = Signer::new("k1");
    let elsewhere = Served::start(set(&[&signer])).await;
    let away = format!("HTTP/1.1 302 Found\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", elsewhere.url);
    for (number, (says, drips)) in [
        (String::new(), false),
        ("HTTP/1.1 200 OK\r\nX-Slow:".to_owned(), true),
        ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{".to_owned(), true),
        (away, false),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("slow-{number}");
        let metadata = json!({
            "grant_types": ["client_credentials"], "scope": "reports:read",
            "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": host_that(says, drips).await,
        });
        app.add_client(&id, None, metadata).await;
        let refused = ask(&app, &signer.assertion(&id, ISSUER, "1", app.at.now())).await;
        assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()), "{number}: {}", refused.body);
    }
    assert_eq!(elsewhere.asked(), 0, "a redirect is not followed");
}

/// Not a byte goes inside: a listener of this machine hears nobody, by number or by name.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_hears_nobody() {
    let at = TestProvider::sqlite().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost", "rp.localhost", "[::ffff:127.0.0.1]"] {
        let url: url::Url = format!("https://{host}:{port}/jwks").parse().unwrap();
        assert!(at.provider.outbound.get(&url).await.is_err(), "{host}");
    }
    let heard = tokio::time::timeout(std::time::Duration::from_millis(300), listener.accept()).await;
    assert!(heard.is_err(), "somebody came: {heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_inside_is_never_called() {
    let app = TestApp::sqlite().await;
    let signer = Signer::new("k1");
    let uris = ["https://10.0.0.1/jwks", "https://169.254.169.254/jwks", "https://[fd00::1]/jwks"];
    for (number, uri) in uris.into_iter().enumerate() {
        let mut soonest = std::time::Duration::MAX;
        for time in 0..3 {
            let id = format!("inside-{number}-{time}");
            let metadata = json!({
                "grant_types": ["client_credentials"], "scope": "reports:read",
                "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": format!("{uri}/{time}"),
            });
            app.add_client(&id, None, metadata).await;
            let started = std::time::Instant::now();
            let refused = ask(&app, &signer.assertion(&id, ISSUER, "1", app.at.now())).await;
            assert_eq!(refused.refusal(), (401, "invalid_client".to_owned()), "{uri}");
            soonest = soonest.min(started.elapsed());
        }
        // A call that was tried would wait for its three seconds, every time.
        assert!(soonest < std::time::Duration::from_millis(2_900), "{uri}: {soonest:?}");
    }
}
