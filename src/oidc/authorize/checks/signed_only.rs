//! A client that signs its requests must sign every one, or whoever holds the browser could leave the signature out
//! (RFC 9101 §10.5).

use super::Asked;
use crate::oidc::{
    authorize::{Form, request::Request},
    error::OAuthError,
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    let must = asked.client.requests.must_be_signed || asked.policy.must_be_signed;
    if must && asked.arrival.form == Form::Plain {
        return Err(OAuthError::invalid_request(
            "this client must sign its requests: send them in a request object (RFC 9101 section 10.5)",
        ));
    }
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
const SIGNS: &str = r#"{"require_signed_request_object":true,"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"a"}]}}"#;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted(""),
    accepted("").signed(),
    accepted("").signed().of(SIGNS),
    refused(
        "",
        InvalidRequest,
        "this client must sign its requests: send them in a request object (RFC 9101 section 10.5)",
    )
    .of(SIGNS),
];
