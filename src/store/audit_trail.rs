//! What one operator did, and what happened to one person or account: page by page, the latest first. Events of one commit have
//! one time, so that a page ends at an event and not at a moment.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Conn,
    audit_log::{EventRow, StoredEvent},
    db::failed,
    dialect,
    intake::list,
};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, InstanceId, PersonId},
};

/// The event that a page ended with, and the earliest moment that is asked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Bounds {
    pub since: Timestamp,
    pub at: Timestamp,
    pub instance: Uuid,
    pub lane: i64,
    pub seq: i64,
}

impl Bounds {
    /// Everything from one moment on, before another.
    pub const fn between(since: Timestamp, until: Timestamp) -> Self {
        Self { since, at: until, instance: Uuid::nil(), lane: 0, seq: 0 }
    }

    /// What comes after an event.
    pub const fn after(self, event: &StoredEvent) -> Self {
        Self { since: self.since, at: event.at, instance: event.instance.0, lane: event.lane, seq: event.seq }
    }
}

/// Whose trail a page is of.
#[derive(Clone, Debug)]
pub enum Trail<'a> {
    /// `operator:` and the name.
    Operator(&'a str),
    /// What happened to a person beside any account.
    Person(PersonId),
    Account(AccountId),
    /// What operators of these units did about a person.
    ByUnits(PersonId, &'a [&'a str]),
}

pub(super) const OF_OPERATOR: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
    session_id, detail, prev_hash, hash FROM audit_event WHERE actor = $1 AND substr(actor, 1, 9) = 'operator:' \
    AND at >= $2 AND at <= $3 AND (at, instance, lane, seq) < ($3, $4, $5, $6) \
    ORDER BY at DESC, instance DESC, lane DESC, seq DESC LIMIT $7";
pub(super) const OF_PERSON: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
    session_id, detail, prev_hash, hash FROM audit_event WHERE person_id = $1 AND account_id IS NULL \
    AND at >= $2 AND at <= $3 AND (at, instance, lane, seq) < ($3, $4, $5, $6) \
    ORDER BY at DESC, instance DESC, lane DESC, seq DESC LIMIT $7";
pub(super) const OF_ACCOUNT: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
    session_id, detail, prev_hash, hash FROM audit_event WHERE account_id = $1 \
    AND at >= $2 AND at <= $3 AND (at, instance, lane, seq) < ($3, $4, $5, $6) \
    ORDER BY at DESC, instance DESC, lane DESC, seq DESC LIMIT $7";

pub async fn page(conn: &mut Conn, of: &Trail<'_>, from: Bounds, most: i64) -> Result<Vec<StoredEvent>, Fault> {
    /// The same binds for each statement, whatever kind of value says whose trail it is.
    macro_rules! read {
        ($sql:expr, $whose:expr $(, $more:expr)?) => {
            on!(conn, |c| sqlx::query_as($sql)
                .bind($whose)
                .bind(from.since)
                .bind(from.at)
                .bind(InstanceId(from.instance))
                .bind(from.lane)
                .bind(from.seq)
                .bind(most)
                $(.bind($more))?
                .fetch_all(c)
                .await)
        };
    }
    let of_units = dialect::trail_of_units(conn.engine());
    let rows: Result<Vec<EventRow>, _> = match of {
        Trail::Operator(name) => read!(OF_OPERATOR, *name),
        Trail::Person(id) => read!(OF_PERSON, *id),
        Trail::Account(id) => read!(OF_ACCOUNT, *id),
        Trail::ByUnits(id, units) => read!(of_units, *id, list(units)),
    };
    let rows = rows.map_err(failed("reading a trail"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}
