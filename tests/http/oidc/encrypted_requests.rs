//! Request objects that are encrypted to us (RFC 9101 §6.1), and authorization responses that are encrypted to the client (JARM §2.2).

use dinhdanh::{
    base::{Entropy, Span, Timestamp},
    crypto::{
        KeyPurpose, PublicKey, Schedule,
        jwe::{DecryptionKey, Encrypted, Recipient, encrypt},
    },
    flows::keys::{Haste, KeyKeeper},
    oidc::encryption::{ContentAlg, Encryption, KeyAlg},
    store::audit::Actor,
};
use serde_json::{Value, json};

use crate::support::{
    app::{BYE, ISSUER, PORTAL_SECRET, TestApp, VERIFIER, basic, challenge, encoded, payload, query_of},
    people::NUMBER,
    served::Served,
    signer::Signer,
};

const CLIENT: &str = "sealed";
const CALLBACK: &str = "https://sealed.example/cb";

async fn register(app: &TestApp, signer: &Signer, over: &Value) {
    let mut metadata = json!({
        "redirect_uris": [CALLBACK], "jwks": { "keys": [signer.jwk()] }, "require_signed_request_object": true,
        "request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A256GCM",
    });
    metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    app.add_client(CLIENT, Some(PORTAL_SECRET), metadata).await;
}

fn object(signer: &Signer, now: Timestamp, over: &Value) -> String {
    let mut claims = json!({
        "iss": CLIENT, "aud": ISSUER, "client_id": CLIENT, "nbf": now.secs(), "exp": now.secs() + 300,
        "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK, "state": "inside",
        "code_challenge": challenge(), "code_challenge_method": "S256",
    });
    claims.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
    signer.jws(&json!({ "alg": "ES256", "kid": signer.kid, "typ": "oauth-authz-req+jwt" }), &claims)
}

/// The key of the service that is published for this algorithm.
async fn published(app: &TestApp, alg: KeyAlg) -> Recipient {
    let set = app.get("/jwks", &[]).await.json();
    let of = |jwk: &Value| {
        let key = PublicKey::from_members(jwk.as_object()?).ok()?;
        let is_it = jwk["use"] == "enc" && alg.fits(&key);
        is_it.then(|| Recipient { kid: Some(jwk["kid"].as_str().unwrap().to_owned()), key })
    };
    set["keys"].as_array().unwrap().iter().find_map(of).unwrap_or_else(|| panic!("no key for {alg} in {set}"))
}

fn sealed(to: &Recipient, (alg, enc): (KeyAlg, ContentAlg), inside: &str) -> String {
    encrypt(to, Encryption { alg, enc }, Some("JWT"), inside.as_bytes(), &Entropy::counted(3)).unwrap()
}

