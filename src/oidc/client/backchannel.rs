//! Registration for backchannel authentication (CIBA Core §4).

use serde_json::{Map, Value};

use super::{
    members::{Members, MetadataError},
    vocabulary::{ClientAuthMethod, GrantType},
};
use crate::oidc::alg::SigningAlg;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backchannel {
    pub delivery: Delivery,
    /// `backchannel_authentication_request_signing_alg`: then every request is signed, and by this.
    pub signing_alg: Option<SigningAlg>,
}

/// `backchannel_token_delivery_mode`, with where notices go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Poll,
    Ping(String),
    Push(String),
}

impl Delivery {
    pub const MODES: [&'static str; 3] = ["poll", "ping", "push"];

    pub const fn mode(&self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Ping(_) => "ping",
            Self::Push(_) => "push",
        }
    }

    /// Where ping and push are sent.
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Poll => None,
            Self::Ping(uri) | Self::Push(uri) => Some(uri),
        }
    }
}

const MODE: &str = "backchannel_token_delivery_mode";
const ENDPOINT: &str = "backchannel_client_notification_endpoint";
const ALG: &str = "backchannel_authentication_request_signing_alg";
const USER_CODE: &str = "backchannel_user_code_parameter";

pub(super) fn read(
    members: Members<'_>,
    grants: &[GrantType],
    method: ClientAuthMethod,
) -> Result<Option<Backchannel>, MetadataError> {
    if !grants.contains(&GrantType::Ciba) {
        return match [MODE, ENDPOINT, ALG].into_iter().find(|name| members.get(name).is_some()) {
            Some(name) => {
                Err(MetadataError::new(name, "is set, but grant_types lacks urn:openid:params:grant-type:ciba"))
            }
            None => Ok(None),
        };
    }
    // §7.1: the client authenticates.
    if !method.is_confidential() {
        return Err(MetadataError::new(
            "token_endpoint_auth_method",
            "is none, but backchannel authentication needs a credential",
        ));
    }
    if members.flag(USER_CODE)?.unwrap_or(false) {
        return Err(MetadataError::new(USER_CODE, "is not supported: people prove themselves on their own pages"));
    }
    let endpoint = members.web_uri(ENDPOINT)?;
    let delivery = match (members.text(MODE, 100)?, endpoint) {
        (Some("poll"), _) => Delivery::Poll,
        (Some("ping"), Some(endpoint)) => Delivery::Ping(endpoint),
        (Some("push"), Some(endpoint)) => Delivery::Push(endpoint),
        (Some("ping" | "push"), None) => return Err(MetadataError::new(ENDPOINT, "is required for ping and push")),
        (Some(_), _) => return Err(MetadataError::new(MODE, "is none of poll, ping, push")),
        (None, _) => return Err(MetadataError::new(MODE, "is required for backchannel authentication")),
    };
    for bound in ["dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"] {
        if matches!(delivery, Delivery::Push(_)) && members.flag(bound)?.unwrap_or(false) {
            return Err(MetadataError::new(bound, "cannot hold with push: nothing proves who takes the tokens"));
        }
    }
    Ok(Some(Backchannel { delivery, signing_alg: members.word(ALG, &SigningAlg::ALL, SigningAlg::as_str)? }))
}

impl Backchannel {
    pub(super) fn write(&self, into: &mut Map<String, Value>) {
        into.insert(MODE.to_owned(), self.delivery.mode().into());
        if let Some(endpoint) = self.delivery.endpoint() {
            into.insert(ENDPOINT.to_owned(), endpoint.into());
        }
        if let Some(alg) = self.signing_alg {
            into.insert(ALG.to_owned(), alg.as_str().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::client::{Client, RegisteredBy};

    fn register(more: &Value) -> Result<Client, MetadataError> {
        let mut all = json!({"grant_types": ["urn:openid:params:grant-type:ciba"], "scope": "openid"});
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Client::register(&all, RegisteredBy::Operator)
    }

    #[test]
    fn what_is_registered_reads_back() {
        let at = "https://rp.example/notify";
        for (metadata, delivery) in [
            (json!({MODE: "poll", "backchannel_user_code_parameter": false}), Delivery::Poll),
            (json!({MODE: "ping", ENDPOINT: at, ALG: "PS256"}), Delivery::Ping(at.to_owned())),
            (json!({MODE: "push", ENDPOINT: at}), Delivery::Push(at.to_owned())),
        ] {
            let client = register(&metadata).unwrap();
            assert_eq!(client.backchannel.as_ref().unwrap().delivery, delivery);
            assert_eq!(Client::register(&client.metadata(), RegisteredBy::Operator).unwrap(), client);
        }
        assert!(
            Client::register(&json!({"redirect_uris": ["https://a.example/"]}), RegisteredBy::Operator)
                .unwrap()
                .backchannel
                .is_none()
        );
    }

    #[test]
    fn refusals_name_the_member() {
        for (metadata, field) in [
            (json!({}), MODE),
            (json!({MODE: "pull"}), MODE),
            (json!({MODE: "ping"}), ENDPOINT),
            (json!({MODE: "push", ENDPOINT: "http://rp.example/"}), ENDPOINT),
            (
                json!({MODE: "push", ENDPOINT: "https://a.example/", "dpop_bound_access_tokens": true}),
                "dpop_bound_access_tokens",
            ),
            (json!({MODE: "poll", ALG: "none"}), ALG),
            (json!({MODE: "poll", ALG: "HS256"}), ALG),
            (json!({MODE: "poll", USER_CODE: true}), USER_CODE),
            (json!({MODE: "poll", "token_endpoint_auth_method": "none"}), "token_endpoint_auth_method"),
            (json!({MODE: "poll", "grant_types": ["client_credentials"]}), MODE),
        ] {
            assert_eq!(register(&metadata).unwrap_err().field, field, "{metadata}");
        }
    }
}
