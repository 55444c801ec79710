//! New recovery codes, sealed for the few minutes in which their page may be shown again; afterwards only digests remain.

use super::{Conn, db::failed};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, SessionId},
};

#[derive(Clone, Debug, PartialEq)]
pub struct StoredSheet {
    pub account_id: AccountId,
    /// Only the session that made the codes sees them.
    pub session_id: SessionId,
    pub codes_sealed: Vec<u8>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
}

pub(super) const PUT: &str = "INSERT INTO recovery_sheet (account_id, session_id, codes_sealed, made_at, expires_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET session_id = excluded.session_id, \
    codes_sealed = excluded.codes_sealed, made_at = excluded.made_at, expires_at = excluded.expires_at";

/// In the place of an earlier one.
pub async fn put(conn: &mut Conn, sheet: &StoredSheet) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(PUT)
        .bind(sheet.account_id)
        .bind(sheet.session_id)
        .bind(&sheet.codes_sealed)
        .bind(sheet.made_at)
        .bind(sheet.expires_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping a sheet of recovery codes"))
}

pub(super) const FIND: &str = "SELECT codes_sealed, made_at, expires_at FROM recovery_sheet \
    WHERE account_id = $1 AND session_id = $2 AND expires_at > $3";

pub async fn find(
    conn: &mut Conn,
    account_id: AccountId,
    session_id: SessionId,
    now: Timestamp,
) -> Result<Option<StoredSheet>, Fault> {
    let row: Option<(Vec<u8>, Timestamp, Timestamp)> =
        on!(conn, |c| sqlx::query_as(FIND).bind(account_id).bind(session_id).bind(now).fetch_optional(c).await)
            .map_err(failed("finding a sheet of recovery codes"))?;
    Ok(row.map(|(codes_sealed, made_at, expires_at)| StoredSheet {
        account_id,
        session_id,
        codes_sealed,
        made_at,
        expires_at,
    }))
}

pub(super) const DROP: &str = "DELETE FROM recovery_sheet WHERE account_id = $1";

/// The person keeps them now, or they are good for nothing any more.
pub async fn drop_of_account(conn: &mut Conn, account: AccountId) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(DROP).bind(account).execute(c).await.map(|_| ()))
        .map_err(failed("dropping a sheet of recovery codes"))
}
