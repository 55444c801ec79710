//! A service that shows an assertion of its own (RFC 7523 §2.1, §3): signed with a registered key of its, for this issuer, once.
//! It gets what client credentials would give.

use std::sync::Arc;

use super::{
    Refusal,
    authenticate::{allowed_algs, find, header},
    client_credentials::{self, Asked},
};
use crate::{
    base::{Fault, Secret, Timestamp},
    crypto::{Alg, Expect, HeaderKey, TypRule, Unverified},
    flows::{
        Provider,
        caller::Caller,
        client_keys,
        clients::{KnownClient, crypto_alg},
    },
    oidc::{
        client::{AssertionAudience, ClientAuthMethod, GrantType},
        client_assertion::{self, AssertionOnce, AssertionRules},
        endpoints,
        error::{OAuthError, OAuthErrorCode},
        scope::ScopeSet,
        token_request::Narrowing,
        token_response::TokenResponse,
    },
};

/// RFC 7523 §3.1: an assertion that is not valid is `invalid_grant`.
fn invalid(description: impl Into<String>) -> OAuthError {
    OAuthError::new(OAuthErrorCode::InvalidGrant, description.into())
}

/// Told of an assertion that came before.
pub(super) fn used() -> OAuthError {
    invalid("assertion jti was used before; expected a new one in each request (RFC 7523 section 3)")
}

/// One text until the signature is verified: who is not known is told nothing.
fn not_verified() -> OAuthError {
    invalid("assertion is not signed with a registered key of the client that it names")
}

/// Whom an assertion names that came without client authentication (RFC 7521 §4.1): only a client that would authenticate
/// with the same key anyway. Others prove themselves as they registered, beside it.
pub async fn claimed(provider: &Provider, assertion: &str) -> Result<Result<Arc<KnownClient>, OAuthError>, Fault> {
    let Ok(unverified) = Unverified::parse(assertion, HeaderKey::Refused) else { return Ok(Err(not_verified())) };
    let named = unverified.unverified_claims().ok().as_ref().and_then(client_assertion::claimed_client);
    let Some(id) = named else { return Ok(Err(not_verified())) };
    let Some(known) = find(provider, &id).await? else { return Ok(Err(not_verified())) };
    if known.client.auth.method == ClientAuthMethod::PrivateKeyJwt {
        return Ok(Ok(known));
    }
    let text =
        "this client authenticates otherwise; send its credentials beside the assertion (token_endpoint_auth_method)";
    Ok(Err(OAuthError::new(OAuthErrorCode::InvalidClient, text)))
}

pub async fn issue(
    provider: &Provider,
    client: &Caller,
    assertion: &Secret,
    (scope, narrowing): (Option<&ScopeSet>, &Narrowing),
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let once = match judge(provider, client, assertion, now).await {
        Ok(once) => once,
        Err(error) => return Ok(Err(Refusal::Assertion(error))),
    };
    let asked = Asked { grant: GrantType::JwtBearer, scope, narrowing, once: Some(once) };
    client_credentials::issue(provider, client, asked, now).await
}

/// §3, all of it but whether it came before.
async fn judge(
    provider: &Provider,
    client: &KnownClient,
    assertion: &Secret,
    now: Timestamp,
) -> Result<AssertionOnce, OAuthError> {
    let unverified = Unverified::parse(assertion.reveal(), HeaderKey::Refused).map_err(|_| not_verified())?;
    let algs = allowed_algs(client);
    let crypto_algs: Vec<Alg> = algs.iter().copied().map(crypto_alg).collect();
    // RFC 8725 §3.11: what says that it authenticates a client is no grant.
    let expect = Expect { algs: &crypto_algs, typ: TypRule::IfPresent(&["JWT"]) };
    let claims = client_keys::verified(provider, client, &unverified, &expect, now).await.map_err(|error| {
        tracing::info!(client = client.id.as_str(), %error, "an assertion was not verified");
        not_verified()
    })?;
    let issuer = provider.settings.issuer.as_str();
    let endpoint = endpoints::under(issuer, endpoints::TOKEN);
    let audiences: &[&str] = match client.client.auth.assertion_audience {
        AssertionAudience::Issuer => &[issuer],
        AssertionAudience::Endpoint => &[&endpoint],
        AssertionAudience::Any => &[issuer, &endpoint],
    };
    let rules = AssertionRules {
        client_id: &client.id,
        algs: &algs,
        audiences,
        lifetime: client.client.rules.profile.assertion_lifetime(),
        now,
    };
    client_assertion::check(&header(&unverified), &claims, &rules)
        .map_err(|error| invalid(error.to_string().replacen("client_assertion", "assertion", 1)))
}
