//! Relying parties as registered. The parsed form is the protocol floor's; here it is metadata and a digest.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, changes, db::failed};
use crate::base::{Fault, Timestamp, ids::ClientId};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredClient {
    pub client_id: ClientId,
    pub version: i64,
    pub disabled: bool,
    pub secret_digest: Option<Vec<u8>>,
    pub metadata: Value,
    pub registered_by_self: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

row! {
    pub(super) struct ClientRow {
        client_id: ClientId,
        version: i64,
        state: String,
        secret_digest: Option<Vec<u8>>,
        metadata: Json<Value>,
        registered_by: String,
        created_at: Timestamp,
        updated_at: Timestamp,
    }
}

impl From<ClientRow> for StoredClient {
    fn from(row: ClientRow) -> Self {
        Self {
            client_id: row.client_id,
            version: row.version,
            disabled: row.state != "active",
            secret_digest: row.secret_digest,
            metadata: row.metadata.0,
            registered_by_self: row.registered_by == "self",
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(super) const FIND: &str = "SELECT client_id, version, state, secret_digest, metadata, registered_by, created_at, \
    updated_at FROM client WHERE client_id = $1 AND deleted_at IS NULL";

pub async fn find(conn: &mut Conn, id: &ClientId) -> Result<Option<StoredClient>, Fault> {
    let row: Option<ClientRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding a client"))?;
    Ok(row.map(Into::into))
}

pub(super) const IS_TAKEN: &str = "SELECT client_id FROM client WHERE client_id = $1";

/// Whether the name was ever given, to a client that deleted itself too.
pub async fn is_taken(conn: &mut Conn, id: &ClientId) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(IS_TAKEN).bind(id).fetch_optional(c).await)
        .map_err(failed("looking whether a client's name is taken"))?;
    Ok(row.is_some())
}

pub(super) const LIST: &str = "SELECT client_id, version, state, secret_digest, metadata, registered_by, created_at, \
    updated_at FROM client WHERE client_id > $1 AND deleted_at IS NULL ORDER BY client_id LIMIT $2";

/// In order of `client_id`, after the given one (empty: from the start).
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<StoredClient>, Fault> {
    let rows: Vec<ClientRow> = on!(conn, |c| sqlx::query_as(LIST).bind(after).bind(limit).fetch_all(c).await)
        .map_err(failed("listing clients"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What is written of a client at registration.
#[derive(Clone, Debug)]
pub struct NewClient {
    pub client_id: ClientId,
    pub secret_digest: Option<Vec<u8>>,
    pub metadata: Value,
    pub registered_by_self: bool,
}

pub(super) const INSERT: &str = "INSERT INTO client (client_id, state, secret_digest, metadata, registered_by, created_at, \
    updated_at) VALUES ($1, 'active', $2, $3, $4, $5, $5) ON CONFLICT (client_id) DO NOTHING RETURNING version";

/// `false` when the `client_id` is taken.
pub async fn insert(conn: &mut Conn, client: &NewClient, now: Timestamp) -> Result<bool, Fault> {
    let by = if client.registered_by_self { "self" } else { "operator" };
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(&client.client_id)
        .bind(client.secret_digest.as_deref())
        .bind(Json(&client.metadata))
        .bind(by)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("registering a client"))?;
    if row.is_some() {
        changes::bump(conn, changes::Topic::Clients).await?;
    }
    Ok(row.is_some())
}

pub(super) const REPLACE: &str = "UPDATE client SET version = version + 1, metadata = $2, \
    secret_digest = COALESCE($3, secret_digest), updated_at = $4 WHERE client_id = $1 RETURNING version";

/// New metadata and, when given, a new secret; `false` when there is no such client.
pub async fn replace(
    conn: &mut Conn,
    id: &ClientId,
    metadata: &Value,
    secret_digest: Option<&[u8]>,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(REPLACE)
        .bind(id)
        .bind(Json(metadata))
        .bind(secret_digest)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("replacing a client's metadata"))?;
    changes::bump(conn, changes::Topic::Clients).await?;
    Ok(row.is_some())
}

pub(super) const SET_STATE: &str =
    "UPDATE client SET version = version + 1, state = $2, updated_at = $3 WHERE client_id = $1 RETURNING version";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    Active,
    Disabled,
}

pub async fn set_state(conn: &mut Conn, id: &ClientId, state: ClientState, now: Timestamp) -> Result<bool, Fault> {
    let text = match state {
        ClientState::Active => "active",
        ClientState::Disabled => "disabled",
    };
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(SET_STATE).bind(id).bind(text).bind(now).fetch_optional(c).await)
            .map_err(failed("changing a client's state"))?;
    changes::bump(conn, changes::Topic::Clients).await?;
    Ok(row.is_some())
}

pub(super) const IS_CURRENT: &str =
    "SELECT client_id FROM client WHERE client_id = $1 AND version = $2 AND state = 'active'";

/// The guard of every issuance: the client as it was read is still the client.
pub async fn is_current(conn: &mut Conn, id: &ClientId, version: i64) -> Result<bool, Fault> {
    let row: Option<(String,)> =
        on!(conn, |c| sqlx::query_as(IS_CURRENT).bind(id).bind(version).fetch_optional(c).await)
            .map_err(failed("checking a client's version"))?;
    Ok(row.is_some())
}

pub(super) const USE_JTI: &str = "INSERT INTO assertion_jti (client_id, jti, expires_at) VALUES ($1, $2, $3) \
    ON CONFLICT (client_id, jti) DO NOTHING RETURNING jti";

/// Takes an assertion's `jti`; `false` when it was taken before (RFC 7523 §3 item 7).
pub async fn use_jti(conn: &mut Conn, id: &ClientId, jti: &str, expires_at: Timestamp) -> Result<bool, Fault> {
    let row: Option<(String,)> =
        on!(conn, |c| sqlx::query_as(USE_JTI).bind(id).bind(jti).bind(expires_at).fetch_optional(c).await)
            .map_err(failed("taking a client assertion's jti"))?;
    Ok(row.is_some())
}
