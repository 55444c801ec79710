//! Whose browser is this?

use crate::{
    assurance::SessionStanding,
    base::{Fault, Timestamp},
    crypto::opaque::{OpaqueToken, kind},
    flows::Provider,
    store::{behind, persons, sessions::StoredSession, standing::AccountStanding},
};

/// A live session with its account as they stand now.
#[derive(Clone, Debug)]
pub struct Recognised {
    pub session: StoredSession,
    pub account: AccountStanding,
    /// Worth a write of `seen_at`.
    pub touch: bool,
}

/// Reads the session cookie. `None` for anything that is not a live session: absent, forged, ended, idle, over.
pub async fn recognise(provider: &Provider, cookie: Option<&str>, now: Timestamp) -> Result<Option<Recognised>, Fault> {
    let Some(token) = cookie.and_then(|text| OpaqueToken::<kind::SessionCookie>::parse(text).ok()) else {
        return Ok(None);
    };
    let mut conn = provider.db.read().await?;
    let Some((session, account)) = behind::cookie(&mut conn, token.digest().as_bytes(), now).await? else {
        return Ok(None);
    };
    if session.ended_at.is_some() || session.expires_at <= now {
        return Ok(None);
    }
    let policy = &provider.settings.session;
    if !matches!(policy.standing(session.created_at, session.seen_at, now), SessionStanding::Live { .. }) {
        return Ok(None);
    }
    let touch = policy.is_worth_recording(session.seen_at, now);
    Ok(Some(Recognised { session, account, touch }))
}

/// Whether the cookie is of a session that has ended, been idle too long or come to its end. An unknown one is not over.
pub async fn is_over(provider: &Provider, cookie: Option<&str>, now: Timestamp) -> Result<bool, Fault> {
    let Some(token) = cookie.and_then(|text| OpaqueToken::<kind::SessionCookie>::parse(text).ok()) else {
        return Ok(false);
    };
    let found = behind::cookie(&mut provider.db.read().await?, token.digest().as_bytes(), now).await?;
    let policy = &provider.settings.session;
    Ok(found.is_some_and(|(session, _)| {
        session.ended_at.is_some()
            || session.expires_at <= now
            || !matches!(policy.standing(session.created_at, session.seen_at, now), SessionStanding::Live { .. })
    }))
}

/// The name of whom the session belongs to, as the registry has it now.
pub async fn name_of(provider: &Provider, found: &Recognised) -> Result<String, Fault> {
    let person = persons::find(&mut provider.db.read().await?, found.account.person_id).await?;
    let person = person.ok_or_else(|| Fault::inconsistent("account", "person_id", &found.account.account_id))?;
    Ok(person.person.name.full().to_owned())
}
