//! Each algorithm: of what we sign, of what clients sign, of what is encrypted to them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    crypto::{
        Alg, Expect, HeaderKey, ParsedJwks, TypRule, Unverified,
        jwe::{self, DecryptionKey, Encrypted},
    },
    oidc::encryption::{ContentAlg, Encryption, KeyAlg},
};
use http::StatusCode;
use serde_json::{Value, json};

use super::Promises;
use crate::support::{
    app::{Answer, CALLBACK, ISSUER, challenge, query_of},
    elsewhere::CIBA,
    people::NUMBER,
    signer::Signer,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const INTROSPECTION: &str = "application/token-introspection+jwt";

fn public(key: &DecryptionKey) -> Value {
    let mut members = key.public().members();
    members.insert("use".to_owned(), "enc".into());
    json!({ "keys": [members] })
}

impl Promises<'_> {
    pub(super) async fn signed(&mut self, name: &str) {
        let algs = self.list(name);
        for alg in &algs {
            match name {
                "id_token_signing_alg_values_supported" => {
                    let client = self.client(&json!({ "id_token_signed_response_alg": alg })).await;
                    let tokens = self.tokens(&client, &[]).await;
                    self.is_ours(&tokens.text("id_token"), alg);
                }
                "userinfo_signing_alg_values_supported" => {
                    let client = self.client(&json!({ "userinfo_signed_response_alg": alg })).await;
                    let tokens = self.tokens(&client, &[]).await;
                    self.is_ours(&self.userinfo(&tokens).await.body, alg);
                }
                "introspection_signing_alg_values_supported" => {
                    let client = self.client(&json!({ "introspection_signed_response_alg": alg })).await;
                    let tokens = self.tokens(&client, &[]).await;
                    self.is_ours(&self.introspected(&client, &tokens).await.body, alg);
                }
                "authorization_signing_alg_values_supported" => {
                    let client = self.client(&json!({ "authorization_signed_response_alg": alg })).await;
                    let back = self.back(&client, &[("response_mode", "jwt")]).await;
                    self.is_ours(&query_of(&back)["response"], alg);
                }
                "request_object_signing_alg_values_supported" => self.object_of(alg).await,
                "backchannel_authentication_request_signing_alg_values_supported" => self.backchannel_of(alg).await,
                "dpop_signing_alg_values_supported" => self.proof_of(alg).await,
                _ => self.assertion_of(name.split("_endpoint").next().unwrap(), alg).await,
            }
        }
        assert!(algs.len() == 4, "{name}: there is a key for each: {algs:?}");
    }

    /// Of this algorithm, and verified by our own JWK Set.
    fn is_ours(&self, jwt: &str, alg: &str) {
        let keys = ParsedJwks::parse(self.app.at.provider.keys.ring().jwks()).unwrap();
        let algs = [Alg::parse(alg).unwrap()];
        let expect = Expect { algs: &algs, typ: TypRule::IfPresent(&["JWT", "token-introspection+jwt"]) };
        let verified = Unverified::parse(jwt, HeaderKey::Refused).unwrap().verify(&keys, &expect);
        assert!(verified.is_ok(), "{alg}: {jwt}");
    }

    async fn introspected(&self, client: &str, tokens: &Answer) -> Answer {
        let token = tokens.text("access_token");
        let credentials = crate::support::app::basic(client, super::SECRET);
        let headers = [("authorization", credentials.as_str()), ("accept", INTROSPECTION)];
        let seen = self.app.post("/introspect", &headers, &[("token", &token)]).await;
        assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, Some(INTROSPECTION)), "{}", seen.body);
        seen
    }

    async fn object_of(&mut self, alg: &str) {
        let signer = Signer::of(Alg::parse(alg).unwrap(), "k1");
        let keys = json!({ "jwks": { "keys": [signer.jwk()] }, "request_object_signing_alg": alg });
        let client = self.client(&keys).await;
        let claims = json!({
            "iss": client, "aud": ISSUER, "client_id": client, "response_type": "code", "redirect_uri": CALLBACK,
            "scope": "openid", "state": alg, "code_challenge": challenge(), "code_challenge_method": "S256",
        });
        let back = self.back(&client, &[("request", &signer.jwt(&claims))]).await;
        assert_eq!(query_of(&back)["state"], alg, "{back}");
    }

    async fn backchannel_of(&mut self, alg: &str) {
        let signer = Signer::of(Alg::parse(alg).unwrap(), "k1");
        let over = json!({
            "grant_types": [CIBA], "response_types": [], "backchannel_token_delivery_mode": "poll",
            "jwks": { "keys": [signer.jwk()] }, "backchannel_authentication_request_signing_alg": alg,
        });
        let client = self.client(&over).await;
        let now = self.app.at.now().secs();
        let claims = json!({
            "iss": client, "aud": ISSUER, "iat": now, "nbf": now, "exp": now + 60, "jti": "1", "scope": "openid",
            "login_hint": NUMBER,
        });
        let begun = self.post("/backchannel_authentication", &client, &[("request", &signer.jwt(&claims))]).await;
        assert_eq!(begun.status, StatusCode::OK, "{alg}: {}", begun.body);
    }

    async fn proof_of(&mut self, alg: &str) {
        let (signer, client) = (Signer::of(Alg::parse(alg).unwrap(), ""), self.client(&json!({})).await);
        let claims = json!({
            "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": self.app.at.now().secs(), "jti": alg,
        });
        let (credentials, proof) = (crate::support::app::basic(&client, super::SECRET), signer.proof(&claims));
        let headers = [("authorization", credentials.as_str()), ("dpop", proof.as_str())];
        let tokens = self.app.post("/token", &headers, &[("grant_type", "client_credentials")]).await;
        assert_eq!((tokens.status, tokens.text("token_type").as_str()), (StatusCode::OK, "DPoP"), "{}", tokens.body);
    }

    /// To a key of ours, and signed inside (RFC 9101 §6.1).
    async fn encrypted_object(&mut self, alg: &str, enc: &str) {
        let signer = Signer::new("k1");
        let over = json!({
            "jwks": { "keys": [signer.jwk()] }, "request_object_encryption_alg": alg, "request_object_encryption_enc": enc,
        });
        let client = self.client(&over).await;
        let claims = json!({
            "iss": client, "aud": ISSUER, "client_id": client, "response_type": "code", "redirect_uri": CALLBACK,
            "scope": "openid", "state": enc, "code_challenge": challenge(), "code_challenge_method": "S256",
        });
        let how = Encryption { alg: KeyAlg::parse(alg).unwrap(), enc: ContentAlg::parse(enc).unwrap() };
        let provider = &self.app.at.provider;
        let keys = ParsedJwks::parse(provider.keys.ring().jwks()).unwrap();
        let recipient = keys.recipient(how.alg).unwrap_or_else(|| panic!("our JWK Set has no key for {alg}"));
        let jwt = signer.jwt(&claims);
        let sent = jwe::encrypt(recipient, how, Some("JWT"), jwt.as_bytes(), &provider.entropy).unwrap();
        let back = self.back(&client, &[("request", &sent)]).await;
        assert_eq!(query_of(&back)["state"], enc, "{back}");
    }

    /// `private_key_jwt` at the token, revocation or introspection endpoint.
    async fn assertion_of(&mut self, endpoint: &str, alg: &str) {
        let signer = Signer::of(Alg::parse(alg).unwrap(), "k1");
        let over = json!({
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": alg,
            "jwks": { "keys": [signer.jwk()] },
        });
        let client = self.client(&over).await;
        let assertion = signer.assertion(&client, ISSUER, "1", self.app.at.now());
        let path = self.path(&format!("{endpoint}_endpoint"));
        let fields = [
            ("grant_type", "client_credentials"),
            ("token", "x"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        let answer = self.app.post(&path, &[], &fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{endpoint} {alg}: {}", answer.body);
    }

    /// Each `alg` with each `enc`.
    pub(super) async fn encrypted(&mut self, name: &str) {
        let what = name.split("_encryption").next().unwrap().to_owned();
        let algs = self.list(&format!("{what}_encryption_alg_values_supported"));
        let encs = self.list(&format!("{what}_encryption_enc_values_supported"));
        for alg in &algs {
            let key = DecryptionKey::generate(KeyAlg::parse(alg).unwrap()).unwrap();
            for enc in &encs {
                if what == "request_object" {
                    self.encrypted_object(alg, enc).await;
                    continue;
                }
                let over = json!({
                    "jwks": public(&key), format!("{what}_encrypted_response_alg"): alg,
                    format!("{what}_encrypted_response_enc"): enc,
                });
                let client = self.client(&over).await;
                let sent = match what.as_str() {
                    "authorization" => {
                        let back = self.back(&client, &[("response_mode", "jwt")]).await;
                        query_of(&back).remove("response").unwrap()
                    }
                    "id_token" => self.tokens(&client, &[]).await.text("id_token"),
                    "userinfo" => {
                        let tokens = self.tokens(&client, &[]).await;
                        self.userinfo(&tokens).await.body
                    }
                    "introspection" => {
                        let tokens = self.tokens(&client, &[]).await;
                        self.introspected(&client, &tokens).await.body
                    }
                    _ => panic!("nobody tries {name} here"),
                };
                let header = URL_SAFE_NO_PAD.decode(sent.split('.').next().unwrap()).unwrap();
                let header: Value = serde_json::from_slice(&header).unwrap();
                assert_eq!((&header["alg"], &header["enc"]), (&json!(alg), &json!(enc)), "{what}");
                let parsed = Encrypted::parse(&sent).unwrap();
                assert_eq!(parsed.enc, ContentAlg::parse(enc).unwrap());
                assert!(!parsed.open(&key).unwrap().is_empty());
            }
        }
    }
}
