//! Single sign-on sessions: the cookie's secret by digest, the proofs with their times.

use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::{
    assurance::Proof,
    base::{
        Fault, Timestamp,
        ids::{AccountId, SessionId},
    },
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    pub id: SessionId,
    pub account_id: AccountId,
    pub version: i64,
    pub proofs: Vec<Proof>,
    pub user_agent: String,
    pub created_at: Timestamp,
    pub seen_at: Timestamp,
    /// The absolute end; idle time is the policy's to judge from `seen_at`.
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

row! {
    pub(super) struct SessionRow {
        id: SessionId,
        account_id: AccountId,
        version: i64,
        proofs: Json<Vec<Proof>>,
        user_agent: String,
        created_at: Timestamp,
        seen_at: Timestamp,
        expires_at: Timestamp,
        ended_at: Option<Timestamp>,
    }
}

impl From<SessionRow> for StoredSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            version: row.version,
            proofs: row.proofs.0,
            user_agent: row.user_agent,
            created_at: row.created_at,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        }
    }
}

pub(super) const FIND: &str = "SELECT id, account_id, version, proofs, user_agent, created_at, seen_at, expires_at, \
    ended_at FROM session WHERE id = $1";

pub async fn find(conn: &mut Conn, id: SessionId) -> Result<Option<StoredSession>, Fault> {
    let row: Option<SessionRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding a session"))?;
    Ok(row.map(Into::into))
}

pub(super) const INSERT: &str = "INSERT INTO session (id, account_id, secret_digest, proofs, user_agent, created_at, \
    seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub async fn insert(conn: &mut Conn, session: &StoredSession, secret_digest: &[u8]) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(session.id)
        .bind(session.account_id)
        .bind(secret_digest)
        .bind(Json(&session.proofs))
        .bind(&session.user_agent)
        .bind(session.created_at)
        .bind(session.seen_at)
        .bind(session.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a session"))
}

pub(super) const RISE: &str = "UPDATE session SET proofs = $3, secret_digest = $4, seen_at = $5, version = version + 1 \
    WHERE id = $1 AND version = $2 AND ended_at IS NULL AND expires_at > $5 RETURNING version";

/// Writes the proofs after one was added, under a new cookie secret; `false` when the session changed or ended meanwhile.
pub async fn rise(
    conn: &mut Conn,
    session: &StoredSession,
    proofs: &[Proof],
    secret_digest: &[u8],
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(RISE)
        .bind(session.id)
        .bind(session.version)
        .bind(Json(proofs))
        .bind(secret_digest)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("raising a session"))?;
    Ok(row.is_some())
}

pub(super) const SET_PROOFS: &str =
    "UPDATE session SET proofs = $3, version = version + 1 WHERE id = $1 AND version = $2 AND ended_at IS NULL";

/// Fewer proofs than before, under the same cookie.
pub async fn set_proofs(conn: &mut Conn, session: &StoredSession, proofs: &[Proof]) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(SET_PROOFS)
        .bind(session.id)
        .bind(session.version)
        .bind(Json(proofs))
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("taking proofs from a session"))
}

pub(super) const TOUCH: &str = "UPDATE session SET seen_at = $2 WHERE id = $1 AND seen_at < $2 AND ended_at IS NULL";

/// Pushes the idle end back.
pub async fn touch(conn: &mut Conn, id: SessionId, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(TOUCH).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("touching a session"))
}

pub(super) const IS_LIVE: &str = "SELECT id FROM session WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";

/// Neither ended nor over.
pub async fn is_live(conn: &mut Conn, id: SessionId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(SessionId,)> = on!(conn, |c| sqlx::query_as(IS_LIVE).bind(id).bind(now).fetch_optional(c).await)
        .map_err(failed("checking a session"))?;
    Ok(row.is_some())
}

pub(super) const END: &str = "UPDATE session SET ended_at = $2, end_reason = $3, version = version + 1 \
    WHERE id = $1 AND ended_at IS NULL RETURNING account_id";

/// `false` when it had ended before.
pub async fn end(conn: &mut Conn, id: SessionId, reason: &str, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(AccountId,)> =
        on!(conn, |c| sqlx::query_as(END).bind(id).bind(now).bind(reason).fetch_optional(c).await)
            .map_err(failed("ending a session"))?;
    Ok(row.is_some())
}

pub(super) const LIVE_OF_ACCOUNT: &str = "SELECT id, account_id, version, proofs, user_agent, created_at, seen_at, \
    expires_at, ended_at FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at > $3 \
    ORDER BY created_at DESC LIMIT 200";

/// The person's sessions that are neither ended nor over nor idle since before `idle_since`.
pub async fn live_of_account(
    conn: &mut Conn,
    account: AccountId,
    now: Timestamp,
    idle_since: Timestamp,
) -> Result<Vec<StoredSession>, Fault> {
    let rows: Vec<SessionRow> =
        on!(conn, |c| sqlx::query_as(LIVE_OF_ACCOUNT).bind(account).bind(now).bind(idle_since).fetch_all(c).await)
            .map_err(failed("listing an account's sessions"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) const UNENDED_OF_ACCOUNT: &str = "SELECT id FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY created_at LIMIT 1000";

/// Every session that a lock or a death must end, idle ones too.
pub async fn unended_of_account(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<Vec<SessionId>, Fault> {
    let rows: Vec<(SessionId,)> =
        on!(conn, |c| sqlx::query_as(UNENDED_OF_ACCOUNT).bind(account).bind(now).fetch_all(c).await)
            .map_err(failed("listing an account's sessions"))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
