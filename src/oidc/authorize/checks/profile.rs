//! What a profile demands of each request, beside what it demands of the registration (`oidc::client::profile`).

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    error::OAuthError,
    response_mode::{Carrier, ResponseMode},
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let profile = asked.client.rules.profile;
    if !profile.is_fapi2() {
        return Ok(());
    }
    if !request.address.redirect_uri_requested {
        return Err(OAuthError::invalid_request(
            "redirect_uri is missing; the client's profile requires it (FAPI 2.0 Security Profile section 5.3.2.2)",
        ));
    }
    let mode = request.address.response_mode;
    if mode.carrier() == Carrier::Fragment {
        return Err(OAuthError::invalid_request("the client's profile has no fragment response mode"));
    }
    if profile.signs_messages() && !mode.is_signed() {
        let signed =
            ResponseMode::ALL.into_iter().filter(|mode| mode.is_signed() && mode.carrier() != Carrier::Fragment);
        let names = signed.map(ResponseMode::as_str).collect::<Vec<_>>().join(" ");
        return Err(OAuthError::invalid_request(format!(
            "response_mode must be one of jwt {names} (FAPI 2.0 Message Signing section 5.4)"
        )));
    }
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidRequest;
#[cfg(test)]
macro_rules! of_profile {
    ($name:literal) => {
        concat!(
            r#"{"profile":""#,
            $name,
            r#"","token_endpoint_auth_method":"private_key_jwt","id_token_signed_response_alg":"ES256","#,
            r#""dpop_bound_access_tokens":true,"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"a"}]}}"#
        )
    };
}
#[cfg(test)]
const SECURITY: &str = of_profile!("fapi2-security");
#[cfg(test)]
const SIGNING: &str = of_profile!("fapi2-message-signing");
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("response_mode=fragment"),
    accepted("redirect_uri=&scope=profile"),
    accepted("").of(SECURITY).pushed(),
    accepted("response_mode=form_post").of(SECURITY).pushed(),
    accepted("response_mode=jwt").of(SIGNING).pushed().signed(),
    accepted("response_mode=form_post.jwt").of(SIGNING).pushed().signed(),
    refused(
        "redirect_uri=&scope=profile",
        InvalidRequest,
        "redirect_uri is missing; the client's profile requires it (FAPI 2.0 Security Profile section 5.3.2.2)",
    )
    .of(SECURITY)
    .pushed(),
    refused("response_mode=fragment", InvalidRequest, "the client's profile has no fragment response mode")
        .of(SECURITY)
        .pushed(),
    refused("response_mode=fragment.jwt", InvalidRequest, "the client's profile has no fragment response mode")
        .of(SIGNING)
        .pushed()
        .signed(),
    refused(
        "",
        InvalidRequest,
        "response_mode must be one of jwt query.jwt form_post.jwt (FAPI 2.0 Message Signing section 5.4)",
    )
    .of(SIGNING)
    .pushed()
    .signed(),
];
