//! What was learned of persons and households, field by field: appended, never changed.

use std::collections::BTreeMap;

use time::Date;

use super::{Conn, db::failed, row::by_whose};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{EventId, HouseholdId, PersonId},
    },
    registry::civil_event::Household,
};

/// A field's value as it lies in the history: JSON, sealed where the field is sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    Plain(String),
    Sealed(Vec<u8>),
}

/// One assertion to append, with what the field said at first: that goes to seq 0 unless it is there.
#[derive(Clone, Debug)]
pub struct NewVersion {
    pub person: PersonId,
    pub facet: &'static str,
    pub seq: i64,
    pub first: Kept,
    pub value: Kept,
    pub from: Option<Date>,
}

/// On what an assertion rests.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    pub event: EventId,
    pub source: &'a str,
    pub now: Timestamp,
}

pub(super) const KEEP_FIRST: &str = "INSERT INTO facet_version (person_id, facet, seq, value, sealed, learned_at, source) \
    SELECT p.id, $2, 0, $3, $4, p.recorded_at, p.source FROM person p WHERE p.id = $1 \
    ON CONFLICT (person_id, facet, seq) DO NOTHING";
pub(super) const APPEND: &str = "INSERT INTO facet_version (person_id, facet, seq, value, sealed, valid_from, learned_at, \
    event_id, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

fn columns(kept: &Kept) -> (Option<&str>, Option<&[u8]>) {
    match kept {
        Kept::Plain(json) => (Some(json), None),
        Kept::Sealed(bytes) => (None, Some(bytes)),
    }
}

pub async fn append(conn: &mut Conn, version: &NewVersion, ground: Ground<'_>) -> Result<(), Fault> {
    let (value, sealed) = columns(&version.first);
    on!(&mut *conn, |c| sqlx::query(KEEP_FIRST)
        .bind(version.person)
        .bind(version.facet)
        .bind(value)
        .bind(sealed)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("keeping a field's first version"))?;
    let (value, sealed) = columns(&version.value);
    on!(conn, |c| sqlx::query(APPEND)
        .bind(version.person)
        .bind(version.facet)
        .bind(version.seq)
        .bind(value)
        .bind(sealed)
        .bind(version.from)
        .bind(ground.now)
        .bind(ground.event)
        .bind(ground.source)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("appending to a field's history"))
}

/// One assertion as it was kept.
#[derive(Clone, Debug)]
pub struct StoredVersion {
    pub facet: String,
    pub seq: i64,
    pub value: Kept,
    pub from: Option<Date>,
    pub learned_at: Timestamp,
    pub event: Option<EventId>,
    pub source: String,
}

row! {
    struct VersionRow {
        person_id: PersonId,
        facet: String,
        seq: i64,
        value: Option<String>,
        sealed: Option<Vec<u8>>,
        valid_from: Option<Date>,
        learned_at: Timestamp,
        event_id: Option<EventId>,
        source: String,
    }
}

impl TryFrom<VersionRow> for StoredVersion {
    type Error = Fault;

    fn try_from(row: VersionRow) -> Result<Self, Fault> {
        let value = match (row.value, row.sealed) {
            (Some(json), None) => Kept::Plain(json),
            (None, Some(bytes)) => Kept::Sealed(bytes),
            _ => return Err(Fault::inconsistent("facet_version", "value", &row.person_id)),
        };
        Ok(Self {
            facet: row.facet,
            seq: row.seq,
            value,
            from: row.valid_from,
            learned_at: row.learned_at,
            event: row.event_id,
            source: row.source,
        })
    }
}

of_ids! {
    of_people_sql,
    "SELECT person_id, facet, seq, value, sealed, valid_from, learned_at, event_id, source FROM facet_version WHERE person_id",
    " ORDER BY facet, seq"
}

/// All of many people's, each field's in the order in which it was learned.
pub async fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<StoredVersion>>, Fault> {
    let rows: Vec<VersionRow> = rows_of_ids!(conn, of_people_sql, people, "reading people's history");
    by_whose(rows, |row| row.person_id)
}

pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredVersion>, Fault> {
    Ok(of_people(conn, &[person]).await?.remove(&person).unwrap_or_default())
}

of_ids! {
    since_sql,
    "SELECT v.person_id, v.facet, v.valid_from FROM facet_version v WHERE v.valid_from IS NOT NULL AND v.seq = (SELECT \
     max(w.seq) FROM facet_version w WHERE w.person_id = v.person_id AND w.facet = v.facet AND w.valid_from IS NOT NULL) \
     AND v.person_id",
    ""
}

/// From when the latest value of each field of these people is true, where an event told.
pub async fn since(conn: &mut Conn, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<(String, Date)>>, Fault> {
    let rows: Vec<(PersonId, String, Date)> = rows_of_ids!(conn, since_sql, people, "reading since when fields are so");
    let mut all: BTreeMap<PersonId, Vec<(String, Date)>> = BTreeMap::new();
    for (person, facet, day) in rows {
        all.entry(person).or_default().push((facet, day));
    }
    Ok(all)
}

pub(super) const KEEP_FIRST_HOUSEHOLD: &str = "INSERT INTO household_version (household_id, seq, value, learned_at) \
    SELECT h.id, 0, $2, h.recorded_at FROM household h WHERE h.id = $1 ON CONFLICT (household_id, seq) DO NOTHING";
pub(super) const APPEND_HOUSEHOLD: &str = "INSERT INTO household_version (household_id, seq, value, valid_from, \
    learned_at, event_id) VALUES ($1, $2, $3, $4, $5, $6)";

/// A household's next version; `first` is what it was before it ever changed.
pub async fn append_household(
    conn: &mut Conn,
    (household, seq): (HouseholdId, i64),
    (first, value): (&str, &str),
    from: Option<Date>,
    ground: Ground<'_>,
) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(KEEP_FIRST_HOUSEHOLD).bind(household).bind(first).execute(c).await.map(|_| ()))
        .map_err(failed("keeping a household's first version"))?;
    on!(conn, |c| sqlx::query(APPEND_HOUSEHOLD)
        .bind(household)
        .bind(seq)
        .bind(value)
        .bind(from)
        .bind(ground.now)
        .bind(ground.event)
        .execute(c)
        .await
        .map(|_| ()))
    .map_err(failed("appending to a household's history"))
}

pub(super) const PEOPLE_OF: &str = "SELECT person_id FROM civil_event_person WHERE event_id = $1 ORDER BY person_id";

/// Everybody whose record an event changed.
pub async fn people_of(conn: &mut Conn, event: EventId) -> Result<Vec<PersonId>, Fault> {
    let rows: Vec<(PersonId,)> = on!(conn, |c| sqlx::query_as(PEOPLE_OF).bind(event).fetch_all(c).await)
        .map_err(failed("reading whose records an event changed"))?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub(super) const HOUSEHOLDS_OF: &str = "SELECT b.household_id, b.value AS before, v.value AS after FROM household_version v \
    JOIN household_version b ON b.household_id = v.household_id AND b.seq = (SELECT max(w.seq) FROM household_version w \
    WHERE w.household_id = v.household_id AND w.seq < v.seq) WHERE v.event_id = $1";

/// The households that an event changed: as they were, as it left them.
pub async fn households_of(conn: &mut Conn, event: EventId) -> Result<Vec<(Household, Household)>, Fault> {
    let rows: Vec<(HouseholdId, String, String)> =
        on!(conn, |c| sqlx::query_as(HOUSEHOLDS_OF).bind(event).fetch_all(c).await)
            .map_err(failed("reading what an event changed of households"))?;
    rows.into_iter()
        .map(|(id, before, after)| {
            let bad = |_| Fault::inconsistent("household_version", "value", &id);
            Ok((serde_json::from_str(&before).map_err(bad)?, serde_json::from_str(&after).map_err(bad)?))
        })
        .collect()
}
