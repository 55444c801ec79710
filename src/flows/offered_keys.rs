//! What a client can ask our keys for: what there is an active key for, as discovery lists it.

use super::{clients::crypto_alg, keys::record_of};
use crate::{
    base::Fault,
    crypto::{Alg, KeyPurpose, KeyState, Keyring},
    oidc::{
        alg::SigningAlg,
        client::{Client, MetadataError},
        encryption::KeyAlg,
    },
    store::{Conn, keys},
};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedKeys {
    signing: Vec<Alg>,
    opening: Vec<KeyAlg>,
}

impl OfferedKeys {
    pub fn of(ring: &Keyring) -> Self {
        Self { signing: ring.algs(), opening: ring.opening().algs() }
    }

    /// By the rows alone, so that nobody needs the key-encryption key to ask. `None` where there are no keys yet: the service makes
    /// them, one for each algorithm, when it first starts.
    pub async fn on_record(conn: &mut Conn) -> Result<Option<Self>, Fault> {
        let rows = keys::all(conn).await?;
        let mut offered = Self::default();
        for row in &rows {
            let record = record_of(row)?;
            match record.purpose {
                _ if record.state != KeyState::Active => {}
                KeyPurpose::Sign(alg) => offered.signing.push(alg),
                KeyPurpose::Open(KeyAlg::RsaOaep256) => offered.opening.push(KeyAlg::RsaOaep256),
                // One key serves both.
                KeyPurpose::Open(_) => offered.opening.extend([KeyAlg::EcdhEs, KeyAlg::EcdhEsA256Kw]),
            }
        }
        Ok((!rows.is_empty()).then_some(offered))
    }

    /// What the client asks of our keys and none is there for (OIDC Discovery §3, RFC 9101 §10.5). RS256 is what every client gets
    /// that names nothing, and is refused where it is used.
    pub fn check(&self, client: &Client) -> Result<(), MetadataError> {
        let lacking = |field: &'static str, name: &str| {
            Err(MetadataError::new(field, format!("is {name}, for which this service has no key at present")))
        };
        let signs = [
            ("id_token_signed_response_alg", Some(client.id_token_alg)),
            ("userinfo_signed_response_alg", client.responses.userinfo.signed),
            ("introspection_signed_response_alg", client.responses.introspection.signed),
            ("authorization_signed_response_alg", Some(client.requests.response_alg)),
        ];
        for (field, alg) in signs.into_iter().filter_map(|(field, alg)| Some((field, alg?))) {
            if alg != SigningAlg::Rs256 && !self.signing.contains(&crypto_alg(alg)) {
                return lacking(field, alg.as_str());
            }
        }
        match client.requests.encryption {
            Some(how) if !self.opening.contains(&how.alg) => lacking("request_object_encryption_alg", how.alg.as_str()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::oidc::client::RegisteredBy;

    fn client(over: &Value) -> Client {
        let mut metadata = json!({ "redirect_uris": ["https://rp.example/cb"] });
        metadata.as_object_mut().unwrap().extend(over.as_object().unwrap().clone());
        Client::register(&metadata, RegisteredBy::Operator).unwrap()
    }

    #[test]
    fn what_there_is_no_key_for_is_named_with_its_member() {
        let offered = OfferedKeys { signing: vec![Alg::Es256], opening: vec![KeyAlg::RsaOaep256] };
        for (over, field) in [
            (json!({}), None),
            (json!({"id_token_signed_response_alg": "ES256", "request_object_encryption_alg": "RSA-OAEP-256"}), None),
            (json!({"id_token_signed_response_alg": "PS256"}), Some("id_token_signed_response_alg")),
            (json!({"userinfo_signed_response_alg": "EdDSA"}), Some("userinfo_signed_response_alg")),
            (json!({"introspection_signed_response_alg": "PS256"}), Some("introspection_signed_response_alg")),
            (json!({"authorization_signed_response_alg": "PS256"}), Some("authorization_signed_response_alg")),
            (json!({"request_object_encryption_alg": "ECDH-ES"}), Some("request_object_encryption_alg")),
        ] {
            let refused = offered.check(&client(&over)).err().map(|error| error.field);
            assert_eq!(refused.as_deref(), field, "{over}");
        }
    }
}
