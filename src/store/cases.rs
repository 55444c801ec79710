//! Cases: what no rule may decide alone waits here for a person.

use time::Date;
use uuid::Uuid;

use super::{
    Conn,
    civil_events::{BEGINNING, Due},
    db::failed,
    dialect,
    intake::list,
};
use crate::base::{
    Fault, Timestamp,
    ids::{CaseId, EventId, PersonId},
};

/// A case as it is opened.
#[derive(Clone, Debug)]
pub struct NewCase {
    pub id: CaseId,
    /// What is at odds: a stable word.
    pub kind: &'static str,
    /// Where it came from, and what that place calls it.
    pub source: String,
    pub source_id: String,
    pub person: Option<PersonId>,
    pub event: Option<EventId>,
    pub unit_code: Option<String>,
    /// JSON, sealed at (`registry_case`, `detail_sealed`, id).
    pub detail_sealed: Vec<u8>,
    pub opened_by: String,
    pub due_on: Date,
}

pub(super) const OPEN: &str = "INSERT INTO registry_case (id, kind, source, source_id, person_id, event_id, unit_code, \
    detail_sealed, state, opened_by, opened_at, due_on) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9, $10, $11) \
    ON CONFLICT (source, source_id) DO NOTHING RETURNING id";

/// `false` when this source opened a case for the same thing before.
pub async fn open(conn: &mut Conn, case: &NewCase, now: Timestamp) -> Result<bool, Fault> {
    let row: Option<(CaseId,)> = on!(conn, |c| sqlx::query_as(OPEN)
        .bind(case.id)
        .bind(case.kind)
        .bind(&case.source)
        .bind(&case.source_id)
        .bind(case.person)
        .bind(case.event)
        .bind(case.unit_code.as_deref())
        .bind(&case.detail_sealed)
        .bind(&case.opened_by)
        .bind(now)
        .bind(case.due_on)
        .fetch_optional(c)
        .await)
    .map_err(failed("opening a case"))?;
    Ok(row.is_some())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseState {
    Open,
    Assigned,
    Resolved,
}

impl CaseState {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Open, Self::Assigned, Self::Resolved].into_iter().find(|state| state.code() == code)
    }
}

#[derive(Clone, Debug)]
pub struct StoredCase {
    pub id: CaseId,
    pub version: i64,
    pub kind: String,
    pub source: String,
    pub source_id: String,
    pub person: Option<PersonId>,
    pub event: Option<EventId>,
    pub unit_code: Option<String>,
    pub detail_sealed: Vec<u8>,
    pub state: CaseState,
    pub opened_by: String,
    pub opened_at: Timestamp,
    pub due_on: Date,
    pub assigned_to: Option<String>,
    pub resolution: Option<String>,
    pub reason: Option<String>,
}

row! {
    struct CaseRow {
        id: CaseId,
        version: i64,
        kind: String,
        source: String,
        source_id: String,
        person_id: Option<PersonId>,
        event_id: Option<EventId>,
        unit_code: Option<String>,
        detail_sealed: Vec<u8>,
        state: String,
        opened_by: String,
        opened_at: Timestamp,
        due_on: Date,
        assigned_to: Option<String>,
        resolution: Option<String>,
        reason: Option<String>,
    }
}

impl TryFrom<CaseRow> for StoredCase {
    type Error = Fault;

    fn try_from(row: CaseRow) -> Result<Self, Fault> {
        let state =
            CaseState::from_code(&row.state).ok_or_else(|| Fault::inconsistent("registry_case", "state", &row.id))?;
        Ok(Self {
            id: row.id,
            version: row.version,
            kind: row.kind,
            source: row.source,
            source_id: row.source_id,
            person: row.person_id,
            event: row.event_id,
            unit_code: row.unit_code,
            detail_sealed: row.detail_sealed,
            state,
            opened_by: row.opened_by,
            opened_at: row.opened_at,
            due_on: row.due_on,
            assigned_to: row.assigned_to,
            resolution: row.resolution,
            reason: row.reason,
        })
    }
}

pub(super) const FIND: &str = "SELECT id, version, kind, source, source_id, person_id, event_id, unit_code, detail_sealed, \
    state, opened_by, opened_at, due_on, assigned_to, resolution, reason FROM registry_case WHERE id = $1";

