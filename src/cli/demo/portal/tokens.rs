//! From a code to a session: token request, ID token, UserInfo, with every check of OIDC Core §3.1.3.5–8 and §5.3.4.

use std::{collections::BTreeMap, sync::Arc};

use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError, Nonce, OAuth2TokenResponse,
    PkceCodeVerifier, RequestTokenError, SignatureVerificationError, SubjectIdentifier, TokenResponse, UserInfoError,
    core::CoreTokenType,
};
use serde_json::Value;

use super::{
    Portal,
    calls::CallFailed,
    notice::Failure,
    provider::{Known, PortalClaims, PortalErrorResponse, PortalIdToken, PortalUserInfo, Unreachable, chain},
    visits::{Aim, Attempt, Session},
    words::shown,
};
use crate::base::Timestamp;

/// How far two machines' clocks may differ, seconds.
const SKEW: i64 = 60;
/// An ID token of the code flow is minutes old at most.
const OLDEST_ID_TOKEN: i64 = 600;

/// The name of an authentication level (`acr`).
pub(super) fn acr(level: u8) -> String {
    format!("urn:vn:xacthuc:{level}")
}

/// The authentication level that an `acr` names; 0 for what is none.
pub(super) fn level(acr: Option<&str>) -> u8 {
    (1..=4).rev().find(|level| acr.is_some_and(|given| given == self::acr(*level))).unwrap_or(0)
}

/// A session, and why it has no claims if it has none.
pub(super) async fn redeem(
    portal: &Portal,
    attempt: &Attempt,
    code: String,
    asked: &[String],
    now: Timestamp,
) -> Result<(Session, Option<Failure>), Failure> {
    let known = portal.provider.known(now).await.map_err(|Unreachable| Failure::Unreachable)?;
    let response = known
        .client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|_no_token_endpoint| Failure::Untrusted("metadata"))?
        .set_pkce_verifier(PkceCodeVerifier::new(attempt.pkce_verifier.clone()))
        .request_async(&portal.provider.calls)
        .await
        .map_err(|error| refused(&error))?;
    let access_token = response.access_token().clone();
    // The library would panic on a token that no header can carry.
    let sendable = access_token.secret().bytes().all(|byte| byte.is_ascii_graphic());
    if !sendable || *response.token_type() != CoreTokenType::Bearer {
        return Err(Failure::Untrusted("token_response"));
    }
    let id_token = response.id_token().ok_or(Failure::Untrusted("id_token_missing"))?;
    let (known, claims) = verify(portal, known, id_token, attempt, now).await?;
    if !fits(&known, id_token, claims, &access_token) {
        return Err(Failure::Untrusted("at_hash"));
    }
    let granted = response.scopes().map(|scopes| scopes.iter().map(|scope| scope.to_string()).collect());
    let mut session =
        session(claims, id_token.clone(), access_token.clone(), granted.unwrap_or_else(|| asked.to_vec()));
    // Its audience is the API and not UserInfo (RFC 8707 §2.2).
    if matches!(attempt.aim, Aim::Records(_)) {
        return Ok((session, None));
    }
    let trouble = match user_info(portal, &known, access_token, &session.sub).await {
        Ok(claims) => {
            session.claims = Some(claims);
            None
        }
        Err(failure) => Some(failure),
    };
    Ok((session, trouble))
}

fn refused(error: &RequestTokenError<CallFailed, PortalErrorResponse>) -> Failure {
    match error {
        RequestTokenError::ServerResponse(response) => {
            tracing::warn!(error = %response, "the provider refused a portal's token request");
            Failure::TokenRefused(shown(response.error().as_ref(), 64))
        }
        RequestTokenError::Request(error) => {
            tracing::warn!(error = %chain(error), "a portal cannot reach the token endpoint");
            Failure::Unreachable
        }
        other => {
            tracing::warn!(error = %chain(other), "the token endpoint's answer is none");
            Failure::Untrusted("token_response")
        }
    }
}

/// Verifies the ID token, if need be with keys that are newer than `known`; says with what, and what the token claims.
async fn verify<'a>(
    portal: &Portal,
    known: Arc<Known>,
    id_token: &'a PortalIdToken,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<(Arc<Known>, &'a PortalClaims), Failure> {
    use SignatureVerificationError::NoMatchingKey;
    let (known, verdict) = match check(&known, id_token, attempt, now) {
        Err(ClaimsVerificationError::SignatureVerification(NoMatchingKey)) => {
            let newer = portal.provider.newer_than(&known, now).await.map_err(|Unreachable| Failure::Unreachable)?;
            let verdict = check(&newer, id_token, attempt, now);
            (newer, verdict)
        }
        verdict => (known, verdict),
    };
    match verdict {
        Ok(claims) => Ok((known, claims)),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "a portal refused an ID token");
            Err(untrusted(&error))
        }
    }
}

