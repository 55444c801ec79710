//! What an account's holder proves themselves with: TOTP seeds (sealed), recovery codes and phone codes (digests).

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, AuthenticatorId},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredTotp {
    pub id: AuthenticatorId,
    pub account_id: AccountId,
    pub seed_sealed: Vec<u8>,
    pub last_step: i64,
    pub label: String,
    pub created_at: Timestamp,
}

row! {
    struct TotpRow {
        id: AuthenticatorId,
        account_id: AccountId,
        seed_sealed: Vec<u8>,
        last_step: i64,
        label: String,
        created_at: Timestamp,
    }
}

impl From<TotpRow> for StoredTotp {
    fn from(row: TotpRow) -> Self {
        Self {
            id: row.id,
            account_id: row.account_id,
            seed_sealed: row.seed_sealed,
            last_step: row.last_step,
            label: row.label,
            created_at: row.created_at,
        }
    }
}

pub(super) const FIND_TOTP: &str = "SELECT id, account_id, seed_sealed, last_step, label, created_at FROM totp \
    WHERE account_id = $1 AND state = 'active'";

pub async fn active_totp(conn: &mut Conn, account: AccountId) -> Result<Option<StoredTotp>, Fault> {
    let row: Option<TotpRow> = on!(conn, |c| sqlx::query_as(FIND_TOTP).bind(account).fetch_optional(c).await)
        .map_err(failed("finding a TOTP authenticator"))?;
    Ok(row.map(Into::into))
}

pub(super) const FIND_PENDING_TOTP: &str = "SELECT id, account_id, seed_sealed, last_step, label, created_at FROM totp \
    WHERE account_id = $1 AND state = 'pending' AND created_at > $2 ORDER BY created_at DESC LIMIT 1";

/// The newest enrolment under way since `since`.
pub async fn pending_totp(conn: &mut Conn, account: AccountId, since: Timestamp) -> Result<Option<StoredTotp>, Fault> {
    let row: Option<TotpRow> =
        on!(conn, |c| sqlx::query_as(FIND_PENDING_TOTP).bind(account).bind(since).fetch_optional(c).await)
            .map_err(failed("finding a TOTP enrolment"))?;
    Ok(row.map(Into::into))
}

pub(super) const INSERT_TOTP: &str = "INSERT INTO totp (id, account_id, seed_sealed, state, label, created_at) \
    VALUES ($1, $2, $3, 'pending', $4, $5)";

pub async fn insert_pending_totp(conn: &mut Conn, totp: &StoredTotp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT_TOTP)
        .bind(totp.id)
        .bind(totp.account_id)
        .bind(&totp.seed_sealed)
        .bind(&totp.label)
        .bind(totp.created_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("beginning a TOTP enrolment"))
}

pub(super) const CONFIRM_TOTP: &str = "UPDATE totp SET state = 'active', confirmed_at = $3, last_step = $4 \
    WHERE id = $1 AND account_id = $2 AND state = 'pending' RETURNING id";

/// The first code was right: this enrolment takes the place of any earlier one (remove that first). `false`: not pending.
pub async fn confirm_totp(
    conn: &mut Conn,
    id: AuthenticatorId,
    account: AccountId,
    step: i64,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(AuthenticatorId,)> =
        on!(conn, |c| sqlx::query_as(CONFIRM_TOTP).bind(id).bind(account).bind(now).bind(step).fetch_optional(c).await)
            .map_err(failed("confirming a TOTP enrolment"))?;
    Ok(row.is_some())
}

pub(super) const MAKE_ROOM: &str = "UPDATE totp SET state = 'removed', removed_at = $3 WHERE account_id = $1 \
    AND state = 'active' AND EXISTS (SELECT 1 FROM totp p WHERE p.id = $2 AND p.account_id = $1 AND p.state = 'pending')";

/// Confirms an enrolment in the place of the present authenticator; `false`, and nothing changed, when it is not pending.
pub async fn replace_totp(
    conn: &mut Conn,
    id: AuthenticatorId,
    account: AccountId,
    step: i64,
    now: Timestamp,
) -> Result<bool, Fault> {
    on!(conn, |c| sqlx::query(MAKE_ROOM).bind(account).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("making room for a TOTP authenticator"))?;
    confirm_totp(conn, id, account, step, now).await
}

pub(super) const USE_STEP: &str = "UPDATE totp SET last_step = $3 WHERE id = $1 AND account_id = $2 \
    AND state = 'active' AND last_step < $3 RETURNING id";

/// Each time step is accepted once (RFC 6238 §5.2); `false` when this or a later one was used before.
pub async fn use_totp_step(conn: &mut Conn, id: AuthenticatorId, account: AccountId, step: i64) -> Result<bool, Fault> {
    let row: Option<(AuthenticatorId,)> =
        on!(conn, |c| sqlx::query_as(USE_STEP).bind(id).bind(account).bind(step).fetch_optional(c).await)
            .map_err(failed("using a TOTP step"))?;
    Ok(row.is_some())
}

pub(super) const REMOVE_TOTP: &str =
    "UPDATE totp SET state = 'removed', removed_at = $2 WHERE account_id = $1 AND state <> 'removed'";

/// Active and pending ones; answers how many.
pub async fn remove_totp(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REMOVE_TOTP).bind(account).bind(now).execute(c).await.map(|done| done.rows_affected()))
        .map_err(failed("removing TOTP authenticators"))
}

pub(super) const REMOVE_ACTIVE_TOTP: &str =
    "UPDATE totp SET state = 'removed', removed_at = $2 WHERE account_id = $1 AND state = 'active'";

/// Before a new enrolment is confirmed in its place.
pub async fn remove_active_totp(conn: &mut Conn, account: AccountId, now: Timestamp) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(REMOVE_ACTIVE_TOTP)
        .bind(account)
        .bind(now)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("removing a TOTP authenticator"))
}

pub(super) const INSERT_RECOVERY: &str =
    "INSERT INTO recovery_code (digest, account_id, created_at) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING";

pub async fn insert_recovery(conn: &mut Conn, account: AccountId, digest: &[u8], now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT_RECOVERY).bind(digest).bind(account).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("storing a recovery code"))
}

pub(super) const DROP_RECOVERY: &str = "DELETE FROM recovery_code WHERE account_id = $1";

pub async fn drop_recovery(conn: &mut Conn, account: AccountId) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(DROP_RECOVERY).bind(account).execute(c).await.map(|_| ()))
        .map_err(failed("dropping recovery codes"))
}

pub(super) const USE_RECOVERY: &str = "UPDATE recovery_code SET used_at = $3 WHERE digest = $1 AND account_id = $2 AND used_at IS NULL RETURNING account_id";

pub async fn use_recovery(conn: &mut Conn, account: AccountId, digest: &[u8], now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(AccountId,)> =
        on!(conn, |c| sqlx::query_as(USE_RECOVERY).bind(digest).bind(account).bind(now).fetch_optional(c).await)
            .map_err(failed("using a recovery code"))?;
    Ok(row.is_some())
}

pub(super) const COUNT_RECOVERY: &str = "SELECT count(*) FROM recovery_code WHERE account_id = $1 AND used_at IS NULL";

pub async fn recovery_left(conn: &mut Conn, account: AccountId) -> Result<i64, Fault> {
    let (left,): (i64,) = on!(conn, |c| sqlx::query_as(COUNT_RECOVERY).bind(account).fetch_one(c).await)
        .map_err(failed("counting recovery codes"))?;
    Ok(left)
}
