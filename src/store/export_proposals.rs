//! Selections of people that one operator proposed to take out of the registry and another decides, the work on their files,
//! and who fetched them.

use uuid::Uuid;

use super::{Conn, db::failed, dialect, intake::list};
use crate::base::{Fault, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// Waits for another person's decision.
    Proposed,
    /// Decided; the file is being written.
    Approved,
    /// The file lies there for who proposed it.
    Ready,
    /// It was fetched, and is gone.
    Taken,
    Rejected,
    Withdrawn,
    Failed,
}

impl ExportState {
    pub const ALL: [Self; 7] =
        [Self::Proposed, Self::Approved, Self::Ready, Self::Taken, Self::Rejected, Self::Withdrawn, Self::Failed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Ready => "ready",
            Self::Taken => "taken",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct NewExport {
    pub id: Uuid,
    /// None for the whole country.
    pub unit: Option<String>,
    /// The ending of the file's name.
    pub format: &'static str,
    pub sensitive: bool,
    pub reason: String,
    pub by: String,
    pub at: Timestamp,
}

/// The file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportFile {
    pub name: String,
    pub sha256: [u8; 32],
    pub bytes: u64,
}

#[derive(Clone, Debug)]
pub struct StoredExport {
    pub id: Uuid,
    pub version: i64,
    pub unit: Option<String>,
    pub format: String,
    pub sensitive: bool,
    pub reason: String,
    pub state: ExportState,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub decision_reason: Option<String>,
    /// In the file, so far.
    pub people: u64,
    /// Whom a file cannot name, for they have no number.
    pub without_number: u64,
    /// Whom this form of file cannot tell from the living.
    pub not_alive: u64,
    pub file: Option<ExportFile>,
    pub ready_at: Option<Timestamp>,
    pub taken_at: Option<Timestamp>,
}

row! {
    struct ExportRow {
        id: Uuid,
        version: i64,
        unit_code: Option<String>,
        format: String,
        sensitive: bool,
        reason: String,
        state: String,
        proposed_by: String,
        proposed_at: Timestamp,
        decided_by: Option<String>,
        decided_at: Option<Timestamp>,
        decision_reason: Option<String>,
        people: i64,
        without_number: i64,
        not_alive: i64,
        file_name: Option<String>,
        sha256: Option<Vec<u8>>,
        bytes: i64,
        ready_at: Option<Timestamp>,
        taken_at: Option<Timestamp>,
    }
}

impl TryFrom<ExportRow> for StoredExport {
    type Error = Fault;

    fn try_from(row: ExportRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("export_proposal", column, &row.id);
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let state = ExportState::from_code(&row.state).ok_or_else(|| bad("state"))?;
        let sha256 = row.sha256.map(|bytes| <[u8; 32]>::try_from(bytes).map_err(|_| bad("sha256"))).transpose()?;
        let file = row.file_name.zip(sha256);
        Ok(Self {
            id: row.id,
            version: row.version,
            unit: row.unit_code,
            format: row.format,
            sensitive: row.sensitive,
            reason: row.reason,
            state,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
            people: count(row.people),
            without_number: count(row.without_number),
            not_alive: count(row.not_alive),
            file: file.map(|(name, sha256)| ExportFile { name, sha256, bytes: count(row.bytes) }),
            ready_at: row.ready_at,
            taken_at: row.taken_at,
        })
    }
}

pub(super) const INSERT: &str = "INSERT INTO export_proposal (id, unit_code, format, sensitive, reason, state, proposed_by, \
    proposed_at) VALUES ($1, $2, $3, $4, $5, 'proposed', $6, $7) ON CONFLICT (id) DO NOTHING RETURNING id";

/// `false` when this form was sent before.
pub async fn insert(conn: &mut Conn, new: &NewExport) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(new.id)
        .bind(new.unit.as_deref())
        .bind(new.format)
        .bind(new.sensitive)
        .bind(&new.reason)
        .bind(&new.by)
        .bind(new.at)
        .fetch_optional(c)
        .await)
    .map_err(failed("proposing an export"))?;
    Ok(row.is_some())
}

pub(super) const FIND: &str = "SELECT id, version, unit_code, format, sensitive, reason, state, proposed_by, proposed_at, \
    decided_by, decided_at, decision_reason, people, without_number, not_alive, file_name, sha256, bytes, ready_at, taken_at \
    FROM export_proposal WHERE id = $1";

pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<StoredExport>, Fault> {
    let row: Option<ExportRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a proposed export"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_FILE: &str = "SELECT id, version, unit_code, format, sensitive, reason, state, proposed_by, \
    proposed_at, decided_by, decided_at, decision_reason, people, without_number, not_alive, file_name, sha256, bytes, ready_at, \
    taken_at FROM export_proposal WHERE file_name = $1";

/// Whose file this is.
pub async fn find_by_file(conn: &mut Conn, name: &str) -> Result<Option<StoredExport>, Fault> {
    let row: Option<ExportRow> = on!(conn, |c| sqlx::query_as(FIND_BY_FILE).bind(name).fetch_optional(c).await)
        .map_err(failed("finding whose file it is"))?;
    row.map(TryInto::try_into).transpose()
}

/// The latest first, of these units (None for everywhere); one of the whole country is only everywhere's.
pub async fn latest(conn: &mut Conn, units: Option<&[&str]>, most: i64) -> Result<Vec<StoredExport>, Fault> {
    let sql = dialect::latest_exports(conn.engine());
    let rows: Vec<ExportRow> = on!(conn, |c| sqlx::query_as(sql)
        .bind(list(units.unwrap_or_default()))
        .bind(units.is_none())
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("listing proposed exports"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const WAITS: &str = "SELECT id FROM export_proposal WHERE state = 'approved' \
    AND (worked_at IS NULL OR worked_at < $1) ORDER BY decided_at, id LIMIT 1";
pub(super) const TAKE_ON: &str = "UPDATE export_proposal SET worked_at = $3, people = 0 WHERE id = $1 \
    AND state = 'approved' AND (worked_at IS NULL OR worked_at < $2) RETURNING id";

/// What nobody writes, or nobody has since then.
pub async fn waits(conn: &mut Conn, quiet_since: Timestamp) -> Result<Option<Uuid>, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(WAITS).bind(quiet_since).fetch_optional(c).await)
        .map_err(failed("looking for exports to write"))?;
    Ok(row.map(|(id,)| id))
}

/// `false` when another process took it on first.
pub async fn take_on(conn: &mut Conn, id: Uuid, (quiet_since, now): (Timestamp, Timestamp)) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(TAKE_ON).bind(id).bind(quiet_since).bind(now).fetch_optional(c).await)
            .map_err(failed("taking an export on"))?;
    Ok(row.is_some())
}

pub(super) const BEAT: &str =
    "UPDATE export_proposal SET worked_at = $2, people = $3 WHERE id = $1 AND state = 'approved'";

/// Still at work, and so far.
pub async fn beat(conn: &mut Conn, id: Uuid, people: u64, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(BEAT).bind(id).bind(now).bind(number(people)).execute(c).await.map(|_| ()))
        .map_err(failed("noting how far an export came"))
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) const READY: &str = "UPDATE export_proposal SET state = 'ready', people = $2, without_number = $3, file_name = $4, \
    sha256 = $5, bytes = $6, ready_at = $7, not_alive = $8, version = version + 1 WHERE id = $1 AND state = 'approved' RETURNING id";

/// `false` when another process was quicker: its file is the one.
pub async fn ready(
    conn: &mut Conn,
    id: Uuid,
    (file, people, (without_number, not_alive)): (&ExportFile, u64, (u64, u64)),
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(READY)
        .bind(id)
        .bind(number(people))
        .bind(number(without_number))
        .bind(&file.name)
        .bind(file.sha256.as_slice())
        .bind(number(file.bytes))
        .bind(now)
        .bind(number(not_alive))
        .fetch_optional(c)
        .await)
    .map_err(failed("ending an export"))?;
    Ok(row.is_some())
}

pub(super) const FAIL: &str = "UPDATE export_proposal SET state = 'failed', version = version + 1 \
    WHERE id = $1 AND state = 'approved' RETURNING id";

pub async fn fail(conn: &mut Conn, id: Uuid) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(FAIL).bind(id).fetch_optional(c).await)
        .map_err(failed("ending an export that failed"))?;
    Ok(row.is_some())
}

pub(super) const TAKE: &str = "UPDATE export_proposal SET state = 'taken', taken_at = $3, version = version + 1 \
    WHERE id = $1 AND proposed_by = $2 AND state = 'ready' AND ready_at > $4 RETURNING id";

/// The file is fetched: once, by who proposed it, while it was ready since then. `false` otherwise.
pub async fn take(
    conn: &mut Conn,
    (id, by): (Uuid, &str),
    (now, ready_since): (Timestamp, Timestamp),
) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(TAKE).bind(id).bind(by).bind(now).bind(ready_since).fetch_optional(c).await)
            .map_err(failed("fetching an export"))?;
    Ok(row.is_some())
}

pub(super) const DECIDE: &str = "UPDATE export_proposal SET state = $4, decided_by = $3, decided_at = $5, \
    decision_reason = $6, version = version + 1 WHERE id = $1 AND version = $2 AND state = 'proposed' \
    AND proposed_by <> $3 RETURNING id";

/// `false` when it is decided, changed, or theirs.
pub async fn decide(
    conn: &mut Conn,
    (id, version): (Uuid, i64),
    (by, to, reason): (&str, ExportState, Option<&str>),
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(DECIDE)
        .bind(id)
        .bind(version)
        .bind(by)
        .bind(to.code())
        .bind(now)
        .bind(reason)
        .fetch_optional(c)
        .await)
    .map_err(failed("deciding an export"))?;
    Ok(row.is_some())
}

pub(super) const WITHDRAW: &str = "UPDATE export_proposal SET state = 'withdrawn', version = version + 1 WHERE id = $1 \
    AND version = $2 AND proposed_by = $3 AND state = 'proposed' RETURNING id";

pub async fn withdraw(conn: &mut Conn, (id, version): (Uuid, i64), by: &str) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(WITHDRAW).bind(id).bind(version).bind(by).fetch_optional(c).await)
            .map_err(failed("withdrawing an export"))?;
    Ok(row.is_some())
}
