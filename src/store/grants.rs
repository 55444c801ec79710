//! Grants and their refresh families: rotation is a counter, moved by one guarded statement.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, GrantId, SessionId},
};

/// What one authorization gave one client.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredGrant {
    pub id: GrantId,
    pub client_id: ClientId,
    pub account_id: AccountId,
    pub session_id: SessionId,
    /// Outlives its session (`offline_access`, agreed to).
    pub offline: bool,
    pub authorized: Value,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

row! {
    pub(super) struct GrantRow {
        id: GrantId,
        client_id: ClientId,
        account_id: AccountId,
        session_id: SessionId,
        offline: bool,
        authorized: Json<Value>,
        expires_at: Timestamp,
        revoked_at: Option<Timestamp>,
    }
}

impl From<GrantRow> for StoredGrant {
    fn from(row: GrantRow) -> Self {
        Self {
            id: row.id,
            client_id: row.client_id,
            account_id: row.account_id,
            session_id: row.session_id,
            offline: row.offline,
            authorized: row.authorized.0,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        }
    }
}

pub(super) const INSERT: &str = "INSERT INTO grants (id, client_id, account_id, session_id, offline, authorized, \
    created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

pub async fn insert(conn: &mut Conn, grant: &StoredGrant, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(grant.id)
        .bind(&grant.client_id)
        .bind(grant.account_id)
        .bind(grant.session_id)
        .bind(grant.offline)
        .bind(Json(&grant.authorized))
        .bind(now)
        .bind(grant.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing a grant"))
}

pub(super) const FIND: &str = "SELECT id, client_id, account_id, session_id, offline, authorized, expires_at, \
    revoked_at FROM grants WHERE id = $1";

pub async fn find(conn: &mut Conn, id: GrantId) -> Result<Option<StoredGrant>, Fault> {
    let row: Option<GrantRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding a grant"))?;
    Ok(row.map(Into::into))
}

pub(super) const IS_LIVE: &str = "SELECT g.id FROM grants g WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 \
    AND (g.offline OR EXISTS (SELECT 1 FROM session s WHERE s.id = g.session_id AND s.ended_at IS NULL))";

/// Neither revoked nor over, and its session has not ended unless it may outlive it.
pub async fn is_live(conn: &mut Conn, id: GrantId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(GrantId,)> = on!(conn, |c| sqlx::query_as(IS_LIVE).bind(id).bind(now).fetch_optional(c).await)
        .map_err(failed("checking a grant"))?;
    Ok(row.is_some())
}

pub(super) const REVOKE: &str = "UPDATE grants SET revoked_at = $2, revoke_reason = $3, version = version + 1 \
    WHERE id = $1 AND revoked_at IS NULL RETURNING id";

/// `false` when it was revoked before, or never was.
pub async fn revoke(conn: &mut Conn, id: GrantId, reason: &str, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(GrantId,)> =
        on!(conn, |c| sqlx::query_as(REVOKE).bind(id).bind(now).bind(reason).fetch_optional(c).await)
            .map_err(failed("revoking a grant"))?;
    Ok(row.is_some())
}

pub(super) const REVOKE_OF_SESSION: &str = "UPDATE grants SET revoked_at = $2, revoke_reason = $3, version = version + 1 \
    WHERE session_id = $1 AND revoked_at IS NULL AND NOT offline";

/// Ends what dies with a session; answers how many.
pub async fn revoke_of_session(conn: &mut Conn, id: SessionId, reason: &str, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REVOKE_OF_SESSION)
        .bind(id)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("revoking a session's grants"))
}

pub(super) const REVOKE_OF_ACCOUNT: &str = "UPDATE grants SET revoked_at = $2, revoke_reason = $3, version = version + 1 \
    WHERE account_id = $1 AND revoked_at IS NULL";

/// Lock, death: everything, offline too.
pub async fn revoke_of_account(conn: &mut Conn, id: AccountId, reason: &str, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REVOKE_OF_ACCOUNT)
        .bind(id)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("revoking an account's grants"))
}

pub(super) const REVOKE_OF_CLIENT: &str = "UPDATE grants SET revoked_at = $3, revoke_reason = $4, version = version + 1 \
    WHERE account_id = $1 AND client_id = $2 AND revoked_at IS NULL";

/// A consent withdrawn: everything this client holds for this account.
pub async fn revoke_of_client(
    conn: &mut Conn,
    account: AccountId,
    client: &ClientId,
    reason: &str,
    now: Timestamp,
) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REVOKE_OF_CLIENT)
        .bind(account)
        .bind(client)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("revoking a client's grants"))
}

