//! The names under which relying parties know people: pairwise `sub` per sector, `sid` per session and client, and what was agreed.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed, merges, row::Both};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, PersonId, SessionId},
};

pub(super) const FIND_SUB: &str = "SELECT sub FROM subject WHERE sector = $1 AND person_id = $2";

pub async fn find_sub(conn: &mut Conn, sector: &str, person: PersonId) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> =
        on!(conn, |c| sqlx::query_as(FIND_SUB).bind(sector).bind(person).fetch_optional(c).await)
            .map_err(failed("finding a subject"))?;
    Ok(row.map(|(sub,)| sub))
}

pub(super) const ENSURE_SUB: &str = "INSERT INTO subject (sector, person_id, sub, created_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (sector, person_id) DO UPDATE SET sub = subject.sub RETURNING sub";

/// The stored `sub`, made of `proposed` when there is none yet.
pub async fn ensure_sub(
    conn: &mut Conn,
    sector: &str,
    person: PersonId,
    proposed: &str,
    now: Timestamp,
) -> Result<String, Fault> {
    let (sub,): (String,) =
        on!(conn, |c| sqlx::query_as(ENSURE_SUB).bind(sector).bind(person).bind(proposed).bind(now).fetch_one(c).await)
            .map_err(failed("making a subject"))?;
    Ok(sub)
}

pub(super) const PERSON_OF_SUB: &str = "SELECT person_id FROM subject WHERE sector = $1 AND sub = $2";

/// The name of a record that was merged leads where that record leads.
pub async fn person_of_sub(conn: &mut Conn, sector: &str, sub: &str) -> Result<Option<PersonId>, Fault> {
    let row: Option<(PersonId,)> =
        on!(&mut *conn, |c| sqlx::query_as(PERSON_OF_SUB).bind(sector).bind(sub).fetch_optional(c).await)
            .map_err(failed("finding a subject's person"))?;
    match row {
        Some((person,)) => merges::survivor(conn, person).await.map(Some),
        None => Ok(None),
    }
}

pub(super) const ENSURE_SID: &str = "INSERT INTO session_client (session_id, client_id, sid, first_at, last_at) \
    VALUES ($1, $2, $3, $4, $4) ON CONFLICT (session_id, client_id) DO UPDATE SET last_at = excluded.last_at RETURNING sid";

/// The `sid` of this session at this client, made of `proposed` at the first sign-in there.
pub async fn ensure_sid(
    conn: &mut Conn,
    session: SessionId,
    client: &ClientId,
    proposed: &str,
    now: Timestamp,
) -> Result<String, Fault> {
    let (sid,): (String,) = on!(conn, |c| sqlx::query_as(ENSURE_SID)
        .bind(session)
        .bind(client)
        .bind(proposed)
        .bind(now)
        .fetch_one(c)
        .await)
    .map_err(failed("making a session's name for a client"))?;
    Ok(sid)
}

/// A client that a session signed in to.
#[derive(Clone, Debug)]
pub struct SessionClient {
    pub client_id: ClientId,
    pub sid: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

pub(super) const CLIENTS_OF_SESSION: &str = "SELECT client_id, sid, first_at, last_at FROM session_client \
    WHERE session_id = $1 ORDER BY first_at, client_id LIMIT 500";

pub async fn clients_of_session(conn: &mut Conn, session: SessionId) -> Result<Vec<SessionClient>, Fault> {
    let rows: Vec<(ClientId, String, Timestamp, Timestamp)> =
        on!(conn, |c| sqlx::query_as(CLIENTS_OF_SESSION).bind(session).fetch_all(c).await)
            .map_err(failed("listing a session's clients"))?;
    Ok(rows
        .into_iter()
        .map(|(client_id, sid, first_at, last_at)| SessionClient { client_id, sid, first_at, last_at })
        .collect())
}

/// What a person agreed to share with a client.
#[derive(Clone, Debug, PartialEq)]
pub struct Consent {
    pub scopes: Vec<String>,
    /// The `claims` parameter's names that were agreed to, beside those of the scopes.
    pub claims: Value,
    pub purpose_version: String,
    pub given_at: Timestamp,
}

pub(super) const FIND_CONSENT: &str = "SELECT scopes, claims, purpose_version, given_at FROM consent \
    WHERE account_id = $1 AND client_id = $2 AND withdrawn_at IS NULL";

row! {
    struct ConsentRow {
        scopes: Json<Vec<String>>,
        claims: Json<Value>,
        purpose_version: String,
        given_at: Timestamp,
    }
}

row! {
    struct OneClient {
        client_id: ClientId,
    }
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        Self {
            scopes: row.scopes.0,
            claims: row.claims.0,
            purpose_version: row.purpose_version,
            given_at: row.given_at,
        }
    }
}

pub async fn find_consent(conn: &mut Conn, account: AccountId, client: &ClientId) -> Result<Option<Consent>, Fault> {
    let row: Option<ConsentRow> =
        on!(conn, |c| sqlx::query_as(FIND_CONSENT).bind(account).bind(client).fetch_optional(c).await)
            .map_err(failed("finding a consent"))?;
    Ok(row.map(Into::into))
}

