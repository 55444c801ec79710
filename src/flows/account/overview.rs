//! What a person sees of their account: where they are signed in, and what proves them.

use std::sync::Arc;

use crate::{
    assurance::{AccountLevel, Level, SessionStanding, level},
    base::{Fault, Timestamp, ids::SessionId},
    flows::{
        Provider,
        clients::KnownClient,
        sessions::{EndReason, EndSession, Recognised},
    },
    registry::{PersonName, PersonalNumber},
    store::{
        accounts,
        audit::Actor,
        authenticators, persons,
        sessions::{self, StoredSession},
        subjects,
    },
};

#[derive(Clone, Debug)]
pub struct Overview {
    pub name: PersonName,
    pub number: Option<PersonalNumber>,
    pub level: AccountLevel,
    /// This browser's first, then the newest.
    pub sessions: Vec<SessionView>,
    pub password_set_at: Option<Timestamp>,
    pub totp_added: Option<Timestamp>,
    pub recovery_codes_left: i64,
}

#[derive(Clone, Debug)]
pub struct SessionView {
    pub session: StoredSession,
    /// This browser's.
    pub current: bool,
    pub level: Option<Level>,
    pub portals: Vec<(Arc<KnownClient>, Timestamp)>,
}

/// How many of the printed codes were not used yet.
pub async fn recovery_codes_left(provider: &Provider, own: &Recognised) -> Result<i64, Fault> {
    authenticators::recovery_left(&mut provider.db.read().await?, own.account.account_id).await
}

pub async fn overview(provider: &Provider, own: &Recognised, now: Timestamp) -> Result<Overview, Fault> {
    let id = own.account.account_id;
    let gone = || Fault::inconsistent("account", "person_id", &id);
    let views = live_sessions(provider, own, now).await?;
    let mut conn = provider.db.read().await?;
    let account = accounts::find(&mut conn, id).await?.ok_or_else(gone)?;
    let person = persons::find(&mut conn, account.person_id).await?.ok_or_else(gone)?.person;
    let totp = authenticators::active_totp(&mut conn, id).await?;
    Ok(Overview {
        name: person.name,
        number: person.number,
        level: account.level,
        sessions: views,
        password_set_at: account.password_set_at,
        totp_added: totp.map(|totp| totp.created_at),
        recovery_codes_left: authenticators::recovery_left(&mut conn, id).await?,
    })
}

/// The account's sessions that are alive, with the portals each signed in to.
async fn live_sessions(provider: &Provider, own: &Recognised, now: Timestamp) -> Result<Vec<SessionView>, Fault> {
    let policy = &provider.settings.session;
    let found = {
        let mut conn = provider.db.read().await?;
        // The policy judges idleness; no session is older than the epoch.
        sessions::live_of_account(&mut conn, own.account.account_id, now, Timestamp::from_secs(0)).await?
    };
    let mut views = Vec::new();
    for session in found {
        if !matches!(policy.standing(session.created_at, session.seen_at, now), SessionStanding::Live { .. }) {
            continue;
        }
        views.push(SessionView {
            current: session.id == own.session.id,
            level: level(&session.proofs, now, &provider.settings.freshness),
            portals: portals(provider, session.id).await?,
            session,
        });
    }
    views.sort_by_key(|view| !view.current);
    Ok(views)
}

async fn portals(provider: &Provider, session: SessionId) -> Result<Vec<(Arc<KnownClient>, Timestamp)>, Fault> {
    let entered = {
        let mut conn = provider.db.read().await?;
        subjects::clients_of_session(&mut conn, session).await?
    };
    let mut known = Vec::with_capacity(entered.len());
    for client in entered {
        if let Some(found) = provider.clients.find(&provider.db, &client.client_id).await? {
            known.push((found, client.first_at));
        }
    }
    Ok(known)
}

/// The number that the person signs in with; empty when it was cancelled and no new one was given.
pub async fn number_of(provider: &Provider, own: &Recognised) -> Result<String, Fault> {
    let mut conn = provider.db.read().await?;
    let person = persons::find(&mut conn, own.account.person_id).await?;
    let person = person.ok_or_else(|| Fault::inconsistent("account", "person_id", &own.account.account_id))?;
    Ok(person.person.number.as_ref().map(PersonalNumber::as_str).unwrap_or_default().to_owned())
}

/// Which of one's own sessions shall end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    One(SessionId),
    All,
}

/// Ends sessions of the account that `own` belongs to, and of no other; answers which.
pub async fn end_sessions(
    provider: &Provider,
    own: &Recognised,
    which: Which,
    now: Timestamp,
) -> Result<Vec<SessionId>, Fault> {
    let account = own.account.account_id;
    let mut ending = {
        let mut conn = provider.db.read().await?;
        sessions::unended_of_account(&mut conn, account, now).await?
    };
    if let Which::One(one) = which {
        ending.retain(|id| *id == one);
    }
    if ending.is_empty() {
        return Ok(ending);
    }
    let reason = if which == Which::One(own.session.id) { EndReason::SignedOut } else { EndReason::EndedElsewhere };
    let unit = EndSession { account, sessions: ending.clone(), reason, actor: Actor::Person, now };
    provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(ending)
}