pub(super) const REVOKE_ALL_OF_CLIENT: &str = "UPDATE grants SET revoked_at = $2, revoke_reason = $3, version = version + 1 \
    WHERE client_id = $1 AND revoked_at IS NULL AND expires_at > $2";

/// The client is gone (RFC 7592 §2.3): everything it still holds, of whomever.
pub async fn revoke_all_of_client(
    conn: &mut Conn,
    client: &ClientId,
    reason: &str,
    now: Timestamp,
) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REVOKE_ALL_OF_CLIENT)
        .bind(client)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("revoking all of a client's grants"))
}

/// Where a refresh family stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub generation: i64,
    pub rotated_at: Timestamp,
    pub access_expires_at: Timestamp,
    pub expires_at: Timestamp,
}

pub(super) const INSERT_FAMILY: &str = "INSERT INTO refresh_family (grant_id, client_id, generation, rotated_at, \
    access_expires_at, expires_at) VALUES ($1, $2, 1, $3, $4, $5)";

/// Begins a family at generation 1.
pub async fn insert_family(
    conn: &mut Conn,
    id: GrantId,
    client: &ClientId,
    now: Timestamp,
    access_expires_at: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT_FAMILY)
        .bind(id)
        .bind(client)
        .bind(now)
        .bind(access_expires_at)
        .bind(expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("beginning a refresh family"))
}

pub(super) const FIND_FAMILY: &str = "SELECT generation, rotated_at, access_expires_at, expires_at FROM refresh_family \
    WHERE grant_id = $1";

pub async fn find_family(conn: &mut Conn, id: GrantId) -> Result<Option<Family>, Fault> {
    let row: Option<(i64, Timestamp, Timestamp, Timestamp)> =
        on!(conn, |c| sqlx::query_as(FIND_FAMILY).bind(id).fetch_optional(c).await)
            .map_err(failed("finding a refresh family"))?;
    Ok(row.map(|(generation, rotated_at, access_expires_at, expires_at)| Family {
        generation,
        rotated_at,
        access_expires_at,
        expires_at,
    }))
}

pub(super) const ROTATE: &str = "UPDATE refresh_family SET generation = generation + 1, rotated_at = $4, \
    access_expires_at = $5 WHERE grant_id = $1 AND client_id = $2 AND generation = $3 AND expires_at > $4 \
    RETURNING generation";

/// Moves the counter from exactly the presented generation; `None` when it is not the current one any more.
pub async fn rotate(
    conn: &mut Conn,
    id: GrantId,
    client: &ClientId,
    presented: i64,
    now: Timestamp,
    access_expires_at: Timestamp,
) -> Result<Option<i64>, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(ROTATE)
        .bind(id)
        .bind(client)
        .bind(presented)
        .bind(now)
        .bind(access_expires_at)
        .fetch_optional(c)
        .await)
    .map_err(failed("rotating a refresh family"))?;
    Ok(row.map(|(generation,)| generation))
}

pub(super) const REVOKE_TOKEN: &str = "INSERT INTO revoked_token (jti, client_id, revoked_at, expires_at) \
    VALUES ($1, $2, $3, $4) ON CONFLICT (jti) DO NOTHING";

/// One access token alone (RFC 7009 §2.1).
pub async fn revoke_token(
    conn: &mut Conn,
    jti: &str,
    client: &ClientId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(REVOKE_TOKEN)
        .bind(jti)
        .bind(client)
        .bind(now)
        .bind(expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("revoking an access token"))
}

pub(super) const IS_OWN_TOKEN_REVOKED: &str = "SELECT e.id FROM database_epoch e WHERE e.id = 1 AND (e.not_before > $2 \
    OR EXISTS (SELECT 1 FROM revoked_token r WHERE r.jti = $1))";

/// A client's token for itself, which no grant stands behind: revoked, or issued before the database was restored.
pub async fn is_own_token_revoked(conn: &mut Conn, jti: &str, issued_by: Timestamp) -> Result<bool, Fault> {
    let row: Option<(i64,)> =
        on!(conn, |c| sqlx::query_as(IS_OWN_TOKEN_REVOKED).bind(jti).bind(issued_by).fetch_optional(c).await)
            .map_err(failed("looking for a client's revoked token"))?;
    Ok(row.is_some())
}

pub(super) const IS_TOKEN_REVOKED: &str = "SELECT jti FROM revoked_token WHERE jti = $1";

pub async fn is_token_revoked(conn: &mut Conn, jti: &str) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(IS_TOKEN_REVOKED).bind(jti).fetch_optional(c).await)
        .map_err(failed("looking for a revoked token"))?;
    Ok(row.is_some())
}
