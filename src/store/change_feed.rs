//! What changed of whom, in an order that never shows a place before a smaller one.
//!
//! A change is written without a place, in the transaction that makes it. Places are given to what is committed, by one
//! connection at a time: who drew a number of a sequence first may commit last, and a reader past it would never see it.

use serde_json::Value;
use time::Date;
use uuid::Uuid;

use super::{
    Conn,
    bulk::{Cell, Rows, Table},
    db::failed,
};
use crate::base::{
    Fault, Timestamp,
    ids::{EventId, PersonId},
};

/// A change of one person, as it is written.
#[derive(Clone, Debug)]
pub struct NewChange<'a> {
    pub person: PersonId,
    /// The version that it makes.
    pub version: i64,
    pub kind: &'a str,
    pub event: EventId,
    pub fields: &'a [&'static str],
    /// Where the person lives afterwards.
    pub unit_after: &'a str,
}

// Before the person's own row is written, so that it tells where they lived.
pub(super) const ADD: &str = "INSERT INTO registry_change (person_id, person_version, kind, event_id, fields, unit_before, \
    unit_after, at) VALUES ($1, $2, $3, $4, $5, COALESCE((SELECT home_unit FROM person WHERE id = $1), ''), $6, \
    COALESCE((SELECT max(at) FROM registry_change WHERE person_id = $1 AND at > $7), $7))";

pub async fn add(conn: &mut Conn, change: &NewChange<'_>, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(ADD)
        .bind(change.person)
        .bind(change.version)
        .bind(change.kind)
        .bind(change.event)
        .bind(sqlx::types::Json(change.fields))
        .bind(change.unit_after)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("telling of a change"))
}

/// What subscribers hear of who came in by an import that two officers decided.
pub const IMPORT: &str = "import";
/// One change for everybody: codes of communes are others from a day on.
pub const BOUNDARY_CHANGE: &str = "boundary_change";

static CHANGE: Table = Table::new(
    "registry_change",
    &["person_id", "person_version", "kind", "event_id", "fields", "unit_before", "unit_after", "at"],
);

/// Somebody who was not recorded before.
#[derive(Clone, Debug)]
pub struct Newcomer {
    pub person: PersonId,
    /// JSON: the names of the fields that say something.
    pub fields: String,
    pub unit: String,
}

/// Many who came together; `with` names the import.
pub async fn add_newcomers(conn: &mut Conn, people: &[Newcomer], (with, now): (Uuid, Timestamp)) -> Result<(), Fault> {
    let mut rows = Rows::of(&CHANGE);
    for one in people {
        let (id, event) = (Cell::Id(one.person.0), Cell::Id(with));
        let (fields, unit) = (Cell::Json(&one.fields), Cell::Text(&one.unit));
        rows.push([id, Cell::Count(1), Cell::Text(IMPORT), event, fields, Cell::Text(""), unit, Cell::At(now)]);
    }
    rows.insert(conn).await
}

pub(super) const TOUCH_PERSON: &str = "UPDATE person SET version = version + 1 WHERE id = $1";
pub(super) const ADD_BESIDE: &str = "INSERT INTO registry_change (person_id, person_version, kind, event_id, fields, \
    unit_before, unit_after, at) SELECT p.id, p.version, $2, $3, $4, p.home_unit, p.home_unit, \
    COALESCE((SELECT max(c.at) FROM registry_change c WHERE c.person_id = $1 AND c.at > $5), $5) FROM person p WHERE p.id = $1";

/// A change beside a person's own record, that is theirs all the same: who owns the dwelling of their household.
pub async fn add_beside(
    conn: &mut Conn,
    (person, field): (PersonId, &str),
    (kind, event): (&str, EventId),
    now: Timestamp,
) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(TOUCH_PERSON).bind(person).execute(c).await.map(|_| ()))
        .map_err(failed("marking a person as changed"))?;
    on!(conn, |c| sqlx::query(ADD_BESIDE)
        .bind(person)
        .bind(kind)
        .bind(event)
        .bind(sqlx::types::Json([field]))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("telling of a change beside a person"))
}

pub(super) const ADD_BOUNDARY: &str = "INSERT INTO registry_change (person_id, person_version, kind, event_id, fields, \
    unit_before, unit_after, at) VALUES ($1, 1, $2, $1, $3, '', '', $4) ON CONFLICT (person_id, person_version) DO NOTHING";

/// A change of boundaries that was carried out: nobody's record changed, and everybody's codes did.
pub async fn add_boundary(conn: &mut Conn, event: EventId, now: Timestamp) -> Result<(), Fault> {
    let none: [&str; 0] = [];
    on!(conn, |c| sqlx::query(ADD_BOUNDARY)
        .bind(event)
        .bind(BOUNDARY_CHANGE)
        .bind(sqlx::types::Json(none))
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("telling of a change of boundaries"))
}

pub(super) const WAITING: &str = "SELECT person_version FROM registry_change WHERE position IS NULL LIMIT 1";

/// Whether something committed has no place yet.
pub async fn has_placeless(conn: &mut Conn) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(WAITING).fetch_optional(c).await)
        .map_err(failed("looking for changes without a place"))?;
    Ok(row.is_some())
}

// Takes the row's lock: whoever comes second waits here, and sees what the first placed.
pub(super) const TURN: &str = "UPDATE change_feed SET last = last WHERE id = 1 RETURNING last";
pub(super) const PLACE: &str = "UPDATE registry_change SET position = n.nth + $1 FROM (SELECT person_id, person_version, \
    row_number() OVER (ORDER BY at, person_id, person_version) AS nth FROM registry_change WHERE position IS NULL \
    ORDER BY at, person_id, person_version LIMIT $2) AS n \
    WHERE registry_change.person_id = n.person_id AND registry_change.person_version = n.person_version";
