//! `id_token_hint` (OpenID Connect Core §3.1.2.1). Here it must look like a signed token; whether we signed it, and of whom
//! it speaks, is read where the keys are.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

const MAX_BYTES: usize = 8 * 1_024;

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let hint = asked.params.one("id_token_hint")?;
    if hint.is_some_and(|hint| hint.len() > MAX_BYTES || !is_compact(hint)) {
        return Err(OAuthError::invalid_request("id_token_hint is not an ID token"));
    }
    request.id_token_hint = hint.map(str::to_owned);
    Ok(())
}

/// RFC 7515 §7.1: three base64url parts, none of them empty. RFC 7516 §7.1: five, of which the second, the encrypted key, may be empty
/// (RFC 7518 §4.6).
fn is_compact(text: &str) -> bool {
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    let parts = text.split('.').count();
    let may_be_empty = |at: usize| parts == 5 && at == 1;
    matches!(parts, 3 | 5)
        && text.split('.').enumerate().all(|(at, part)| is_word(part) && (!part.is_empty() || may_be_empty(at)))
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("id_token_hint="),
    accepted("id_token_hint=eyJh.eyJz.c2ln"),
    refused("id_token_hint=x", InvalidRequest, "id_token_hint is not an ID token"),
    refused("id_token_hint=eyJh.eyJz.", InvalidRequest, "id_token_hint is not an ID token"),
    accepted("id_token_hint=a..c.d.e"),
    refused("id_token_hint=a.b.c.d", InvalidRequest, "id_token_hint is not an ID token"),
    refused("id_token_hint=a.b..d.e", InvalidRequest, "id_token_hint is not an ID token"),
    refused("id_token_hint=a.b.%3D", InvalidRequest, "id_token_hint is not an ID token"),
];

#[cfg(test)]
#[test]
fn kept_as_sent_and_bounded() {
    assert_eq!(super::cases::checked("id_token_hint=a.b.c").id_token_hint.as_deref(), Some("a.b.c"));
    assert!(is_compact("a.b-_9.c") && is_compact("a.b.c.d.e") && !is_compact("..") && !is_compact(""));
}
