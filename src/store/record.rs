//! The whole record of a person, from the tables of the present. What is sealed comes sealed.

use sqlx::types::Json;
use time::Date;

use super::{
    Conn, cards,
    contacts::{self, StoredContact},
    db::failed,
    dialect, numbers,
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

pub(super) const FIND: &str = "SELECT id, version, number, full_name, family_name, middle_name, given_name, other_names, \
    birth_date, birth_precision, sex, vital, vital_since, nationalities, marital, cmnd9, sealed, places, capacity, \
    absence, shared, merged_into, source, recorded_at FROM person WHERE id = $1";

/// More cards than anybody has had.
const MOST_CARDS: i64 = 50;

pub async fn find(conn: &mut Conn, id: PersonId) -> Result<Option<StoredRecord>, Fault> {
    let row: Option<RecordRow> = on!(&mut *conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await)
        .map_err(failed("finding a record"))?;
    let Some(row) = row else { return Ok(None) };
    let mut stored = plain(row)?;
    let record = &mut stored.record;
    record.numbers = numbers_of(conn, id, record.numbers.active).await?;
    record.cards = cards::of_person(conn, id, MOST_CARDS).await?;
    for home in homes(conn, id).await? {
        let slot = match home.kind {
            ResidenceKind::Permanent => &mut record.permanent,
            ResidenceKind::Temporary => &mut record.temporary,
            ResidenceKind::Current => &mut record.stay,
        };
        *slot = Some(home);
    }
    relatives(conn, id, record).await?;
    record.household = household_of(conn, id).await?;
    if record.marital == Marital::Unknown && record.spouse.is_some() {
        record.marital = Marital::Married;
    }
    stored.contacts = contacts::of_person(conn, id).await?;
    Ok(Some(stored))
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

async fn numbers_of(conn: &mut Conn, id: PersonId, active: Option<PersonalNumber>) -> Result<Numbers, Fault> {
    let mut all = Numbers { active, ..Numbers::default() };
    for one in numbers::of_person(conn, id).await? {
        if one.active {
            all.closed_on = one.valid_to;
        } else {
            all.former.push(FormerNumber { number: one.number, reason: one.reason, cancelled_on: one.valid_to });
        }
    }
    all.former.sort_by_key(|one| (one.cancelled_on, one.number));
    Ok(all)
}

row! {
    struct HomeRow {
        form: String,
        line: String,
        unit_code: String,
        unit_valid_from: Date,
        as_registered: Option<String>,
        from_date: Option<Date>,
        to_date: Option<Date>,
    }
}

// One of each form.
pub(super) const HOMES: &str = "SELECT form, line, unit_code, unit_valid_from, as_registered, from_date, to_date \
    FROM residence WHERE person_id = $1 ORDER BY recorded_at, id";

async fn homes(conn: &mut Conn, id: PersonId) -> Result<Vec<Residence>, Fault> {
    let rows: Vec<HomeRow> = on!(conn, |c| sqlx::query_as(HOMES).bind(id).fetch_all(c).await)
        .map_err(failed("reading a record's residences"))?;
    rows.into_iter()
        .map(|row| {
            let bad = |column: &'static str| Fault::inconsistent("residence", column, &id);
            let unit = UnitRef { code: row.unit_code, valid_from: row.unit_valid_from };
            let address = Address::new(&row.line, unit, row.as_registered.as_deref()).map_err(|_| bad("line"))?;
            let kind = ResidenceKind::from_code(&row.form).ok_or_else(|| bad("form"))?;
            Ok(Residence { kind, address, from: row.from_date, to: row.to_date })
        })
        .collect()
}

row! {
    struct RelativeRow {
        kind: String,
        relative_id: Option<PersonId>,
        relative_number: Option<String>,
        relative_name: Option<String>,
        tie: String,
    }
}

pub(super) const RELATIVES: &str = "SELECT kind, relative_id, relative_number, relative_name, tie FROM relation \
    WHERE person_id = $1 AND to_date IS NULL ORDER BY id";

async fn relatives(conn: &mut Conn, id: PersonId, record: &mut Record) -> Result<(), Fault> {
    let rows: Vec<RelativeRow> = on!(conn, |c| sqlx::query_as(RELATIVES).bind(id).fetch_all(c).await)
        .map_err(failed("reading a record's relatives"))?;
    for row in rows {
        let tie = Tie::from_code(&row.tie).ok_or_else(|| Fault::inconsistent("relation", "tie", &id))?;
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
    }
    Ok(())
}

pub(super) const HOUSEHOLD: &str = "SELECT h.id, h.residence_file, m.relation FROM household_member m \
    JOIN household h ON h.id = m.household_id WHERE m.person_id = $1";

async fn household_of(conn: &mut Conn, id: PersonId) -> Result<Option<HouseholdPlace>, Fault> {
    let row: Option<(HouseholdId, String, String)> =
        on!(conn, |c| sqlx::query_as(HOUSEHOLD).bind(id).fetch_optional(c).await)
            .map_err(failed("reading a record's household"))?;
    let Some((household, file, relation)) = row else { return Ok(None) };
    let bad = |column: &'static str| Fault::inconsistent("household_member", column, &id);
    Ok(Some(HouseholdPlace {
        household,
        file: ResidenceFile::parse(&file).map_err(|_| bad("residence_file"))?,
        relation: Relation::from_code(&relation).ok_or_else(|| bad("relation"))?,
    }))
}

pub(super) const CHILDREN: &str = "SELECT DISTINCT person_id FROM relation WHERE relative_id = $1 \
    AND kind IN ('father', 'mother') AND to_date IS NULL";
pub(super) const WARDS: &str = "SELECT DISTINCT person_id FROM relation WHERE relative_id = $1 \
    AND kind = 'representative' AND to_date IS NULL";

/// Those who have this person as a parent, and those who are represented by them.
pub async fn depending(conn: &mut Conn, id: PersonId) -> Result<Vec<PersonId>, Fault> {
    let mut all = Vec::new();
    for sql in [CHILDREN, WARDS] {
        let rows: Vec<(PersonId,)> = on!(&mut *conn, |c| sqlx::query_as(sql).bind(id).fetch_all(c).await)
            .map_err(failed("finding who depends on a person"))?;
        all.extend(rows.into_iter().map(|(id,)| id));
    }
    Ok(all)
}

/// A person's version; nobody else changes them until the transaction ends. In the order of ids, or two wait in a circle.
pub async fn hold(conn: &mut Conn, id: PersonId) -> Result<Option<i64>, Fault> {
    let sql = dialect::hold_person(conn.engine());
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(sql).bind(id).fetch_optional(c).await)
        .map_err(failed("holding a person's version"))?;
    Ok(row.map(|(version,)| version))
}
