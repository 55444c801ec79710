//! Reading the audit: verification of the chains, and an account's own history.

use uuid::Uuid;

use super::{
    Conn,
    audit::{ChainHead, Sealed, chain_hash},
    db::failed,
};
use crate::base::{
    Fault, Timestamp,
    ids::{AccountId, GrantId, InstanceId, PersonId},
};

/// One stored event.
#[derive(Clone, Debug)]
pub struct StoredEvent {
    pub instance: InstanceId,
    pub lane: i64,
    pub seq: i64,
    pub at: Timestamp,
    pub action: String,
    pub outcome: String,
    pub actor: String,
    pub person_id: Option<Uuid>,
    pub account_id: Option<Uuid>,
    pub client_id: Option<String>,
    pub session_id: Option<Uuid>,
    pub detail: String,
    pub prev_hash: Vec<u8>,
    pub hash: Vec<u8>,
}

row! {
    pub(super) struct EventRow {
        instance: InstanceId,
        lane: i64,
        seq: i64,
        at: Timestamp,
        action: String,
        outcome: String,
        actor: String,
        person_id: Option<Uuid>,
        account_id: Option<Uuid>,
        client_id: Option<String>,
        session_id: Option<Uuid>,
        detail: String,
        prev_hash: Vec<u8>,
        hash: Vec<u8>,
    }
}

impl From<EventRow> for StoredEvent {
    fn from(row: EventRow) -> Self {
        let EventRow {
            instance,
            lane,
            seq,
            at,
            action,
            outcome,
            actor,
            person_id,
            account_id,
            client_id,
            session_id,
            detail,
            prev_hash,
            hash,
        } = row;
        Self {
            instance,
            lane,
            seq,
            at,
            action,
            outcome,
            actor,
            person_id,
            account_id,
            client_id,
            session_id,
            detail,
            prev_hash,
            hash,
        }
    }
}

pub(super) const PAGE: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, client_id, \
    session_id, detail, prev_hash, hash FROM audit_event WHERE (instance, lane, seq) > ($1, $2, $3) \
    ORDER BY instance, lane, seq LIMIT $4";

