//! Civil events from proposal to record. Who proposes and who decides are two: the deciding statement asks for it, and the
//! table's own check refuses it a second time.

use serde::{Deserialize, Serialize};
use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed, dialect, intake::list};
use crate::base::{
    Fault, Timestamp,
    ids::{EventId, PersonId},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventState {
    /// Waits for another person's decision.
    Proposed,
    /// Back with its proposer, with a reason or because the record changed meanwhile.
    Returned,
    Withdrawn,
    Rejected,
    /// Part of the record.
    Recorded,
    /// Contradicts the record: a case is open.
    Case,
}

impl EventState {
    pub const ALL: [Self; 6] =
        [Self::Proposed, Self::Returned, Self::Withdrawn, Self::Rejected, Self::Recorded, Self::Case];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Rejected => "rejected",
            Self::Recorded => "recorded",
            Self::Case => "case",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An event as it comes in: as a proposal, or as a case.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub id: EventId,
    pub kind: &'static str,
    pub source: String,
    pub source_id: String,
    pub unit_code: Option<String>,
    pub state: EventState,
    /// The form as JSON, sealed at (`civil_event`, `payload_sealed`, id).
    pub payload_sealed: Vec<u8>,
    /// JSON: the versions it rests on.
    pub base: String,
    pub proposed_by: String,
    pub note: Option<String>,
    pub due_on: Date,
    pub people: Vec<PersonId>,
}

pub(super) const INSERT: &str = "INSERT INTO civil_event (id, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) \
    ON CONFLICT (source, source_id) DO NOTHING RETURNING id";
pub(super) const CONCERNS: &str =
    "INSERT INTO civil_event_person (person_id, event_id) VALUES ($1, $2) ON CONFLICT (person_id, event_id) DO NOTHING";

/// `false` when this source sent the same event before.
pub async fn insert(conn: &mut Conn, event: &NewEvent, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(&mut *conn, |c| sqlx::query_as(INSERT)
        .bind(event.id)
        .bind(event.kind)
        .bind(&event.source)
        .bind(&event.source_id)
        .bind(event.unit_code.as_deref())
        .bind(event.state.code())
        .bind(&event.payload_sealed)
        .bind(&event.base)
        .bind(&event.proposed_by)
        .bind(now)
        .bind(event.note.as_deref())
        .bind(event.due_on)
        .fetch_optional(c)
        .await)
    .map_err(failed("proposing an event"))?;
    if row.is_none() {
        return Ok(false);
    }
    for person in &event.people {
        concern(conn, event.id, *person).await?;
    }
    Ok(true)
}

pub async fn concern(conn: &mut Conn, event: EventId, person: PersonId) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(CONCERNS).bind(person).bind(event).execute(c).await.map(|_| ()))
        .map_err(failed("putting an event on a timeline"))
}

#[derive(Clone, Debug)]
pub struct StoredEvent {
    pub id: EventId,
    pub version: i64,
    pub kind: String,
    pub source: String,
    pub source_id: String,
    pub unit_code: Option<String>,
    pub state: EventState,
    pub payload_sealed: Vec<u8>,
    pub base: String,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub note: Option<String>,
    pub due_on: Date,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub decision_reason: Option<String>,
}

row! {
    struct EventRow {
        id: EventId,
        version: i64,
        kind: String,
        source: String,
        source_id: String,
        unit_code: Option<String>,
        state: String,
        payload_sealed: Vec<u8>,
        base: String,
        proposed_by: String,
        proposed_at: Timestamp,
        note: Option<String>,
        due_on: Date,
        decided_by: Option<String>,
        decided_at: Option<Timestamp>,
        decision_reason: Option<String>,
    }
}

impl TryFrom<EventRow> for StoredEvent {
    type Error = Fault;

    fn try_from(row: EventRow) -> Result<Self, Fault> {
        let state =
            EventState::from_code(&row.state).ok_or_else(|| Fault::inconsistent("civil_event", "state", &row.id))?;
        Ok(Self {
            id: row.id,
            version: row.version,
            kind: row.kind,
            source: row.source,
            source_id: row.source_id,
            unit_code: row.unit_code,
            state,
            payload_sealed: row.payload_sealed,
            base: row.base,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at,
            note: row.note,
            due_on: row.due_on,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
        })
    }
}

pub(super) const FIND: &str = "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event WHERE id = $1";

