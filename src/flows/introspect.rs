//! Introspection (RFC 7662), from live state and for the token's own client.

use super::{
    Provider,
    clients::KnownClient,
    token::{Authorized, live},
};
use crate::{
    assurance::may_issue,
    base::{Fault, Timestamp},
    oidc::{
        access_token::AccessToken,
        authorization_details::Detail,
        introspection::{IntrospectionRequest, IntrospectionResponse, RefreshTokenState},
    },
    store::behind::{self, FamilyStanding},
};

/// A client learns of its own tokens, and of those that are for a resource it serves; of anybody else's nothing but `active: false` (RFC 7662 §4).
pub async fn introspect(
    provider: &Provider,
    asker: &KnownClient,
    request: &IntrospectionRequest,
    now: Timestamp,
) -> Result<IntrospectionResponse, Fault> {
    let text = request.token.reveal();
    // The prefix tells a refresh token; the hint is only a hint (§2.1).
    if let Ok(claim) = provider.secrets.refresh.verify(text) {
        return of_refresh(provider, asker, claim.family, claim.generation, now).await;
    }
    Ok(match live::find_live(provider, text, now).await? {
        Some(live) if live.client.id == asker.id || serves(asker, &live.token, &provider.settings.issuer) => {
            IntrospectionResponse::access_token(&live.token)
        }
        _ => IntrospectionResponse::INACTIVE,
    })
}

/// A resource server learns of the tokens that are for it (RFC 7662 §4), and of nothing that is for others beside it. This service is
/// no such other: its own addresses stand in the token that the server holds, and say nothing of a third one.
fn serves(asker: &KnownClient, token: &AccessToken, issuer: &str) -> bool {
    let serves = |audience: &str| asker.client.resources.serves.iter().any(|own| own == audience);
    token.aud.iter().any(serves) && token.aud.iter().all(|audience| audience == issuer || serves(audience))
}

async fn of_refresh(
    provider: &Provider,
    asker: &KnownClient,
    id: crate::base::ids::GrantId,
    generation: i64,
    now: Timestamp,
) -> Result<IntrospectionResponse, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        behind::family(&mut conn, id, now).await?
    };
    let Some(FamilyStanding { grant, family, session_lives, account }) = found else {
        return Ok(IntrospectionResponse::INACTIVE);
    };
    let lives = grant.revoked_at.is_none() && grant.expires_at > now && (grant.offline || session_lives);
    let is_current = family.generation == generation && family.expires_at > now;
    if grant.client_id != asker.id || !lives || !is_current || may_issue(&account.standing).is_err() {
        return Ok(IntrospectionResponse::INACTIVE);
    }
    // What a refresh would give now: not what the client may not have any more.
    let authorized = Authorized::from_value(&grant.authorized, "grants", &grant.id)?.within(&asker.client);
    Ok(IntrospectionResponse::refresh_token(RefreshTokenState {
        issuer: &provider.settings.issuer,
        client_id: &asker.id,
        sub: &authorized.sub,
        scope: &authorized.scopes.to_string(),
        issued_at: family.rotated_at,
        expires_at: Some(family.expires_at),
        authorization_details: authorized.details.iter().map(Detail::for_resources).collect(),
        cnf: authorized.cnf.clone(),
    }))
}