async fn answered(app: &TestApp, request: &str) -> String {
    let start =
        encoded(&[("client_id", CLIENT), ("redirect_uri", CALLBACK), ("state", "outside"), ("request", request)]);
    app.browser().get(&format!("/authorize?{start}")).await.location().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_of_algorithms_that_discovery_names_opens() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        register(&app, &signer, &json!({})).await;
        let discovery = app.get("/.well-known/openid-configuration", &[]).await.json();
        let named = |member: &str| -> Vec<String> { serde_json::from_value(discovery[member].clone()).unwrap() };
        let algs = named("request_object_encryption_alg_values_supported");
        assert_eq!(algs, ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"]);
        for alg in &algs {
            for enc in &named("request_object_encryption_enc_values_supported") {
                let pair = (KeyAlg::parse(alg).unwrap(), ContentAlg::parse(enc).unwrap());
                let to = published(&app, pair.0).await;
                for to in [to.clone(), Recipient { kid: None, ..to }] {
                    let request = sealed(&to, pair, &object(&signer, app.at.now(), &json!({})));
                    let next = answered(&app, &request).await;
                    assert!(next.starts_with("/sign-in"), "{alg} {enc}: {next}");
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_request_signs_in_by_value_by_address_and_pushed() {
    for app in TestApp::each().await {
        let (holder, signer) = (app.holder().await, Signer::new("k1"));
        let to = published(&app, KeyAlg::EcdhEs).await;
        let make = |state: &str| {
            let inside = object(&signer, app.at.now(), &json!({ "state": state, "nonce": state }));
            sealed(&to, (KeyAlg::EcdhEs, ContentAlg::A256Gcm), &inside)
        };
        let served = Served::start(make("by address")).await;
        register(&app, &signer, &json!({ "request_uris": [served.url] })).await;
        let header = basic(CLIENT, PORTAL_SECRET);
        let push = app.post("/par", &[("authorization", &header)], &[("request", &make("pushed"))]).await;
        let pushed = push.text("request_uri");
        for (name, value, state) in [
            ("request", make("by value"), "by value"),
            ("request_uri", served.url.clone(), "by address"),
            ("request_uri", pushed, "pushed"),
        ] {
            let start = format!("/authorize?{}", encoded(&[("client_id", CLIENT), (name, &value)]));
            let back = query_of(&app.browser().walk(&start, &holder).await);
            assert_eq!(back["state"], state);
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", back["code"].as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let tokens = app.post("/token", &[("authorization", &header)], &fields).await;
            assert_eq!(payload(&tokens.text("id_token"))["nonce"], state);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_open_or_is_not_signed_inside_is_refused() {
    for app in TestApp::each().await {
        let (signer, stranger) = (Signer::new("k1"), Signer::new("k1"));
        register(&app, &signer, &json!({ "require_signed_request_object": false })).await;
        let to = published(&app, KeyAlg::EcdhEs).await;
        let how = (KeyAlg::EcdhEs, ContentAlg::A256Gcm);
        let now = app.at.now();
        let good = sealed(&to, how, &object(&signer, now, &json!({})));
        let other = DecryptionKey::generate(KeyAlg::EcdhEs).unwrap();
        let elsewhere = Recipient { kid: to.kid.clone(), key: other.public().clone() };
        let unknown = Recipient { kid: Some("nobodys".to_owned()), ..to.clone() };
        let flipped = {
            let (head, tail) = good.split_at(good.len() - 4);
            format!("{head}{}", if tail.starts_with('A') { "BBBB" } else { "AAAA" })
        };
        for (request, why) in [
            (sealed(&elsewhere, how, &object(&signer, now, &json!({}))), "encrypted to somebody else"),
            (sealed(&unknown, how, &object(&signer, now, &json!({}))), "a kid that is none of ours"),
            (sealed(&to, how, &object(&stranger, now, &json!({}))), "signed by somebody else"),
            (sealed(&to, how, &json!({ "client_id": CLIENT, "response_type": "code" }).to_string()), "not signed"),
            (sealed(&to, how, &good), "encrypted twice"),
            (flipped, "changed on the way"),
            (format!("{good}."), "six parts"),
            (sealed(&to, how, &object(&signer, now - Span::hours(2), &json!({}))), "too old"),
        ] {
            let back = query_of(&answered(&app, &request).await);
            assert_eq!(
                (back["error"].as_str(), back["state"].as_str()),
                ("invalid_request_object", "outside"),
                "{why}"
            );
            let header = basic(CLIENT, PORTAL_SECRET);
            let pushed = app.post("/par", &[("authorization", &header)], &[("request", &request)]).await;
            assert_eq!(pushed.refusal(), (400, "invalid_request_object".to_owned()), "{why}");
        }
        assert!(answered(&app, &good).await.starts_with("/sign-in"));
        // What is signed and not encrypted is still taken (OpenID Connect Registration §2).
        assert!(answered(&app, &object(&signer, now, &json!({}))).await.starts_with("/sign-in"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_follow_each_other_and_late_requests_still_open() {
    for app in TestApp::each().await {
        let signer = Signer::new("k1");
        register(&app, &signer, &json!({})).await;
        let provider = &app.at.provider;
        let keeper = KeyKeeper {
            writer: &provider.writer,
            sealer: &provider.secrets.sealer,
            entropy: &provider.entropy,
            schedule: Schedule::default(),
            actor: Actor::Service,
        };
        let purpose = KeyPurpose::Open(KeyAlg::EcdhEs);
        let reload = async || provider.keys.reload(&mut app.at.conn().await, &provider.secrets.sealer).await.unwrap();
        let first = published(&app, KeyAlg::EcdhEs).await;
        let how = (KeyAlg::EcdhEs, ContentAlg::A256Gcm);
        let opens = async |to: &Recipient| {
            let request = sealed(to, how, &object(&signer, app.at.now(), &json!({})));
            answered(&app, &request).await.starts_with("/sign-in")
        };
        keeper.make(purpose, Haste::KeepTimes, app.at.now()).await.unwrap();
        app.at.clock.advance(Span::minutes(20));
        let second = keeper.rotate(&mut app.at.conn().await, purpose, Haste::KeepTimes, app.at.now()).await.unwrap();
        reload().await;
        let ring = provider.keys.ring();
        let kids: Vec<_> = ring.opening().jwks().iter().map(|jwk| jwk["kid"].as_str().unwrap().to_owned()).collect();
        assert!(kids.contains(&second) && !kids.contains(first.kid.as_ref().unwrap()), "{kids:?}");
        assert!(opens(&first).await, "who has the old set");
        let old = first.kid.clone().unwrap();
        assert!(keeper.retire(&mut app.at.conn().await, &old, app.at.now()).await.is_err(), "too early");
        app.at.clock.advance(Span::minutes(80));
        keeper.retire(&mut app.at.conn().await, &old, app.at.now()).await.unwrap();
        reload().await;
        assert!(!opens(&first).await, "its private part is gone");
        keeper.revoke(&mut app.at.conn().await, &second, app.at.now()).await.unwrap();
        reload().await;
        let third = provider.keys.ring().opening().jwks();
        assert!(third.iter().all(|jwk| jwk["kid"] != second.as_str()) && third.len() == 2, "{third:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_signed_and_then_encrypted_to_the_client() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        for (alg, enc) in
            [(KeyAlg::EcdhEs, Some("A256GCM")), (KeyAlg::EcdhEsA256Kw, None), (KeyAlg::RsaOaep256, Some("A256GCM"))]
        {
            let key = DecryptionKey::generate(alg).unwrap();
            let mut jwk = key.public().members();
            jwk.extend([("use".to_owned(), "enc".into()), ("kid".to_owned(), "e1".into())]);
            let client = format!("reader-{alg}").replace('+', "-");
            let callback = format!("https://{}.example/cb", client.to_lowercase());
            let mut metadata = json!({
                "redirect_uris": [callback], "jwks": { "keys": [jwk] },
                "authorization_encrypted_response_alg": alg.as_str(), "authorization_signed_response_alg": "ES256",
            });
            if let Some(enc) = enc {
                metadata["authorization_encrypted_response_enc"] = enc.into();
            }
            app.add_client(&client, Some(PORTAL_SECRET), metadata).await;
            let inside = |response: &str| {
                let encrypted = Encrypted::parse(response).unwrap();
                assert_eq!((encrypted.alg, encrypted.enc.as_str()), (alg, enc.unwrap_or("A128CBC-HS256")));
                payload(&String::from_utf8(encrypted.open(&key).unwrap()).unwrap())
            };
            let asked = [("client_id", client.as_str()), ("redirect_uri", callback.as_str()), ("response_mode", "jwt")];
            let start = crate::support::app::authorize(&asked);
            let back = query_of(&app.browser().walk(&start, &holder).await);
            assert_eq!(back.len(), 1, "nothing beside the response: {back:?}");
            let claims = inside(&back["response"]);
            assert_eq!((&claims["aud"], &claims["iss"]), (&json!(client), &json!(ISSUER)));
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", claims["code"].as_str().unwrap()),
                ("redirect_uri", &callback),
                ("code_verifier", VERIFIER),
            ];
            let tokens = app.post("/token", &[("authorization", &basic(&client, PORTAL_SECRET))], &fields).await;
            assert_eq!(tokens.status, 200, "{}", tokens.body);
            // Errors too, of the checks and of the person.
            for (more, error) in [(("max_age", "x"), "invalid_request"), (("prompt", "none"), "login_required")] {
                let mut asked = asked.to_vec();
                asked.push(more);
                let answer = app.browser().get(&crate::support::app::authorize(&asked)).await;
                assert_eq!(inside(&query_of(answer.location())["response"])["error"], error);
            }
        }
    }
}

/// A backchannel request is a signed request object (CIBA Core §7.1.1): what its client may do to others it may do to this one.
#[tokio::test(flavor = "multi_thread")]
async fn a_backchannel_request_may_be_sealed_too() {
    for app in TestApp::each().await {
        let (signer, stranger) = (Signer::new("k1"), Signer::new("k1"));
        app.holder().await;
        let metadata = json!({
            "grant_types": ["urn:openid:params:grant-type:ciba"], "response_types": [], "scope": "openid",
            "backchannel_token_delivery_mode": "poll", "backchannel_authentication_request_signing_alg": "ES256",
            "jwks": { "keys": [signer.jwk()] },
        });
        app.add_client(CLIENT, Some(PORTAL_SECRET), metadata).await;
        let how = (KeyAlg::RsaOaep256, ContentAlg::A256Gcm);
        let (to, now) = (published(&app, how.0).await, app.at.now().secs());
        let inside = |jti: &str, signer: &Signer| {
            signer.jwt(&json!({
                "iss": CLIENT, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": jti,
                "scope": "openid", "login_hint": NUMBER,
            }))
        };
        let other = DecryptionKey::generate(how.0).unwrap();
        let elsewhere = Recipient { kid: to.kid.clone(), key: other.public().clone() };
        for (request, status) in [
            (sealed(&to, how, &inside("1", &signer)), 200),
            (sealed(&to, how, &inside("1", &signer)), 400),
            (sealed(&to, how, &inside("2", &stranger)), 400),
            (sealed(&elsewhere, how, &inside("3", &signer)), 400),
            (sealed(&to, how, &sealed(&to, how, &inside("4", &signer))), 400),
            (inside("5", &signer), 200),
        ] {
            let header = basic(CLIENT, PORTAL_SECRET);
            let fields = [("request", request.as_str())];
            let answer = app.post("/backchannel_authentication", &[("authorization", &header)], &fields).await;
            assert_eq!(answer.status, status, "{}", answer.body);
            assert!(status == 200 || answer.error() == "invalid_request", "{}", answer.body);
        }
    }
}

/// The client's keys, and ours, may be gone when somebody comes: then nobody signs in for an answer that cannot leave.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_could_not_leave_is_refused_before_anybody_signs_in() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let signs = Signer::new("k1");
        let metadata = json!({
            "redirect_uris": [CALLBACK], "jwks": { "keys": [signs.jwk()] },
            "authorization_encrypted_response_alg": "ECDH-ES",
        });
        app.add_client(CLIENT, Some(PORTAL_SECRET), metadata).await;
        let mut browser = app.browser();
        let in_the_open = [("client_id", CLIENT), ("redirect_uri", CALLBACK)];
        browser.walk(&crate::support::app::authorize(&in_the_open), &holder).await;
        let codes = app.at.count("SELECT count(*) FROM authorization_code").await;
        for more in [("state", "s"), ("prompt", "none"), ("max_age", "x"), ("request", "a.b.c")] {
            let asked = [in_the_open[0], in_the_open[1], ("response_mode", "jwt"), more];
            let page = browser.get(&crate::support::app::authorize(&asked)).await;
            assert_eq!((page.status.as_u16(), page.header("location")), (400, None), "{more:?}: {}", page.body);
        }
        assert_eq!(app.at.count("SELECT count(*) FROM authorization_code").await, codes);
        let (header, challenge) = (basic(CLIENT, PORTAL_SECRET), challenge());
        let fields = [
            ("response_type", "code"),
            ("scope", "openid"),
            ("redirect_uri", CALLBACK),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("response_mode", "form_post.jwt"),
        ];
        let pushed = app.post("/par", &[("authorization", &header)], &fields).await;
        assert_eq!(pushed.refusal(), (400, "invalid_request".to_owned()));
        assert!(pushed.body.contains("use enc"), "{}", pushed.body);
        assert_eq!(app.post("/par", &[("authorization", &header)], &fields[..5]).await.status, 201);
    }
}

/// OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2: who has ID tokens encrypted may encrypt the hint to us.
#[tokio::test(flavor = "multi_thread")]
async fn a_hint_may_come_encrypted() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut browser = app.browser();
        let back = query_of(&browser.walk(&crate::support::app::authorize(&[]), &holder).await);
        let hint = app.redeem(&back["code"]).await.text("id_token");
        let how = (KeyAlg::EcdhEs, ContentAlg::A256Gcm);
        let to = published(&app, how.0).await;
        let other = DecryptionKey::generate(how.0).unwrap();
        let elsewhere = Recipient { kid: None, key: other.public().clone() };
        for (hint, known) in [
            (sealed(&to, how, &hint), true),
            (sealed(&elsewhere, how, &hint), false),
            (sealed(&to, how, "a.b.c"), false),
        ] {
            let asked = [("id_token_hint", hint.as_str()), ("prompt", "none")];
            let answer = browser.get(&crate::support::app::authorize(&asked)).await;
            let told = query_of(answer.location());
            assert_eq!(told.contains_key("code"), known, "{told:?}");
            assert!(known || told["error"] == "login_required", "{told:?}");
        }
        let bad = encoded(&[("id_token_hint", &sealed(&elsewhere, how, &hint))]);
        assert!(browser.get(&format!("/logout?{bad}")).await.body.contains("name=\"csrf\""), "the person is asked");
        let good = encoded(&[("id_token_hint", &sealed(&to, how, &hint)), ("post_logout_redirect_uri", BYE)]);
        assert_eq!(browser.get(&format!("/logout?{good}")).await.location(), BYE);
    }
}
