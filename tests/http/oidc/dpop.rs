//! DPoP (RFC 9449) through the router: proofs, nonces, replay, and tokens that only their key can use.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    base::Span,
    crypto::{Alg, digest::sha256},
};
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{
        Answer, CALLBACK, Holder, ISSUER, PHONE_APP, PHONE_APP_CALLBACK, PORTAL, PORTAL_SECRET, TestApp, VERIFIER,
        authorize, basic, payload, query_of,
    },
    signer::Signer,
};

const OWN: &[(&str, &str)] = &[("grant_type", "client_credentials")];

/// The nonce that the service hands out now.
async fn nonce(app: &TestApp) -> String {
    let told = post(app, OWN, &Signer::new("").proof(&claims(app, "POST", "/token", "nonce"))).await;
    assert_eq!(told.refusal(), (400, "use_dpop_nonce".to_owned()));
    told.header("dpop-nonce").unwrap().to_owned()
}

fn claims(app: &TestApp, method: &str, path: &str, jti: &str) -> Value {
    json!({ "htm": method, "htu": format!("{ISSUER}{path}"), "iat": app.at.now().secs(), "jti": jti })
}

/// A proof for the token endpoint, with the nonce.
async fn fresh(app: &TestApp, key: &Signer, jti: &str) -> String {
    let mut claims = claims(app, "POST", "/token", jti);
    claims["nonce"] = nonce(app).await.into();
    key.proof(&claims)
}

async fn post(app: &TestApp, fields: &[(&str, &str)], proof: &str) -> Answer {
    app.post("/token", &[("authorization", &basic(PORTAL, PORTAL_SECRET)), ("dpop", proof)], fields).await
}

/// A proof for UserInfo and this token.
async fn at_userinfo(app: &TestApp, key: &Signer, token: &str, jti: &str) -> String {
    let mut claims = claims(app, "GET", "/userinfo", jti);
    claims["nonce"] = nonce(app).await.into();
    claims["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()).as_bytes()).into();
    key.proof(&claims)
}

async fn userinfo(app: &TestApp, scheme: &str, token: &str, proof: Option<&str>) -> Answer {
    let authorization = format!("{scheme} {token}");
    let mut headers = vec![("authorization", authorization.as_str())];
    headers.extend(proof.map(|proof| ("dpop", proof)));
    app.get("/userinfo", &headers).await
}

fn code_fields(code: &str) -> [(&str, &str); 4] {
    [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)]
}

