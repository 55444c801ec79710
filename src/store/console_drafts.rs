//! What operators typed into forms that are not sent yet: one row a form, gone with its day.

use uuid::Uuid;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp, ids::OperatorId};

pub(super) const KEEP: &str = "INSERT INTO console_draft (operator_id, form, sealed, expires_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (operator_id, form) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at";

/// Sealed at (`console_draft`, `sealed`, operator and form).
pub async fn keep(
    conn: &mut Conn,
    (operator, form): (OperatorId, Uuid),
    sealed: &[u8],
    expires_at: Timestamp,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(KEEP)
        .bind(operator)
        .bind(form)
        .bind(sealed)
        .bind(expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping a draft"))
}

pub(super) const FIND: &str =
    "SELECT sealed FROM console_draft WHERE operator_id = $1 AND form = $2 AND expires_at > $3";

pub async fn find(
    conn: &mut Conn,
    (operator, form): (OperatorId, Uuid),
    now: Timestamp,
) -> Result<Option<Vec<u8>>, Fault> {
    let row: Option<(Vec<u8>,)> =
        on!(conn, |c| sqlx::query_as(FIND).bind(operator).bind(form).bind(now).fetch_optional(c).await)
            .map_err(failed("finding a draft"))?;
    Ok(row.map(|(sealed,)| sealed))
}

pub(super) const FORGET: &str = "DELETE FROM console_draft WHERE operator_id = $1 AND form = $2";

pub async fn forget(conn: &mut Conn, (operator, form): (OperatorId, Uuid)) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(FORGET).bind(operator).bind(form).execute(c).await.map(|_| ()))
        .map_err(failed("forgetting a draft"))
}

pub(super) const SWEEP: &str = "DELETE FROM console_draft WHERE (operator_id, form) IN \
    (SELECT operator_id, form FROM console_draft WHERE expires_at < $1 LIMIT $2)";

/// Deletes at most `limit` whose time ended before then.
pub async fn sweep(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(SWEEP).bind(before).bind(limit).execute(c).await.map(|done| done.rows_affected()))
        .map_err(failed("deleting old drafts"))
}
