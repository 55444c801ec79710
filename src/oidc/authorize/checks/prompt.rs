//! `prompt` (OpenID Connect Core §3.1.2.1); what it means for the person is decided in [`crate::oidc::interact`].

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError, prompt::Prompts};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    request.prompts = Prompts::parse(asked.params.one("prompt")?.unwrap_or_default())?;
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("prompt="),
    accepted("prompt=none"),
    accepted("prompt=login+consent+select_account"),
    refused("prompt=none+login", InvalidRequest, "prompt=none cannot be combined with another value"),
    refused("prompt=create", InvalidRequest, "prompt does not know the value create"),
];

#[cfg(test)]
#[test]
fn the_values_are_kept() {
    use crate::oidc::prompt::Prompt;
    let prompts = super::cases::checked("prompt=consent").prompts;
    assert!(prompts.contains(Prompt::Consent) && !prompts.contains(Prompt::Login));
}
