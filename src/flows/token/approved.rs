//! What a person approved becomes tokens, whichever way the client comes for them: by a code, with a device code, or after
//! backchannel authentication. The handle is this client's own and is not used up; that is checked before this. Tokens that
//! were pushed and did not arrive are made again here too: under the grant that stands, by the same guards and with a record.
//!
//! may anything be issued? → sign → consume the handle and record, in one unit.

use serde_json::{Map, Value, json};

use super::{Authorized, Part, Refusal, decoupled::Held, mint, redeem_code};
use crate::{
    assurance::may_issue,
    base::{
        Fault, Secret, Timestamp,
        ids::{AccountId, ClientId, GrantId, SessionId},
    },
    flows::{
        Provider,
        caller::Caller,
        claims,
        clients::KnownClient,
        dpop::{self, ProofOnce},
        identity_check,
    },
    oidc::{
        authorization_details::Detail, client::GrantType, id_token::ExtraClaims, token_request::Narrowing,
        token_response::TokenResponse, userinfo,
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, acquaintance,
        audit::Actor,
        behind, codes,
        grants::{self, StoredGrant},
        standing::{self, AccountStanding},
        subjects,
    },
};

/// What the client holds, by digest: it is used up with the issuance.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    Code([u8; 32]),
    Decoupled(Held),
    /// Nothing any more: what a push brought did not arrive.
    PushedBefore,
}

impl Handle {
    /// The `grant_type` that brings it, for the record.
    const fn grant_type(self) -> GrantType {
        match self {
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Decoupled(held) => held.grant_type(),
            Self::PushedBefore => GrantType::Ciba,
        }
    }

    async fn consume(self, tx: &mut Tx, client: &ClientId, times: (Timestamp, Timestamp)) -> Result<bool, Fault> {
        match self {
            Self::Code(digest) => codes::consume(tx, &digest, client, times).await,
            Self::Decoupled(held) => held.consume(tx, client, times).await,
            Self::PushedBefore => Ok(true),
        }
    }

    /// What a second use is called.
    const fn spent(self) -> Refusal {
        match self {
            Self::Code(_) => Refusal::CodeSpent,
            Self::Decoupled(_) | Self::PushedBefore => Refusal::RequestSpent,
        }
    }

    /// Somebody was first: the second use takes back what the first one gave (RFC 6749 §4.1.2).
    async fn replayed(self, tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<(), Fault> {
        match self {
            Self::Code(digest) => redeem_code::revoke_spent(tx, &digest, client, now).await,
            Self::Decoupled(held) => held.revoke_spent(tx, client, now).await,
            Self::PushedBefore => Ok(()),
        }
    }
}

/// A handle with what stands behind it.
#[derive(Debug)]
pub struct Approved {
    pub handle: Handle,
    pub grant: GrantId,
    pub account: AccountId,
    pub session: SessionId,
    pub authorized: Authorized,
    pub narrowing: Narrowing,
}

/// Everything that the tokens are made of, as it was read.
pub struct Gathered {
    approved: Approved,
    account: AccountStanding,
    extra: ExtraClaims,
    rests: RestsOn,
    part: Part,
    /// The details as the client is answered.
    details: Vec<Value>,
}

/// What the tokens live by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RestsOn {
    /// A session that ends then.
    Session(Timestamp),
    /// The grant that was made with them before. Its refresh token is given again while it was never presented: afterwards it
    /// is worth nothing, and would revoke the family.
    Grant { until: Timestamp, unused: bool },
}

impl RestsOn {
    /// Whether there is a refresh token to give.
    const fn refreshes(self) -> bool {
        match self {
            Self::Session(_) => true,
            Self::Grant { unused, .. } => unused,
        }
    }
}

impl Gathered {
    /// The refresh token that there will be: the first of its family.
    pub fn refresh_token(&self, provider: &Provider, client: &KnownClient) -> Option<Secret> {
        let refreshes = client.client.may_use(GrantType::RefreshToken) && self.rests.refreshes();
        refreshes.then(|| provider.secrets.refresh.token(self.approved.grant, 1))
    }

    /// Claims of the ID token beside those about the person.
    #[must_use]
    pub fn saying(self, more: Map<String, Value>) -> Self {
        let mut claims = self.extra.into_map();
        claims.extend(more);
        Self { extra: ExtraClaims::new(claims), ..self }
    }
}