/// OIDC Core §3.1.3.7.
fn check<'a>(
    known: &Known,
    id_token: &'a PortalIdToken,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<&'a PortalClaims, ClaimsVerificationError> {
    let least = match attempt.aim {
        Aim::Service(service) => service.level,
        Aim::Records(asked) => asked.level.max(1),
        Aim::SignIn | Aim::Silent => 1,
    };
    let verifier = known
        .id_token_verifier()
        .set_issue_time_verifier_fn(move |issued_at| {
            let age = now.secs().saturating_sub(issued_at.timestamp());
            if (-SKEW..=OLDEST_ID_TOKEN).contains(&age) { Ok(()) } else { Err(format!("iat is {age} s ago")) }
        })
        .set_auth_context_verifier_fn(move |acr| {
            if level(acr.map(|acr| acr.as_str())) >= least { Ok(()) } else { Err(format!("below level {least}")) }
        });
    let claims = id_token.claims(&verifier, &Nonce::new(attempt.nonce.clone()))?;
    match claims.authorized_party() {
        Some(party) if party != known.client.client_id() => {
            Err(ClaimsVerificationError::InvalidAudience("azp is another client".to_owned()))
        }
        _ => Ok(claims),
    }
}

/// Whether the access token is the one that the ID token speaks of (OIDC Core §3.1.3.8); it need not speak of one.
fn fits(known: &Known, id_token: &PortalIdToken, claims: &PortalClaims, access_token: &AccessToken) -> bool {
    let Some(stated) = claims.access_token_hash() else { return true };
    let verifier = known.id_token_verifier();
    let (Ok(alg), Ok(key)) = (id_token.signing_alg(), id_token.signing_key(&verifier)) else { return false };
    AccessTokenHash::from_token(access_token, alg, key).is_ok_and(|actual| actual == *stated)
}

fn untrusted(error: &ClaimsVerificationError) -> Failure {
    Failure::Untrusted(match error {
        ClaimsVerificationError::InvalidAuthContext(_) => return Failure::LevelTooLow,
        ClaimsVerificationError::InvalidNonce(_) => "id_token_nonce",
        ClaimsVerificationError::InvalidIssuer(_) => "id_token_iss",
        ClaimsVerificationError::InvalidAudience(_) => "id_token_aud",
        ClaimsVerificationError::Expired(_) => "id_token_time",
        ClaimsVerificationError::SignatureVerification(_) => "id_token_signature",
        _ => "id_token",
    })
}

/// The session that a verified ID token speaks of.
fn session(claims: &PortalClaims, id_token: PortalIdToken, access_token: AccessToken, scopes: Vec<String>) -> Session {
    let more = |name: &str| claims.additional_claims().all.get(name).and_then(Value::as_str).map(str::to_owned);
    Session {
        sub: claims.subject().to_string(),
        sid: more("sid"),
        issued_at: claims.issue_time().timestamp(),
        acr: claims.auth_context_ref().map(|acr| acr.to_string()),
        amr: claims.auth_method_refs().into_iter().flatten().map(|method| method.to_string()).collect(),
        auth_time: claims.auth_time().map(|at| at.timestamp()),
        account_level: more("account_level"),
        claims: None,
        id_token,
        access_token,
        records_token: None,
        scopes,
    }
}

/// UserInfo's answer, when it is about the same person as the ID token (OIDC Core §5.3.4).
pub(super) async fn user_info(
    portal: &Portal,
    known: &Known,
    access_token: AccessToken,
    sub: &str,
) -> Result<BTreeMap<String, Value>, Failure> {
    let answer: Result<PortalUserInfo, _> = known
        .client
        .user_info(access_token, Some(SubjectIdentifier::new(sub.to_owned())))
        .map_err(|_no_endpoint| Failure::Untrusted("metadata"))?
        .request_async(&portal.provider.calls)
        .await;
    let info = answer.map_err(|error| {
        tracing::warn!(error = %chain(&error), "a portal got nothing from UserInfo");
        match error {
            UserInfoError::Response(status, ..) => Failure::UserInfo(status.as_u16()),
            UserInfoError::Request(_) => Failure::Unreachable,
            UserInfoError::ClaimsVerification(_) => Failure::Untrusted("userinfo_sub"),
            _ => Failure::Untrusted("userinfo"),
        }
    })?;
    match serde_json::to_value(info) {
        Ok(Value::Object(members)) => Ok(members.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        _ => Err(Failure::Untrusted("userinfo")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_from_its_whole_name() {
        assert_eq!([1, 2, 3, 4].map(|n| level(Some(&acr(n)))), [1, 2, 3, 4]);
        for nothing in ["urn:vn:xacthuc:0", "urn:vn:xacthuc:5", "urn:vn:xacthuc:22", "LoA2", "2", ""] {
            assert_eq!(level(Some(nothing)), 0, "{nothing}");
        }
        assert_eq!(level(None), 0);
    }
}