pub async fn find(conn: &mut Conn, id: EventId) -> Result<Option<StoredEvent>, Fault> {
    let row: Option<EventRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding an event"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_SOURCE: &str = "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
    WHERE source = $1 AND source_id = $2";

pub async fn find_by_source(conn: &mut Conn, source: &str, source_id: &str) -> Result<Option<StoredEvent>, Fault> {
    let row: Option<EventRow> =
        on!(conn, |c| sqlx::query_as(FIND_BY_SOURCE).bind(source).bind(source_id).fetch_optional(c).await)
            .map_err(failed("finding a source's event"))?;
    row.map(TryInto::try_into).transpose()
}

/// Earlier than anything is due, and a date that both engines have.
pub(super) const BEGINNING: Date = time::macros::date!(0001 - 01 - 01);

/// Where a page of a list by urgency ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due<Id> {
    pub on: Date,
    pub id: Id,
}

impl Due<EventId> {
    /// Before the first.
    pub const START: Self = Self { on: BEGINNING, id: EventId(Uuid::nil()) };

    pub const fn of(event: &StoredEvent) -> Self {
        Self { on: event.due_on, id: event.id }
    }
}

/// What somebody may decide: the first page of [`waiting_after`].
pub async fn waiting(
    conn: &mut Conn,
    not_of: &str,
    units: Option<&[&str]>,
    most: i64,
) -> Result<Vec<StoredEvent>, Fault> {
    waiting_after(conn, not_of, units, (Due::<EventId>::START, most)).await
}

pub(super) const WAITING: &str = "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
    WHERE state = 'proposed' AND proposed_by <> $1 AND (due_on, id) > ($2, $3) ORDER BY due_on, id LIMIT $4";

/// What somebody may decide: proposed by others, in these units (None for everywhere), the most urgent first. What has no unit
/// is only everywhere.
pub async fn waiting_after(
    conn: &mut Conn,
    not_of: &str,
    units: Option<&[&str]>,
    (after, most): (Due<EventId>, i64),
) -> Result<Vec<StoredEvent>, Fault> {
    let sql = dialect::waiting_events(conn.engine());
    let rows: Result<Vec<EventRow>, _> = match units {
        None => {
            on!(conn, |c| sqlx::query_as(WAITING)
                .bind(not_of)
                .bind(after.on)
                .bind(after.id)
                .bind(most)
                .fetch_all(c)
                .await)
        }
        Some(units) => {
            on!(conn, |c| sqlx::query_as(sql)
                .bind(list(units))
                .bind(not_of)
                .bind(after.on)
                .bind(after.id)
                .bind(most)
                .fetch_all(c)
                .await)
        }
    };
    rows.map_err(failed("listing proposals"))?.into_iter().map(TryInto::try_into).collect()
}

pub(super) const MINE: &str = "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
    WHERE proposed_by = $1 AND state IN ('proposed', 'returned') AND state = $2 AND (due_on, id) > ($3, $4) \
    ORDER BY due_on, id LIMIT $5";

/// What somebody proposed and is not settled: the first page of [`mine_after`].
pub async fn mine(conn: &mut Conn, by: &str, most: i64) -> Result<Vec<StoredEvent>, Fault> {
    mine_after(conn, by, None, most).await
}

/// What somebody proposed and is not settled; what came back first. After the last of another page.
pub async fn mine_after(
    conn: &mut Conn,
    by: &str,
    after: Option<(EventState, Due<EventId>)>,
    most: i64,
) -> Result<Vec<StoredEvent>, Fault> {
    let mut all = Vec::new();
    for state in [EventState::Returned, EventState::Proposed] {
        let from = match after {
            Some((reached, _)) if reached == EventState::Proposed && state == EventState::Returned => continue,
            Some((reached, due)) if reached == state => due,
            _ => Due::<EventId>::START,
        };
        let left = most.saturating_sub(i64::try_from(all.len()).unwrap_or(most));
        let rows: Vec<EventRow> = on!(&mut *conn, |c| sqlx::query_as(MINE)
            .bind(by)
            .bind(state.code())
            .bind(from.on)
            .bind(from.id)
            .bind(left)
            .fetch_all(c)
            .await)
        .map_err(failed("listing an officer's proposals"))?;
        let rows: Result<Vec<StoredEvent>, Fault> = rows.into_iter().map(TryInto::try_into).collect();
        all.extend(rows?);
    }
    Ok(all)
}

