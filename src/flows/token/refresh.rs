//! Refresh with rotation (RFC 6749 §6, RFC 9700 §4.14): order is a counter, reuse revokes the family, a lost answer is given again.

use serde_json::{Value, json};

use super::{Authorized, Part, Refusal, mint};
use crate::{
    assurance::may_issue,
    base::{Fault, Span, Timestamp, ids::ClientId},
    crypto::refresh::RefreshClaim,
    flows::{
        Provider,
        caller::Caller,
        clients::KnownClient,
        dpop::{self, ProofOnce},
        identity_check,
    },
    oidc::{
        authorization_details::Detail, client::ClientAuthMethod, confirmation::Confirmation, id_token::ExtraClaims,
        scope::ScopeSet, token_request::RefreshRequest, token_response::TokenResponse,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        behind::{self, FamilyStanding},
        grants::{self, Family, StoredGrant},
        standing::AccountStanding,
    },
};

/// How long a client that never got its answer may ask for it again.
const REPEAT_WITHIN: Span = Span::secs(10);

pub async fn refresh(
    provider: &Provider,
    client: &Caller,
    request: &RefreshRequest,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Ok(claim) = provider.secrets.refresh.verify(request.refresh_token.reveal()) else {
        return Ok(Err(Refusal::RefreshUnknown));
    };
    let found = match read(provider, client, claim, now).await? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let scopes = match request.narrowed(&found.authorized.scopes) {
        Ok(scopes) => scopes,
        Err(error) => return Ok(Err(Refusal::Scope(error))),
    };
    let part = match found.authorized.narrowed(&request.narrowing, &provider.settings.issuer) {
        Ok(part) => part,
        Err(error) => return Ok(Err(Refusal::Narrowing(error))),
    };
    issue(provider, client, claim, (found, scopes, part), now).await
}

struct Found {
    grant: StoredGrant,
    family: Family,
    authorized: Authorized,
    account: AccountStanding,
}

async fn read(
    provider: &Provider,
    client: &Caller,
    claim: RefreshClaim,
    now: Timestamp,
) -> Result<Result<Found, Refusal>, Fault> {
    let found = {
        let mut conn = provider.db.read().await?;
        behind::family(&mut conn, claim.family, now).await?
    };
    let Some(FamilyStanding { grant, family, session_lives, account }) = found else {
        return Ok(Err(Refusal::RefreshUnknown));
    };
    if grant.client_id != client.id {
        return Ok(Err(Refusal::RefreshOfAnotherClient));
    }
    if grant.revoked_at.is_some() {
        return Ok(Err(Refusal::GrantRevoked));
    }
    if family.expires_at <= now {
        return Ok(Err(Refusal::RefreshExpired));
    }
    if !grant.offline && !session_lives {
        return Ok(Err(Refusal::SessionEnded));
    }
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Refusal::NotIssuable(refusal)));
    }
    let authorized = Authorized::from_value(&grant.authorized, "grants", &grant.id)?;
    let authorized = match authorized.kept(provider, client, account.person_id).await? {
        Ok(kept) => kept,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !proves(client, &authorized.cnf) {
        return Ok(Err(Refusal::RefreshOfAnotherKey));
    }
    Ok(Ok(Found { grant, family, authorized, account }))
}

/// RFC 9449 §5, RFC 8705 §4: a public client proves the very key or certificate that its refresh token is bound to. A
/// confidential one has proven who it is and may change its key, but not go back to tokens that anybody can use.
fn proves(client: &Caller, bound: &Confirmation) -> bool {
    let shown = client.confirmation();
    let is_public = client.client.auth.method == ClientAuthMethod::None;
    let holds = |bound: &Option<String>, shown: &Option<String>| match (bound, shown) {
        (None, _) => true,
        (Some(bound), Some(shown)) => bound == shown || !is_public,
        (Some(_), None) => false,
    };
    holds(&bound.jkt, &shown.jkt) && holds(&bound.x5t_s256, &shown.x5t_s256)
}

/// Only a client that proved itself, or its key, gets a lost answer again: another could be anybody with a stolen token.
fn may_repeat(client: &Caller, authorized: &Authorized) -> bool {
    client.client.auth.method != ClientAuthMethod::None || !authorized.cnf.is_empty()
}

