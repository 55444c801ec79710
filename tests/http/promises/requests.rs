//! How clients ask, and how they are answered.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Promises, redemption};
use crate::support::{
    app::{Answer, CALLBACK, ISSUER, authorize, challenge, encoded, hidden, payload, query_of},
    elsewhere::{self, CIBA, DEVICE},
    people::NUMBER,
    served::Served,
    signer::Signer,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl Promises<'_> {
    pub(super) async fn grants(&mut self) {
        for grant in self.list("grant_types_supported") {
            let answer = self.granted(&grant).await;
            assert_eq!(answer.status, StatusCode::OK, "{grant}: {}", answer.body);
            assert!(answer.json()["access_token"].is_string());
        }
    }

    async fn granted(&mut self, grant: &str) -> Answer {
        let client = match grant {
            DEVICE | CIBA => {
                let grants = json!({ "grant_types": [grant], "response_types": [] });
                let with_mode = json!({
                    "grant_types": [grant], "response_types": [], "backchannel_token_delivery_mode": "poll",
                });
                self.client(if grant == CIBA { &with_mode } else { &grants }).await
            }
            JWT_BEARER => return self.by_assertion().await,
            TOKEN_EXCHANGE => return self.exchanged().await,
            _ => self.client(&json!({})).await,
        };
        match grant {
            "authorization_code" => {
                let code = self.code(&client, &[]).await;
                self.post("/token", &client, &redemption(&code)).await
            }
            "refresh_token" => {
                let token = self.tokens(&client, &[]).await.text("refresh_token");
                self.post("/token", &client, &[("grant_type", grant), ("refresh_token", &token)]).await
            }
            "client_credentials" => self.post("/token", &client, &[("grant_type", grant)]).await,
            DEVICE | CIBA => {
                let (path, handle) = match grant {
                    DEVICE => ("/device_authorization", "device_code"),
                    _ => ("/backchannel_authentication", "auth_req_id"),
                };
                let begun = self.post(path, &client, &[("scope", "openid"), ("login_hint", NUMBER)]).await;
                elsewhere::approve(self.app, self.holder, &begun).await;
                self.post("/token", &client, &[("grant_type", grant), (handle, &begun.text(handle))]).await
            }
            _ => panic!("nobody tries the grant {grant} here"),
        }
    }

    /// A service's own assertion (RFC 7523 §2.1).
    async fn by_assertion(&mut self) -> Answer {
        let signer = Signer::new("k1");
        let over = json!({
            "grant_types": [JWT_BEARER], "response_types": [], "token_endpoint_auth_method": "private_key_jwt",
            "jwks": { "keys": [signer.jwk()] },
        });
        let client = self.client(&over).await;
        let assertion = signer.assertion(&client, ISSUER, "1", self.app.at.now());
        self.app.post("/token", &[], &[("grant_type", JWT_BEARER), ("assertion", &assertion)]).await
    }

    /// A delegate acts for the person (RFC 8693).
    async fn exchanged(&mut self) -> Answer {
        let delegate = self.client(&json!({ "grant_types": ["client_credentials", TOKEN_EXCHANGE] })).await;
        let portal = self.client(&json!({ "delegates": [delegate] })).await;
        let details = json!([{ "type": "delegation", "procedure": "1", "actions": ["submit"], "delegate": delegate }]);
        let subject = self.tokens(&portal, &[("authorization_details", &details.to_string())]).await;
        let actor = self.post("/token", &delegate, &[("grant_type", "client_credentials")]).await;
        let (subject, actor) = (subject.text("access_token"), actor.text("access_token"));
        let fields = [
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token", subject.as_str()),
            ("subject_token_type", ACCESS_TOKEN),
            ("actor_token", actor.as_str()),
            ("actor_token_type", ACCESS_TOKEN),
        ];
        self.post("/token", &delegate, &fields).await
    }

    /// Each is registered and begins; what is sent then: `http::oidc::ciba`.
    pub(super) async fn delivery_modes(&mut self) {
        for mode in self.list("backchannel_token_delivery_modes_supported") {
            let mut over =
                json!({ "grant_types": [CIBA], "response_types": [], "backchannel_token_delivery_mode": mode });
            if mode != "poll" {
                over["backchannel_client_notification_endpoint"] = "https://portal.example/notify".into();
            }
            let client = self.client(&over).await;
            let fields = [
                ("scope", "openid"),
                ("login_hint", NUMBER),
                ("client_notification_token", "8d67dc78-7faa-4d41-aabd-67707b374255"),
            ];
            let begun = self.post("/backchannel_authentication", &client, &fields).await;
            assert_eq!(begun.status, StatusCode::OK, "{mode}: {}", begun.body);
            assert_eq!(begun.json().get("interval").is_some(), mode != "push", "{mode}");
        }
    }

    pub(super) async fn response_modes(&mut self) {
        for mode in self.list("response_modes_supported") {
            let client = self.client(&json!({})).await;
            self.tokens(&client, &[]).await;
            // Agreed to before, so that the answer comes at once.
            let answer = self.browser.get(&authorize(&[("client_id", &client), ("response_mode", &mode)])).await;
            let name = if mode.contains("jwt") { "response" } else { "code" };
            let found = match mode.as_str() {
                "form_post" | "form_post.jwt" => hidden(&answer.body, name),
                "fragment" | "fragment.jwt" => {
                    let fragment = answer.location().split_once('#').map(|(_, fragment)| fragment.to_owned());
                    let pairs = fragment.unwrap();
                    url::form_urlencoded::parse(pairs.as_bytes())
                        .find(|(found, _)| found == name)
                        .map(|(_, value)| value.into_owned())
                }
                "query" | "query.jwt" | "jwt" => query_of(answer.location()).remove(name),
                _ => panic!("nobody tries {mode} here"),
            };
            let found = found.unwrap_or_else(|| panic!("{mode}: no {name} in {answer:?}"));
            let code = if name == "response" { payload(&found)["code"].as_str().unwrap().to_owned() } else { found };
            assert_eq!(self.post("/token", &client, &redemption(&code)).await.status, StatusCode::OK, "{mode}");
        }
    }

    pub(super) async fn iss(&mut self) {
        let client = self.client(&json!({})).await;
        assert_eq!(query_of(&self.back(&client, &[]).await)["iss"], ISSUER);
        let refused = self.browser.get(&authorize(&[("client_id", &client), ("response_type", "token")])).await;
        assert_eq!(query_of(refused.location())["iss"], ISSUER);
    }

    pub(super) async fn challenges(&mut self) {
        for method in self.list("code_challenge_methods_supported") {
            let client = self.client(&json!({})).await;
            let code = self.code(&client, &[("code_challenge_method", &method)]).await;
            let wrong = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("redirect_uri", CALLBACK),
                ("code_verifier", "another-verifier-another-verifier-another-verifier"),
            ];
            assert_eq!(self.post("/token", &client, &wrong).await.refusal(), (400, "invalid_grant".to_owned()));
            assert_eq!(self.post("/token", &client, &redemption(&code)).await.status, StatusCode::OK);
        }
    }

    pub(super) async fn prompts(&mut self) {
        let client = self.client(&json!({})).await;
        self.tokens(&client, &[]).await;
        // What was proven in this very moment would count as proven for the request.
        self.app.at.clock.advance(dinhdanh::base::Span::secs(1));
        for prompt in self.list("prompt_values_supported") {
            let answer = self.browser.get(&authorize(&[("client_id", &client), ("prompt", &prompt)])).await;
            let to = answer.location().to_owned();
            let shown = if to.starts_with('/') { self.browser.get(&to).await.body } else { String::new() };
            match prompt.as_str() {
                "none" => assert!(query_of(&to).contains_key("code"), "{to}"),
                "login" => assert!(shown.contains("name=\"password\""), "{shown}"),
                "consent" => assert!(shown.contains("value=\"agree\""), "{shown}"),
                "select_account" => assert!(shown.contains("value=\"continue\"") && shown.contains("Thử"), "{shown}"),
                _ => panic!("nobody tries {prompt} here"),
            }
        }
    }

    pub(super) async fn displays(&mut self) {
        for display in self.list("display_values_supported") {
            let mut stranger = self.app.browser();
            let to = stranger.get(&authorize(&[("display", &display)])).await.location().to_owned();
            assert!(stranger.get(&to).await.body.contains("name=\"username\""), "{display}");
        }
    }

    pub(super) async fn locales(&mut self) {
        for locale in self.list("ui_locales_supported") {
            let mut stranger = self.app.browser();
            let to = stranger.get(&authorize(&[("ui_locales", &locale)])).await.location().to_owned();
            let page = stranger.get(&to).await.body;
            assert!(page.contains(&format!("<html lang=\"{locale}\"")), "{locale}: {page}");
        }
    }

    /// By value, and from a registered address.
    pub(super) async fn objects(&mut self, name: &str) {
        assert_eq!(self.document[name], json!(true));
        let signer = Signer::new("k1");
        let served = Served::start("").await;
        let over = json!({ "jwks": { "keys": [signer.jwk()] }, "request_uris": [served.url] });
        let client = self.client(&over).await;
        let jwt = signer.jwt(&object(&client, "inside"));
        served.say(200, jwt.clone());
        let sent = match name {
            "request_parameter_supported" => ("request", jwt.as_str()),
            _ => ("request_uri", served.url.as_str()),
        };
        let start = format!("/authorize?{}", encoded(&[("client_id", &client), sent]));
        let back = self.browser.walk(&start, self.holder).await;
        assert_eq!(query_of(&back)["state"], "inside", "{back}");
    }

    pub(super) async fn unregistered_objects(&mut self) {
        assert_eq!(self.document["require_request_uri_registration"], json!(true));
        let served = Served::start("").await;
        let client = self.client(&json!({})).await;
        let refused = self.browser.get(&authorize(&[("client_id", &client), ("request_uri", &served.url)])).await;
        assert_eq!(query_of(refused.location())["error"], "invalid_request_uri");
        assert_eq!(served.asked(), 0);
    }
}

fn object(client: &str, state: &str) -> Value {
    json!({
        "iss": client, "aud": ISSUER, "client_id": client, "response_type": "code", "redirect_uri": CALLBACK,
        "scope": "openid", "state": state, "code_challenge": challenge(), "code_challenge_method": "S256",
    })
}
