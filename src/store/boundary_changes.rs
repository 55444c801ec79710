//! Changes of boundaries on their way through the registry: how far each came, and the homes that it moved, each with a line in
//! the person's history.

use time::Date;
use uuid::Uuid;

use super::{Conn, db::failed, duplicate_places};
use crate::base::{
    Fault, Timestamp,
    ids::{EventId, PersonId},
};

/// A commune that is another one since: (province, commune) by the codes of before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: (&'static str, &'static str),
    pub to: (&'static str, &'static str),
}

impl Moved {
    /// As it stands in the history of who was moved.
    pub fn as_json(&self) -> String {
        let pair = |(province, commune): (&str, &str)| serde_json::json!([province, commune]);
        serde_json::json!({ "from": pair(self.from), "to": pair(self.to) }).to_string()
    }
}

/// How far a change came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub id: EventId,
    pub move_no: i64,
    pub after: PersonId,
    pub people: i64,
    pub batches: i64,
    pub is_finished: bool,
}

pub(super) const BEGIN: &str = "INSERT INTO boundary_change (id, day, move_no, after_id, people, batches, started_by, \
    started_at) SELECT $1, $2, 0, $3, 0, 0, $4, $5 FROM home_map WHERE id = 1 AND day < $2 \
    ON CONFLICT (day) DO NOTHING";

/// Does nothing where homes are by this day's map or a later one already, or where it was begun before.
pub async fn begin(conn: &mut Conn, (id, day): (EventId, Date), by: &str, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(BEGIN)
        .bind(id)
        .bind(day)
        .bind(Uuid::nil())
        .bind(by)
        .bind(now)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("beginning a change of boundaries"))
}

row! {
    struct ProgressRow {
        id: EventId,
        move_no: i64,
        after_id: PersonId,
        people: i64,
        batches: i64,
        finished_at: Option<Timestamp>,
    }
}

pub(super) const FIND: &str =
    "SELECT id, move_no, after_id, people, batches, finished_at FROM boundary_change WHERE day = $1";

pub async fn find(conn: &mut Conn, day: Date) -> Result<Option<Progress>, Fault> {
    let row: Option<ProgressRow> = on!(conn, |c| sqlx::query_as(FIND).bind(day).fetch_optional(c).await)
        .map_err(failed("finding a change of boundaries"))?;
    Ok(row.map(|row| Progress {
        id: row.id,
        move_no: row.move_no,
        after: row.after_id,
        people: row.people,
        batches: row.batches,
        is_finished: row.finished_at.is_some(),
    }))
}

pub(super) const TAKE: &str = "UPDATE boundary_change SET batches = batches + 1 WHERE id = $1 AND batches = $2 \
    AND finished_at IS NULL RETURNING id";

/// The next portion is this transaction's; `false` when another process took it.
pub async fn take(conn: &mut Conn, at: &Progress) -> Result<bool, Fault> {
    let row: Option<(EventId,)> =
        on!(conn, |c| sqlx::query_as(TAKE).bind(at.id).bind(at.batches).fetch_optional(c).await)
            .map_err(failed("taking a portion of a change of boundaries"))?;
    Ok(row.is_some())
}

pub(super) const STAND: &str =
    "UPDATE boundary_change SET move_no = $2, after_id = $3, people = $4, finished_at = $5 WHERE id = $1";

pub async fn stand(conn: &mut Conn, at: &Progress, now: Timestamp) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(STAND)
        .bind(at.id)
        .bind(at.move_no)
        .bind(at.after)
        .bind(at.people)
        .bind(at.is_finished.then_some(now))
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("noting how far a change of boundaries came"))
}

/// What a portion rests on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub event: EventId,
    pub day: Date,
    pub source: &'a str,
    pub now: Timestamp,
}

impl Ground<'_> {
    /// One line a person and day.
    fn seq(&self) -> i64 {
        i64::from(self.day.year()) * 10_000 + i64::from(u8::from(self.day.month())) * 100 + i64::from(self.day.day())
    }

    /// Whose record was written since then is found by the new map already.
    fn began(&self) -> Timestamp {
        Timestamp::of_vietnam_day(self.day)
    }
}

