//! Operators' sessions: half open after the password, open after the second factor, never shared with citizens' sessions.

use sqlx::types::Json;

use super::{Conn, db::failed, dialect, operators};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{OperatorId, OperatorSessionId},
    },
    registry::operator::Post,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOperatorSession {
    pub id: OperatorSessionId,
    pub operator_id: OperatorId,
    pub password_at: Timestamp,
    /// `None` while the second factor is missing: nothing is allowed until then.
    pub code_at: Option<Timestamp>,
    pub wrong_codes: i64,
    pub user_agent: String,
    pub seen_at: Timestamp,
    /// The absolute end; idle time is the policy's to judge from `seen_at`.
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

row! {
    struct SessionRow {
        id: OperatorSessionId,
        operator_id: OperatorId,
        password_at: Timestamp,
        code_at: Option<Timestamp>,
        wrong_codes: i64,
        user_agent: String,
        seen_at: Timestamp,
        expires_at: Timestamp,
        ended_at: Option<Timestamp>,
    }
}

impl From<SessionRow> for StoredOperatorSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.id,
            operator_id: row.operator_id,
            password_at: row.password_at,
            code_at: row.code_at,
            wrong_codes: row.wrong_codes,
            user_agent: row.user_agent,
            seen_at: row.seen_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        }
    }
}

pub(super) const INSERT: &str = "INSERT INTO operator_session (id, operator_id, secret_digest, password_at, user_agent, \
    seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

/// A half-open one.
pub async fn insert(conn: &mut Conn, session: &StoredOperatorSession, secret_digest: &[u8]) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(session.id)
        .bind(session.operator_id)
        .bind(secret_digest)
        .bind(session.password_at)
        .bind(&session.user_agent)
        .bind(session.seen_at)
        .bind(session.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing an operator's session"))
}

pub(super) const FIND_BY_SECRET: &str = "SELECT id, operator_id, password_at, code_at, wrong_codes, user_agent, seen_at, \
    expires_at, ended_at FROM operator_session WHERE secret_digest = $1";

pub async fn find_by_secret(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredOperatorSession>, Fault> {
    let row: Option<SessionRow> = on!(conn, |c| sqlx::query_as(FIND_BY_SECRET).bind(digest).fetch_optional(c).await)
        .map_err(failed("finding an operator's session by its cookie"))?;
    Ok(row.map(Into::into))
}

pub(super) const OPEN: &str = "UPDATE operator_session SET code_at = $2, seen_at = $2, secret_digest = $3, expires_at = $4 \
    WHERE id = $1 AND code_at IS NULL AND ended_at IS NULL AND expires_at > $2 RETURNING id";

/// The second factor was right: the session is open from now on, under a new secret; `false` when it is none any more.
pub async fn open(
    conn: &mut Conn,
    id: OperatorSessionId,
    secret_digest: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(OperatorSessionId,)> = on!(conn, |c| sqlx::query_as(OPEN)
        .bind(id)
        .bind(now)
        .bind(secret_digest)
        .bind(expires_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("opening an operator's session"))?;
    Ok(row.is_some())
}

pub(super) const WRONG_CODE: &str =
    "UPDATE operator_session SET wrong_codes = wrong_codes + 1 WHERE id = $1 RETURNING wrong_codes";

/// How many there are with this one.
pub async fn wrong_code(conn: &mut Conn, id: OperatorSessionId) -> Result<i64, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(WRONG_CODE).bind(id).fetch_optional(c).await)
        .map_err(failed("counting an operator's wrong code"))?;
    Ok(row.map_or(i64::MAX, |(count,)| count))
}

pub(super) const TOUCH: &str =
    "UPDATE operator_session SET seen_at = $2 WHERE id = $1 AND seen_at < $2 AND ended_at IS NULL";

/// Pushes the idle end back.
pub async fn touch(conn: &mut Conn, id: OperatorSessionId, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(TOUCH).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("touching an operator's session"))
}

pub(super) const IS_OPEN: &str = "SELECT s.id FROM operator_session s JOIN operator o ON o.id = s.operator_id \
    WHERE s.id = $1 AND s.code_at IS NOT NULL AND s.ended_at IS NULL AND s.expires_at > $2 AND o.state = 'active'";

/// For a unit that acts on an operator's word: still open, and the operator still active.
pub async fn is_open(conn: &mut Conn, id: OperatorSessionId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(OperatorSessionId,)> =
        on!(conn, |c| sqlx::query_as(IS_OPEN).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("checking an operator's session"))?;
    Ok(row.is_some())
}

/// For a unit that writes what an operator said: the post that they have now. None when the session is not open any more or they
/// are disabled. Nobody takes it from them until the transaction ends.
pub async fn hold_post(conn: &mut Conn, id: OperatorSessionId, now: Timestamp) -> Result<Option<Post>, Fault> {
    let sql = dialect::hold_post(conn.engine());
    let row: Option<(OperatorId, Json<Vec<String>>, Option<String>)> =
        on!(conn, |c| sqlx::query_as(sql).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("holding an operator's post"))?;
    row.map(|(id, roles, unit)| operators::post_of(id, &roles.0, unit)).transpose()
}

pub(super) const END: &str =
    "UPDATE operator_session SET ended_at = $2, end_reason = $3 WHERE id = $1 AND ended_at IS NULL RETURNING id";

/// `false` when it had ended before.
pub async fn end(conn: &mut Conn, id: OperatorSessionId, reason: &str, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(OperatorSessionId,)> =
        on!(conn, |c| sqlx::query_as(END).bind(id).bind(now).bind(reason).fetch_optional(c).await)
            .map_err(failed("ending an operator's session"))?;
    Ok(row.is_some())
}

pub(super) const END_ALL: &str =
    "UPDATE operator_session SET ended_at = $2, end_reason = $3 WHERE operator_id = $1 AND ended_at IS NULL";

/// Every session of an operator; answers how many.
pub async fn end_all(conn: &mut Conn, operator: OperatorId, reason: &str, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(END_ALL)
        .bind(operator)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("ending an operator's sessions"))
}
