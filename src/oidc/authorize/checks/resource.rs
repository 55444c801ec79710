//! `resource` (RFC 8707 §2): repeated where a client calls several; each one must be the client's to name. Whether its server still
//! serves it is looked up after the checks.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    error::OAuthError,
    resource::{asked_for, invalid_target},
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let resources = asked_for(asked.params)?;
    let foreign = resources
        .iter()
        .find(|uri| **uri != asked.policy.issuer && !asked.client.resources.may_name.contains_key(*uri));
    if let Some(uri) = foreign {
        return Err(invalid_target(format!("the client is not registered for the resource {uri}")));
    }
    request.resources = resources;
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidTarget;
#[cfg(test)]
const MAY: &str = r#"{"resources":{"https://a.example":"a","https://b.example":"b"}}"#;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("resource="),
    accepted("resource=https://a.example&resource=https://b.example").of(MAY),
    refused(
        "resource=https://c.example",
        InvalidTarget,
        "the client is not registered for the resource https://c.example",
    )
    .of(MAY),
    refused(
        "resource=https://a.example/",
        InvalidTarget,
        "the client is not registered for the resource https://a.example/",
    )
    .of(MAY),
    refused("resource=/api", InvalidTarget, "resource is not an absolute URI (RFC 8707 section 2)"),
    refused("resource=https://a.example%23x", InvalidTarget, "resource has a fragment (RFC 8707 section 2)").of(MAY),
];

#[cfg(test)]
#[test]
fn each_is_kept_once() {
    let request = super::cases::checked_for(
        MAY,
        "resource=https://b.example&resource=https://a.example&resource=https://b.example",
    );
    assert_eq!(request.resources, ["https://b.example", "https://a.example"]);
}
