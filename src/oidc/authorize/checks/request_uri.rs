//! Request objects by reference (RFC 9101) are fetched before the checks, our own references taken up, and the parameter goes
//! with that. One that is still there was not read; and no request may lead to another.

use super::Asked;
use crate::oidc::{
    authorize::{Way, request::Request},
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.one("request_uri")? {
        // RFC 9126 §2.1.
        Some(_) if asked.arrival.way == Way::Pushed => Err(OAuthError::invalid_request(
            "a pushed request must not have the parameter request_uri (RFC 9126 section 2.1)",
        )),
        Some(_) => {
            Err(OAuthError::new(OAuthErrorCode::RequestUriNotSupported, "the parameter request_uri is not supported"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::{InvalidRequest, RequestUriNotSupported};
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("request_uri="),
    refused(
        "request_uri=https://rp.example/request.jwt",
        RequestUriNotSupported,
        "the parameter request_uri is not supported",
    ),
    refused(
        "request_uri=urn:ietf:params:oauth:request_uri:ddp_x",
        InvalidRequest,
        "a pushed request must not have the parameter request_uri (RFC 9126 section 2.1)",
    )
    .pushed(),
];