pub(super) const OF_PERSON: &str = "SELECT e.id, e.version, e.kind, e.source, e.source_id, e.unit_code, e.state, \
    e.payload_sealed, e.base, e.proposed_by, e.proposed_at, e.note, e.due_on, e.decided_by, e.decided_at, \
    e.decision_reason FROM civil_event_person p JOIN civil_event e ON e.id = p.event_id WHERE p.person_id = $1 \
    ORDER BY e.proposed_at DESC, e.id DESC LIMIT $2";

/// A person's events, the latest first, whatever became of them.
pub async fn of_person(conn: &mut Conn, person: PersonId, most: i64) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).bind(most).fetch_all(c).await)
        .map_err(failed("reading a person's events"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// A decision by somebody else.
#[derive(Clone, Debug)]
pub struct Decision {
    pub to: EventState,
    pub by: String,
    pub reason: Option<String>,
}

pub(super) const DECIDE: &str = "UPDATE civil_event SET state = $4, decided_by = $2, decided_at = $5, decision_reason = $6, \
    version = version + 1 WHERE id = $1 AND state = 'proposed' AND proposed_by <> $2 AND version = $3 RETURNING id";

/// `false` when it is decided, changed, or theirs.
pub async fn decide(
    conn: &mut Conn,
    (id, version): (EventId, i64),
    decision: &Decision,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(conn, |c| sqlx::query_as(DECIDE)
        .bind(id)
        .bind(&decision.by)
        .bind(version)
        .bind(decision.to.code())
        .bind(now)
        .bind(decision.reason.as_deref())
        .fetch_optional(c)
        .await)
    .map_err(failed("deciding an event"))?;
    Ok(row.is_some())
}

pub(super) const REPROPOSE: &str = "UPDATE civil_event SET state = 'proposed', payload_sealed = $4, base = $5, note = $6, \
    due_on = $7, unit_code = $9, decided_by = NULL, decided_at = NULL, decision_reason = NULL, version = version + 1 \
    WHERE id = $1 AND version = $2 AND proposed_by = $3 AND kind = $8 AND state IN ('returned', 'proposed') RETURNING id";

pub(super) const PEOPLE: &str =
    "SELECT person_id FROM civil_event_person WHERE event_id = $1 ORDER BY person_id LIMIT 100";

/// Whom an event is on the timeline of.
pub async fn people_of(conn: &mut Conn, event: EventId) -> Result<Vec<PersonId>, Fault> {
    let rows: Vec<(PersonId,)> = on!(conn, |c| sqlx::query_as(PEOPLE).bind(event).fetch_all(c).await)
        .map_err(failed("reading whom an event speaks of"))?;
    Ok(rows.into_iter().map(|(person,)| person).collect())
}

pub(super) const FORGET_PEOPLE: &str = "DELETE FROM civil_event_person WHERE event_id = $1";

/// What was only proposed happened to nobody: a timeline keeps those whom the event now speaks of.
pub async fn forget_people(conn: &mut Conn, event: EventId) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(FORGET_PEOPLE).bind(event).execute(c).await.map(|_| ()))
        .map_err(failed("forgetting whom an event spoke of"))
}

/// What came back goes out again, by the same proposer.
pub async fn propose_again(conn: &mut Conn, (event, version): (&NewEvent, i64)) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(&mut *conn, |c| sqlx::query_as(REPROPOSE)
        .bind(event.id)
        .bind(version)
        .bind(&event.proposed_by)
        .bind(&event.payload_sealed)
        .bind(&event.base)
        .bind(event.note.as_deref())
        .bind(event.due_on)
        .bind(event.kind)
        .bind(event.unit_code.as_deref())
        .fetch_optional(c)
        .await)
    .map_err(failed("proposing an event again"))?;
    if row.is_none() {
        return Ok(false);
    }
    forget_people(conn, event.id).await?;
    for person in &event.people {
        concern(conn, event.id, *person).await?;
    }
    Ok(true)
}

pub(super) const EARLY: &str = "SELECT id, version, kind, source, source_id, unit_code, state, payload_sealed, base, \
    proposed_by, proposed_at, note, due_on, decided_by, decided_at, decision_reason FROM civil_event \
    WHERE state = 'case' AND tried_at IS NOT NULL AND tried_at < $1 ORDER BY tried_at, id LIMIT $2";

