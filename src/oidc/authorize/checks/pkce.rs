//! `code_challenge` (RFC 7636 §4.3, §4.4.1): S256 only. A method that is left out would mean `plain`.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError, pkce::CodeChallenge};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let challenge = asked.params.one("code_challenge")?;
    let method = asked.params.one("code_challenge_method")?;
    let Some(challenge) = challenge else {
        return match method {
            Some(_) => Err(OAuthError::invalid_request("code_challenge is missing beside code_challenge_method")),
            // RFC 7636 §4.4.1.
            None if asked.client.rules.require_pkce => {
                Err(OAuthError::invalid_request("code_challenge is required of this client"))
            }
            None => Ok(()),
        };
    };
    if method != Some("S256") {
        return Err(OAuthError::invalid_request("code_challenge_method must be S256"));
    }
    let challenge = CodeChallenge::parse(challenge).map_err(|error| OAuthError::invalid_request(error.to_string()))?;
    request.code_challenge = Some(challenge);
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("code_challenge_method=S256"),
    accepted("code_challenge=&code_challenge_method=").of(r#"{"require_pkce":false}"#),
    refused("code_challenge=&code_challenge_method=", InvalidRequest, "code_challenge is required of this client"),
    refused("code_challenge=", InvalidRequest, "code_challenge is missing beside code_challenge_method"),
    refused("code_challenge_method=", InvalidRequest, "code_challenge_method must be S256"),
    refused("code_challenge_method=plain", InvalidRequest, "code_challenge_method must be S256"),
    refused("code_challenge_method=s256", InvalidRequest, "code_challenge_method must be S256"),
    // A client that need not use it may not use it wrongly either.
    refused("code_challenge_method=plain", InvalidRequest, "code_challenge_method must be S256")
        .of(r#"{"require_pkce":false}"#),
    refused(
        "code_challenge=short",
        InvalidRequest,
        "code_challenge must be the base64url form of a SHA-256: 43 characters without padding",
    ),
];

#[cfg(test)]
#[test]
fn the_challenge_is_kept() {
    use super::cases::{checked, checked_for};
    let kept = checked("").code_challenge.map(String::from);
    assert_eq!(kept.as_deref(), Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
    let free = checked_for(r#"{"require_pkce":false}"#, "code_challenge=&code_challenge_method=");
    assert_eq!(free.code_challenge, None);
    assert!(checked_for(r#"{"require_pkce":false}"#, "").code_challenge.is_some());
}
