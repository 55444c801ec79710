//! The whole record of a person, from the tables of the present. What is sealed comes sealed.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::types::Json;
use time::Date;

use super::{
    Conn, cards,
    contacts::{self, StoredContact},
    dialect::hold_person,
    numbers::{self, StoredNumber},
    row::by_whose,
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    registry::{
        Address, BirthDate, PersonName, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef, Vital,
        birth::Precision,
        household::{Relation, ResidenceFile},
        name::NameParts,
        record::{
            Absence, Capacity, FormerNumber, HouseholdPlace, Marital, Numbers, Place, Record, Relative, SharedDocument,
            Tie,
        },
    },
};

/// The places that a person's row keeps together.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Places {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Place>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<Place>,
}

/// A record without its sealed fields, which come beside it.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    pub id: PersonId,
    pub version: i64,
    pub record: Record,
    pub sealed: Option<Vec<u8>>,
    pub contacts: Vec<StoredContact>,
    /// Where the first version came from, and when.
    pub source: String,
    pub recorded_at: Timestamp,
}

row! {
    struct RecordRow {
        id: PersonId,
        version: i64,
        number: Option<String>,
        full_name: String,
        family_name: Option<String>,
        middle_name: Option<String>,
        given_name: Option<String>,
        other_names: Json<Vec<String>>,
        birth_date: Date,
        birth_precision: String,
        sex: String,
        vital: String,
        vital_since: Option<Date>,
        nationalities: Json<Vec<String>>,
        marital: Option<String>,
        cmnd9: Option<String>,
        sealed: Option<Vec<u8>>,
        places: Json<Places>,
        capacity: String,
        absence: Option<Json<Absence>>,
        shared: Json<Vec<SharedDocument>>,
        merged_into: Option<PersonId>,
        source: String,
        recorded_at: Timestamp,
    }
}

of_ids! {
    find_sql,
    "SELECT id, version, number, full_name, family_name, middle_name, given_name, other_names, birth_date, \
     birth_precision, sex, vital, vital_since, nationalities, marital, cmnd9, sealed, places, capacity, absence, shared, \
     merged_into, source, recorded_at FROM person WHERE id",
    ""
}

/// More cards than anybody has had.
const MOST_CARDS: usize = 50;

pub async fn find(conn: &mut Conn, id: PersonId) -> Result<Option<StoredRecord>, Fault> {
    Ok(find_all(conn, &[id]).await?.remove(&id))
}

/// The records of many people, each table read once for all of them; their versions first: what is written while they are read is
/// seen by the version that it leaves.
pub async fn find_all(conn: &mut Conn, ids: &[PersonId]) -> Result<BTreeMap<PersonId, StoredRecord>, Fault> {
    let rows: Vec<RecordRow> = rows_of_ids!(conn, find_sql, ids, "finding records");
    let mut all: BTreeMap<PersonId, StoredRecord> = BTreeMap::new();
    for row in rows {
        all.insert(row.id, plain(row)?);
    }
    let ids: Vec<PersonId> = all.keys().copied().collect();
    let mut numbers = numbers::of_people(conn, &ids).await?;
    let mut cards = cards::of_people(conn, &ids).await?;
    let homes: Vec<HomeRow> = rows_of_ids!(conn, homes_sql, ids, "reading records' residences");
    let mut homes: BTreeMap<PersonId, Vec<Residence>> = by_whose(homes, |row| row.person_id)?;
    let relatives: Vec<RelativeRow> = rows_of_ids!(conn, relatives_sql, ids, "reading records' relatives");
    let mut households = households_of(conn, &ids).await?;
    let mut contacts = contacts::of_people(conn, &ids).await?;
    for row in relatives {
        if let Some(stored) = all.get_mut(&row.person_id) {
            set_relative(&mut stored.record, row)?;
        }
    }
    for (id, stored) in &mut all {
        let record = &mut stored.record;
        record.numbers = numbers_of(numbers.remove(id).unwrap_or_default(), record.numbers.active);
        record.cards = cards.remove(id).unwrap_or_default();
        record.cards.truncate(MOST_CARDS);
        for home in homes.remove(id).unwrap_or_default() {
            let slot = match home.kind {
                ResidenceKind::Permanent => &mut record.permanent,
                ResidenceKind::Temporary => &mut record.temporary,
                ResidenceKind::Current => &mut record.stay,
            };
            *slot = Some(home);
        }
        record.household = households.remove(id);
        if record.marital == Marital::Unknown && record.spouse.is_some() {
            record.marital = Marital::Married;
        }
        stored.contacts = contacts.remove(id).unwrap_or_default();
    }
    Ok(all)
}

fn plain(row: RecordRow) -> Result<StoredRecord, Fault> {
    let bad = |column: &'static str| Fault::inconsistent("person", column, &row.id);
    let active = row.number.as_deref().map(PersonalNumber::parse).transpose().map_err(|_| bad("number"))?;
    let precision = Precision::from_code(&row.birth_precision).ok_or_else(|| bad("birth_precision"))?;
    let parts = NameParts { family: row.family_name, middle: row.middle_name, given: row.given_name };
    let name = PersonName::recorded(row.full_name, parts);
    let birth = BirthDate::from_stored(row.birth_date, precision);
    let sex = Sex::from_code(&row.sex).ok_or_else(|| bad("sex"))?;
    let marital = row.marital.as_deref().map(|code| Marital::from_code(code).ok_or_else(|| bad("marital")));
    let places = row.places.0;
    let record = Record {
        other_names: row.other_names.0,
        numbers: Numbers { active, ..Numbers::default() },
        birth_place: places.birth,
        registration_place: places.registration,
        ancestral_home: places.home,
        nationalities: row.nationalities.0,
        cmnd9: row.cmnd9,
        marital: marital.transpose()?.unwrap_or_default(),
        vital: Vital::from_code(&row.vital, row.vital_since).ok_or_else(|| bad("vital"))?,
        capacity: Capacity::from_code(&row.capacity).ok_or_else(|| bad("capacity"))?,
        absence: row.absence.map(|absence| absence.0),
        shared: row.shared.0,
        merged: row.merged_into,
        ..Record::new(name, birth, sex)
    };
    Ok(StoredRecord {
        id: row.id,
        version: row.version,
        record,
        sealed: row.sealed,
        contacts: Vec::new(),
        source: row.source,
        recorded_at: row.recorded_at,
    })
}

