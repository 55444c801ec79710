//! Request objects by value (RFC 9101) are unpacked before the checks, and the parameter goes with that. One that is still
//! there was not read, and must not be answered from its outer parameters alone.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.one("request")? {
        Some(_) => Err(OAuthError::new(OAuthErrorCode::RequestNotSupported, "the parameter request is not supported")),
        None => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::RequestNotSupported;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("request="),
    refused("request=eyJhbGciOiJub25lIn0.e30.", RequestNotSupported, "the parameter request is not supported"),
];
