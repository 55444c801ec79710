//! Initial access tokens (RFC 7591 §1.2): with one, a client may register itself, so many times until a day.

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub struct InitialToken {
    pub id: String,
    pub label: String,
    pub uses_left: i64,
    pub used: i64,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

row! {
    struct TokenRow {
        id: String,
        label: String,
        uses_left: i64,
        used: i64,
        created_at: Timestamp,
        expires_at: Timestamp,
        revoked_at: Option<Timestamp>,
    }
}

pub(super) const INSERT: &str = "INSERT INTO initial_access_token (id, digest, label, uses_left, created_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5, $6)";

pub async fn insert(conn: &mut Conn, token: &InitialToken, digest: &[u8]) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(&token.id)
        .bind(digest)
        .bind(&token.label)
        .bind(token.uses_left)
        .bind(token.created_at)
        .bind(token.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping an initial access token"))
}

pub(super) const IS_GOOD: &str = "SELECT id FROM initial_access_token WHERE digest = $1 AND uses_left > 0 \
    AND expires_at > $2 AND revoked_at IS NULL";

/// Before the work of a registration; [`spend`] decides.
pub async fn is_good(conn: &mut Conn, digest: &[u8], now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(IS_GOOD).bind(digest).bind(now).fetch_optional(c).await)
        .map_err(failed("looking for an initial access token"))?;
    Ok(row.is_some())
}

pub(super) const SPEND: &str = "UPDATE initial_access_token SET uses_left = uses_left - 1, used = used + 1 \
    WHERE digest = $1 AND uses_left > 0 AND expires_at > $2 AND revoked_at IS NULL RETURNING id";

/// Takes one use; the token's id, or `None` when there is none left.
pub async fn spend(conn: &mut Conn, digest: &[u8], now: Timestamp) -> Result<Option<String>, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(SPEND).bind(digest).bind(now).fetch_optional(c).await)
        .map_err(failed("spending an initial access token"))?;
    Ok(row.map(|(id,)| id))
}

pub(super) const REVOKE: &str =
    "UPDATE initial_access_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id";

/// `false` when there is none of this id, or it was revoked before.
pub async fn revoke(conn: &mut Conn, id: &str, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(REVOKE).bind(id).bind(now).fetch_optional(c).await)
        .map_err(failed("revoking an initial access token"))?;
    Ok(row.is_some())
}

pub(super) const LIST: &str = "SELECT id, label, uses_left, used, created_at, expires_at, revoked_at \
    FROM initial_access_token ORDER BY created_at, id LIMIT 1000";

pub async fn list(conn: &mut Conn) -> Result<Vec<InitialToken>, Fault> {
    let rows: Vec<TokenRow> =
        on!(conn, |c| sqlx::query_as(LIST).fetch_all(c).await).map_err(failed("listing initial access tokens"))?;
    Ok(rows
        .into_iter()
        .map(|row| InitialToken {
            id: row.id,
            label: row.label,
            uses_left: row.uses_left,
            used: row.used,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
        })
        .collect())
}
