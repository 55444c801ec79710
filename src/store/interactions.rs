//! Authorization requests that need the person, each tied to one browser's cookie.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{ClientId, InteractionId},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredInteraction {
    pub id: InteractionId,
    pub browser_digest: Vec<u8>,
    pub client_id: ClientId,
    pub request: Value,
    pub progress: Value,
    pub wrong_codes: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub finished_at: Option<Timestamp>,
}

row! {
    struct InteractionRow {
        id: InteractionId,
        browser_digest: Vec<u8>,
        client_id: ClientId,
        request: Json<Value>,
        progress: Json<Value>,
        wrong_codes: i64,
        created_at: Timestamp,
        expires_at: Timestamp,
        finished_at: Option<Timestamp>,
    }
}

pub(super) const INSERT: &str = "INSERT INTO interaction (id, browser_digest, client_id, request, progress, created_at, \
    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub async fn insert(conn: &mut Conn, interaction: &StoredInteraction) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(interaction.id)
        .bind(&interaction.browser_digest)
        .bind(&interaction.client_id)
        .bind(Json(&interaction.request))
        .bind(Json(&interaction.progress))
        .bind(interaction.created_at)
        .bind(interaction.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing an interaction"))
}

pub(super) const FIND: &str = "SELECT id, browser_digest, client_id, request, progress, wrong_codes, created_at, \
    expires_at, finished_at FROM interaction WHERE id = $1";

pub async fn find(conn: &mut Conn, id: InteractionId) -> Result<Option<StoredInteraction>, Fault> {
    let row: Option<InteractionRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding an interaction"))?;
    Ok(row.map(|row| StoredInteraction {
        id: row.id,
        browser_digest: row.browser_digest,
        client_id: row.client_id,
        request: row.request.0,
        progress: row.progress.0,
        wrong_codes: row.wrong_codes,
        created_at: row.created_at,
        expires_at: row.expires_at,
        finished_at: row.finished_at,
    }))
}

pub(super) const PROGRESS: &str =
    "UPDATE interaction SET progress = $2 WHERE id = $1 AND finished_at IS NULL AND expires_at > $3 RETURNING id";

/// `false` when it is finished or over.
pub async fn set_progress(conn: &mut Conn, id: InteractionId, progress: &Value, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(InteractionId,)> =
        on!(conn, |c| sqlx::query_as(PROGRESS).bind(id).bind(Json(progress)).bind(now).fetch_optional(c).await)
            .map_err(failed("writing an interaction's progress"))?;
    Ok(row.is_some())
}

pub(super) const CLAIM: &str = "UPDATE interaction SET browser_digest = $3 \
    WHERE id = $1 AND browser_digest = $2 AND finished_at IS NULL AND expires_at > $4 RETURNING id";

/// Ties an interaction that nobody opened yet to the first browser that does.
pub async fn claim(
    conn: &mut Conn,
    id: InteractionId,
    unclaimed: &[u8],
    digest: &[u8],
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(InteractionId,)> =
        on!(conn, |c| sqlx::query_as(CLAIM).bind(id).bind(unclaimed).bind(digest).bind(now).fetch_optional(c).await)
            .map_err(failed("claiming an interaction"))?;
    Ok(row.is_some())
}

pub(super) const WRONG_CODE: &str =
    "UPDATE interaction SET wrong_codes = wrong_codes + 1 WHERE id = $1 RETURNING wrong_codes";

/// Counts a wrong second factor; the fifth ends the interaction (the caller's rule).
pub async fn wrong_code(conn: &mut Conn, id: InteractionId) -> Result<i64, Fault> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(WRONG_CODE).bind(id).fetch_one(c).await)
        .map_err(failed("counting a wrong code"))?;
    Ok(count)
}

pub(super) const FINISH: &str =
    "UPDATE interaction SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL AND expires_at > $2 RETURNING id";

/// Once: with the unit that issues the code or the final error.
pub async fn finish(conn: &mut Conn, id: InteractionId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(InteractionId,)> =
        on!(conn, |c| sqlx::query_as(FINISH).bind(id).bind(now).fetch_optional(c).await)
            .map_err(failed("finishing an interaction"))?;
    Ok(row.is_some())
}

pub(super) const SWEEP: &str =
    "DELETE FROM interaction WHERE id IN (SELECT id FROM interaction WHERE expires_at < $1 LIMIT $2)";

pub async fn sweep(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(SWEEP).bind(before).bind(limit).execute(c).await.map(|done| done.rows_affected()))
        .map_err(failed("sweeping interactions"))
}