async fn page(conn: &mut Conn, after: (InstanceId, i64, i64), limit: i64) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> =
        on!(conn, |c| sqlx::query_as(PAGE).bind(after.0).bind(after.1).bind(after.2).bind(limit).fetch_all(c).await)
            .map_err(failed("reading the audit"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// What a verification of every chain found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub chains: u64,
    pub events: u64,
    /// The first event of each broken chain: (instance, lane, seq) and why.
    pub broken: Vec<(InstanceId, i64, i64, &'static str)>,
}

/// Walks all chains in pages: numbers without a gap, each hash recomputed, each link followed.
pub async fn verify(conn: &mut Conn) -> Result<Verified, Fault> {
    let mut found = Verified::default();
    let mut at = (InstanceId(Uuid::nil()), -1, 0);
    let mut chain: Option<(InstanceId, i64, ChainHead, bool)> = None;
    loop {
        let events = page(conn, at, 2_000).await?;
        let Some(last) = events.last() else { return Ok(found) };
        at = (last.instance, last.lane, last.seq);
        for event in &events {
            found.events += 1;
            let (head, sound) = match chain {
                Some((instance, lane, head, sound)) if (instance, lane) == (event.instance, event.lane) => {
                    (head, sound)
                }
                _ => {
                    found.chains += 1;
                    (ChainHead::GENESIS, true)
                }
            };
            let fault = sound.then(|| event.fault_after(&head)).flatten();
            if let Some(why) = fault {
                found.broken.push((event.instance, event.lane, event.seq, why));
            }
            let hash = event.hash.as_slice().try_into().unwrap_or([0; 32]);
            chain = Some((event.instance, event.lane, ChainHead { seq: event.seq, hash }, sound && fault.is_none()));
        }
    }
}

impl StoredEvent {
    fn fault_after(&self, head: &ChainHead) -> Option<&'static str> {
        if self.seq != head.seq + 1 {
            return Some("an event before it is missing");
        }
        if self.prev_hash != head.hash {
            return Some("it does not follow the event before it");
        }
        let sealed = Sealed {
            at: self.at,
            action: &self.action,
            outcome: &self.outcome,
            actor: &self.actor,
            person_id: self.person_id,
            account_id: self.account_id,
            client_id: self.client_id.as_deref(),
            session_id: self.session_id,
            detail: &self.detail,
        };
        let hash = chain_hash(self.instance, self.lane, self.seq, &sealed, &head.hash);
        (self.hash != hash).then_some("its content was changed")
    }
}

pub(super) const OF_ACCOUNT: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, \
    client_id, session_id, detail, prev_hash, hash FROM audit_event WHERE account_id = $1 AND at < $2 \
    ORDER BY at DESC LIMIT $3";

/// An account's own history, newest first, before the given moment.
pub async fn of_account(
    conn: &mut Conn,
    account: AccountId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> =
        on!(conn, |c| sqlx::query_as(OF_ACCOUNT).bind(account).bind(before).bind(limit).fetch_all(c).await)
            .map_err(failed("reading an account's history"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) const OF_GRANT: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, \
    client_id, session_id, detail, prev_hash, hash FROM audit_event WHERE account_id = $1 \
    AND at >= (SELECT g.created_at FROM grants g WHERE g.id = $2) AND at < $3 AND detail LIKE '%' || $4 || '%' \
    ORDER BY at DESC LIMIT $5";

/// What one authorization of an account came to, newest first: read along the account's own events since it was given,
/// however many others stand between them.
pub async fn of_grant(
    conn: &mut Conn,
    (account, grant): (AccountId, GrantId),
    before: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> = on!(conn, |c| sqlx::query_as(OF_GRANT)
        .bind(account)
        .bind(grant)
        .bind(before)
        .bind(grant.to_string())
        .bind(limit)
        .fetch_all(c)
        .await)
    .map_err(failed("reading a grant's history"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

pub(super) const OF_PERSON: &str = "SELECT instance, lane, seq, at, action, outcome, actor, person_id, account_id, \
    client_id, session_id, detail, prev_hash, hash FROM audit_event WHERE person_id = $1 AND account_id IS NULL \
    AND at < $2 ORDER BY at DESC LIMIT $3";

/// What happened to a person beside any account of theirs, newest first, before the given moment.
pub async fn of_person(
    conn: &mut Conn,
    person: PersonId,
    before: Timestamp,
    limit: i64,
) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> =
        on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).bind(before).bind(limit).fetch_all(c).await)
            .map_err(failed("reading a person's history"))?;
    Ok(rows.into_iter().map(Into::into).collect())
}

row! {
    struct HeadRow {
        instance: InstanceId,
        lane: i64,
        seq: i64,
        hash: Vec<u8>,
    }
}

/// The end of a chain, to be kept where the database's owner cannot reach: what was cut off later is missed by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub instance: InstanceId,
    pub lane: i64,
    pub seq: i64,
    pub hash: Vec<u8>,
}

pub(super) const HEADS: &str = "SELECT e.instance, e.lane, e.seq, e.hash FROM audit_event e JOIN \
    (SELECT instance, lane, max(seq) AS last FROM audit_event GROUP BY instance, lane) h \
    ON h.instance = e.instance AND h.lane = e.lane AND h.last = e.seq ORDER BY e.instance, e.lane";

/// Where every chain stands.
pub async fn heads(conn: &mut Conn) -> Result<Vec<Head>, Fault> {
    let rows: Vec<HeadRow> =
        on!(conn, |c| sqlx::query_as(HEADS).fetch_all(c).await).map_err(failed("reading the audit chains' heads"))?;
    Ok(rows
        .into_iter()
        .map(|row| Head { instance: row.instance, lane: row.lane, seq: row.seq, hash: row.hash })
        .collect())
}

/// Instances are named by the moment they began (UUIDv7): the newest one's last event is found at the end of the primary key.
pub(super) const NEWEST: &str = "SELECT at FROM audit_event ORDER BY instance DESC, lane DESC, seq DESC LIMIT 1";

/// When the process that began last wrote last.
pub async fn newest(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let row: Option<(Timestamp,)> = on!(conn, |c| sqlx::query_as(NEWEST).fetch_optional(c).await)
        .map_err(failed("reading the newest audit event"))?;
    Ok(row.map(|(at,)| at))
}

pub(super) const HAS: &str = "SELECT seq FROM audit_event WHERE instance = $1 AND lane = $2 AND seq = $3 AND hash = $4";

/// Whether an event that was once a head is still there, as it was.
pub async fn has(conn: &mut Conn, head: &Head) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(HAS)
        .bind(head.instance)
        .bind(head.lane)
        .bind(head.seq)
        .bind(&head.hash)
        .fetch_optional(c)
        .await)
    .map_err(failed("looking for an audit event"))?;
    Ok(row.is_some())
}
