//! Which authentication levels the request names, and how much it insists.
//!
//! An `acr` claim for the ID token (OpenID Connect Core §5.5.1.1) stands before `acr_values` (§3.1.2.1), and that before the
//! client's `default_acr_values` (Registration §2). An essential `acr` without values of its own makes those of
//! `acr_values` essential: the combination is unspecified, and whoever writes both means it.

use super::Asked;
use crate::oidc::{
    acr::{AcrRequest, Insistence},
    authorize::request::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let claim = request.claims.id_token.get("acr");
    let insistence = match claim {
        Some(claim) if claim.essential => Insistence::Essential,
        _ => Insistence::Voluntary,
    };
    let parameter = asked.params.one("acr_values")?;
    let acr = match (claim.filter(|claim| claim.names_values()), parameter) {
        // Values that are no texts name nothing that we know; an essential request for them cannot be met either.
        (Some(claim), _) if claim.texts().next().is_none() => AcrRequest::new([""], insistence),
        (Some(claim), _) => AcrRequest::new(claim.texts(), insistence),
        (None, Some(values)) => AcrRequest::new(values.split(' ').filter(|value| !value.is_empty()), insistence),
        (None, None) => {
            // A default is voluntary, whatever the request insists on.
            let defaults = asked.client.sign_in.default_acr_values.iter().map(String::as_str);
            AcrRequest::new(defaults, Insistence::Voluntary)
        }
    };
    request.acr =
        acr.map_err(|error| OAuthError::new(OAuthErrorCode::UnmetAuthenticationRequirements, error.to_string()))?;
    Ok(())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::UnmetAuthenticationRequirements;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("acr_values=urn:vn:xacthuc:2"),
    accepted("acr_values=unknown"),
    accepted(r#"claims={"id_token":{"acr":{"essential":true}}}"#),
    accepted(r#"claims={"id_token":{"acr":{"values":["unknown"]}}}"#),
    accepted(r#"claims={"id_token":{"acr":{"essential":true,"values":["unknown","LoA2"]}}}"#),
    // Only the ID token's acr counts.
    accepted(r#"claims={"userinfo":{"acr":{"essential":true,"values":["unknown"]}}}"#),
    refused(
        r#"claims={"id_token":{"acr":{"essential":true,"values":["unknown"]}}}"#,
        UnmetAuthenticationRequirements,
        "none of the essential acr values is known",
    ),
    refused(
        r#"claims={"id_token":{"acr":{"essential":true,"value":"unknown"}}}&acr_values=urn:vn:xacthuc:1"#,
        UnmetAuthenticationRequirements,
        "none of the essential acr values is known",
    ),
    refused(
        r#"claims={"id_token":{"acr":{"essential":true,"value":2}}}"#,
        UnmetAuthenticationRequirements,
        "none of the essential acr values is known",
    ),
    refused(
        r#"claims={"id_token":{"acr":{"essential":true}}}&acr_values=unknown"#,
        UnmetAuthenticationRequirements,
        "none of the essential acr values is known",
    ),
];

#[cfg(test)]
#[test]
fn the_nearest_source_names_the_levels() {
    use super::cases::checked_for;
    use crate::oidc::acr::AcrLevel::{One, Three, Two};
    let default = r#"{"default_acr_values":["LoA1"]}"#;
    let essential = |values: &str| format!(r#"claims={{"id_token":{{"acr":{{"essential":true{values}}}}}}}"#);
    let table = [
        ("{}", String::new(), vec![], false),
        (default, String::new(), vec![One], false),
        (default, "acr_values=LoA3+x++urn:vn:xacthuc:2".to_owned(), vec![Three, Two], false),
        (default, essential(""), vec![One], false),
        (default, format!("{}&acr_values=LoA3", essential("")), vec![Three], true),
        (default, format!("{}&acr_values=LoA3", essential(r#","values":["LoA2"]"#)), vec![Two], true),
        ("{}", r#"claims={"id_token":{"acr":{"value":"LoA2"}}}&acr_values=LoA3"#.to_owned(), vec![Two], false),
    ];
    for (client, set, named, is_essential) in table {
        let acr = checked_for(client, &set).acr;
        assert_eq!((acr.named(), acr.is_essential()), (named.as_slice(), is_essential), "{client} {set}");
    }
}
