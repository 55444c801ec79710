//! Pushed authorization requests (RFC 9126): kept by digest, opened by browsers until what answers them consumes them.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp, ids::ClientId};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredPush {
    pub client_id: ClientId,
    pub request: Value,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

row! {
    struct PushRow {
        client_id: ClientId,
        request: Json<Value>,
        expires_at: Timestamp,
        used_at: Option<Timestamp>,
    }
}

pub(super) const INSERT: &str = "INSERT INTO pushed_request (digest, client_id, request, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5)";

pub async fn insert(conn: &mut Conn, digest: &[u8], push: &StoredPush, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(digest)
        .bind(&push.client_id)
        .bind(Json(&push.request))
        .bind(now)
        .bind(push.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a pushed request"))
}

pub(super) const FIND: &str = "SELECT client_id, request, expires_at, used_at FROM pushed_request WHERE digest = $1";

pub async fn find(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredPush>, Fault> {
    let row: Option<PushRow> = on!(conn, |c| sqlx::query_as(FIND).bind(digest).fetch_optional(c).await)
        .map_err(failed("finding a pushed request"))?;
    Ok(row.map(|row| StoredPush {
        client_id: row.client_id,
        request: row.request.0,
        expires_at: row.expires_at,
        used_at: row.used_at,
    }))
}

pub(super) const OPEN: &str = "UPDATE pushed_request \
    SET expires_at = CASE WHEN expires_at < $3 THEN $3 ELSE expires_at END \
    WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING client_id";

/// A browser begins with it: from now on it lives at least until then. `false` when it is used up or over.
pub async fn open(conn: &mut Conn, digest: &[u8], now: Timestamp, until: Timestamp) -> Result<bool, Fault> {
    let row: Option<(ClientId,)> =
        on!(conn, |c| sqlx::query_as(OPEN).bind(digest).bind(now).bind(until).fetch_optional(c).await)
            .map_err(failed("opening a pushed request"))?;
    Ok(row.is_some())
}

pub(super) const CONSUME: &str = "UPDATE pushed_request SET used_at = $2 \
    WHERE digest = $1 AND used_at IS NULL AND expires_at > $2 RETURNING client_id";

/// With the unit that issues the code or the final error. `false` means that another authorization was first.
pub async fn consume(conn: &mut Conn, digest: &[u8], now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(ClientId,)> =
        on!(conn, |c| sqlx::query_as(CONSUME).bind(digest).bind(now).fetch_optional(c).await)
            .map_err(failed("consuming a pushed request"))?;
    Ok(row.is_some())
}
