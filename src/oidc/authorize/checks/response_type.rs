//! Only the code flow (RFC 9700 §2.1.2 advises against the others), and only for clients that registered its grant.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    client::GrantType,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    // RFC 6749 §4.1.2.1: missing is invalid_request, another value unsupported_response_type.
    if asked.params.required("response_type")? != "code" {
        return Err(OAuthError::new(OAuthErrorCode::UnsupportedResponseType, "response_type supports only code"));
    }
    if !asked.client.may_use(GrantType::AuthorizationCode) {
        return Err(OAuthError::new(
            OAuthErrorCode::UnauthorizedClient,
            "the client is not registered for the grant authorization_code",
        ));
    }
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::{InvalidRequest, UnauthorizedClient, UnsupportedResponseType};
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("response_type=code"),
    refused("response_type=", InvalidRequest, "the parameter response_type is missing"),
    refused("response_type=token", UnsupportedResponseType, "response_type supports only code"),
    refused("response_type=id_token", UnsupportedResponseType, "response_type supports only code"),
    refused("response_type=code+id_token", UnsupportedResponseType, "response_type supports only code"),
    refused("response_type=Code", UnsupportedResponseType, "response_type supports only code"),
    refused("", UnauthorizedClient, "the client is not registered for the grant authorization_code")
        .of(r#"{"grant_types":["client_credentials"]}"#),
];