/// Reads the session, the account and the person as they stand now, and of what was approved what the client may still have.
pub async fn gather(
    provider: &Provider,
    client: &KnownClient,
    mut approved: Approved,
    now: Timestamp,
) -> Result<Result<Gathered, Refusal>, Fault> {
    // Nobody waits for one connection while holding another.
    let found = rests_on(&mut provider.db.read().await?, &approved, now).await?;
    let (rests, account) = match found {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if account.account_id != approved.account {
        return Err(Fault::inconsistent("grants", "account_id", &approved.grant));
    }
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Refusal::NotIssuable(refusal)));
    }
    approved.authorized = match approved.authorized.kept(provider, client, account.person_id).await? {
        Ok(kept) => kept,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let part = match approved.authorized.narrowed(&approved.narrowing, &provider.settings.issuer) {
        Ok(part) => part,
        Err(error) => return Ok(Err(Refusal::Narrowing(error))),
    };
    let authorized = &approved.authorized;
    let mut conn = provider.db.read().await?;
    let extra = if authorized.claims.is_nothing_in_id_token() {
        ExtraClaims::default()
    } else {
        let wanted = claims::Wanted::of(&authorized.scopes, &authorized.claims);
        let person = claims::of_person(provider, &mut conn, &account, &wanted, now).await?;
        userinfo::for_id_token(&authorized.claims, &person)
    };
    let details = identity_check::answered(&mut conn, account.person_id, &part.details, now).await?;
    Ok(Ok(Gathered { approved, account, extra, rests, part, details }))
}

async fn rests_on(
    conn: &mut Conn,
    approved: &Approved,
    now: Timestamp,
) -> Result<Result<(RestsOn, AccountStanding), Refusal>, Fault> {
    if !matches!(approved.handle, Handle::PushedBefore) {
        return Ok(match behind::session(conn, approved.session, now).await? {
            Some((session, account)) if session.ended_at.is_none() && session.expires_at > now => {
                Ok((RestsOn::Session(session.expires_at), account))
            }
            _ => Err(Refusal::SessionEnded),
        });
    }
    if !grants::is_live(conn, approved.grant, now).await? {
        return Ok(Err(Refusal::GrantRevoked));
    }
    let Some(grant) = grants::find(conn, approved.grant).await? else { return Ok(Err(Refusal::GrantRevoked)) };
    let family = grants::find_family(conn, approved.grant).await?;
    let unused = family.is_some_and(|family| family.generation == 1 && family.expires_at > now);
    let Some(account) = standing::find(conn, grant.account_id, now).await? else {
        return Err(Fault::inconsistent("grants", "account_id", &grant.id));
    };
    Ok(Ok((RestsOn::Grant { until: grant.expires_at, unused }, account)))
}

