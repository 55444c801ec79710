//! The FAPI 2.0 profiles from request to refresh: what a client that keeps to one gets, and what it is refused.

use dinhdanh::{
    base::Span,
    crypto::{Alg, Schedule},
    flows::keys::{Haste, KeyKeeper},
    store::audit::Actor,
};
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    app::{Answer, ISSUER, TestApp, VERIFIER, authorize, basic, challenge, encoded, payload, query_of},
    people::NUMBER,
    signer::Signer,
};

const BANK: &str = "bank";
const CALLBACK: &str = "https://bank.example/cb";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Bank<'a> {
    app: &'a TestApp,
    key: Signer,
    proof_key: Signer,
    calls: std::cell::Cell<u32>,
}

impl<'a> Bank<'a> {
    async fn new(app: &'a TestApp, profile: &str) -> Self {
        Self::with(app, profile, &json!({})).await
    }

    async fn with(app: &'a TestApp, profile: &str, more: &Value) -> Self {
        let key = Signer::new("k1");
        let mut metadata = json!({
            "redirect_uris": [CALLBACK], "profile": profile, "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid",
            "id_token_signed_response_alg": "ES256", "dpop_bound_access_tokens": true,
            "jwks": { "keys": [key.jwk()] },
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        app.add_client(BANK, None, metadata).await;
        Self { app, key, proof_key: Signer::new(""), calls: std::cell::Cell::new(0) }
    }

    fn next(&self) -> String {
        self.calls.set(self.calls.get() + 1);
        format!("call-{}", self.calls.get())
    }

    async fn post(&self, path: &str, proof: Option<&str>, fields: &[(&str, &str)]) -> Answer {
        let assertion = self.key.assertion(BANK, ISSUER, &self.next(), self.app.at.now());
        let mut all = fields.to_vec();
        all.extend([
            ("client_id", BANK),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ]);
        let headers: Vec<_> = proof.map(|proof| ("dpop", proof)).into_iter().collect();
        self.app.post(path, &headers, &all).await
    }

    fn proof(&self, nonce: Option<&str>) -> String {
        let mut claims = json!({
            "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": self.app.at.now().secs(), "jti": self.next(),
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        self.proof_key.proof(&claims)
    }

    /// With a proof; the nonce that it needs is asked for first.
    async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let told = self.post("/token", Some(&self.proof(None)), fields).await;
        let Some(nonce) = told.header("dpop-nonce").filter(|_| told.status != StatusCode::OK) else { return told };
        self.post("/token", Some(&self.proof(Some(nonce))), fields).await
    }

    async fn redeem(&self, code: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.token(&fields).await
    }

    fn object(&self, over: &Value) -> String {
        let now = self.app.at.now().secs();
        let mut claims = json!({
            "iss": BANK, "aud": ISSUER, "client_id": BANK, "nbf": now, "exp": now + 300, "response_type": "code",
            "scope": "openid", "redirect_uri": CALLBACK, "code_challenge": challenge(),
            "code_challenge_method": "S256", "response_mode": "jwt", "state": "s",
        });
        claims.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.key.jws(&json!({ "alg": "ES256", "kid": "k1", "typ": "oauth-authz-req+jwt" }), &claims)
    }
}

fn plain<'a>(challenge: &'a str, mode: &'a str) -> Vec<(&'a str, &'a str)> {
    let all = [
        ("response_type", "code"),
        ("scope", "openid"),
        ("redirect_uri", CALLBACK),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("response_mode", mode),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn opened(pushed: &Answer) -> String {
    assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
    format!("/authorize?{}", encoded(&[("client_id", BANK), ("request_uri", &pushed.text("request_uri"))]))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_security_profile_from_push_to_refresh() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let bank = Bank::new(&app, "fapi2-security").await;
        // Not pushed, in a fragment, without PKCE.
        let direct = authorize(&[("client_id", BANK), ("redirect_uri", CALLBACK), ("scope", "openid")]);
        assert_eq!(query_of(app.browser().get(&direct).await.location())["error"], "invalid_request");
        let challenge = challenge();
        for (challenge, mode) in [(challenge.as_str(), "fragment"), ("", "")] {
            let refused = bank.post("/par", None, &plain(challenge, mode)).await;
            assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{mode}");
        }
        let start = opened(&bank.post("/par", None, &plain(&challenge, "")).await);
        let code = query_of(&app.browser().walk(&start, &holder).await).remove("code").unwrap();
        let unproven = bank
            .post(
                "/token",
                None,
                &[
                    ("grant_type", "authorization_code"),
                    ("code", &code),
                    ("redirect_uri", CALLBACK),
                    ("code_verifier", VERIFIER),
                ],
            )
            .await;
        assert_eq!(unproven.status, StatusCode::BAD_REQUEST, "a bearer token is never issued");
        let tokens = bank.redeem(&code).await;
        assert_eq!((tokens.status, tokens.text("token_type").as_str()), (StatusCode::OK, "DPoP"), "{}", tokens.body);
        // The refresh token stays the same, however often it is used.
        let refresh = tokens.text("refresh_token");
        for _ in 0..3 {
            app.at.clock.advance(Span::secs(20));
            let again = bank.token(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await;
            assert_eq!(again.status, StatusCode::OK, "{}", again.body);
            assert_eq!(again.text("refresh_token"), refresh);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn message_signing_signs_both_ways() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let bank = Bank::new(&app, "fapi2-message-signing").await;
        let challenge = challenge();
        let unsigned = bank.post("/par", None, &plain(&challenge, "jwt")).await;
        assert_eq!(unsigned.refusal(), (400, "invalid_request".to_owned()));
        for (over, error) in [
            (json!({ "aud": null }), "invalid_request_object"),
            (json!({ "nbf": null }), "invalid_request_object"),
            (json!({ "exp": null }), "invalid_request_object"),
            (json!({ "response_mode": null }), "invalid_request"),
            (json!({ "response_mode": "fragment.jwt" }), "invalid_request"),
            (json!({ "redirect_uri": null }), "invalid_request"),
        ] {
            let refused = bank.post("/par", None, &[("request", &bank.object(&over))]).await;
            assert_eq!(refused.refusal(), (400, error.to_owned()), "{over}");
        }
        let start = opened(&bank.post("/par", None, &[("request", &bank.object(&json!({})))]).await);
        let back = query_of(&app.browser().walk(&start, &holder).await);
        let claims = payload(&back["response"]);
        assert_eq!((&claims["aud"], &claims["iss"], &claims["state"]), (&json!(BANK), &json!(ISSUER), &json!("s")));
        let tokens = bank.redeem(claims["code"].as_str().unwrap()).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    }
}

fn header_of(jwt: &str) -> Value {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(jwt.split('.').next().unwrap()).unwrap()).unwrap()
}

/// FAPI 2.0 Security Profile §5.4.1: for every signature, in either direction.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_signed_with_rs256_in_either_direction() {
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let mut bank = Bank::new(&app, "fapi2-security").await;
        let challenge = challenge();
        bank.proof_key = Signer::of(Alg::Rs256, "");
        let told = bank.token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
        assert_eq!(told.refusal(), (400, "invalid_dpop_proof".to_owned()));
        assert!(told.text("error_description").contains("RS256"), "{}", told.body);
        for (alg, good) in [(Alg::Rs256, false), (Alg::Es256, true), (Alg::EdDsa, true), (Alg::Ps256, true)] {
            bank.proof_key = Signer::of(alg, "");
            let start = opened(&bank.post("/par", None, &plain(&challenge, "")).await);
            let code = query_of(&app.browser().walk(&start, &holder).await).remove("code").unwrap();
            let answer = bank.redeem(&code).await;
            assert_eq!(answer.status == StatusCode::OK, good, "{alg}: {}", answer.body);
            if !good {
                continue;
            }
            // RFC 9701 without a registered algorithm: as its ID tokens, not RS256.
            let token = answer.text("access_token");
            let assertion = bank.key.assertion(BANK, ISSUER, &bank.next(), app.at.now());
            let fields = [
                ("token", token.as_str()),
                ("client_id", BANK),
                ("client_assertion_type", JWT_BEARER),
                ("client_assertion", assertion.as_str()),
            ];
            let seen = app.post("/introspect", &[("accept", "application/token-introspection+jwt")], &fields).await;
            assert_eq!(seen.status, StatusCode::OK, "{}", seen.body);
            assert_eq!(header_of(&seen.body)["alg"], "ES256");
            assert_eq!(payload(&seen.body)["token_introspection"]["active"], true);
        }
    }
}

/// FAPI CIBA Profile §5.2.2.
#[tokio::test(flavor = "multi_thread")]
async fn a_backchannel_request_is_signed_and_says_what_it_is_about() {
    for app in TestApp::each().await {
        app.holder().await;
        let more = json!({
            "grant_types": ["urn:openid:params:grant-type:ciba", "refresh_token"], "response_types": [],
            "backchannel_token_delivery_mode": "poll", "backchannel_authentication_request_signing_alg": "ES256",
        });
        let bank = Bank::with(&app, "fapi2-security", &more).await;
        let plain = [("scope", "openid"), ("login_hint", NUMBER), ("binding_message", "W4SCT")];
        let unsigned = bank.post("/backchannel_authentication", None, &plain).await;
        assert_eq!(unsigned.refusal(), (400, "invalid_request".to_owned()));
        let now = app.at.now().secs();
        for (over, status) in [
            (json!({"binding_message": "W4SCT"}), StatusCode::OK),
            (json!({}), StatusCode::BAD_REQUEST),
            (json!({"binding_message": "W4SCT", "iat": null}), StatusCode::BAD_REQUEST),
        ] {
            let mut claims = json!({
                "iss": BANK, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": bank.next(),
                "scope": "openid", "login_hint": NUMBER,
            });
            claims.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
            claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let answer = bank.post("/backchannel_authentication", None, &[("request", &bank.key.jwt(&claims))]).await;
            assert_eq!(answer.status, status, "{over}: {}", answer.body);
        }
    }
}

/// A registration that was stored before the rules on grants, signatures and pushes were written.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_from_before_a_rule_works_as_far_as_no_request_breaks_it() {
    const CIBA: &str = "urn:openid:params:grant-type:ciba";
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    for app in TestApp::each().await {
        let holder = app.holder().await;
        let more = json!({
            "grant_types": ["authorization_code", "refresh_token", CIBA, DEVICE], "require_pkce": false,
            "require_pushed_authorization_requests": false, "backchannel_token_delivery_mode": "poll",
            "id_token_signed_response_alg": "RS256",
        });
        let bank = Bank::with(&app, "fapi2-security", &more).await;
        // What it did before, it does.
        let challenge = challenge();
        let start = opened(&bank.post("/par", None, &plain(&challenge, "")).await);
        let code = query_of(&app.browser().walk(&start, &holder).await).remove("code").unwrap();
        let tokens = bank.redeem(&code).await;
        assert_eq!((tokens.status, tokens.text("token_type").as_str()), (StatusCode::OK, "DPoP"), "{}", tokens.body);
        // What the profile demands of a request is demanded, whatever the registration says.
        let direct = authorize(&[("client_id", BANK), ("redirect_uri", CALLBACK), ("scope", "openid")]);
        assert_eq!(query_of(app.browser().get(&direct).await.location())["error"], "invalid_request", "not pushed");
        let unproven = bank.post("/par", None, &plain("", "")).await;
        assert_eq!(unproven.refusal(), (400, "invalid_request".to_owned()), "no challenge");
        let device = bank.post("/device_authorization", None, &[("scope", "openid")]).await;
        assert_eq!(device.refusal(), (400, "unauthorized_client".to_owned()));
        let asked = [("scope", "openid"), ("login_hint", NUMBER), ("binding_message", "W4SCT")];
        let unsigned = bank.post("/backchannel_authentication", None, &asked).await;
        assert_eq!(unsigned.refusal(), (400, "invalid_request".to_owned()));
        let now = app.at.now().secs();
        let claims = json!({
            "iss": BANK, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 300, "jti": bank.next(),
            "scope": "openid", "login_hint": NUMBER, "binding_message": "W4SCT",
        });
        let signed = bank.post("/backchannel_authentication", None, &[("request", &bank.key.jwt(&claims))]).await;
        assert_eq!(signed.status, StatusCode::OK, "{}", signed.body);
    }
}

/// Where nothing of the profile is left: a shared secret, or tokens that anybody can use.
#[tokio::test(flavor = "multi_thread")]
async fn a_registration_without_a_key_or_a_bound_token_is_served_nothing() {
    for app in TestApp::each().await {
        let bank = Bank::with(&app, "fapi2-security", &json!({ "dpop_bound_access_tokens": false })).await;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        assert_eq!(bank.post("/token", None, &fields).await.refusal(), (400, "invalid_dpop_proof".to_owned()));
        let secret = "old-secret-old-secret-old-secret-old-secret";
        let metadata = json!({ "redirect_uris": [CALLBACK], "profile": "fapi2-security" });
        app.add_client("old", Some(secret), metadata).await;
        let answer = app.post("/token", &[("authorization", &basic("old", secret))], &fields).await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    }
}

/// Of the keys that there are, one that the profile allows: where ES256 was never made, that is not RS256.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_is_signed_as_the_profile_allows_with_whatever_keys_there_are() {
    for app in TestApp::each().await {
        let (holder, provider) = (app.holder().await, &app.at.provider);
        let keeper = KeyKeeper {
            writer: &provider.writer,
            sealer: &provider.secrets.sealer,
            entropy: &provider.entropy,
            schedule: Schedule::default(),
            actor: Actor::Service,
        };
        keeper.make(Alg::Ps256, Haste::AtOnce, app.at.now()).await.unwrap();
        app.at.change("DELETE FROM signing_key WHERE alg = 'ES256'").await;
        provider.keys.reload(&mut app.at.conn().await, &provider.secrets.sealer).await.unwrap();
        let bank = Bank::with(&app, "fapi2-security", &json!({ "id_token_signed_response_alg": "PS256" })).await;
        let challenge = challenge();
        let start = opened(&bank.post("/par", None, &plain(&challenge, "")).await);
        let code = query_of(&app.browser().walk(&start, &holder).await).remove("code").unwrap();
        let tokens = bank.redeem(&code).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        assert_eq!(header_of(&tokens.text("access_token"))["alg"], "PS256");
        assert_eq!(header_of(&tokens.text("id_token"))["alg"], "PS256");
    }
}
