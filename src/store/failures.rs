//! Failure counters in the record: they survive a restart, and every path and identifier counts into the same row.

use serde::{Serialize, de::DeserializeOwned};
use sqlx::types::Json;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CounterKind {
    Password,
    SecondFactor,
    CodeSend,
    Register,
    Client,
    /// Codes of devices (RFC 8628 §5.1).
    UserCode,
}

impl CounterKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::SecondFactor => "second_factor",
            Self::CodeSend => "code_send",
            Self::Register => "register",
            Self::Client => "client",
            Self::UserCode => "user_code",
        }
    }
}

/// What is counted: a keyed digest of the person's number (or account, or client), and a network or '' for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterKey {
    pub kind: CounterKind,
    pub subject: Vec<u8>,
    pub network: String,
}

pub(super) const FIND: &str = "SELECT tally FROM failure_counter WHERE kind = $1 AND subject = $2 AND network = $3";

/// The tally as the policy that owns it wrote it.
pub async fn find<T: DeserializeOwned + Send + Unpin + 'static>(
    conn: &mut Conn,
    key: &CounterKey,
) -> Result<Option<T>, Fault> {
    let row: Option<(Json<T>,)> = on!(conn, |c| sqlx::query_as(FIND)
        .bind(key.kind.as_str())
        .bind(&key.subject)
        .bind(&key.network)
        .fetch_optional(c)
        .await)
    .map_err(failed("reading a failure counter"))?;
    Ok(row.map(|(tally,)| tally.0))
}

pub(super) const SET: &str = "INSERT INTO failure_counter (kind, subject, network, tally, last_at) \
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, subject, network) DO UPDATE SET tally = excluded.tally, \
    last_at = excluded.last_at";

/// Writes what the policy computed from the tally read in the same unit, after [`take_turn`].
pub async fn set<T: Serialize + Sync>(
    conn: &mut Conn,
    key: &CounterKey,
    tally: &T,
    now: Timestamp,
) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(SET)
        .bind(key.kind.as_str())
        .bind(&key.subject)
        .bind(&key.network)
        .bind(Json(tally))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("writing a failure counter"))
}

pub(super) const FORGIVE: &str = "DELETE FROM failure_counter WHERE kind = $1 AND subject = $2 AND network = $3";

/// After a success, or by an operator.
pub async fn forgive(conn: &mut Conn, key: &CounterKey) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(FORGIVE)
        .bind(key.kind.as_str())
        .bind(&key.subject)
        .bind(&key.network)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("forgiving failures"))
}

pub(super) const LOCK_POSTGRES: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// Two processes that count the same subject take turns on PostgreSQL; SQLite's writers do so anyway.
pub async fn take_turn(conn: &mut Conn, key: &CounterKey) -> Result<(), Fault> {
    match conn {
        Conn::Sqlite(_) => Ok(()),
        Conn::Postgres(c) => {
            let name = format!("{}:{:02x?}", key.kind.as_str(), key.subject);
            sqlx::query(LOCK_POSTGRES)
                .bind(name)
                .execute(&mut **c)
                .await
                .map(|_| ())
                .map_err(failed("waiting to count a failure"))
        }
    }
}
