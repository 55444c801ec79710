//! Scopes: what nobody knows is ignored (OpenID Connect Core §3.1.2.1), what we know and the client may not have is refused
//! (RFC 6749 §3.3), so that the portal's engineer reads why it is missing.

use super::Asked;
use crate::oidc::{
    authorize::request::Request,
    client::GrantType,
    error::{OAuthError, OAuthErrorCode},
    prompt::Prompt,
    scope::{Scope, ScopeSet},
};

pub(super) fn check(asked: &Asked<'_>, request: &mut Request) -> Result<(), OAuthError> {
    let invalid = |description: String| OAuthError::new(OAuthErrorCode::InvalidScope, description);
    let asked_for = ScopeSet::parse(asked.params.one("scope")?.unwrap_or_default())?;
    // RFC 6749 §3.3: without a default there must be an error.
    if asked_for.is_empty() {
        return Err(invalid("the parameter scope is missing".to_owned()));
    }
    let foreign = asked_for.iter().find(|token| Scope::find(token).is_some() && !asked.client.scopes.contains(token));
    if let Some(token) = foreign {
        return Err(invalid(format!("the client is not registered for the scope {token}")));
    }
    let offline = offline_access_counts(asked, request);
    let known =
        asked_for.filtered(|token| asked.client.scopes.contains(token) && (token != "offline_access" || offline));
    if known.is_empty() {
        return Err(invalid(format!("none of the scopes {asked_for} is known")));
    }
    request.scopes = known;
    Ok(())
}

/// OpenID Connect Core §11: `offline_access` is ignored without `prompt=consent`, unless the person is asked anyway; and
/// there is nothing that it could give to a client without refresh tokens.
fn offline_access_counts(asked: &Asked<'_>, request: &Request) -> bool {
    asked.client.may_use(GrantType::RefreshToken)
        && (request.prompts.contains(Prompt::Consent) || asked.client.asks_each_time())
}

#[cfg(test)]
use super::cases::{Case, accepted, refused};
#[cfg(test)]
use crate::oidc::error::OAuthErrorCode::InvalidScope;
#[cfg(test)]
pub(super) const CASES: &[Case] = &[
    accepted("scope=openid+profile+email+phone+address"),
    accepted("scope=openid+unknown"),
    accepted("scope=registry.match").of(r#"{"scope":"registry.match"}"#),
    accepted("scope=openid+vn_id").of(r#"{"scope":"openid vn_id"}"#),
    refused("scope=", InvalidScope, "the parameter scope is missing"),
    refused("scope=+", InvalidScope, "the parameter scope is missing"),
    refused("scope=unknown", InvalidScope, "none of the scopes unknown is known"),
    refused("scope=offline_access", InvalidScope, "none of the scopes offline_access is known"),
    refused("scope=openid+vn_id", InvalidScope, "the client is not registered for the scope vn_id"),
    refused(
        "scope=open%22id",
        InvalidScope,
        "scope is a list of tokens separated by spaces, without quotes, backslashes and characters outside ASCII",
    ),
];

#[cfg(test)]
#[test]
fn offline_access_needs_consent_and_the_grant() {
    use super::cases::checked_for;
    let asked = "scope=openid+offline_access+unknown";
    let code_only = r#"{"grant_types":["authorization_code"]}"#;
    for (client, more, scopes) in [
        ("{}", "", "openid"),
        ("{}", "&prompt=consent", "openid offline_access"),
        ("{}", "&prompt=login", "openid"),
        (r#"{"rp_class":"via_provider"}"#, "", "openid offline_access"),
        (r#"{"rp_class":"state"}"#, "", "openid"),
        (code_only, "&prompt=consent", "openid"),
    ] {
        assert_eq!(checked_for(client, &format!("{asked}{more}")).scopes.to_string(), scopes, "{client} {more}");
    }
}