fn challenges(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_token_opens_userinfo_with_its_key_and_with_nothing_else() {
    for app in TestApp::each().await {
        let (holder, key, thief) = (app.holder().await, Signer::new(""), Signer::new(""));
        let code = app.code(&holder, "openid profile").await;
        let tokens = post(&app, &code_fields(&code), &fresh(&app, &key, "1").await).await;
        assert_eq!((tokens.status, tokens.text("token_type").as_str()), (StatusCode::OK, "DPoP"), "{}", tokens.body);
        assert!(tokens.header("dpop-nonce").is_some());
        let token = tokens.text("access_token");
        assert_eq!(payload(&token)["cnf"], json!({ "jkt": key.key.public().thumbprint() }));

        let proof = at_userinfo(&app, &key, &token, "u1").await;
        let opened = userinfo(&app, "DPoP", &token, Some(&proof)).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
        assert_eq!(opened.json()["sub"], payload(&tokens.text("id_token"))["sub"]);

        // The same proof again, and then every way without the key.
        let replayed = userinfo(&app, "DPoP", &token, Some(&proof)).await;
        assert_eq!(replayed.refusal(), (401, "invalid_dpop_proof".to_owned()));
        assert_eq!(app.at.audited("dpop.proof_replayed", "refused").await, 1);
        let as_bearer = userinfo(&app, "Bearer", &token, None).await;
        assert_eq!(as_bearer.refusal(), (401, "invalid_token".to_owned()));
        // RFC 9449 §7.1, §7.2: the one challenge is of the scheme by which it opens, with the error and the algorithms.
        assert_eq!(
            challenges(&as_bearer),
            [concat!(
                r#"DPoP realm="http://localhost:8080", error="invalid_token", error_description="the access token is bound "#,
                r#"to a key: send it as DPoP with a proof (RFC 9449 section 7.1)", algs="RS256 ES256 PS256 EdDSA""#
            )]
        );
        assert!(as_bearer.header("dpop-nonce").is_some(), "for the proof that must come next");
        let proof = at_userinfo(&app, &key, &token, "u2").await;
        assert_eq!(userinfo(&app, "Bearer", &token, Some(&proof)).await.status, StatusCode::UNAUTHORIZED);
        let stolen = userinfo(&app, "DPoP", &token, Some(&at_userinfo(&app, &thief, &token, "u3").await)).await;
        assert_eq!(stolen.refusal(), (401, "invalid_token".to_owned()));
        let challenge = stolen.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("DPoP realm=") && challenge.ends_with("algs=\"RS256 ES256 PS256 EdDSA\""));
        let alone = userinfo(&app, "DPoP", &token, None).await;
        assert_eq!(alone.refusal(), (401, "invalid_dpop_proof".to_owned()));
        assert!(alone.header("dpop-nonce").is_some());
        let by_form = app.post("/userinfo", &[], &[("access_token", &token)]).await;
        assert_eq!(by_form.refusal(), (401, "invalid_token".to_owned()));
        assert!(by_form.header("www-authenticate").unwrap().starts_with("DPoP "));
        // A token that is none may be of either kind: the error where it was tried, the other scheme beside it (Figure 18).
        let none = userinfo(&app, "Bearer", "x.y.z", None).await;
        let [tried, other] = challenges(&none)[..] else { panic!("{:?}", none.headers) };
        assert!(tried.starts_with("Bearer ") && tried.contains("error=\"invalid_token\""), "{tried}");
        assert!(other.starts_with("DPoP ") && other.contains("algs=") && !other.contains("error="), "{other}");
        let unbound = app.redeem(&app.code(&holder, "openid").await).await.text("access_token");
        let proof = at_userinfo(&app, &key, &unbound, "u4").await;
        assert_eq!(userinfo(&app, "DPoP", &unbound, Some(&proof)).await.refusal(), (401, "invalid_token".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_that_do_not_hold_are_refused_with_what_was_expected() {
    let app = TestApp::sqlite().await;
    let key = Signer::new("");
    let nonce = nonce(&app).await;
    let mut good = claims(&app, "POST", "/token", "j");
    good["nonce"] = nonce.as_str().into();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        key.proof(&claims)
    };
    let public = Value::Object(key.key.public().members());
    let header = |typ: &str, alg: &str, jwk: &Value| key.jws(&json!({ "typ": typ, "alg": alg, "jwk": jwk }), &good);
    let mut private = public.clone();
    private["d"] = "AAAA".into();
    let other = Value::Object(Signer::new("").key.public().members());
    let now = app.at.now().secs();
    for (proof, told) in [
        (header("JWT", "ES256", &public), "typ"),
        (header("at+jwt", "ES256", &public), "typ"),
        (header("dpop+jwt", "none", &public), "alg"),
        (header("dpop+jwt", "HS256", &public), "alg"),
        (header("dpop+jwt", "ES384", &public), "alg"),
        (header("dpop+jwt", "RS256", &public), "jwk"),
        (header("dpop+jwt", "ES256", &private), "private"),
        (header("dpop+jwt", "ES256", &json!({ "kty": "oct", "k": "AAAA" })), "symmetric"),
        (header("dpop+jwt", "ES256", &other), "signature"),
        (header("dpop+jwt", "ES256", &json!("x")), "jwk"),
        (key.jws(&json!({ "typ": "dpop+jwt", "alg": "ES256" }), &good), "jwk"),
        (with("htm", json!("GET")), "htm must be POST"),
        (with("htu", json!(format!("{ISSUER}/userinfo"))), "htu must be http://localhost:8080/token"),
        (with("iat", json!(now - 61)), "iat must be"),
        (with("iat", json!(now + 61)), "iat must be"),
        (with("jti", Value::Null), "jti must be"),
        ("a.b.c".to_owned(), "base64url"),
        (String::new(), "three parts"),
    ] {
        let refused = post(&app, OWN, &proof).await;
        assert_eq!(refused.refusal(), (400, "invalid_dpop_proof".to_owned()), "{told}: {}", refused.body);
        assert!(refused.text("error_description").contains(told), "{told}: {}", refused.body);
        assert_eq!(refused.header("dpop-nonce"), Some(nonce.as_str()));
    }
    let proof = key.proof(&good);
    let twice = [("authorization", basic(PORTAL, PORTAL_SECRET)), ("dpop", proof.clone()), ("dpop", proof.clone())];
    let twice = twice.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(app.post("/token", &twice, OWN).await.refusal(), (400, "invalid_dpop_proof".to_owned()));
    // Nothing that was refused used the proof up.
    assert_eq!(post(&app, OWN, &proof).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_key_can_bind() {
    let app = TestApp::sqlite().await;
    for alg in [Alg::Rs256, Alg::Ps256, Alg::Es256, Alg::EdDsa] {
        let key = Signer::of(alg, "");
        let issued = post(&app, OWN, &fresh(&app, &key, "1").await).await;
        assert_eq!(issued.text("token_type"), "DPoP", "{alg}");
        let introspected = app.post_as_portal("/introspect", &[("token", &issued.text("access_token"))]).await.json();
        assert_eq!(introspected["cnf"]["jkt"], key.key.public().thumbprint());
        assert_eq!(introspected["token_type"], "DPoP");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nonce_rotates_and_a_foreign_one_is_answered_with_the_right_one() {
    let app = TestApp::sqlite().await;
    let key = Signer::new("");
    let first = nonce(&app).await;
    let with = |nonce: &str, jti: &str| {
        let mut claims = claims(&app, "POST", "/token", jti);
        claims["nonce"] = nonce.into();
        key.proof(&claims)
    };
    let foreign = post(&app, OWN, &with("AAAAAAAAAAAAAAAAAAAAAA", "1")).await;
    assert_eq!(foreign.refusal(), (400, "use_dpop_nonce".to_owned()));
    assert_eq!(foreign.header("dpop-nonce"), Some(first.as_str()));
    assert_eq!(post(&app, OWN, &with(&first, "2")).await.status, StatusCode::OK);
    app.at.clock.advance(Span::minutes(1));
    let late = post(&app, OWN, &with(&first, "3")).await;
    assert_eq!(late.status, StatusCode::OK);
    let second = late.header("dpop-nonce").unwrap().to_owned();
    assert_ne!(first, second);
    app.at.clock.advance(Span::minutes(1));
    assert_eq!(post(&app, OWN, &with(&first, "4")).await.refusal(), (400, "use_dpop_nonce".to_owned()));
    assert_eq!(post(&app, OWN, &with(&second, "5")).await.status, StatusCode::OK);
    // At a resource the same is 401 with the challenge of the scheme (§9).
    let token = post(&app, OWN, &with(&second, "6")).await.text("access_token");
    let mut bare = claims(&app, "GET", "/userinfo", "7");
    bare["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes()).as_bytes()).into();
    let asked = userinfo(&app, "DPoP", &token, Some(&key.proof(&bare))).await;
    assert_eq!(asked.refusal(), (401, "use_dpop_nonce".to_owned()));
    assert!(asked.header("www-authenticate").unwrap().contains("error=\"use_dpop_nonce\""));
    assert!(asked.header("dpop-nonce").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_with_one_proof_one_is_answered() {
    for app in TestApp::each().await {
        let key = Signer::new("");
        let proof = fresh(&app, &key, "once").await;
        let answers = join_all((0..16).map(|_| post(&app, OWN, &proof))).await;
        let good = answers.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(good, 1);
        assert!(
            answers
                .iter()
                .filter(|answer| answer.status != StatusCode::OK)
                .all(|answer| { answer.refusal() == (400, "invalid_dpop_proof".to_owned()) })
        );
        // Another key may use the same jti.
        assert_eq!(post(&app, OWN, &fresh(&app, &Signer::new(""), "once").await).await.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_bound_to_a_key_is_redeemed_by_it_alone() {
    for app in TestApp::each().await {
        let (holder, key, thief) = (app.holder().await, Signer::new(""), Signer::new(""));
        let jkt = key.key.public().thumbprint();
        let code = async || {
            let back = app.browser().walk(&authorize(&[("dpop_jkt", &jkt)]), &holder).await;
            query_of(&back).remove("code").unwrap()
        };
        let bound = code().await;
        assert_eq!(app.redeem(&bound).await.refusal(), (400, "invalid_grant".to_owned()));
        let stolen = post(&app, &code_fields(&bound), &fresh(&app, &thief, "1").await).await;
        assert_eq!(stolen.refusal(), (400, "invalid_grant".to_owned()));
        // Neither used it up.
        let redeemed = post(&app, &code_fields(&bound), &fresh(&app, &key, "2").await).await;
        assert_eq!(redeemed.status, StatusCode::OK, "{}", redeemed.body);
    }
    let app = TestApp::sqlite().await;
    let bad = app.get(&authorize(&[("dpop_jkt", "short")]), &[]).await;
    assert_eq!(query_of(bad.location())["error"], "invalid_request");
}

/// Tokens of the public client, bound to the key.
async fn public_tokens(app: &TestApp, holder: &Holder, key: &Signer) -> Answer {
    let asked = authorize(&[("client_id", PHONE_APP), ("redirect_uri", PHONE_APP_CALLBACK)]);
    let code = query_of(&app.browser().walk(&asked, holder).await).remove("code").unwrap();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", PHONE_APP),
        ("code", &code),
        ("redirect_uri", PHONE_APP_CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    app.post("/token", &[("dpop", &fresh(app, key, "code").await)], &fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_of_a_public_client_is_bound_to_its_key() {
    for app in TestApp::each().await {
        let (holder, key, thief) = (app.holder().await, Signer::new(""), Signer::new(""));
        let tokens = public_tokens(&app, &holder, &key).await;
        let refresh_token = tokens.text("refresh_token");
        let fields = [("grant_type", "refresh_token"), ("client_id", PHONE_APP), ("refresh_token", &refresh_token)];
        let without = app.post("/token", &[], &fields).await;
        assert_eq!(without.refusal(), (400, "invalid_grant".to_owned()));
        let by_thief = app.post("/token", &[("dpop", &fresh(&app, &thief, "1").await)], &fields).await;
        assert_eq!(by_thief.refusal(), (400, "invalid_grant".to_owned()));
        let refreshed = app.post("/token", &[("dpop", &fresh(&app, &key, "2").await)], &fields).await;
        assert_eq!((refreshed.status, refreshed.text("token_type").as_str()), (StatusCode::OK, "DPoP"));
        assert_eq!(payload(&refreshed.text("access_token"))["cnf"]["jkt"], key.key.public().thumbprint());
        // A lost answer is given again to the key (protocol: whose token is bound to the same key).
        let again = app.post("/token", &[("dpop", &fresh(&app, &key, "3").await)], &fields).await;
        assert_eq!(again.text("refresh_token"), refreshed.text("refresh_token"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confidential_client_may_change_its_key_but_not_go_back_to_bearer() {
    let app = TestApp::sqlite().await;
    let (holder, old, new) = (app.holder().await, Signer::new(""), Signer::new(""));
    let code = app.code(&holder, "openid").await;
    let refresh_token = post(&app, &code_fields(&code), &fresh(&app, &old, "1").await).await.text("refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token.as_str())];
    assert_eq!(app.post_as_portal("/token", &fields).await.refusal(), (400, "invalid_grant".to_owned()));
    let renewed = post(&app, &fields, &fresh(&app, &new, "2").await).await;
    assert_eq!(payload(&renewed.text("access_token"))["cnf"]["jkt"], new.key.public().thumbprint());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_registered_it_gets_no_token_without_a_proof() {
    let app = TestApp::sqlite().await;
    let metadata = json!({
        "grant_types": ["client_credentials"], "scope": "reports:read", "dpop_bound_access_tokens": true,
    });
    app.add_client("bound", Some(PORTAL_SECRET), metadata).await;
    let credentials = basic("bound", PORTAL_SECRET);
    let refused = app.post("/token", &[("authorization", &credentials)], OWN).await;
    assert_eq!(refused.refusal(), (400, "invalid_dpop_proof".to_owned()));
    let proof = fresh(&app, &Signer::new(""), "1").await;
    let issued = app.post("/token", &[("authorization", &credentials), ("dpop", &proof)], OWN).await;
    assert_eq!(issued.text("token_type"), "DPoP");
    assert_eq!(app.redeem("x").await.refusal(), (400, "invalid_grant".to_owned()), "and others need none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_token_is_told_both_schemes() {
    let app = TestApp::sqlite().await;
    let asked = app.get("/userinfo", &[]).await;
    assert_eq!(
        challenges(&asked),
        [
            r#"Bearer realm="http://localhost:8080", scope="openid""#,
            r#"DPoP realm="http://localhost:8080", scope="openid", algs="RS256 ES256 PS256 EdDSA""#,
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_beside_a_pushed_request_binds_its_code() {
    for app in TestApp::each().await {
        let (holder, key, thief) = (app.holder().await, Signer::new(""), Signer::new(""));
        let asked = authorize(&[]);
        let params = query_of(&format!("http://x{asked}"));
        let fields: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let push = async |key: &Signer, jti: &str, more: &[(&str, &str)]| {
            let mut claims = claims(&app, "POST", "/par", jti);
            claims["nonce"] = nonce(&app).await.into();
            let headers = [("authorization", basic(PORTAL, PORTAL_SECRET)), ("dpop", key.proof(&claims))];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            let mut all = fields.clone();
            all.extend(more);
            app.post("/par", &headers, &all).await
        };
        let pushed = push(&key, "p1", &[]).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        assert_eq!(push(&key, "p1", &[]).await.refusal(), (400, "invalid_dpop_proof".to_owned()));
        let other = thief.key.public().thumbprint();
        let differs = push(&key, "p2", &[("dpop_jkt", &other)]).await;
        assert_eq!(differs.refusal(), (400, "invalid_request".to_owned()));
        // Without a value it is left out (RFC 6749 §3.1), not sent twice.
        assert_eq!(push(&key, "p3", &[("dpop_jkt", "")]).await.status, StatusCode::CREATED);
        let uri = pushed.text("request_uri");
        let path =
            format!("/authorize?{}", crate::support::app::encoded(&[("client_id", PORTAL), ("request_uri", &uri)]));
        let code = query_of(&app.browser().walk(&path, &holder).await).remove("code").unwrap();
        let stolen = post(&app, &code_fields(&code), &fresh(&app, &thief, "1").await).await;
        assert_eq!(stolen.refusal(), (400, "invalid_grant".to_owned()));
        assert_eq!(post(&app, &code_fields(&code), &fresh(&app, &key, "2").await).await.status, StatusCode::OK);
    }
}

/// §11.1: a proof came with a request, whatever was answered to that.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_uses_its_proof_up_too() {
    for app in TestApp::each().await {
        let key = Signer::new("");
        let device = json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "client_credentials"], "response_types": [],
            "scope": "openid",
        });
        app.add_client("kiosk", Some(PORTAL_SECRET), device).await;
        let credentials = basic("kiosk", PORTAL_SECRET);
        let begun = app.post("/device_authorization", &[("authorization", &credentials)], &[("scope", "openid")]).await;
        let device_code = begun.text("device_code");
        let pending =
            [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device_code.as_str())];
        let unknown_code = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", "ddd_x")];
        let wrong_scope = [("grant_type", "client_credentials"), ("scope", "openid")];
        for (number, (fields, error)) in [
            (&pending[..], "authorization_pending"),
            (&unknown_code, "invalid_grant"),
            (&wrong_scope, "invalid_scope"),
            (OWN, "unauthorized_client"),
        ]
        .into_iter()
        .enumerate()
        {
            // The portal has no device grant; the others ask as the kiosk.
            let (client, fields) = if error == "unauthorized_client" {
                (basic(PORTAL, PORTAL_SECRET), &pending[..])
            } else {
                (credentials.clone(), fields)
            };
            let proof = fresh(&app, &key, &format!("refused-{number}")).await;
            let send = async |fields: &[(&str, &str)]| {
                app.post("/token", &[("authorization", &client), ("dpop", &proof)], fields).await
            };
            assert_eq!(send(fields).await.refusal(), (400, error.to_owned()));
            let again = send(OWN).await;
            assert_eq!(again.refusal(), (400, "invalid_dpop_proof".to_owned()), "after {error}");
        }
        // A pushed request that was refused is no different.
        let mut claims = claims(&app, "POST", "/par", "refused-par");
        claims["nonce"] = nonce(&app).await.into();
        let proof = key.proof(&claims);
        let push = async |fields: &[(&str, &str)]| {
            app.post("/par", &[("authorization", &basic(PORTAL, PORTAL_SECRET)), ("dpop", &proof)], fields).await
        };
        assert_eq!(push(&[("response_type", "token")]).await.status, StatusCode::BAD_REQUEST);
        let challenge = crate::support::app::challenge();
        let good = [
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        assert_eq!(push(&good).await.refusal(), (400, "invalid_dpop_proof".to_owned()));
    }
}
