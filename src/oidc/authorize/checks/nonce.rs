//! `nonce` is optional in the code flow (OpenID Connect Core §3.1.2.1), stored and returned unmodified.

use super::Asked;
use crate::oidc::{authorize::request::Request, error::OAuthError};

/// It travels in the ID token, and those have a size that cookies and logs bear.
const MAX_BYTES: usize = 1_024;

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    request.nonce = match asked.params.one("nonce")? {
        Some(nonce) if nonce.len() > MAX_BYTES => {
            return Err(OAuthError::invalid_request("nonce is longer than 1024 bytes"));
        }
        nonce => nonce.map(str::to_owned),
    };
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
macro_rules! sixteen {
    ($x:expr) => {
        concat!($x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x, $x)
    };
}
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("nonce="),
    accepted(concat!("nonce=", sixteen!(sixteen!("1234")))),
    refused(concat!("nonce=", sixteen!(sixteen!("1234")), "5"), InvalidRequest, "nonce is longer than 1024 bytes"),
];

#[cfg(test)]
#[test]
fn returned_unmodified() {
    use super::cases::checked;
    assert_eq!(checked("nonce=+a%2Bb%26").nonce.as_deref(), Some(" a+b&"));
    assert_eq!(checked("nonce=").nonce, None);
}
