//! [`crate::oidc::authorize::Addressed`] has resolved the mode; one that we don't have is told here, in the default mode.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError, response_mode::ResponseMode};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.one("response_mode")? {
        Some(name) if ResponseMode::parse(name).is_none() => Err(OAuthError::invalid_request(
            "response_mode supports query, fragment and form_post, each also with .jwt, and jwt",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("response_mode="),
    accepted("response_mode=query"),
    accepted("response_mode=form_post"),
    accepted("response_mode=fragment"),
    accepted("response_mode=jwt"),
    accepted("response_mode=form_post.jwt"),
    refused(
        "response_mode=web_message",
        InvalidRequest,
        "response_mode supports query, fragment and form_post, each also with .jwt, and jwt",
    ),
];
