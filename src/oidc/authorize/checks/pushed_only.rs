//! A client that pushes its requests must push every one, or whoever holds the browser could leave the push out (RFC 9126 §5,
//! §6).

use super::Asked;
use crate::oidc::{
    authorize::{Way, request::Request},
    error::OAuthError,
};

pub(super) fn check(asked: &Asked<'_>, _: &mut Request) -> Result<(), OAuthError> {
    let must = asked.client.requests.must_be_pushed || asked.policy.must_be_pushed;
    if must && asked.arrival.way == Way::Browser {
        return Err(OAuthError::invalid_request(
            "this client must push its requests: post them to the pushed authorization request endpoint (RFC 9126)",
        ));
    }
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
const PUSHES: &str = r#"{"require_pushed_authorization_requests":true}"#;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted(""),
    accepted("").pushed(),
    accepted("").pushed().of(PUSHES),
    refused(
        "",
        InvalidRequest,
        "this client must push its requests: post them to the pushed authorization request endpoint (RFC 9126)",
    )
    .of(PUSHES),
];
