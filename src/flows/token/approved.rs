//! What a person approved becomes tokens, whichever way the client comes for them: by a code, with a device code, or after
//! backchannel authentication. The handle is this client's own and is not used up; that is checked before this.
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
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, acquaintance,
        audit::Actor,
        behind, codes,
        grants::{self, StoredGrant},
        standing::AccountStanding,
    },
};

/// What the client holds, by digest: it is used up with the issuance.
#[derive(Clone, Copy, Debug)]
pub enum Handle {
    Code([u8; 32]),
    Decoupled(Held),
}

impl Handle {
    /// The `grant_type` that brings it, for the record.
    const fn grant_type(self) -> GrantType {
        match self {
            Self::Code(_) => GrantType::AuthorizationCode,
            Self::Decoupled(held) => held.grant_type(),
        }
    }

    async fn consume(self, tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<bool, Fault> {
        match self {
            Self::Code(digest) => codes::consume(tx, &digest, client, now).await,
            Self::Decoupled(held) => held.consume(tx, client, now).await,
        }
    }

    /// What a second use is called.
    const fn spent(self) -> Refusal {
        match self {
            Self::Code(_) => Refusal::CodeSpent,
            Self::Decoupled(_) => Refusal::RequestSpent,
        }
    }

    /// Somebody was first: the second use takes back what the first one gave (RFC 6749 §4.1.2).
    async fn replayed(self, tx: &mut Tx, client: &ClientId, now: Timestamp) -> Result<(), Fault> {
        match self {
            Self::Code(digest) => redeem_code::revoke_spent(tx, &digest, client, now).await,
            Self::Decoupled(held) => held.revoke_spent(tx, client, now).await,
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
    session_end: Timestamp,
    part: Part,
    /// The details as the client is answered.
    details: Vec<Value>,
}

impl Gathered {
    /// The refresh token that there will be: the first of its family.
    pub fn refresh_token(&self, provider: &Provider, client: &KnownClient) -> Option<Secret> {
        let refreshes = client.client.may_use(GrantType::RefreshToken);
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

/// Reads the session, the account and the person as they stand now.
pub async fn gather(
    provider: &Provider,
    approved: Approved,
    now: Timestamp,
) -> Result<Result<Gathered, Refusal>, Fault> {
    let part = match approved.authorized.narrowed(&approved.narrowing, &provider.settings.issuer) {
        Ok(part) => part,
        Err(error) => return Ok(Err(Refusal::Narrowing(error))),
    };
    let mut conn = provider.db.read().await?;
    let (session_end, account) = match behind::session(&mut conn, approved.session, now).await? {
        Some((session, account)) if session.ended_at.is_none() && session.expires_at > now => {
            (session.expires_at, account)
        }
        _ => return Ok(Err(Refusal::SessionEnded)),
    };
    if account.account_id != approved.account {
        return Err(Fault::inconsistent("grants", "account_id", &approved.grant));
    }
    if let Err(refusal) = may_issue(&account.standing) {
        return Ok(Err(Refusal::NotIssuable(refusal)));
    }
    let authorized = &approved.authorized;
    let extra = if authorized.claims.is_nothing_in_id_token() {
        ExtraClaims::default()
    } else {
        let wanted = claims::Wanted::of(&authorized.scopes, &authorized.claims);
        let person = claims::of_person(provider, &mut conn, &account, &wanted, now).await?;
        userinfo::for_id_token(&authorized.claims, &person)
    };
    let details = identity_check::answered(&mut conn, account.person_id, &part.details, now).await?;
    Ok(Ok(Gathered { approved, account, extra, session_end, part, details }))
}

/// Signs, and submits the unit that consumes the handle.
pub async fn release(
    provider: &Provider,
    client: &Caller,
    gathered: Gathered,
    now: Timestamp,
) -> Result<Result<TokenResponse, Refusal>, Fault> {
    let Gathered { mut approved, account, extra, session_end, part, details } = gathered;
    let cnf = client.confirmation();
    approved.authorized.cnf = cnf.clone();
    let authorized = &approved.authorized;
    let lifetimes = &provider.settings.lifetimes;
    let access_expires_at = now + lifetimes.access_token;
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
    let refresh = refresh_until(provider, client, authorized, session_end, now);
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
        Released::Replayed => return Ok(Err(Refusal::DpopReplayed)),
        Released::Changed => {
            provider.clients.forget();
            return Ok(Err(Refusal::Changed));
        }
    }
    let refresh_token = refresh.map(|_| provider.secrets.refresh.token(approved.grant, 1).reveal().to_owned());
    Ok(Ok(TokenResponse::bound(&cnf, access.token, lifetimes.access_token, &scope)
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

/// When the refresh family ends, where the client has the grant: with the session, unless it may outlive it.
fn refresh_until(
    provider: &Provider,
    client: &KnownClient,
    authorized: &Authorized,
    session_end: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let lifetimes = &provider.settings.lifetimes;
    let offline = authorized.scopes.contains("offline_access");
    let until = if offline { now + lifetimes.offline_refresh } else { (now + lifetimes.refresh).min(session_end) };
    client.client.may_use(GrantType::RefreshToken).then_some(until)
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
}

impl Release {
    /// What was read still holds: client, account, person, session.
    async fn still_holds(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let client = (&self.client.0, self.client.1);
        acquaintance::still_holds(tx, client, &self.account, self.grant.session_id, self.now).await
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
        if !self.still_holds(tx).await? {
            return Ok(Released::Changed);
        }
        if !self.handle.consume(tx, &self.client.0, self.now).await? {
            self.handle.replayed(tx, &self.client.0, self.now).await?;
            return Ok(Released::Spent);
        }
        grants::insert(tx, &self.grant, self.now).await?;
        if let Some(expires_at) = self.refresh {
            grants::insert_family(tx, self.grant.id, &self.client.0, self.now, self.access.1, expires_at).await?;
        }
        tx.record(
            AuditEvent::new(self.now, "token.issued", Outcome::Done, Actor::Client)
                .client(&self.client.0)
                .person(self.account.person_id)
                .account(self.account.account_id)
                .session(self.grant.session_id)
                .detail(json!({
                    "grant": self.handle.grant_type().as_str(), "id": self.grant.id, "jti": self.access.0,
                    "scope": self.scope, "authorization_details": self.details,
                })),
        );
        Ok(Released::Done)
    }
}
