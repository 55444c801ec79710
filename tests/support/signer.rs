//! A relying party's own key: it signs whatever header and claims a test writes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use dinhdanh::{
    base::Timestamp,
    crypto::{Alg, SigningKey},
};
use serde_json::{Value, json};

pub struct Signer {
    pub key: SigningKey,
    pub kid: &'static str,
}

impl Signer {
    pub fn new(kid: &'static str) -> Self {
        Self::of(Alg::Es256, kid)
    }

    pub fn of(alg: Alg, kid: &'static str) -> Self {
        Self { key: SigningKey::generate(alg).unwrap(), kid }
    }

    /// The public key as a member of a JWK Set.
    pub fn jwk(&self) -> Value {
        let mut members = self.key.public().members();
        members.insert("kid".to_owned(), self.kid.into());
        Value::Object(members)
    }

    /// A compact JWS over exactly these.
    pub fn jws(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.key.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// With `alg` and `kid` as they are.
    pub fn jwt(&self, claims: &Value) -> String {
        self.jws(&json!({ "alg": self.key.alg().name(), "kid": self.kid }), claims)
    }

    /// A DPoP proof over these claims, its key in the header (RFC 9449 §4.2).
    pub fn proof(&self, claims: &Value) -> String {
        let jwk = Value::Object(self.key.public().members());
        self.jws(&json!({ "typ": "dpop+jwt", "alg": self.key.alg().name(), "jwk": jwk }), claims)
    }

    /// A client assertion that is good at `now`; `jti` makes it another.
    pub fn assertion(&self, client: &str, audience: &str, jti: &str, now: Timestamp) -> String {
        self.jwt(&assertion_claims(client, audience, jti, now))
    }
}

pub fn assertion_claims(client: &str, audience: &str, jti: &str, now: Timestamp) -> Value {
    json!({ "iss": client, "sub": client, "aud": audience, "jti": jti, "iat": now.secs(), "exp": now.secs() + 60 })
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}