pub(super) const PLACED: &str = "UPDATE change_feed SET last = last + $1 WHERE id = 1";

/// Gives at most `most` changes their places; answers how many.
pub async fn place(conn: &mut Conn, most: i64) -> Result<u64, Fault> {
    let (last,): (i64,) = on!(&mut *conn, |c| sqlx::query_as(TURN).fetch_one(c).await)
        .map_err(failed("waiting for the turn to place changes"))?;
    let placed =
        on!(&mut *conn, |c| sqlx::query(PLACE).bind(last).bind(most).execute(c).await.map(|done| done.rows_affected()))
            .map_err(failed("placing changes"))?;
    let count = i64::try_from(placed).unwrap_or(i64::MAX);
    on!(conn, |c| sqlx::query(PLACED).bind(count).execute(c).await.map(|_| ()))
        .map_err(failed("counting placed changes"))?;
    Ok(placed)
}

/// A change in its place, with the names under which a subscriber may know the person.
#[derive(Clone, Debug)]
pub struct PlacedChange {
    pub position: i64,
    pub person: PersonId,
    pub version: i64,
    pub kind: String,
    pub fields: Vec<String>,
    pub unit_before: String,
    pub unit_after: String,
    pub at: Timestamp,
    /// The number that the person has now; when it was cancelled and none set, the one by which a subscriber knows them.
    pub number: Option<String>,
    /// The pairwise subject in the asked sector.
    pub sub: Option<String>,
    /// Of a change of boundaries, which is nobody's: the first day of the new map.
    pub day: Option<Date>,
}

row! {
    struct ChangeRow {
        position: i64,
        person_id: PersonId,
        person_version: i64,
        kind: String,
        fields: sqlx::types::Json<Value>,
        unit_before: String,
        unit_after: String,
        at: Timestamp,
        number: Option<String>,
        sub: Option<String>,
        day: Option<Date>,
    }
}

pub(super) const AFTER: &str = "SELECT r.position, r.person_id, r.person_version, r.kind, r.fields, r.unit_before, \
    r.unit_after, r.at, COALESCE(p.number, (SELECT n.number FROM personal_number n WHERE n.person_id = r.person_id \
    ORDER BY n.valid_to DESC NULLS LAST, n.number LIMIT 1)) AS number, s.sub, b.day FROM registry_change r LEFT JOIN person p ON p.id = r.person_id \
    LEFT JOIN boundary_change b ON b.id = r.person_id LEFT JOIN subject s ON s.sector = $2 AND s.person_id = r.person_id \
    WHERE r.position > $1 ORDER BY r.position LIMIT $3";

/// The changes after a place, in order; `sector` is where the subscriber knows people.
pub async fn after(conn: &mut Conn, position: i64, sector: &str, most: i64) -> Result<Vec<PlacedChange>, Fault> {
    let rows: Vec<ChangeRow> =
        on!(conn, |c| sqlx::query_as(AFTER).bind(position).bind(sector).bind(most).fetch_all(c).await)
            .map_err(failed("reading changes"))?;
    rows.into_iter()
        .map(|row| {
            let bad = |_| Fault::inconsistent("registry_change", "fields", &row.person_id);
            Ok(PlacedChange {
                position: row.position,
                person: row.person_id,
                version: row.person_version,
                kind: row.kind,
                fields: serde_json::from_value(row.fields.0).map_err(bad)?,
                unit_before: row.unit_before,
                unit_after: row.unit_after,
                at: row.at,
                number: row.number,
                sub: row.sub,
                day: row.day,
            })
        })
        .collect()
}

pub(super) const BOUNDS: &str = "SELECT f.last, (SELECT min(r.position) FROM registry_change r WHERE r.position IS NOT NULL) \
    AS first, e.lost_after, e.lost_until FROM change_feed f, database_epoch e WHERE f.id = 1 AND e.id = 1";

/// Between which places the feed is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The first place that is still there: one after the last, when none is.
    pub first: i64,
    pub last: i64,
    /// Places that were given before the database was restored, and are not known any more: after the one and before the other.
    pub lost: (i64, i64),
}

pub async fn bounds(conn: &mut Conn) -> Result<Bounds, Fault> {
    let (last, first, lost_after, lost_until): (i64, Option<i64>, i64, i64) =
        on!(conn, |c| sqlx::query_as(BOUNDS).fetch_one(c).await).map_err(failed("reading how far changes go"))?;
    Ok(Bounds { first: first.unwrap_or(last + 1), last, lost: (lost_after, lost_until) })
}

// Only the beginning goes: a later place may be older, and what is left has no hole.
const SWEEP: &str = "DELETE FROM registry_change WHERE position IN (SELECT w.position FROM \
    (SELECT position FROM registry_change WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS w \
    WHERE w.position < COALESCE((SELECT min(x.position) FROM \
    (SELECT position, at FROM registry_change WHERE position IS NOT NULL ORDER BY position LIMIT $2) AS x \
    WHERE x.at >= $1), 9223372036854775807))";

/// What is older goes, from the first place on.
pub(super) async fn sweep(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<u64, Fault> {
    on!(conn, |c| sqlx::query(SWEEP).bind(before).bind(limit).execute(c).await.map(|done| done.rows_affected()))
        .map_err(failed("sweeping old changes"))
}
