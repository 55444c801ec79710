//! Requests whose answer the client fetches at the token endpoint, because the person is at another device: device
//! authorization (RFC 8628) and backchannel authentication (CIBA Core).

use serde::{Deserialize, Serialize};

use super::{
    addressed::{Addressed, ReturnAddress},
    arrival::{Arrival, Form, Way},
    request::Request,
};
use crate::{
    base::{
        Timestamp,
        ids::{ClientId, DecoupledId, PersonId},
    },
    oidc::{
        backchannel::BindingMessage, client::Client, error::OAuthError, params::Params, policy::Policy,
        response_mode::ResponseMode,
    },
};

/// What the person is being asked about, and how they can tell that it is theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decoupled {
    pub id: DecoupledId,
    pub kind: DecoupledKind,
    pub expires_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecoupledKind {
    /// The code that stands on the device, as the person typed it (RFC 8628 §5.4).
    Device { user_code: String },
    /// The person that the client named (CIBA Core §7), and what stands on its device too.
    Backchannel { person: PersonId, binding_message: Option<BindingMessage> },
}

/// The rows of [`super::checks::CHECKS`] that have a meaning without a redirect. Others are ignored, as RFC 6749 §3.1 has it.
const ROWS: [&str; 13] = [
    "repeated",
    "signed_only",
    "prompt",
    "scope",
    "max_age",
    "nonce",
    "claims",
    "acr_values",
    "id_token_hint",
    "login_hint",
    "ui_locales",
    "resource",
    "authorization_details",
];

impl Request {
    /// What stands on the other device too.
    pub fn binding_message(&self) -> Option<&BindingMessage> {
        match &self.decoupled.as_ref()?.kind {
            DecoupledKind::Backchannel { binding_message, .. } => binding_message.as_ref(),
            DecoupledKind::Device { .. } => None,
        }
    }

    /// A request without a redirect: the same checks, as far as they have a meaning. The person is always asked, as with
    /// `prompt=consent`: whoever began may be somebody else (RFC 8628 §5.4).
    pub fn check_decoupled(
        client_id: ClientId,
        (params, form): (&Params, Form),
        client: &Client,
        policy: &Policy,
    ) -> Result<Self, OAuthError> {
        let nowhere = ReturnAddress {
            redirect_uri: String::new(),
            redirect_uri_requested: false,
            response_mode: ResponseMode::default(),
            state: None,
        };
        let sent = params.iter().filter(|(name, _)| *name != "prompt");
        let params = Params::from_pairs(sent.chain([("prompt", "consent")]));
        // The client itself brought it and said who it is, as with a pushed request.
        let addressed = Addressed { client_id, address: nowhere, params, arrival: Arrival { way: Way::Pushed, form } };
        Self::check_by(addressed, client, policy, |row| ROWS.contains(&row))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::{authorize::checks::CHECKS, client::RegisteredBy, error::OAuthErrorCode, prompt::Prompt};

    fn check(form: &str) -> Result<Request, OAuthError> {
        let metadata = json!({
            "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
            "scope": "openid profile offline_access", "authorization_details_types": ["delegation"],
            "resources": {"https://api.example": "api"},
        });
        let client = Client::register(&metadata, RegisteredBy::Operator).unwrap();
        let params = Params::parse(form.as_bytes()).unwrap();
        Request::check_decoupled(ClientId::from("kiosk"), (&params, Form::Plain), &client, &Policy::default())
    }

    #[test]
    fn every_row_that_is_named_exists() {
        for row in ROWS {
            assert!(CHECKS.iter().any(|check| check.name == row), "{row}");
        }
    }

    #[test]
    fn what_is_asked_for_is_kept_and_the_person_is_always_asked() {
        let request = check(
            "scope=openid+offline_access+profile&acr_values=urn:vn:xacthuc:2&nonce=n&max_age=60&prompt=none\
             &redirect_uri=https://evil.example/&response_mode=fragment&resource=https://api.example\
             &authorization_details=[{\"type\":\"delegation\",\"procedure\":\"1\",\"actions\":[\"submit\"]}]",
        )
        .unwrap();
        assert_eq!(request.scopes.to_string(), "openid offline_access profile");
        assert_eq!((request.max_age, request.nonce.as_deref()), (Some(60), Some("n")));
        assert_eq!(request.acr.requirement().map(crate::oidc::acr::AcrLevel::number), Some(2));
        assert!(request.prompts.contains(Prompt::Consent) && !request.prompts.contains(Prompt::None));
        assert_eq!(request.address.redirect_uri, "");
        assert_eq!((request.resources.as_slice(), request.details.len()), (&["https://api.example".to_owned()][..], 1));
    }

    #[test]
    fn a_deployment_that_wants_signatures_wants_them_here_too() {
        let client = Client::register(
            &json!({"grant_types": ["urn:openid:params:grant-type:ciba"], "backchannel_token_delivery_mode": "poll"}),
            RegisteredBy::Operator,
        );
        let (client, params) = (client.unwrap(), Params::parse(b"scope=openid").unwrap());
        let policy = Policy { must_be_signed: true, ..Policy::default() };
        for (form, error) in [(Form::Plain, Some(OAuthErrorCode::InvalidRequest)), (Form::Signed, None)] {
            let checked = Request::check_decoupled(ClientId::from("desk"), (&params, form), &client, &policy);
            assert_eq!(checked.err().map(|error| error.code), error, "{form:?}");
        }
    }

    #[test]
    fn refusals_are_those_of_the_table() {
        use OAuthErrorCode::{
            InvalidAuthorizationDetails, InvalidRequest, InvalidScope, InvalidTarget, UnmetAuthenticationRequirements,
        };
        for (form, code) in [
            ("", InvalidScope),
            ("scope=openid&scope=openid", InvalidRequest),
            ("scope=openid+vn_family", InvalidScope),
            ("scope=openid&claims=x", InvalidRequest),
            ("scope=openid&max_age=x", InvalidRequest),
            ("scope=openid&resource=https://other.example", InvalidTarget),
            ("scope=openid&authorization_details=[]", InvalidAuthorizationDetails),
            (
                "scope=openid&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A%22x%22%7D%7D%7D",
                UnmetAuthenticationRequirements,
            ),
        ] {
            assert_eq!(check(form).expect_err(form).code, code, "{form}");
        }
    }
}