/// What came before the thing it builds on, and was not tried since then.
pub async fn early(conn: &mut Conn, before: Timestamp, most: i64) -> Result<Vec<StoredEvent>, Fault> {
    let rows: Vec<EventRow> = on!(conn, |c| sqlx::query_as(EARLY).bind(before).bind(most).fetch_all(c).await)
        .map_err(failed("listing events that came early"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const TRIED: &str = "UPDATE civil_event SET tried_at = $3 WHERE id = $1 AND version = $2 AND state = 'case'";

/// `None`: it is not tried again.
pub async fn tried(conn: &mut Conn, (id, version): (EventId, i64), at: Option<Timestamp>) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(TRIED).bind(id).bind(version).bind(at).execute(c).await.map(|_| ()))
        .map_err(failed("noting that an event was tried"))
}

pub(super) const WAKE: &str = "UPDATE civil_event SET state = 'proposed', base = $3, due_on = $4, unit_code = $5, \
    tried_at = NULL, version = version + 1 WHERE id = $1 AND version = $2 AND state = 'case' RETURNING id";

/// What came early can be decided now.
pub async fn wake(
    conn: &mut Conn,
    (id, version): (EventId, i64),
    (base, unit, people): (&str, Option<&str>, &[PersonId]),
    due_on: Date,
) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(&mut *conn, |c| sqlx::query_as(WAKE)
        .bind(id)
        .bind(version)
        .bind(base)
        .bind(due_on)
        .bind(unit)
        .fetch_optional(c)
        .await)
    .map_err(failed("proposing what came early"))?;
    if row.is_none() {
        return Ok(false);
    }
    for person in people {
        concern(conn, id, *person).await?;
    }
    Ok(true)
}

/// What came with it stays: who told of it, for which dossier.
pub(super) const TAKE_UP: &str = "UPDATE civil_event SET state = 'proposed', payload_sealed = $4, base = $5, \
    note = COALESCE($6, note), \
    due_on = $7, unit_code = $9, proposed_by = $3, proposed_at = $10, version = version + 1 \
    WHERE id = $1 AND version = $2 AND kind = $8 AND state = 'case' RETURNING id";

/// What no rule took is proposed by an officer who looked into it.
pub async fn take_up(conn: &mut Conn, (event, version): (&NewEvent, i64), now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(EventId,)> = on!(&mut *conn, |c| sqlx::query_as(TAKE_UP)
        .bind(event.id)
        .bind(version)
        .bind(&event.proposed_by)
        .bind(&event.payload_sealed)
        .bind(&event.base)
        .bind(event.note.as_deref())
        .bind(event.due_on)
        .bind(event.kind)
        .bind(event.unit_code.as_deref())
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("taking an event up"))?;
    if row.is_none() {
        return Ok(false);
    }
    for person in &event.people {
        concern(conn, event.id, *person).await?;
    }
    Ok(true)
}

pub(super) const REFUSE_CASE: &str = "UPDATE civil_event SET state = 'rejected', decided_by = $2, decided_at = $3, \
    decision_reason = $4, version = version + 1 WHERE id = $1 AND state = 'case' AND proposed_by <> $2 RETURNING id";

/// An officer found that it is not so; `false` when it is no case any more, or theirs.
pub async fn refuse_case(
    conn: &mut Conn,
    id: EventId,
    (by, reason): (&str, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(EventId,)> =
        on!(conn, |c| sqlx::query_as(REFUSE_CASE).bind(id).bind(by).bind(now).bind(reason).fetch_optional(c).await)
            .map_err(failed("refusing an event that became a case"))?;
    Ok(row.is_some())
}

pub(super) const WITHDRAW: &str = "UPDATE civil_event SET state = 'withdrawn', version = version + 1 WHERE id = $1 \
    AND version = $2 AND proposed_by = $3 AND state IN ('proposed', 'returned') RETURNING id";

pub async fn withdraw(conn: &mut Conn, (id, version): (EventId, i64), by: &str) -> Result<bool, Fault> {
    let row: Option<(EventId,)> =
        on!(conn, |c| sqlx::query_as(WITHDRAW).bind(id).bind(version).bind(by).fetch_optional(c).await)
            .map_err(failed("withdrawing an event"))?;
    Ok(row.is_some())
}
