//! Files of people that one operator proposed and another decides as a whole, and the work on them.

use uuid::Uuid;

use super::{Conn, db::failed, imports::Tally};
use crate::base::{Fault, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Every row is read, checked and compared, and nothing is written.
    Rehearsing,
    /// Waits for another person's decision.
    Proposed,
    /// Decided; the rows are on their way in.
    Approved,
    Done,
    Rejected,
    Withdrawn,
    /// The file is not what it was, or cannot be read.
    Failed,
}

impl ImportState {
    pub const ALL: [Self; 7] =
        [Self::Rehearsing, Self::Proposed, Self::Approved, Self::Done, Self::Rejected, Self::Withdrawn, Self::Failed];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Rehearsing => "rehearsing",
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Done => "done",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Failed => "failed",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether somebody, or something, is at work on it.
    pub const fn is_working(self) -> bool {
        matches!(self, Self::Rehearsing | Self::Approved)
    }
}

#[derive(Clone, Debug)]
pub struct StoredImport {
    pub id: Uuid,
    pub version: i64,
    pub file_name: String,
    pub sha256: Option<[u8; 32]>,
    pub state: ImportState,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub rehearsed: Tally,
    /// Rows that would be added and are very like somebody who is recorded.
    pub likely: u64,
    /// JSON: the first rows that would be refused, and the first that are likely.
    pub report: String,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub decision_reason: Option<String>,
    pub done: Tally,
    pub failure: Option<String>,
    pub finished_at: Option<Timestamp>,
}

row! {
    struct ImportRow {
        id: Uuid,
        version: i64,
        file_name: String,
        sha256: Option<Vec<u8>>,
        state: String,
        proposed_by: String,
        proposed_at: Timestamp,
        rows_new: i64,
        rows_known: i64,
        rows_refused: i64,
        rows_likely: i64,
        report: String,
        decided_by: Option<String>,
        decided_at: Option<Timestamp>,
        decision_reason: Option<String>,
        done_added: i64,
        done_known: i64,
        done_refused: i64,
        failure: Option<String>,
        finished_at: Option<Timestamp>,
    }
}

impl TryFrom<ImportRow> for StoredImport {
    type Error = Fault;

    fn try_from(row: ImportRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("import_proposal", column, &row.id);
        let count = |rows: i64| u64::try_from(rows).unwrap_or(0);
        let tally = |added, known, refused| Tally { added: count(added), known: count(known), refused: count(refused) };
        let state = ImportState::from_code(&row.state).ok_or_else(|| bad("state"))?;
        let sha256 = row.sha256.map(|bytes| <[u8; 32]>::try_from(bytes).map_err(|_| bad("sha256"))).transpose()?;
        Ok(Self {
            id: row.id,
            version: row.version,
            file_name: row.file_name,
            sha256,
            state,
            proposed_by: row.proposed_by,
            proposed_at: row.proposed_at,
            rehearsed: tally(row.rows_new, row.rows_known, row.rows_refused),
            likely: count(row.rows_likely),
            report: row.report,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            decision_reason: row.decision_reason,
            done: tally(row.done_added, row.done_known, row.done_refused),
            failure: row.failure,
            finished_at: row.finished_at,
        })
    }
}

pub(super) const INSERT: &str = "INSERT INTO import_proposal (id, file_name, sha256, state, proposed_by, proposed_at) \
    VALUES ($1, $2, $3, 'rehearsing', $4, $5) ON CONFLICT (id) DO NOTHING RETURNING id";

/// `false` when this form was sent before. Of an uploaded file the digest is known; other bytes are not rehearsed then.
pub async fn insert(
    conn: &mut Conn,
    id: Uuid,
    (file, sha256, by): (&str, Option<&[u8; 32]>, &str),
    now: Timestamp,
) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(INSERT)
        .bind(id)
        .bind(file)
        .bind(sha256.map(|digest| &digest[..]))
        .bind(by)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("proposing an import"))?;
    Ok(row.is_some())
}

pub(super) const STATE_OF_FILE: &str =
    "SELECT state FROM import_proposal WHERE file_name = $1 ORDER BY proposed_at DESC, id DESC LIMIT 1";

/// What became of the latest proposal of a file.
pub async fn state_of_file(conn: &mut Conn, file: &str) -> Result<Option<ImportState>, Fault> {
    let row: Option<(String,)> = on!(conn, |c| sqlx::query_as(STATE_OF_FILE).bind(file).fetch_optional(c).await)
        .map_err(failed("asking what became of a file"))?;
    let state = |(code,): (String,)| {
        ImportState::from_code(&code).ok_or_else(|| Fault::inconsistent("import_proposal", "state", &file))
    };
    row.map(state).transpose()
}

pub(super) const FIND: &str = "SELECT id, version, file_name, sha256, state, proposed_by, proposed_at, rows_new, rows_known, \
    rows_refused, rows_likely, report, decided_by, decided_at, decision_reason, done_added, done_known, done_refused, \
    failure, finished_at FROM import_proposal WHERE id = $1";

pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<StoredImport>, Fault> {
    let row: Option<ImportRow> = on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a proposed import"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const LATEST: &str = "SELECT id, version, file_name, sha256, state, proposed_by, proposed_at, rows_new, rows_known, \
    rows_refused, rows_likely, report, decided_by, decided_at, decision_reason, done_added, done_known, done_refused, \
    failure, finished_at FROM import_proposal ORDER BY proposed_at DESC, id DESC LIMIT $1";

/// The latest first.
pub async fn latest(conn: &mut Conn, most: i64) -> Result<Vec<StoredImport>, Fault> {
    let rows: Vec<ImportRow> = on!(conn, |c| sqlx::query_as(LATEST).bind(most).fetch_all(c).await)
        .map_err(failed("listing proposed imports"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const WAITS: &str = "SELECT id FROM import_proposal WHERE state IN ('rehearsing', 'approved') \
    AND (worked_at IS NULL OR worked_at < $1) ORDER BY proposed_at, id LIMIT 1";
pub(super) const TAKE: &str = "UPDATE import_proposal SET worked_at = $3 WHERE id = $1 \
    AND state IN ('rehearsing', 'approved') AND (worked_at IS NULL OR worked_at < $2) RETURNING id";

/// What nobody works on, or nobody has since then.
pub async fn waits(conn: &mut Conn, quiet_since: Timestamp) -> Result<Option<Uuid>, Fault> {
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(WAITS).bind(quiet_since).fetch_optional(c).await)
        .map_err(failed("looking for imports to work on"))?;
    Ok(row.map(|(id,)| id))
}

/// `false` when another process took it first.
pub async fn take(conn: &mut Conn, id: Uuid, (quiet_since, now): (Timestamp, Timestamp)) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(TAKE).bind(id).bind(quiet_since).bind(now).fetch_optional(c).await)
            .map_err(failed("taking an import on"))?;
    Ok(row.is_some())
}

pub(super) const BEAT: &str = "UPDATE import_proposal SET worked_at = $2, done_added = $3, done_known = $4, \
    done_refused = $5 WHERE id = $1";

/// Still at work, and so far.
pub async fn beat(conn: &mut Conn, id: Uuid, rows: Tally, now: Timestamp) -> Result<(), Fault> {
    let [added, known, refused] = counts(rows);
    on!(conn, |c| sqlx::query(BEAT)
        .bind(id)
        .bind(now)
        .bind(added)
        .bind(known)
        .bind(refused)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("noting how far an import came"))
}

fn counts(rows: Tally) -> [i64; 3] {
    [rows.added, rows.known, rows.refused].map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

pub(super) const REHEARSED: &str = "UPDATE import_proposal SET state = 'proposed', sha256 = $2, rows_new = $3, \
    rows_known = $4, rows_refused = $5, report = $6, rows_likely = $7, worked_at = NULL, done_added = 0, done_known = 0, done_refused = 0, \
    version = version + 1 WHERE id = $1 AND state = 'rehearsing' RETURNING id";

/// Ready to be decided.
pub async fn rehearsed(
    conn: &mut Conn,
    id: Uuid,
    (sha256, rows, likely, report): (&[u8; 32], Tally, u64, &str),
) -> Result<bool, Fault> {
    let [new, known, refused] = counts(rows);
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(REHEARSED)
        .bind(id)
        .bind(sha256.as_slice())
        .bind(new)
        .bind(known)
        .bind(refused)
        .bind(report)
        .bind(i64::try_from(likely).unwrap_or(i64::MAX))
        .fetch_optional(c)
        .await)
    .map_err(failed("keeping what a rehearsal found"))?;
    Ok(row.is_some())
}

pub(super) const FINISH: &str = "UPDATE import_proposal SET state = $2, done_added = $3, done_known = $4, done_refused = $5, \
    failure = $6, finished_at = $7, version = version + 1 WHERE id = $1 AND state IN ('rehearsing', 'approved') RETURNING id";

/// Brought in to its end, or failed.
pub async fn finish(
    conn: &mut Conn,
    id: Uuid,
    (to, rows, failure): (ImportState, Tally, Option<&str>),
    now: Timestamp,
) -> Result<bool, Fault> {
    let [added, known, refused] = counts(rows);
    let row: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(FINISH)
        .bind(id)
        .bind(to.code())
        .bind(added)
        .bind(known)
        .bind(refused)
        .bind(failure)
        .bind(now)
        .fetch_optional(c)
        .await)
    .map_err(failed("ending an import"))?;
    Ok(row.is_some())
}

pub(super) const DECIDE: &str = "UPDATE import_proposal SET state = $4, decided_by = $3, decided_at = $5, \
    decision_reason = $6, version = version + 1 WHERE id = $1 AND version = $2 AND state = 'proposed' \
    AND proposed_by <> $3 RETURNING id";

/// `false` when it is decided, changed, or theirs.
pub async fn decide(
    conn: &mut Conn,
    (id, version): (Uuid, i64),
    (by, to, reason): (&str, ImportState, Option<&str>),
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
    .map_err(failed("deciding an import"))?;
    Ok(row.is_some())
}

pub(super) const WITHDRAW: &str = "UPDATE import_proposal SET state = 'withdrawn', version = version + 1 WHERE id = $1 \
    AND version = $2 AND proposed_by = $3 AND state = 'proposed' RETURNING id";

pub async fn withdraw(conn: &mut Conn, (id, version): (Uuid, i64), by: &str) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(WITHDRAW).bind(id).bind(version).bind(by).fetch_optional(c).await)
            .map_err(failed("withdrawing an import"))?;
    Ok(row.is_some())
}
