//! Files that were brought in, and whom the registry knows already.

use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed, dialect, intake::list};
use crate::{
    base::{Fault, Timestamp},
    registry::{BirthDate, PersonalNumber, Sex, birth::Precision},
};

/// What the registry holds under a number that a source names too.
#[derive(Clone, Debug)]
pub struct KnownPerson {
    pub number: PersonalNumber,
    /// False when the number was cancelled and only leads to the person.
    pub active: bool,
    pub name_exact: String,
    pub birth: BirthDate,
    pub sex: Sex,
}

row! {
    struct KnownRow {
        number: String,
        state: String,
        name_exact: String,
        birth_date: Date,
        birth_precision: String,
        sex: String,
    }
}

/// Until the transaction ends nobody else adds people in bulk.
pub async fn take_turns(conn: &mut Conn) -> Result<(), Fault> {
    let Some(sql) = dialect::take_turns_at_intake(conn.engine()) else { return Ok(()) };
    on!(conn, |c| sqlx::query(sql).execute(c).await.map(|_| ())).map_err(failed("waiting for another import"))
}

/// Prepares the lane's connection for many rows.
pub async fn widen(conn: &mut Conn) -> Result<(), Fault> {
    for sql in dialect::widen_for_bulk(conn.engine()) {
        on!(&mut *conn, |c| sqlx::query(*sql).execute(c).await.map(|_| ())).map_err(failed("preparing a bulk load"))?;
    }
    Ok(())
}

/// A number that changes when another connection changed the file; always 0 on PostgreSQL, where nobody is in the way.
pub async fn changes_of_others(conn: &mut Conn) -> Result<i64, Fault> {
    let Some(sql) = dialect::changes_of_others(conn.engine()) else { return Ok(0) };
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(sql).fetch_one(c).await).map_err(failed("looking for other writers"))?;
    Ok(row.0)
}

/// Which of the numbers, present or former, the registry knows.
pub async fn known(conn: &mut Conn, numbers: &[&str]) -> Result<Vec<KnownPerson>, Fault> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let (sql, list) = (dialect::known_numbers(conn.engine()), list(numbers));
    let rows: Vec<KnownRow> =
        on!(conn, |c| sqlx::query_as(sql).bind(list).fetch_all(c).await).map_err(failed("finding known numbers"))?;
    rows.into_iter()
        .map(|row| {
            let bad = |column: &'static str| Fault::inconsistent("person", column, &row.number);
            let precision = Precision::from_code(&row.birth_precision).ok_or_else(|| bad("birth_precision"))?;
            Ok(KnownPerson {
                number: PersonalNumber::parse(&row.number).map_err(|_| bad("number"))?,
                active: row.state == "active",
                birth: BirthDate::from_stored(row.birth_date, precision),
                sex: Sex::from_code(&row.sex).ok_or_else(|| bad("sex"))?,
                name_exact: row.name_exact,
            })
        })
        .collect()
}

/// One file being brought in.
#[derive(Clone, Debug)]
pub struct ImportFile {
    pub id: Uuid,
    pub sha256: [u8; 32],
    pub name: String,
}

pub(super) const ANYBODY: &str = "SELECT id FROM person LIMIT 1";
pub(super) const CAME_BEFORE: &str = "SELECT id FROM import_batch WHERE sha256 = $1 LIMIT 1";

/// Whether anybody is in the registry.
pub async fn is_anybody(conn: &mut Conn) -> Result<bool, Fault> {
    let anybody: Option<(Uuid,)> = on!(conn, |c| sqlx::query_as(ANYBODY).fetch_optional(c).await)
        .map_err(failed("looking whether anybody is in the registry"))?;
    Ok(anybody.is_some())
}

/// Whether a file may come in without a decision: the first of an empty registry, or the same bytes as one that did, which
/// changes nothing or goes on with it.
pub async fn is_first_load(conn: &mut Conn, sha256: &[u8; 32]) -> Result<bool, Fault> {
    if !is_anybody(conn).await? {
        return Ok(true);
    }
    let before: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(CAME_BEFORE).bind(sha256.as_slice()).fetch_optional(c).await)
            .map_err(failed("looking whether a file came before"))?;
    Ok(before.is_some())
}

pub(super) const LATEST_TALLY: &str = "SELECT rows_added, rows_known, rows_refused FROM import_batch WHERE sha256 = $1 \
    ORDER BY started_at DESC, id DESC LIMIT 1";

/// What became of a file's rows so far, also in a run that was broken off and gone on with.
pub async fn tally_of(conn: &mut Conn, sha256: &[u8; 32]) -> Result<Tally, Fault> {
    let row: Option<(i64, i64, i64)> =
        on!(conn, |c| sqlx::query_as(LATEST_TALLY).bind(sha256.as_slice()).fetch_optional(c).await)
            .map_err(failed("counting a file's rows"))?;
    let count = |rows: i64| u64::try_from(rows).unwrap_or(0);
    let (added, known, refused) = row.unwrap_or_default();
    Ok(Tally { added: count(added), known: count(known), refused: count(refused) })
}

pub(super) const OPEN: &str = "INSERT INTO import_batch (id, sha256, file_name, rows_added, rows_known, rows_refused, \
    started_at) VALUES ($1, $2, $3, 0, 0, 0, $4)";

pub async fn open(conn: &mut Conn, file: &ImportFile, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(OPEN)
        .bind(file.id)
        .bind(file.sha256.as_slice())
        .bind(&file.name)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("opening an import"))
}

/// Rows of a file by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub added: u64,
    pub known: u64,
    pub refused: u64,
}

pub(super) const COUNT_ROWS: &str = "UPDATE import_batch SET rows_added = rows_added + $2, \
    rows_known = rows_known + $3, rows_refused = rows_refused + $4, touched_at = $6, \
    lines_done = CASE WHEN lines_done > $5 THEN lines_done ELSE $5 END WHERE id = $1";

/// `last_line` is the last of the file whose batch is committed with this.
pub async fn count_rows(
    conn: &mut Conn,
    id: Uuid,
    (rows, last_line): (Tally, u64),
    now: Timestamp,
) -> Result<(), Fault> {
    let [added, known, refused, last_line] =
        [rows.added, rows.known, rows.refused, last_line].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    on!(conn, |c| sqlx::query(COUNT_ROWS)
        .bind(id)
        .bind(added)
        .bind(known)
        .bind(refused)
        .bind(last_line)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("counting an import's rows"))
}

pub(super) const BROKEN_OFF: &str = "SELECT id, lines_done FROM import_batch WHERE sha256 = $1 AND finished_at IS NULL \
    AND touched_at < $2 ORDER BY touched_at DESC LIMIT 1";

/// An import of the same bytes that nobody has gone on with since then: its id, and the last line that was committed.
pub async fn broken_off(
    conn: &mut Conn,
    sha256: &[u8; 32],
    untouched_since: Timestamp,
) -> Result<Option<(Uuid, u64)>, Fault> {
    let row: Option<(Uuid, i64)> =
        on!(conn, |c| sqlx::query_as(BROKEN_OFF).bind(sha256.as_slice()).bind(untouched_since).fetch_optional(c).await)
            .map_err(failed("looking for an import that was broken off"))?;
    Ok(row.map(|(id, lines)| (id, u64::try_from(lines).unwrap_or(0))))
}

pub(super) const FINISH: &str = "UPDATE import_batch SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL";

pub async fn finish(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(FINISH).bind(id).bind(now).execute(c).await.map(|_| ()))
        .map_err(failed("finishing an import"))
}
