//! What was given once and did not arrive is given again: new tokens of the same grant, nothing more.

use serde_json::{Map, Value};

use super::{Authorized, Refusal, mint};
use crate::{
    assurance::may_issue,
    base::{Fault, Secret, Timestamp, ids::GrantId},
    flows::{Provider, caller::Caller, claims, clients::KnownClient},
    oidc::{
        client::GrantType, confirmation::Confirmation, id_token::ExtraClaims, token_request::Narrowing,
        token_response::TokenResponse, userinfo,
    },
    store::{grants, standing},
};

/// The first of the family, as it was; one that was used since is worth nothing, and revokes the family.
pub fn refresh_token(provider: &Provider, client: &KnownClient, grant: GrantId) -> Option<Secret> {
    client.client.may_use(GrantType::RefreshToken).then(|| provider.secrets.refresh.token(grant, 1))
}

/// An access token and an ID token, while the grant lives; without a refresh token.
pub async fn of_grant(
    provider: &Provider,
    client: &Caller,
    (id, authorized): (GrantId, &Authorized),
    saying: Map<String, Value>,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let part = match authorized.narrowed(&Narrowing::default(), &provider.settings.issuer) {
        Ok(part) => part,
        Err(error) => return Ok(Err(Refusal::Narrowing(error))),
    };
    let mut conn = provider.db.read().await?;
    if !grants::is_live(&mut conn, id, now).await? {
        return Ok(Err(Refusal::GrantRevoked));
    }
    let Some(grant) = grants::find(&mut conn, id).await? else { return Ok(Err(Refusal::GrantRevoked)) };
    let Some(account) = standing::find(&mut conn, grant.account_id, now).await? else {
        return Err(Fault::inconsistent("grants", "account_id", &grant.id));
    };
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Refusal::NotIssuable(refusal)));
    }
    let expires_at = (now + provider.settings.lifetimes.access_token).min(grant.expires_at);
    let scopes = (authorized, &authorized.scopes, &part);
    let access = match mint::person_access(provider, client, id, scopes, (now, expires_at))? {
        Ok(access) => access,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let wanted = claims::Wanted::of(&authorized.scopes, &authorized.claims);
    let person = claims::of_person(provider, &mut conn, &account, &wanted, now).await?;
    let mut own = userinfo::for_id_token(&authorized.claims, &person).into_map();
    own.extend(saying);
    let parts = mint::IdTokenParts {
        access_token: &access.token,
        nonce: authorized.nonce.clone(),
        account_level: account.level,
        claims: ExtraClaims::new(own),
        now,
    };
    let signed = match mint::id_token(provider, client, authorized, parts)? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(mint::for_client(provider, client, Some(signed), now).await?.map(|id_token| {
        TokenResponse::bound(
            &Confirmation::default(),
            access.token,
            expires_at.since(now),
            &authorized.scopes.to_string(),
        )
        .with_id_token(id_token)
    }))
}
