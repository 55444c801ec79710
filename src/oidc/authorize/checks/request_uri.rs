//! Request objects by reference (OpenID Connect Core §6.2, RFC 9101) are not implemented; nothing is fetched for them.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.one("request_uri")? {
        Some(_) => {
            Err(OAuthError::new(OAuthErrorCode::RequestUriNotSupported, "the parameter request_uri is not supported"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::RequestUriNotSupported;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("request_uri="),
    refused(
        "request_uri=https://rp.example/request.jwt",
        RequestUriNotSupported,
        "the parameter request_uri is not supported",
    ),
];
