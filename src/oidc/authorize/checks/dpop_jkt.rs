//! `dpop_jkt` (RFC 9449 §10): the thumbprint of the one key that may redeem the code.

use super::Asked;
use crate::oidc::{authorize::request::Request, dpop::is_thumbprint, error::OAuthError};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    request.dpop_jkt = match asked.params.one("dpop_jkt")? {
        Some(jkt) if !is_thumbprint(jkt) => {
            return Err(OAuthError::invalid_request(
                "dpop_jkt must be the base64url SHA-256 thumbprint of a key: 43 characters without padding",
            ));
        }
        jkt => jkt.map(str::to_owned),
    };
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("dpop_jkt="),
    accepted("dpop_jkt=NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
    refused(
        "dpop_jkt=short",
        InvalidRequest,
        "dpop_jkt must be the base64url SHA-256 thumbprint of a key: 43 characters without padding",
    ),
];

#[cfg(test)]
#[test]
fn the_thumbprint_is_kept() {
    use super::cases::checked;
    let jkt = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(checked(&format!("dpop_jkt={jkt}")).dpop_jkt.as_deref(), Some(jkt));
    assert_eq!(checked("").dpop_jkt, None);
}
