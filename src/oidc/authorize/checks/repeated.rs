//! RFC 6749 §3.1: request parameters must not be included more than once.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

/// RFC 8707 §2 and RFC 8693 §2.1 allow these two several times.
const MAY_REPEAT: [&str; 2] = ["resource", "audience"];

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    match asked.params.repeated(&MAY_REPEAT) {
        Some(name) => Err(OAuthError::invalid_request(format!("the parameter {name} is repeated"))),
        None => Ok(()),
    }
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("audience=https://a.example&audience=https://b.example"),
    accepted("resource=https://a.example&resource=https://b.example")
        .of(r#"{"resources":{"https://a.example":"a","https://b.example":"b"}}"#),
    refused("state=a&state=b", InvalidRequest, "the parameter state is repeated"),
    refused("state=a&state=", InvalidRequest, "the parameter state is repeated"),
    refused("foo=1&foo=1", InvalidRequest, "the parameter foo is repeated"),
];