pub(super) const IS_AGREED: &str =
    "SELECT client_id FROM consent WHERE account_id = $1 AND client_id = $2 AND withdrawn_at IS NULL";

/// Whether something was agreed to and not taken back since.
pub async fn is_agreed(conn: &mut Conn, account: AccountId, client: &ClientId) -> Result<bool, Fault> {
    let row: Option<(ClientId,)> =
        on!(conn, |c| sqlx::query_as(IS_AGREED).bind(account).bind(client).fetch_optional(c).await)
            .map_err(failed("checking a consent"))?;
    Ok(row.is_some())
}

pub(super) const CONSENTS_OF_ACCOUNT: &str = "SELECT client_id, scopes, claims, purpose_version, given_at FROM consent \
    WHERE account_id = $1 AND withdrawn_at IS NULL ORDER BY given_at DESC, client_id LIMIT 500";

/// What a person agreed to and has not taken back, the latest first.
pub async fn consents_of_account(conn: &mut Conn, account: AccountId) -> Result<Vec<(ClientId, Consent)>, Fault> {
    let rows: Vec<Both<OneClient, ConsentRow>> =
        on!(conn, |c| sqlx::query_as(CONSENTS_OF_ACCOUNT).bind(account).fetch_all(c).await)
            .map_err(failed("listing a person's consents"))?;
    Ok(rows.into_iter().map(|Both(one, row)| (one.client_id, row.into())).collect())
}

pub(super) const GIVE_CONSENT: &str = "INSERT INTO consent (account_id, client_id, scopes, claims, purpose_version, given_at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, client_id) DO UPDATE SET version = consent.version + 1, \
    scopes = excluded.scopes, claims = excluded.claims, purpose_version = excluded.purpose_version, \
    given_at = excluded.given_at, withdrawn_at = NULL";

pub async fn give_consent(
    conn: &mut Conn,
    account: AccountId,
    client: &ClientId,
    consent: &Consent,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(GIVE_CONSENT)
        .bind(account)
        .bind(client)
        .bind(Json(&consent.scopes))
        .bind(Json(&consent.claims))
        .bind(&consent.purpose_version)
        .bind(consent.given_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("recording a consent"))
}

pub(super) const WITHDRAW_CONSENT: &str = "UPDATE consent SET withdrawn_at = $3, version = version + 1 \
    WHERE account_id = $1 AND client_id = $2 AND withdrawn_at IS NULL RETURNING version";

/// `false` when there is none to be taken back.
pub async fn withdraw_consent(
    conn: &mut Conn,
    account: AccountId,
    client: &ClientId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(WITHDRAW_CONSENT).bind(account).bind(client).bind(now).fetch_optional(c).await)
            .map_err(failed("withdrawing a consent"))?;
    Ok(row.is_some())
}

pub(super) const WITHDRAW_ALL_OF_CLIENT: &str = "UPDATE consent SET withdrawn_at = $2, version = version + 1 \
    WHERE client_id = $1 AND withdrawn_at IS NULL";

/// The client is gone, and what people agreed to with it.
pub async fn withdraw_all_of_client(conn: &mut Conn, client: &ClientId, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(WITHDRAW_ALL_OF_CLIENT)
        .bind(client)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("withdrawing the consents to a client"))
}

pub(super) const OFFLINE_TARGETS: &str = "SELECT DISTINCT s.session_id, s.client_id, s.sid FROM grants g \
    JOIN session_client s ON s.session_id = g.session_id AND s.client_id = g.client_id \
    JOIN client c ON c.client_id = s.client_id WHERE g.account_id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 \
    AND c.state = 'active' AND c.metadata ->> 'backchannel_logout_uri' IS NOT NULL \
    ORDER BY s.client_id, s.session_id LIMIT 500";

/// Clients that hold a live grant of an account, with the session that each grant came from: it may be over long since.
pub async fn offline_targets(
    conn: &mut Conn,
    account: AccountId,
    now: Timestamp,
) -> Result<Vec<(SessionId, ClientId, String)>, Fault> {
    on!(conn, |c| sqlx::query_as(OFFLINE_TARGETS).bind(account).bind(now).fetch_all(c).await)
        .map_err(failed("listing who holds something of an account"))
}

pub(super) const LOGOUT_TARGETS: &str = "SELECT s.client_id, s.sid, s.first_at, s.last_at FROM session_client s \
    JOIN client c ON c.client_id = s.client_id WHERE s.session_id = $1 AND c.state = 'active' \
    AND c.metadata ->> 'backchannel_logout_uri' IS NOT NULL ORDER BY s.client_id LIMIT 500";

/// The session's clients that asked to be told of its end (OpenID Connect Back-Channel Logout 1.0 §2.2).
pub async fn logout_targets(conn: &mut Conn, session: SessionId) -> Result<Vec<SessionClient>, Fault> {
    let rows: Vec<(ClientId, String, Timestamp, Timestamp)> =
        on!(conn, |c| sqlx::query_as(LOGOUT_TARGETS).bind(session).fetch_all(c).await)
            .map_err(failed("listing whom to tell of a session's end"))?;
    Ok(rows
        .into_iter()
        .map(|(client_id, sid, first_at, last_at)| SessionClient { client_id, sid, first_at, last_at })
        .collect())
}
