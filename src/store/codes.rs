//! Authorization codes (RFC 6749 §4.1.2): kept by digest, redeemed by one guarded statement.

use serde_json::Value;
use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, ClientId, GrantId, SessionId},
};

/// A code as issued. `authorized` is what was granted, for the flows to read.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCode {
    pub client_id: ClientId,
    pub grant_id: GrantId,
    pub account_id: AccountId,
    pub session_id: SessionId,
    pub redirect_uri: Option<String>,
    pub code_challenge: Option<String>,
    pub authorized: Value,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

row! {
    struct CodeRow {
        client_id: ClientId,
        grant_id: GrantId,
        account_id: AccountId,
        session_id: SessionId,
        redirect_uri: Option<String>,
        code_challenge: Option<String>,
        authorized: Json<Value>,
        expires_at: Timestamp,
        used_at: Option<Timestamp>,
    }
}

pub(super) const INSERT: &str = "INSERT INTO authorization_code (digest, client_id, grant_id, account_id, session_id, \
    redirect_uri, code_challenge, authorized, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

pub async fn insert(conn: &mut Conn, digest: &[u8], code: &StoredCode, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(digest)
        .bind(&code.client_id)
        .bind(code.grant_id)
        .bind(code.account_id)
        .bind(code.session_id)
        .bind(code.redirect_uri.as_deref())
        .bind(code.code_challenge.as_deref())
        .bind(Json(&code.authorized))
        .bind(now)
        .bind(code.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("storing an authorization code"))
}

pub(super) const FIND: &str = "SELECT client_id, grant_id, account_id, session_id, redirect_uri, code_challenge, \
    authorized, expires_at, used_at FROM authorization_code WHERE digest = $1";

pub async fn find(conn: &mut Conn, digest: &[u8]) -> Result<Option<StoredCode>, Fault> {
    let row: Option<CodeRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(digest).fetch_optional(c).await).map_err(failed("finding a code"))?;
    Ok(row.map(|row| StoredCode {
        client_id: row.client_id,
        grant_id: row.grant_id,
        account_id: row.account_id,
        session_id: row.session_id,
        redirect_uri: row.redirect_uri,
        code_challenge: row.code_challenge,
        authorized: row.authorized.0,
        expires_at: row.expires_at,
        used_at: row.used_at,
    }))
}

pub(super) const CONSUME: &str = "UPDATE authorization_code SET used_at = $3, expires_at = $4 \
    WHERE digest = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3 RETURNING grant_id";

/// The one statement that redeems: by this client, unused, not expired. `false` means somebody was first, or it is late. A spent
/// code is kept until its grant is over, so that a late replay still revokes it.
pub async fn consume(
    conn: &mut Conn,
    digest: &[u8],
    client: &ClientId,
    (now, kept_until): (Timestamp, Timestamp),
) -> Result<bool, Fault> {
    let row: Option<(GrantId,)> = on!(conn, |c| sqlx::query_as(CONSUME)
        .bind(digest)
        .bind(client)
        .bind(now)
        .bind(kept_until)
        .fetch_optional(c)
        .await)
    .map_err(failed("consuming a code"))?;
    Ok(row.is_some())
}
