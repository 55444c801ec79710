//! `max_age` in seconds (OpenID Connect Core §3.1.2.1); it stands before the client's `default_max_age`.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    request.max_age = match asked.params.one("max_age")? {
        None => asked.client.sign_in.default_max_age,
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            // More seconds than fit are more than anybody's session.
            Some(text.parse().unwrap_or(u64::MAX))
        }
        Some(_) => return Err(OAuthError::invalid_request("max_age is not a whole number of seconds")),
    };
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("max_age=0"),
    accepted("max_age=99999999999999999999999"),
    refused("max_age=-1", InvalidRequest, "max_age is not a whole number of seconds"),
    refused("max_age=1.5", InvalidRequest, "max_age is not a whole number of seconds"),
    refused("max_age=%2B1", InvalidRequest, "max_age is not a whole number of seconds"),
    refused("max_age=60s", InvalidRequest, "max_age is not a whole number of seconds"),
];

#[cfg(test)]
#[test]
fn the_request_stands_before_the_clients_default() {
    use super::cases::checked_for;
    let client = r#"{"default_max_age":600}"#;
    for (client, set, max_age) in [
        ("{}", "", None),
        ("{}", "max_age=0", Some(0)),
        (client, "", Some(600)),
        (client, "max_age=", Some(600)),
        (client, "max_age=7", Some(7)),
        (client, "max_age=18446744073709551616", Some(u64::MAX)),
    ] {
        assert_eq!(checked_for(client, set).max_age, max_age, "{client} {set}");
    }
}