pub(super) const NEXT: &str = "SELECT id FROM person WHERE home_unit = $1 AND home_province = $2 AND id > $3 AND as_of < $4 \
    ORDER BY id LIMIT $5";
pub(super) const NOTE: &str = "INSERT INTO facet_version (person_id, facet, seq, value, valid_from, learned_at, event_id, \
    source) SELECT p.id, 'home_unit', $1, $2, $3, $4, $5, $6 FROM person p WHERE p.home_unit = $7 AND p.home_province = $8 \
    AND p.id > $9 AND p.id <= $10 AND p.as_of < $11 ON CONFLICT (person_id, facet, seq) DO NOTHING";
// Only whom this move's line names: a code may go to another unit on the same day, and nobody moves twice.
pub(super) const MOVE: &str = "UPDATE person SET home_province = $1, home_unit = $2 WHERE home_unit = $3 \
    AND home_province = $4 AND id > $5 AND id <= $6 AND as_of < $7 AND EXISTS (SELECT 1 FROM facet_version v \
    WHERE v.person_id = person.id AND v.facet = 'home_unit' AND v.seq = $8 AND v.value = $9)";

/// Moves the next of a commune, at most so many; answers how many moved, and the last who was looked at, where there may be
/// more.
pub async fn move_some(
    conn: &mut Conn,
    moved: &Moved,
    (after, most): (PersonId, i64),
    ground: Ground<'_>,
) -> Result<(u64, Option<PersonId>), Fault> {
    let ids: Vec<(PersonId,)> = on!(&mut *conn, |c| sqlx::query_as(NEXT)
        .bind(moved.from.1)
        .bind(moved.from.0)
        .bind(after)
        .bind(ground.began())
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("finding who lives in a commune that ended"))?;
    let Some((last,)) = ids.last().copied() else { return Ok((0, None)) };
    let value = moved.as_json();
    on!(&mut *conn, |c| sqlx::query(NOTE)
        .bind(ground.seq())
        .bind(&value)
        .bind(ground.day)
        .bind(ground.now)
        .bind(ground.event)
        .bind(ground.source)
        .bind(moved.from.1)
        .bind(moved.from.0)
        .bind(after)
        .bind(last)
        .bind(ground.began())
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("writing moves into the history"))?;
    let people = on!(&mut *conn, |c| sqlx::query(MOVE)
        .bind(moved.to.0)
        .bind(moved.to.1)
        .bind(moved.from.1)
        .bind(moved.from.0)
        .bind(after)
        .bind(last)
        .bind(ground.began())
        .bind(ground.seq())
        .bind(&value)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))
    .map_err(failed("moving homes to the new units"))?;
    if people > 0 {
        duplicate_places::place_of_moved(conn, moved.to, (after, last)).await?;
    }
    let more = i64::try_from(ids.len()).is_ok_and(|found| found >= most);
    Ok((people, more.then_some(last)))
}

/// A home that a change of boundaries moved, as a person's history has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMove {
    pub day: Date,
    pub learned_at: Timestamp,
    pub event: EventId,
    /// Codes of the communes of before and after.
    pub from: String,
    pub to: String,
}

row! {
    struct MoveRow {
        value: String,
        valid_from: Date,
        learned_at: Timestamp,
        event_id: EventId,
    }
}

pub(super) const OF_PERSON: &str = "SELECT value, valid_from, learned_at, event_id FROM facet_version \
    WHERE person_id = $1 AND facet = 'home_unit' AND value IS NOT NULL AND valid_from IS NOT NULL \
    AND event_id IS NOT NULL ORDER BY seq DESC";

/// The latest first.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredMove>, Fault> {
    let rows: Vec<MoveRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading which boundaries moved over a home"))?;
    rows.into_iter()
        .map(|row| {
            let bad = || Fault::inconsistent("facet_version", "value", &person);
            let value: serde_json::Value = serde_json::from_str(&row.value).map_err(|_| bad())?;
            let code = |name: &str| value.get(name)?.get(1)?.as_str().map(str::to_owned);
            Ok(StoredMove {
                day: row.valid_from,
                learned_at: row.learned_at,
                event: row.event_id,
                from: code("from").ok_or_else(bad)?,
                to: code("to").ok_or_else(bad)?,
            })
        })
        .collect()
}
