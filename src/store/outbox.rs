//! Messages that leave the service: written with the change that causes them, sent and tried again by the outbox's worker.

use super::{Conn, Engine, db::failed};
use crate::base::{Fault, Timestamp, ids::MessageId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    Sms,
    BackchannelLogout,
    /// A decision about a backchannel authentication request, for a client of ping or push.
    CibaNotice,
}

impl MessageKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::BackchannelLogout => "backchannel_logout",
            Self::CibaNotice => "ciba_notice",
        }
    }
}

/// A message as written. `payload` is sealed by the flows when it is personal.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: MessageId,
    pub kind: MessageKind,
    /// Whom it concerns, for the operator who looks: a `client_id`, or an opaque id; never a phone number.
    pub recipient: String,
    pub payload: Vec<u8>,
    pub gives_up_at: Timestamp,
}

pub(super) const INSERT: &str = "INSERT INTO outbox (id, kind, recipient, payload, state, created_at, next_attempt_at, \
    gives_up_at) VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7)";

pub async fn insert(conn: &mut Conn, message: &NewMessage, now: Timestamp) -> Result<(), Fault> {
    insert_for(conn, message, now, now).await
}

/// One that is not due before `due`.
pub async fn insert_for(conn: &mut Conn, message: &NewMessage, now: Timestamp, due: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(INSERT)
        .bind(message.id)
        .bind(message.kind.as_str())
        .bind(&message.recipient)
        .bind(&message.payload)
        .bind(now)
        .bind(due)
        .bind(message.gives_up_at)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("writing to the outbox"))
}

/// A message that this worker holds until its lease ends.
#[derive(Clone, Debug, PartialEq)]
pub struct DueMessage {
    pub id: MessageId,
    pub kind: MessageKind,
    pub recipient: String,
    pub payload: Vec<u8>,
    pub attempts: i64,
    pub created_at: Timestamp,
    pub gives_up_at: Timestamp,
}

row! {
    struct DueRow {
        id: MessageId,
        kind: String,
        recipient: String,
        payload: Vec<u8>,
        attempts: i64,
        created_at: Timestamp,
        gives_up_at: Timestamp,
    }
}

const CLAIM_SQLITE: &str = "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2 WHERE id IN \
    (SELECT id FROM outbox WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3) \
    RETURNING id, kind, recipient, payload, attempts, created_at, gives_up_at";
// Materialized: a planner may run a subquery several times, and each run skips other locked rows and takes more than the limit.
const CLAIM_POSTGRES: &str = "WITH due AS MATERIALIZED (SELECT id FROM outbox WHERE state = 'waiting' \
    AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
    UPDATE outbox o SET attempts = o.attempts + 1, next_attempt_at = $2 FROM due WHERE o.id = due.id \
    RETURNING o.id, o.kind, o.recipient, o.payload, o.attempts, o.created_at, o.gives_up_at";

/// Takes what is due, for `lease_until`: a worker that dies holds nothing longer than that.
pub async fn claim(
    conn: &mut Conn,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
) -> Result<Vec<DueMessage>, Fault> {
    // Two workers on PostgreSQL must not take the same row; SQLite has one writer.
    let sql = match conn.engine() {
        Engine::Sqlite => CLAIM_SQLITE,
        Engine::Postgres => CLAIM_POSTGRES,
    };
    let rows: Vec<DueRow> =
        on!(conn, |c| sqlx::query_as(sql).bind(now).bind(lease_until).bind(limit).fetch_all(c).await)
            .map_err(failed("claiming from the outbox"))?;
    rows.into_iter()
        .map(|row| {
            Ok(DueMessage {
                kind: match row.kind.as_str() {
                    "sms" => MessageKind::Sms,
                    "backchannel_logout" => MessageKind::BackchannelLogout,
                    "ciba_notice" => MessageKind::CibaNotice,
                    _ => return Err(Fault::inconsistent("outbox", "kind", &row.id)),
                },
                id: row.id,
                recipient: row.recipient,
                payload: row.payload,
                attempts: row.attempts,
                created_at: row.created_at,
                gives_up_at: row.gives_up_at,
            })
        })
        .collect()
}

pub(super) const DONE: &str = "UPDATE outbox SET state = 'done', done_at = $2, payload = $3, last_error = NULL WHERE id = $1 AND state = 'waiting' \
    RETURNING id";

/// Sent and acknowledged: what it said is not needed any more. `false` when another worker, which held it after a lease had
/// run out, has ended it already.
pub async fn done(conn: &mut Conn, id: MessageId, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(MessageId,)> =
        on!(conn, |c| sqlx::query_as(DONE).bind(id).bind(now).bind(&b""[..]).fetch_optional(c).await)
            .map_err(failed("closing a message"))?;
    Ok(row.is_some())
}

pub(super) const AGAIN: &str = "UPDATE outbox SET state = $2, next_attempt_at = $3, last_error = $4 \
    WHERE id = $1 AND state = 'waiting' RETURNING id";

/// Not delivered: tried again at `next`, or given up when there is none. `false` when it has ended meanwhile: what was
/// delivered is not sent again by a worker that was late.
pub async fn again(
    conn: &mut Conn,
    id: MessageId,
    next: Option<Timestamp>,
    now: Timestamp,
    why: &str,
) -> Result<bool, Fault> {
    let state = if next.is_some() { "waiting" } else { "dead" };
    let row: Option<(MessageId,)> = on!(conn, |c| sqlx::query_as(AGAIN)
        .bind(id)
        .bind(state)
        .bind(next.unwrap_or(now))
        .bind(why)
        .fetch_optional(c)
        .await)
    .map_err(failed("putting a message back"))?;
    Ok(row.is_some())
}

pub(super) const OLDEST_DUE: &str =
    "SELECT next_attempt_at FROM outbox WHERE state = 'waiting' ORDER BY next_attempt_at LIMIT 1";

pub async fn oldest_due(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let row: Option<(Timestamp,)> =
        on!(conn, |c| sqlx::query_as(OLDEST_DUE).fetch_optional(c).await).map_err(failed("looking at the outbox"))?;
    Ok(row.map(|(at,)| at))
}

pub(super) const IS_DONE: &str = "SELECT id FROM outbox WHERE id = $1 AND state = 'done'";

/// Sent and acknowledged.
pub async fn is_done(conn: &mut Conn, id: MessageId) -> Result<bool, Fault> {
    let row: Option<(MessageId,)> = on!(conn, |c| sqlx::query_as(IS_DONE).bind(id).fetch_optional(c).await)
        .map_err(failed("looking for a message's end"))?;
    Ok(row.is_some())
}