pub async fn find(conn: &mut Conn, id: CaseId) -> Result<Option<StoredCase>, Fault> {
    let row: Option<CaseRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding a case"))?;
    row.map(TryInto::try_into).transpose()
}

impl Due<CaseId> {
    /// Before the first.
    pub const START: Self = Self { on: BEGINNING, id: CaseId(Uuid::nil()) };

    pub const fn of(case: &StoredCase) -> Self {
        Self { on: case.due_on, id: case.id }
    }
}

/// Those that nobody has resolved: the first page of [`waiting_after`].
pub async fn waiting(conn: &mut Conn, units: Option<&[&str]>, most: i64) -> Result<Vec<StoredCase>, Fault> {
    waiting_after(conn, units, (Due::<CaseId>::START, most)).await
}

pub(super) const WAITING: &str = "SELECT id, version, kind, source, source_id, person_id, event_id, unit_code, \
    detail_sealed, state, opened_by, opened_at, due_on, assigned_to, resolution, reason FROM registry_case \
    WHERE state <> 'resolved' AND (due_on, id) > ($1, $2) ORDER BY due_on, id LIMIT $3";

/// Those that nobody has resolved, the most urgent first, of these units (None for everywhere). One without a unit is only
/// everywhere's.
pub async fn waiting_after(
    conn: &mut Conn,
    units: Option<&[&str]>,
    (after, most): (Due<CaseId>, i64),
) -> Result<Vec<StoredCase>, Fault> {
    let sql = dialect::waiting_cases(conn.engine());
    let rows: Result<Vec<CaseRow>, _> = match units {
        None => {
            on!(conn, |c| sqlx::query_as(WAITING).bind(after.on).bind(after.id).bind(most).fetch_all(c).await)
        }
        Some(units) => {
            on!(conn, |c| sqlx::query_as(sql)
                .bind(list(units))
                .bind(after.on)
                .bind(after.id)
                .bind(most)
                .fetch_all(c)
                .await)
        }
    };
    rows.map_err(failed("listing cases"))?.into_iter().map(TryInto::try_into).collect()
}

pub(super) const ASSIGN: &str = "UPDATE registry_case SET state = 'assigned', assigned_to = $3, version = version + 1 \
    WHERE id = $1 AND version = $2 AND state <> 'resolved' RETURNING id";

/// `false` when it was changed since it was read.
pub async fn assign(conn: &mut Conn, id: CaseId, version: i64, to: &str) -> Result<bool, Fault> {
    let row: Option<(CaseId,)> =
        on!(conn, |c| sqlx::query_as(ASSIGN).bind(id).bind(version).bind(to).fetch_optional(c).await)
            .map_err(failed("assigning a case"))?;
    Ok(row.is_some())
}

/// How a case ended.
#[derive(Clone, Debug)]
pub struct Resolution {
    pub by: String,
    /// A stable word: what was done.
    pub resolution: &'static str,
    /// In the officer's words.
    pub reason: String,
}

pub(super) const RESOLVE: &str = "UPDATE registry_case SET state = 'resolved', resolved_by = $3, resolved_at = $4, \
    resolution = $5, reason = $6, version = version + 1 WHERE id = $1 AND version = $2 AND state <> 'resolved' RETURNING id";

pub async fn resolve(
    conn: &mut Conn,
    (id, version): (CaseId, i64),
    how: &Resolution,
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(CaseId,)> = on!(conn, |c| sqlx::query_as(RESOLVE)
        .bind(id)
        .bind(version)
        .bind(&how.by)
        .bind(now)
        .bind(how.resolution)
        .bind(&how.reason)
        .fetch_optional(c)
        .await)
    .map_err(failed("resolving a case"))?;
    Ok(row.is_some())
}

pub(super) const RESOLVE_OF_EVENT: &str = "UPDATE registry_case SET state = 'resolved', resolved_by = $2, resolved_at = $3, \
    resolution = $4, reason = $5, version = version + 1 WHERE event_id = $1 AND kind = 'event_refused' \
    AND state <> 'resolved'";

/// The case that an event opened when it came.
pub async fn resolve_of_event(conn: &mut Conn, event: EventId, how: &Resolution, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(RESOLVE_OF_EVENT)
        .bind(event)
        .bind(&how.by)
        .bind(now)
        .bind(how.resolution)
        .bind(&how.reason)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("resolving an event's case"))
}
