//! What operators look at, by day, and what of it somebody should ask about.

use time::Date;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp};

/// What an operator looked at in a day, or just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whose record was opened.
    pub people: i64,
    pub searches: i64,
    /// Searches that found nobody.
    pub fruitless: i64,
}

pub(super) const ADD: &str = "INSERT INTO operator_reading (operator, day, people, searches, fruitless) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (operator, day) DO UPDATE SET people = operator_reading.people + excluded.people, \
    searches = operator_reading.searches + excluded.searches, fruitless = operator_reading.fruitless + excluded.fruitless \
    RETURNING people, searches, fruitless";

/// Adds to a day, and answers the whole of it.
pub async fn add(conn: &mut Conn, operator: &str, day: Date, more: Reading) -> Result<Reading, Fault> {
    let row: (i64, i64, i64) = on!(conn, |c| sqlx::query_as(ADD)
        .bind(operator)
        .bind(day)
        .bind(more.people)
        .bind(more.searches)
        .bind(more.fruitless)
        .fetch_one(c)
        .await)
    .map_err(failed("counting what an operator looks at"))?;
    Ok(Reading { people: row.0, searches: row.1, fruitless: row.2 })
}

pub(super) const OF_DAY: &str =
    "SELECT people, searches, fruitless FROM operator_reading WHERE operator = $1 AND day = $2";

pub async fn of_day(conn: &mut Conn, operator: &str, day: Date) -> Result<Reading, Fault> {
    let row: Option<(i64, i64, i64)> =
        on!(conn, |c| sqlx::query_as(OF_DAY).bind(operator).bind(day).fetch_optional(c).await)
            .map_err(failed("reading what an operator looked at"))?;
    Ok(row.map(|row| Reading { people: row.0, searches: row.1, fruitless: row.2 }).unwrap_or_default())
}

pub(super) const FLAG: &str = "INSERT INTO operator_flag (operator, pattern, day, flagged_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (operator, pattern, day) DO NOTHING RETURNING operator";

/// `false` when it was flagged already that day.
pub async fn flag(conn: &mut Conn, operator: &str, pattern: &str, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(FLAG)
        .bind(operator)
        .bind(pattern)
        .bind(now.vietnam_date())
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("flagging how an operator reads"))?;
    Ok(row.is_some())
}
