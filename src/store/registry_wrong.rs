//! Answers that did not agree, by client and officer and day: also about numbers that lead to nobody, which no person's row
//! could count.

use super::{Conn, db::failed, registry_uses::RegistryUse};
use crate::base::{Fault, Timestamp};

/// A day's count after one more wrong answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongOfDay {
    pub officer: i64,
    pub client: i64,
    /// All that the client asked.
    pub client_requests: i64,
}

pub(super) const OF_OFFICER: &str = "INSERT INTO registry_officer_day (client_id, officer, day, wrong) VALUES ($1, $2, $3, 1) \
    ON CONFLICT (client_id, officer, day) DO UPDATE SET wrong = registry_officer_day.wrong + 1 RETURNING wrong";
pub(super) const OF_CLIENT: &str = "UPDATE registry_volume SET wrong = wrong + 1 WHERE client_id = $1 AND day = $2 \
    RETURNING wrong, requests";

/// Counts one; the request itself was counted before.
pub async fn count(conn: &mut Conn, used: &RegistryUse) -> Result<WrongOfDay, Fault> {
    let day = used.at.vietnam_date();
    let (officer,): (i64,) = on!(&mut *conn, |c| sqlx::query_as(OF_OFFICER)
        .bind(&used.client)
        .bind(&used.by.officer)
        .bind(day)
        .fetch_one(c)
        .await)
    .map_err(failed("counting an officer's wrong answers"))?;
    let (client, client_requests): (i64, i64) =
        on!(conn, |c| sqlx::query_as(OF_CLIENT).bind(&used.client).bind(day).fetch_one(c).await)
            .map_err(failed("counting a client's wrong answers"))?;
    Ok(WrongOfDay { officer, client, client_requests })
}

pub(super) const REQUESTS_OF_OFFICER: &str = "SELECT count(*) FROM (SELECT id FROM registry_use WHERE client_id = $1 \
    AND officer = $2 AND at >= $3 LIMIT $4) AS asked";

/// How often an officer was answered since then; no more than `most`.
pub async fn requests_of_officer(
    conn: &mut Conn,
    used: &RegistryUse,
    since: Timestamp,
    most: i64,
) -> Result<i64, Fault> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(REQUESTS_OF_OFFICER)
        .bind(&used.client)
        .bind(&used.by.officer)
        .bind(since)
        .bind(most)
        .fetch_one(c)
        .await)
    .map_err(failed("counting an officer's requests"))?;
    Ok(row.0)
}

pub(super) const STOP_OFFICER: &str =
    "UPDATE registry_officer_day SET stopped = $4 WHERE client_id = $1 AND officer = $2 AND day = $3";
pub(super) const STOP_CLIENT: &str = "UPDATE registry_volume SET stopped = $3 WHERE client_id = $1 AND day = $2";

/// Nothing is answered to this officer any more today.
pub async fn stop_officer(conn: &mut Conn, used: &RegistryUse) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(STOP_OFFICER)
        .bind(&used.client)
        .bind(&used.by.officer)
        .bind(used.at.vietnam_date())
        .bind(true)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("stopping an officer for the day"))
}

/// Nothing is answered to this client any more today.
pub async fn stop_client(conn: &mut Conn, used: &RegistryUse) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(STOP_CLIENT)
        .bind(&used.client)
        .bind(used.at.vietnam_date())
        .bind(true)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("stopping a client for the day"))
}
