//! `authorization_details` (RFC 9396): types that we know and the client registered (§10), each with exactly its members (§5).

use super::Asked;
use crate::{
    base::ids::ClientId,
    oidc::{
        authorization_details::{Detail, parse},
        authorize::request::Request,
        error::{OAuthError, OAuthErrorCode},
    },
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let Some(text) = asked.params.one("authorization_details")? else { return Ok(()) };
    let details = parse(text)?;
    let registered = |detail: &&Detail| !asked.client.requests.details_types.contains(&detail.type_name());
    if let Some(foreign) = details.iter().find(registered) {
        return Err(OAuthError::new(
            OAuthErrorCode::InvalidAuthorizationDetails,
            format!("the client is not registered for the type {} (authorization_details_types)", foreign.type_name()),
        ));
    }
    // Both sides agree to a delegate as to a resource: the portal's registration names it, its own lets it exchange tokens.
    let may_name = |delegate: &ClientId| asked.client.requests.delegates.contains(delegate);
    if let Some(foreign) = details.iter().filter_map(Detail::delegate).find(|delegate| !may_name(delegate)) {
        return Err(OAuthError::new(
            OAuthErrorCode::InvalidAuthorizationDetails,
            format!("the client is not registered to name {foreign} as its delegate (delegates)"),
        ));
    }
    request.details = details;
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidAuthorizationDetails;
#[cfg(test)]
const BOTH: &str = r#"{"authorization_details_types":["identity_check","delegation"]}"#;
#[cfg(test)]
const ACT: &str = r#"authorization_details=[{"type":"delegation","procedure":"1","actions":["submit"]}]"#;
#[cfg(test)]
const OFFICE: &str = r#"{"authorization_details_types":["delegation"],"delegates":["office"]}"#;
#[cfg(test)]
const BY_OFFICE: &str =
    r#"authorization_details=[{"type":"delegation","procedure":"1","delegate":"office","actions":["submit"]}]"#;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("authorization_details="),
    accepted(BY_OFFICE).of(OFFICE),
    refused(
        BY_OFFICE,
        InvalidAuthorizationDetails,
        "the client is not registered to name office as its delegate (delegates)",
    )
    .of(BOTH),
    accepted(ACT).of(BOTH),
    refused(
        ACT,
        InvalidAuthorizationDetails,
        "the client is not registered for the type delegation (authorization_details_types)",
    ),
    refused(
        "authorization_details={}",
        InvalidAuthorizationDetails,
        "authorization_details is not a JSON array in which each name stands once",
    )
    .of(BOTH),
    refused(
        r#"authorization_details=[{"type":"x"}]"#,
        InvalidAuthorizationDetails,
        "the type is not supported; expected one of identity_check delegation",
    )
    .of(BOTH),
];

#[cfg(test)]
#[test]
fn what_was_asked_is_kept() {
    assert_eq!(super::cases::checked_for(BOTH, ACT).details.len(), 1);
}
