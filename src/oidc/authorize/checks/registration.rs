//! Self-issued registration in the request (OpenID Connect Core §7.2.1) is for self-issued providers.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.one("registration")? {
        Some(_) => Err(OAuthError::new(
            OAuthErrorCode::RegistrationNotSupported,
            "the parameter registration is not supported",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::RegistrationNotSupported;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("registration="),
    refused("registration=%7B%7D", RegistrationNotSupported, "the parameter registration is not supported"),
];
