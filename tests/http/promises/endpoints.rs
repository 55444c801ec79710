//! Each address answers, at its alias too, and clients prove themselves there in each way.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::crypto::ParsedJwks;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{ALIAS, Promises, SECRET};
use crate::support::{
    app::{CALLBACK, ISSUER, basic, payload},
    certificates::{authority, self_signed},
    elsewhere::{CIBA, DEVICE},
    signer::Signer,
};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const OWN: [(&str, &str); 1] = [("grant_type", "client_credentials")];

impl Promises<'_> {
    /// Its own refusal to a call that says nothing, and so not the router's.
    pub(super) async fn endpoint(&mut self, name: &str) {
        let path = self.path(name);
        let (status, error) = match name {
            "authorization_endpoint" => {
                assert_eq!(self.app.browser().get(&path).await.status, StatusCode::BAD_REQUEST);
                let posted = self.app.post(&path, &[], &[("client_id", "nobody")]).await;
                assert_eq!(posted.status, StatusCode::BAD_REQUEST);
                return;
            }
            "end_session_endpoint" => {
                assert!(self.app.browser().get(&path).await.status.is_success());
                return;
            }
            "registration_endpoint" => {
                let metadata = json!({ "redirect_uris": [CALLBACK] });
                let answer = self.app.json(Method::POST, &path, None, Some(&metadata)).await;
                assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
                return;
            }
            "userinfo_endpoint" => {
                assert_eq!(self.app.get(&path, &[]).await.status, StatusCode::UNAUTHORIZED);
                assert_eq!(self.app.post(&path, &[], &[]).await.status, StatusCode::UNAUTHORIZED);
                return;
            }
            _ => (401, "invalid_client"),
        };
        let answer = self.app.post(&path, &[], &[("client_id", "nobody"), ("client_secret", "x")]).await;
        assert_eq!(answer.refusal(), (status, error.to_owned()), "{name}");
        self.app.at.clock.advance(dinhdanh::base::Span::minutes(1));
    }

    pub(super) async fn keys(&mut self) {
        let answer = self.app.get(&self.path("jwks_uri"), &[]).await;
        assert!(ParsedJwks::parse(answer.body.as_bytes()).is_ok(), "{}", answer.body);
    }

    /// The same paths at the address where certificates are asked for; of every endpoint but the browsers'.
    pub(super) async fn aliases(&mut self) {
        let aliases = self.document["mtls_endpoint_aliases"].as_object().unwrap().clone();
        let endpoints: Vec<String> =
            self.document.as_object().unwrap().keys().filter(|name| name.ends_with("_endpoint")).cloned().collect();
        for name in &endpoints {
            if ["authorization_endpoint", "end_session_endpoint"].contains(&name.as_str()) {
                assert!(!aliases.contains_key(name));
                continue;
            }
            let alias = aliases[name].as_str().unwrap().strip_prefix(ALIAS).unwrap();
            assert_eq!(alias, self.path(name), "{name}");
            self.endpoint(name).await;
        }
        assert_eq!(aliases.len(), endpoints.len() - 2);
    }

    /// At the endpoint of the member; those of the token endpoint everywhere where a client proves itself.
    pub(super) async fn auth_methods(&mut self, name: &str) {
        let paths = match name.split("_endpoint").next().unwrap() {
            "token" => ["/token", "/par", "/device_authorization", "/backchannel_authentication"].to_vec(),
            "revocation" => vec!["/revoke"],
            "introspection" => vec!["/introspect"],
            other => panic!("nobody tries the methods of {other} here"),
        };
        for method in self.list(name) {
            for path in &paths {
                // Nobody that proves nothing has these grants.
                if method == "none" && ["/token", "/backchannel_authentication"].contains(path) {
                    continue;
                }
                let proof = self.proven(&method).await;
                let status = proof.call(self, path).await;
                assert!(
                    status != StatusCode::UNAUTHORIZED && status.as_u16() < 429,
                    "{name} {method} at {path}: {status}"
                );
            }
        }
    }

    /// A client of this method, with what it proves itself by.
    async fn proven(&mut self, method: &str) -> Proven {
        let signer = Signer::new("k1");
        let grants = match method {
            "none" => json!(["authorization_code", DEVICE]),
            _ => json!(["authorization_code", "client_credentials", DEVICE, CIBA]),
        };
        let mut over = json!({ "token_endpoint_auth_method": method, "grant_types": grants });
        if method != "none" {
            over["backchannel_token_delivery_mode"] = "poll".into();
        }
        let certificate = match method {
            "tls_client_auth" => {
                over["tls_client_auth_san_dns"] = "promised.example".into();
                Some(authority().client("promised"))
            }
            "self_signed_tls_client_auth" => {
                let own = self_signed("promised");
                let point = own.key.public_key_raw();
                let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
                let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) });
                over["jwks"] = json!({ "keys": [jwk] });
                Some(own)
            }
            "private_key_jwt" => {
                over["jwks"] = json!({ "keys": [signer.jwk()] });
                None
            }
            _ => None,
        };
        let id = self.client(&over).await;
        let assertion = signer.assertion(&id, ISSUER, &id, self.app.at.now());
        let (header, fields): (Header, Fields) = match method {
            "client_secret_basic" => (Some(("authorization", basic(&id, SECRET))), Vec::new()),
            "client_secret_post" => (None, vec![("client_id", id), ("client_secret", SECRET.to_owned())]),
            "private_key_jwt" => {
                (None, vec![("client_assertion_type", JWT_BEARER.to_owned()), ("client_assertion", assertion)])
            }
            _ => (certificate.map(|own| ("client-cert", own.header())), vec![("client_id", id)]),
        };
        Proven { header, fields }
    }

    pub(super) async fn bound_to_a_certificate(&mut self, value: &Value) {
        assert_eq!(*value, json!(true));
        let client = self.client(&json!({ "tls_client_certificate_bound_access_tokens": true })).await;
        let (own, credentials) = (authority().client("bound").header(), basic(&client, SECRET));
        let headers = [("authorization", credentials.as_str()), ("client-cert", own.as_str())];
        let tokens = self.app.post_by_proxy("/token", &headers, &OWN).await;
        assert!(payload(&tokens.text("access_token"))["cnf"]["x5t#S256"].is_string(), "{}", tokens.body);
    }
}

type Header = Option<(&'static str, String)>;
type Fields = Vec<(&'static str, String)>;

struct Proven {
    header: Header,
    fields: Fields,
}

impl Proven {
    /// By the proxy that is believed about certificates, with what each endpoint needs to get past the proof.
    async fn call(&self, promises: &Promises<'_>, path: &str) -> StatusCode {
        let headers: Vec<_> = self.header.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut fields: Vec<_> = self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend(OWN);
        fields.extend([("token", "x"), ("scope", "reports:read")]);
        promises.app.post_by_proxy(path, &headers, &fields).await.status
    }
}
