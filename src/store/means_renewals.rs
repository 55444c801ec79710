//! Renewals of what proves an account's holder, asked for at the desk and waiting until they are due: one an account.

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp, ids::AccountId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRenewal {
    pub account_id: AccountId,
    pub asked_at: Timestamp,
    pub due_at: Timestamp,
    /// The app's last accepted step when it was asked; `None` where there was no app.
    pub totp_step: Option<i64>,
    /// Recovery codes that were unused then.
    pub recovery_left: i64,
}

row! {
    struct RenewalRow {
        account_id: AccountId,
        asked_at: Timestamp,
        due_at: Timestamp,
        totp_step: Option<i64>,
        recovery_left: i64,
    }
}

pub(super) const PUT: &str = "INSERT INTO means_renewal (account_id, asked_at, due_at, totp_step, recovery_left) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET asked_at = excluded.asked_at, \
    due_at = excluded.due_at, totp_step = excluded.totp_step, recovery_left = excluded.recovery_left";

/// In the place of an earlier one.
pub async fn put(conn: &mut Conn, renewal: &StoredRenewal) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(PUT)
        .bind(renewal.account_id)
        .bind(renewal.asked_at)
        .bind(renewal.due_at)
        .bind(renewal.totp_step)
        .bind(renewal.recovery_left)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping a renewal of means"))
}

pub(super) const FIND: &str =
    "SELECT account_id, asked_at, due_at, totp_step, recovery_left FROM means_renewal WHERE account_id = $1";

pub async fn find(conn: &mut Conn, account: AccountId) -> Result<Option<StoredRenewal>, Fault> {
    let row: Option<RenewalRow> = on!(conn, |c| sqlx::query_as(FIND).bind(account).fetch_optional(c).await)
        .map_err(failed("finding a renewal of means"))?;
    Ok(row.map(|row| StoredRenewal {
        account_id: row.account_id,
        asked_at: row.asked_at,
        due_at: row.due_at,
        totp_step: row.totp_step,
        recovery_left: row.recovery_left,
    }))
}

pub(super) const DROP: &str = "DELETE FROM means_renewal WHERE account_id = $1 RETURNING account_id";

/// It was done, or it was not the holder's; `false` when there was none.
pub async fn drop_of_account(conn: &mut Conn, account: AccountId) -> Result<bool, Fault> {
    let row: Option<(AccountId,)> = on!(conn, |c| sqlx::query_as(DROP).bind(account).fetch_optional(c).await)
        .map_err(failed("dropping a renewal of means"))?;
    Ok(row.is_some())
}