async fn issue(
    provider: &Provider,
    client: &Caller,
    claim: RefreshClaim,
    (found, scopes, part): (Found, ScopeSet, Part),
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Found { grant, family, authorized, account } = found;
    let may_repeat = may_repeat(client, &authorized);
    let rotates = client.client.rules.profile.rotates_refresh_tokens();
    let repeated = may_repeat
        && rotates
        && claim.generation == family.generation - 1
        && now.since(family.rotated_at) <= REPEAT_WITHIN
        && family.access_expires_at > now;
    let anew = now + provider.settings.lifetimes.access_token;
    let access_expires_at = if repeated { family.access_expires_at } else { anew };
    let minted =
        mint::person_access(provider, client, grant.id, (&authorized, &scopes, &part), (now, access_expires_at))?;
    let access = match minted {
        Ok(access) => access,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id_token = match openid_token(provider, client, (&authorized, &scopes), &account, &access.token, now)? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Most families have none, and need no connection for it.
    let details = match part.details.as_slice() {
        [] => Vec::new(),
        some => identity_check::answered(&mut provider.db.read().await?, account.person_id, some, now).await?,
    };
    let id_token = match mint::for_client(provider, client, id_token, now).await? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let unit = RotateFamily {
        claim,
        client: (client.id.clone(), client.version),
        account,
        grant,
        may_repeat,
        repeated,
        rotates,
        access: (access.jti, access_expires_at),
        scope: scopes.to_string(),
        proof: client.once(),
        details: part.details.iter().map(Detail::for_resources).collect(),
        now,
    };
    let scope = unit.scope.clone();
    let generation = match provider.writer.submit(unit).await? {
        Rotated::To(generation) => generation,
        Rotated::Replayed => return Ok(Err(Refusal::DpopReplayed)),
        Rotated::Reused => return Ok(Err(Refusal::RefreshReused)),
        Rotated::Gone => return Ok(Err(Refusal::GrantRevoked)),
        Rotated::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    };
    let refresh_token = provider.secrets.refresh.token(claim.family, generation).reveal().to_owned();
    Ok(Ok(TokenResponse::bound(&client.confirmation(), access.token, access_expires_at.since(now), &scope)
        .with_refresh_token(Some(refresh_token))
        .with_id_token(id_token)
        .with_details(details)))
}

/// A family without `openid` gets no ID token; one with it gets one without `nonce` (OIDC Core §12.2).
fn openid_token(
    provider: &Provider,
    client: &KnownClient,
    (authorized, scopes): (&Authorized, &ScopeSet),
    account: &AccountStanding,
    access_token: &str,
    now: Timestamp,
) -> Result<Result<Option<String>, Refusal>, Fault> {
    if !authorized.is_openid() || !scopes.contains("openid") {
        return Ok(Ok(None));
    }
    let parts = mint::IdTokenParts {
        access_token,
        nonce: None,
        account_level: account.level,
        claims: ExtraClaims::default(),
        now,
    };
    Ok(mint::id_token(provider, client, authorized, parts)?.map(Some))
}

struct RotateFamily {
    claim: RefreshClaim,
    client: (ClientId, i64),
    account: AccountStanding,
    grant: StoredGrant,
    may_repeat: bool,
    /// The answer to the same token is given again; nothing rotates.
    repeated: bool,
    /// Not those of a `fapi2-*` client: its token stays the same, and is bound to its sender.
    rotates: bool,
    access: (String, Timestamp),
    scope: String,
    proof: Option<ProofOnce>,
    details: Vec<Value>,
    now: Timestamp,
}

enum Rotated {
    Replayed,
    To(i64),
    Reused,
    Gone,
    Changed,
}

impl RotateFamily {
    async fn rotate(&self, tx: &mut Tx) -> Result<Option<i64>, Fault> {
        if !self.rotates {
            let family = grants::find_family(tx, self.claim.family).await?;
            return Ok(family.map(|family| family.generation).filter(|current| *current == self.claim.generation));
        }
        if self.repeated {
            // The successor has never been presented: the counter still stands where it was put ten seconds ago.
            let family = grants::find_family(tx, self.claim.family).await?;
            return Ok(family.map(|family| family.generation).filter(|current| *current == self.claim.generation + 1));
        }
        grants::rotate(tx, self.claim.family, &self.client.0, self.claim.generation, self.now, self.access.1).await
    }

    /// Two requests with one token at once: the later one is a lost answer asked for again, when it may be.
    async fn is_race_won_by_another(&self, tx: &mut Tx) -> Result<Option<i64>, Fault> {
        if !self.may_repeat {
            return Ok(None);
        }
        let family = grants::find_family(tx, self.claim.family).await?;
        Ok(family
            .filter(|now_stands| now_stands.generation == self.claim.generation + 1)
            .filter(|now_stands| self.now.since(now_stands.rotated_at) <= REPEAT_WITHIN)
            .map(|now_stands| now_stands.generation))
    }

    async fn reused(&self, tx: &mut Tx) -> Result<Rotated, Fault> {
        grants::revoke(tx, self.claim.family, "refresh_reused", self.now).await?;
        tx.record(
            self.event("token.refresh_reused", Outcome::Refused)
                .detail(json!({"id": self.claim.family, "generation": self.claim.generation, "revoked": true})),
        );
        Ok(Rotated::Reused)
    }

    fn event(&self, action: &'static str, outcome: Outcome) -> AuditEvent {
        AuditEvent::new(self.now, action, outcome, Actor::Client)
            .client(&self.client.0)
            .person(self.account.person_id)
            .account(self.account.account_id)
            .session(self.grant.session_id)
    }
}

impl Unit for RotateFamily {
    type Out = Rotated;
    const KIND: &'static str = "token.refresh";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.grant.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Rotated, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Rotated::Replayed);
        }
        let (client, version) = &self.client;
        let guards = behind::unchanged(tx, (client, *version), &self.account, self.claim.family, self.now).await?;
        if !guards.client || !guards.account {
            return Ok(Rotated::Changed);
        }
        if !guards.grant {
            return Ok(Rotated::Gone);
        }
        let (generation, action) = match self.rotate(tx).await? {
            Some(generation) if self.repeated => (generation, "token.repeated"),
            Some(generation) => (generation, "token.issued"),
            None => match self.is_race_won_by_another(tx).await? {
                Some(generation) => (generation, "token.repeated"),
                None => return self.reused(tx).await,
            },
        };
        tx.record(self.event(action, Outcome::Done).detail(json!({
            "grant": "refresh_token", "id": self.claim.family, "generation": generation, "jti": self.access.0,
            "scope": self.scope, "authorization_details": self.details,
        })));
        Ok(Rotated::To(generation))
    }
}