fn numbers_of(stored: Vec<StoredNumber>, active: Option<PersonalNumber>) -> Numbers {
    let mut all = Numbers { active, ..Numbers::default() };
    for one in stored {
        if one.active {
            all.closed_on = one.valid_to;
        } else {
            all.former.push(FormerNumber { number: one.number, reason: one.reason, cancelled_on: one.valid_to });
        }
    }
    all.former.sort_by_key(|one| (one.cancelled_on, one.number));
    all
}

row! {
    struct HomeRow {
        person_id: PersonId,
        form: String,
        line: String,
        unit_code: String,
        unit_valid_from: Date,
        as_registered: Option<String>,
        from_date: Option<Date>,
        to_date: Option<Date>,
    }
}

impl TryFrom<HomeRow> for Residence {
    type Error = Fault;

    fn try_from(row: HomeRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("residence", column, &row.person_id);
        let unit = UnitRef { code: row.unit_code, valid_from: row.unit_valid_from };
        let address = Address::new(&row.line, unit, row.as_registered.as_deref()).map_err(|_| bad("line"))?;
        let kind = ResidenceKind::from_code(&row.form).ok_or_else(|| bad("form"))?;
        Ok(Self { kind, address, from: row.from_date, to: row.to_date })
    }
}

// One of each form.
of_ids! {
    homes_sql,
    "SELECT person_id, form, line, unit_code, unit_valid_from, as_registered, from_date, to_date FROM residence \
     WHERE person_id",
    " ORDER BY recorded_at, id"
}

row! {
    struct RelativeRow {
        person_id: PersonId,
        kind: String,
        relative_id: Option<PersonId>,
        relative_number: Option<String>,
        relative_name: Option<String>,
        tie: String,
    }
}

of_ids! {
    relatives_sql,
    "SELECT person_id, kind, relative_id, relative_number, relative_name, tie FROM relation WHERE to_date IS NULL \
     AND person_id",
    " ORDER BY person_id, id"
}

fn set_relative(record: &mut Record, row: RelativeRow) -> Result<(), Fault> {
    let tie = Tie::from_code(&row.tie).ok_or_else(|| Fault::inconsistent("relation", "tie", &row.person_id))?;
    // Who is in the registry is named by their id alone: their numbers may change.
    let named = row.relative_id.is_none();
    let relative = Relative {
        person: row.relative_id,
        number: row.relative_number.filter(|_| named),
        name: row.relative_name.filter(|_| named),
        tie,
    };
    match row.kind.as_str() {
        "father" => record.father = Some(relative),
        "mother" => record.mother = Some(relative),
        "spouse" => record.spouse = Some(relative),
        "representative" => record.representative = Some(relative),
        _ => {}
    }
    Ok(())
}

of_ids! {
    households_sql,
    "SELECT m.person_id, h.id, h.residence_file, m.relation FROM household_member m \
     JOIN household h ON h.id = m.household_id WHERE m.person_id",
    ""
}

async fn households_of(conn: &mut Conn, ids: &[PersonId]) -> Result<BTreeMap<PersonId, HouseholdPlace>, Fault> {
    let rows: Vec<(PersonId, HouseholdId, String, String)> =
        rows_of_ids!(conn, households_sql, ids, "reading records' households");
    rows.into_iter()
        .map(|(person, household, file, relation)| {
            let bad = |column: &'static str| Fault::inconsistent("household_member", column, &person);
            let file = ResidenceFile::parse(&file).map_err(|_| bad("residence_file"))?;
            let relation = Relation::from_code(&relation).ok_or_else(|| bad("relation"))?;
            Ok((person, HouseholdPlace { household, file, relation }))
        })
        .collect()
}

of_ids! {
    depending_sql,
    "SELECT DISTINCT relative_id, person_id FROM relation WHERE kind IN ('father', 'mother', 'representative') \
     AND to_date IS NULL AND relative_id",
    ""
}

/// Those who have each of these people as a parent, and those who are represented by them; of nobody's an empty set.
pub async fn depending(conn: &mut Conn, ids: &[PersonId]) -> Result<BTreeMap<PersonId, BTreeSet<PersonId>>, Fault> {
    let rows: Vec<(PersonId, PersonId)> = rows_of_ids!(conn, depending_sql, ids, "finding who depends on people");
    let mut all: BTreeMap<PersonId, BTreeSet<PersonId>> = ids.iter().map(|id| (*id, BTreeSet::new())).collect();
    for (of, who) in rows {
        all.entry(of).or_default().insert(who);
    }
    Ok(all)
}

/// The versions of those who are there; nobody else changes them until the transaction ends. In the order of ids, or two wait in
/// a circle.
pub async fn hold(conn: &mut Conn, ids: &[PersonId]) -> Result<BTreeMap<PersonId, i64>, Fault> {
    let held: Vec<(PersonId, i64)> = rows_of_ids!(conn, hold_person, ids, "holding persons' versions");
    Ok(held.into_iter().collect())
}