/// Signs, and submits the unit that consumes the handle.
pub async fn release(
    provider: &Provider,
    client: &Caller,
    gathered: Gathered,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Gathered { mut approved, account, extra, rests, part, details } = gathered;
    let cnf = client.confirmation();
    approved.authorized.cnf = cnf.clone();
    let authorized = &approved.authorized;
    let lifetimes = &provider.settings.lifetimes;
    let access_expires_at = match rests {
        RestsOn::Session(_) => now + lifetimes.access_token,
        RestsOn::Grant { until, .. } => until.min(now + lifetimes.access_token),
    };
    let scopes = (authorized, &authorized.scopes, &part);
    let minted = mint::person_access(provider, client, approved.grant, scopes, (now, access_expires_at))?;
    let access = match minted {
        Ok(access) => access,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id_token = match id_token(provider, client, (authorized, &account), (&access.token, extra), now)? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let id_token = match mint::for_client(provider, client, id_token, now).await? {
        Ok(token) => token,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let refresh = refresh_until(provider, client, authorized, rests, now);
    let unit = Release {
        handle: approved.handle,
        client: (client.id.clone(), client.version),
        grant: grant(client, &approved, refresh.unwrap_or(access_expires_at))?,
        account,
        refresh,
        access: (access.jti, access_expires_at),
        scope: approved.authorized.scopes.to_string(),
        proof: client.once(),
        details: part.details.iter().map(Detail::for_resources).collect(),
        now,
    };
    let scope = unit.scope.clone();
    match provider.writer.submit(unit).await? {
        Released::Done => {}
        Released::Spent => return Ok(Err(approved.handle.spent())),
        Released::Gone => return Ok(Err(Refusal::GrantRevoked)),
        Released::Replayed => return Ok(Err(Refusal::DpopReplayed)),
        Released::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    }
    let refresh_token = refresh.map(|_| provider.secrets.refresh.token(approved.grant, 1).reveal().to_owned());
    Ok(Ok(TokenResponse::bound(&cnf, access.token, access_expires_at.since(now), &scope)
        .with_refresh_token(refresh_token)
        .with_id_token(id_token)
        .with_details(details)))
}

fn grant(client: &KnownClient, approved: &Approved, expires_at: Timestamp) -> Result<StoredGrant, Fault> {
    Ok(StoredGrant {
        id: approved.grant,
        client_id: client.id.clone(),
        account_id: approved.account,
        session_id: approved.session,
        offline: approved.authorized.scopes.contains("offline_access"),
        authorized: approved.authorized.to_value()?,
        expires_at,
        revoked_at: None,
    })
}

/// When the refresh family ends, where the client has the grant: with the session, unless it may outlive it; one that stands,
/// as it does.
fn refresh_until(
    provider: &Provider,
    client: &KnownClient,
    authorized: &Authorized,
    rests: RestsOn,
    now: Timestamp,
) -> Option<Timestamp> {
    let lifetimes = &provider.settings.lifetimes;
    let offline = authorized.scopes.contains("offline_access");
    let until = match rests {
        RestsOn::Session(_) if offline => now + lifetimes.offline_refresh,
        RestsOn::Session(end) => (now + lifetimes.refresh).min(end),
        RestsOn::Grant { until, .. } => until,
    };
    (client.client.may_use(GrantType::RefreshToken) && rests.refreshes()).then_some(until)
}

fn id_token(
    provider: &Provider,
    client: &KnownClient,
    (authorized, account): (&Authorized, &AccountStanding),
    (access_token, claims): (&str, ExtraClaims),
    now: Timestamp,
) -> Result<Result<Option<String>, Refusal>, Fault> {
    if !authorized.is_openid() {
        return Ok(Ok(None));
    }
    let nonce = authorized.nonce.clone();
    let parts = mint::IdTokenParts { access_token, nonce, account_level: account.level, claims, now };
    Ok(mint::id_token(provider, client, authorized, parts)?.map(Some))
}

struct Release {
    handle: Handle,
    client: (ClientId, i64),
    account: AccountStanding,
    grant: StoredGrant,
    refresh: Option<Timestamp>,
    access: (String, Timestamp),
    scope: String,
    proof: Option<ProofOnce>,
    details: Vec<Value>,
    now: Timestamp,
}

enum Released {
    Done,
    Replayed,
    Spent,
    Changed,
    /// The grant that stood does not any more.
    Gone,
}

impl Release {
    /// What was read still holds: client, account, person, session. `None` when it does.
    async fn has_changed(&self, tx: &mut Tx) -> Result<Option<Released>, Fault> {
        let client = (&self.client.0, self.client.1);
        if !matches!(self.handle, Handle::PushedBefore) {
            let holds = acquaintance::still_holds(tx, client, &self.account, self.grant.session_id, self.now).await?;
            if !holds {
                return Ok(Some(Released::Changed));
            }
            // Approved a moment ago, and taken back since.
            let agreed = subjects::is_agreed(tx, self.account.account_id, &self.client.0).await?;
            return Ok((!agreed).then_some(Released::Gone));
        }
        let guards = behind::unchanged(tx, client, &self.account, self.grant.id, self.now).await?;
        let unused = grants::find_family(tx, self.grant.id).await?.is_some_and(|family| family.generation == 1);
        Ok(match guards {
            guards if !guards.grant => Some(Released::Gone),
            guards if !guards.client || !guards.account || (self.refresh.is_some() && !unused) => {
                Some(Released::Changed)
            }
            _ => None,
        })
    }

    fn event(&self) -> AuditEvent {
        let again = matches!(self.handle, Handle::PushedBefore);
        AuditEvent::new(self.now, if again { "token.repeated" } else { "token.issued" }, Outcome::Done, Actor::Client)
            .client(&self.client.0)
            .person(self.account.person_id)
            .account(self.account.account_id)
            .session(self.grant.session_id)
            .detail(json!({
                "grant": self.handle.grant_type().as_str(), "id": self.grant.id, "jti": self.access.0,
                "scope": self.scope, "authorization_details": self.details,
            }))
    }
}

impl Unit for Release {
    type Out = Released;
    const KIND: &'static str = "token.release";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.grant.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Released, Fault> {
        if !dpop::take(tx, self.proof.as_ref(), self.now).await? {
            return Ok(Released::Replayed);
        }
        if let Some(changed) = self.has_changed(tx).await? {
            return Ok(changed);
        }
        if !self.handle.consume(tx, &self.client.0, (self.now, self.grant.expires_at)).await? {
            self.handle.replayed(tx, &self.client.0, self.now).await?;
            return Ok(Released::Spent);
        }
        if !matches!(self.handle, Handle::PushedBefore) {
            grants::insert(tx, &self.grant, self.now).await?;
            if let Some(expires_at) = self.refresh {
                grants::insert_family(tx, self.grant.id, &self.client.0, self.now, self.access.1, expires_at).await?;
            }
        }
        tx.record(self.event());
        Ok(Released::Done)
    }
}
