//! Clients that registered themselves: each is its own registration token's, and nobody else's (RFC 7592).

use serde_json::Value;
use sqlx::types::Json;

use super::{
    Conn, changes,
    clients::{ClientRow, NewClient, StoredClient},
    db::failed,
    grants, subjects,
};
use crate::base::{Fault, Timestamp, ids::ClientId};

pub(super) const COUNT: &str = "SELECT count(*) FROM client WHERE registered_by = 'self' AND deleted_at IS NULL";

pub async fn count(conn: &mut Conn) -> Result<i64, Fault> {
    let (count,): (i64,) = on!(conn, |c| sqlx::query_as(COUNT).fetch_one(c).await)
        .map_err(failed("counting clients that registered themselves"))?;
    Ok(count)
}

pub(super) const INSERT: &str = "INSERT INTO client (client_id, state, secret_digest, metadata, registered_by, \
    registration_digest, created_at, updated_at) VALUES ($1, 'active', $2, $3, 'self', $4, $5, $5) \
    ON CONFLICT (client_id) DO NOTHING RETURNING version";

/// `false` when the `client_id` is taken.
pub async fn insert(
    conn: &mut Conn,
    client: &NewClient,
    registration_digest: &[u8],
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(&client.client_id)
        .bind(client.secret_digest.as_deref())
        .bind(Json(&client.metadata))
        .bind(registration_digest)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("registering a client by itself"))?;
    if row.is_some() {
        changes::bump(conn, changes::Topic::Clients).await?;
    }
    Ok(row.is_some())
}

pub(super) const FIND: &str = "SELECT client_id, version, state, secret_digest, metadata, registered_by, created_at, \
    updated_at FROM client WHERE client_id = $1 AND registration_digest = $2 AND state = 'active' AND deleted_at IS NULL";

/// The client whose own token this is; one that an operator disabled is not found, so that it cannot go on by itself.
pub async fn find(conn: &mut Conn, id: &ClientId, registration_digest: &[u8]) -> Result<Option<StoredClient>, Fault> {
    let row: Option<ClientRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).bind(registration_digest).fetch_optional(c).await)
            .map_err(failed("finding a client by its registration token"))?;
    Ok(row.map(Into::into))
}

/// What an update writes.
#[derive(Clone, Debug)]
pub struct Replacement {
    pub metadata: Value,
    /// Of the secret in force from now on; `None` for a client without one.
    pub secret_digest: Option<Vec<u8>>,
}

pub(super) const REPLACE: &str = "UPDATE client SET version = version + 1, metadata = $4, secret_digest = $5, \
    updated_at = $6 WHERE client_id = $1 AND version = $2 AND registration_digest = $3 AND state = 'active' \
    AND deleted_at IS NULL RETURNING version";

/// `false` when it is not the client any more that was read.
pub async fn replace(
    conn: &mut Conn,
    (id, version): (&ClientId, i64),
    registration_digest: &[u8],
    to: &Replacement,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(REPLACE)
        .bind(id)
        .bind(version)
        .bind(registration_digest)
        .bind(Json(&to.metadata))
        .bind(to.secret_digest.as_deref())
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("replacing a client's own registration"))?;
    if row.is_some() {
        changes::bump(conn, changes::Topic::Clients).await?;
    }
    Ok(row.is_some())
}

pub(super) const DELETE: &str = "UPDATE client SET version = version + 1, state = 'disabled', secret_digest = NULL, \
    registration_digest = NULL, deleted_at = $3, updated_at = $3 WHERE client_id = $1 AND registration_digest = $2 \
    AND state = 'active' AND deleted_at IS NULL RETURNING version";
pub(super) const CLOSE_INTERACTIONS: &str =
    "UPDATE interaction SET finished_at = $2 WHERE client_id = $1 AND finished_at IS NULL AND expires_at > $2";

/// Deletes a client with everything that it holds (RFC 7592 §2.3): grants, consents, sign-ins under way. Answers how many
/// grants died, or `None` when the token is not this client's.
pub async fn delete(
    conn: &mut Conn,
    id: &ClientId,
    registration_digest: &[u8],
    now: Timestamp,
) -> Result<Option<u64>, Fault> {
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(DELETE).bind(id).bind(registration_digest).bind(now).fetch_optional(c).await)
            .map_err(failed("deleting a client"))?;
    if row.is_none() {
        return Ok(None);
    }
    let revoked = grants::revoke_all_of_client(conn, id, "client_deleted", now).await?;
    subjects::withdraw_all_of_client(conn, id, now).await?;
    on!(conn, |c| sqlx::query(CLOSE_INTERACTIONS).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("closing a deleted client's sign-ins"))?;
    changes::bump(conn, changes::Topic::Clients).await?;
    Ok(Some(revoked))
}
