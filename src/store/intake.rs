//! New persons with all that a source says about them, many at a time.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    Conn,
    bulk::{Cell, Rows, Table},
    contacts::StoredContact,
    db::failed,
    dialect, household_writes, name_words, numbers,
    relations::Kinship,
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    registry::{
        Expiry, NameKeys, PersonRecord, PersonalNumber, ResidenceKind, household::Relation, record::Marital,
        search::Within,
    },
};

/// A person ready to be stored: keys computed, contacts and sensitive fields sealed, every row's id drawn.
#[derive(Clone, Debug)]
pub struct NewPerson {
    pub id: PersonId,
    pub record: PersonRecord,
    pub keys: NameKeys,
    /// The words of the name in the order of their bytes.
    pub name_sorted: String,
    /// Where the residence of record lies, by today's codes.
    pub home: Option<Within>,
    /// JSON array of alpha-2 codes.
    pub nationalities: String,
    pub sealed: Option<Vec<u8>>,
    /// JSON of [`super::record::Places`].
    pub places: String,
    pub contacts: Vec<StoredContact>,
    pub card_id: Uuid,
    /// Used when this person is the first of the household.
    pub household_id: HouseholdId,
    /// One for each residence of the record.
    pub residence_ids: Vec<Uuid>,
    /// Father, mother, spouse, representative.
    pub relation_ids: [Uuid; 4],
}

/// Where the rows come from and when they are written.
#[derive(Clone, Copy, Debug)]
pub struct Provenance<'a> {
    pub source: &'a str,
    pub now: Timestamp,
}

static PERSON: Table = Table::new(
    "person",
    &[
        "id",
        "number",
        "full_name",
        "family_name",
        "middle_name",
        "given_name",
        "name_exact",
        "name_tone",
        "name_plain",
        "name_sorted",
        "home_province",
        "home_unit",
        "birth_date",
        "birth_precision",
        "sex",
        "vital",
        "vital_since",
        "nationalities",
        "marital",
        "cmnd9",
        "places",
        "sealed",
        "source",
        "as_of",
        "recorded_at",
    ],
);
static NUMBER: Table = Table::new("personal_number", &["number", "person_id", "state", "replaced_by", "recorded_at"]);
static CARD: Table = Table::new(
    "card",
    &["id", "person_id", "kind", "number", "issued_on", "expires_on", "issuer", "state", "recorded_at"],
);
static RESIDENCE: Table = Table::new(
    "residence",
    &[
        "id",
        "person_id",
        "form",
        "line",
        "unit_code",
        "unit_valid_from",
        "as_registered",
        "from_date",
        "to_date",
        "recorded_at",
    ],
);
static CONTACT: Table =
    Table::new("contact", &["id", "person_id", "kind", "value_sealed", "value_index", "verified", "recorded_at"]);
static HOUSEHOLD: Table = Table::new(
    "household",
    &["id", "residence_file", "head_id", "line", "unit_code", "unit_valid_from", "recorded_at"],
);
static MEMBER: Table = Table::new("household_member", &["person_id", "household_id", "relation", "recorded_at"]);
static RELATION: Table =
    Table::new("relation", &["id", "person_id", "kind", "relative_id", "relative_number", "recorded_at"]);

/// Adds people none of whose numbers is known: the caller asked [`super::imports::known`] in the same transaction.
pub async fn add(conn: &mut Conn, people: &[&NewPerson], from: Provenance<'_>) -> Result<(), Fault> {
    add_persons(conn, people, from).await?;
    add_numbers(conn, people, from.now).await?;
    add_cards(conn, people, from.now).await?;
    add_residences(conn, people, from.now).await?;
    add_contacts(conn, people, from.now).await?;
    add_households(conn, people, from.now).await?;
    add_relations(conn, people, from.now).await?;
    link_relations(conn, people).await?;
    name_words::count(conn, people.iter().map(|person| person.keys.plain.as_str())).await
}

async fn add_persons(conn: &mut Conn, people: &[&NewPerson], from: Provenance<'_>) -> Result<(), Fault> {
    let mut rows = Rows::of(&PERSON);
    for person in people {
        let record = &person.record;
        let beside = &record.particulars;
        rows.push([
            Cell::Id(person.id.0),
            Cell::Text(record.number.as_str()),
            Cell::Text(record.name.full()),
            Cell::text(record.name.family()),
            Cell::text(record.name.middle()),
            Cell::text(record.name.given()),
            Cell::Text(&person.keys.exact),
            Cell::Text(&person.keys.tone),
            Cell::Text(&person.keys.plain),
            Cell::Text(&person.name_sorted),
            Cell::Text(person.home.as_ref().map(|home| home.province.as_str()).unwrap_or_default()),
            Cell::Text(person.home.as_ref().and_then(|home| home.commune.as_deref()).unwrap_or_default()),
            Cell::Day(record.birth.earliest()),
            Cell::Text(record.birth.precision().code()),
            Cell::Text(record.sex.code()),
            Cell::Text(record.vital.code()),
            Cell::day(record.vital.since()),
            Cell::Json(&person.nationalities),
            Cell::text((beside.marital != Marital::Unknown).then(|| beside.marital.code())),
            Cell::text(beside.old_number.as_deref()),
            Cell::Json(&person.places),
            Cell::bytes(person.sealed.as_deref()),
            Cell::Text(from.source),
            Cell::At(from.now),
            Cell::At(from.now),
        ]);
    }
    rows.insert(conn).await
}

async fn add_numbers(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let mut rows = Rows::of(&NUMBER);
    for person in people {
        let current = person.record.number.as_str();
        let id = Cell::Id(person.id.0);
        rows.push([Cell::Text(current), id, Cell::Text("active"), Cell::Null, Cell::At(now)]);
        for former in &person.record.former_numbers {
            rows.push([Cell::Text(former.as_str()), id, Cell::Text("cancelled"), Cell::Text(current), Cell::At(now)]);
        }
    }
    rows.insert(conn).await
}

async fn add_cards(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let mut rows = Rows::of(&CARD);
    for person in people {
        let Some(card) = &person.record.card else { continue };
        rows.push([
            Cell::Id(person.card_id),
            Cell::Id(person.id.0),
            Cell::Text(card.kind.code()),
            Cell::Text(card.number.as_str()),
            Cell::Day(card.issued_on),
            match card.expiry {
                Expiry::On(day) => Cell::Day(day),
                Expiry::Never => Cell::Null,
            },
            Cell::Text(&card.issuer),
            Cell::Text(card.status.code()),
            Cell::At(now),
        ]);
    }
    rows.insert(conn).await
}

async fn add_residences(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let mut rows = Rows::of(&RESIDENCE);
    for person in people {
        for (residence, id) in person.record.residences.iter().zip(&person.residence_ids) {
            rows.push([
                Cell::Id(*id),
                Cell::Id(person.id.0),
                Cell::Text(residence.kind.code()),
                Cell::Text(&residence.address.line),
                Cell::Text(&residence.address.unit.code),
                Cell::Day(residence.address.unit.valid_from),
                Cell::text(residence.address.as_registered.as_deref()),
                Cell::day(residence.from),
                Cell::day(residence.to),
                Cell::At(now),
            ]);
        }
    }
    rows.insert(conn).await
}

async fn add_contacts(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let mut rows = Rows::of(&CONTACT);
    for person in people {
        for contact in &person.contacts {
            rows.push([
                Cell::Id(contact.id),
                Cell::Id(person.id.0),
                Cell::Text(contact.kind.code()),
                Cell::Bytes(&contact.value_sealed),
                Cell::Bytes(&contact.value_index),
                Cell::Bool(contact.verified),
                Cell::At(now),
            ]);
        }
    }
    rows.insert(conn).await
}

pub(super) const NAME_HEAD: &str =
    "UPDATE household SET head_id = $2, version = version + 1 WHERE id = $1 AND head_id IS NULL";

/// A household is made by the first of its members who has the address; the others join it, in this batch or a later one.
async fn add_households(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let mut heads: HashMap<&str, PersonId> = HashMap::new();
    for person in people {
        if let Some(membership) = person.record.household.as_ref().filter(|m| m.relation == Relation::Head) {
            heads.entry(membership.file.as_str()).or_insert(person.id);
        }
    }
    let mut known = households_of(conn, people).await?;
    for (file, id) in &known {
        if let Some(head) = heads.get(file.as_str()) {
            on!(&mut *conn, |c| sqlx::query(NAME_HEAD).bind(*id).bind(*head).execute(c).await.map(|_| ()))
                .map_err(failed("naming a household's head"))?;
        }
    }
    let there: BTreeSet<HouseholdId> = known.values().copied().collect();
    let mut joined = BTreeSet::new();
    let mut made = Rows::of(&HOUSEHOLD);
    let mut members = Rows::of(&MEMBER);
    for person in people {
        let Some(membership) = &person.record.household else { continue };
        let file = membership.file.as_str();
        if !known.contains_key(file) {
            let home = person.record.residences.iter().find(|home| home.kind == ResidenceKind::Permanent);
            let Some(home) = home else { continue };
            made.push([
                Cell::Id(person.household_id.0),
                Cell::Text(file),
                Cell::id(heads.get(file).map(|head| head.0)),
                Cell::Text(&home.address.line),
                Cell::Text(&home.address.unit.code),
                Cell::Day(home.address.unit.valid_from),
                Cell::At(now),
            ]);
            known.insert(file.to_owned(), person.household_id);
        }
        if let Some(household) = known.get(file) {
            if there.contains(household) {
                joined.insert(*household);
            }
            let relation = Relation::code(membership.relation);
            members.push([Cell::Id(person.id.0), Cell::Id(household.0), Cell::Text(relation), Cell::At(now)]);
        }
    }
    made.insert(conn).await?;
    members.insert(conn).await?;
    for household in joined {
        household_writes::touch(conn, household).await?;
    }
    Ok(())
}

async fn households_of(conn: &mut Conn, people: &[&NewPerson]) -> Result<BTreeMap<String, HouseholdId>, Fault> {
    let files: Vec<&str> = people.iter().filter_map(|p| Some(p.record.household.as_ref()?.file.as_str())).collect();
    if files.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (sql, list) = (dialect::households_by_file(conn.engine()), list(&files));
    let rows: Vec<(String, HouseholdId)> =
        on!(conn, |c| sqlx::query_as(sql).bind(list).fetch_all(c).await).map_err(failed("finding known households"))?;
    Ok(rows.into_iter().collect())
}

async fn add_relations(conn: &mut Conn, people: &[&NewPerson], now: Timestamp) -> Result<(), Fault> {
    let relatives = people.iter().flat_map(|person| relatives(person).into_iter().map(move |one| (*person, one)));
    let stated: Vec<_> = relatives.collect();
    let mut ids: HashMap<PersonalNumber, PersonId> = people.iter().map(|one| (one.record.number, one.id)).collect();
    let elsewhere: Vec<PersonalNumber> =
        stated.iter().filter(|(_, one)| !ids.contains_key(one.2)).map(|(_, one)| *one.2).collect();
    ids.extend(numbers::people_of(conn, &elsewhere).await?);
    let mut rows = Rows::of(&RELATION);
    for (person, (id, kinship, number)) in &stated {
        rows.push([
            Cell::Id(*id),
            Cell::Id(person.id.0),
            Cell::Text(kinship.code()),
            Cell::id(ids.get(number).map(|relative| relative.0)),
            Cell::Text(number.as_str()),
            Cell::At(now),
        ]);
    }
    rows.insert(conn).await
}

fn relatives(person: &NewPerson) -> Vec<(Uuid, Kinship, &PersonalNumber)> {
    let relatives = &person.record.relatives;
    let stated = [
        (Kinship::Father, &relatives.father),
        (Kinship::Mother, &relatives.mother),
        (Kinship::Spouse, &relatives.spouse),
        (Kinship::Representative, &relatives.representative),
    ];
    stated
        .into_iter()
        .zip(person.relation_ids)
        .filter_map(|((kinship, number), id)| Some((id, kinship, number.as_ref()?)))
        .collect()
}

pub(super) const ANY_UNLINKED: &str =
    "SELECT relative_number FROM relation WHERE relative_id IS NULL AND relative_number IS NOT NULL LIMIT 1";

/// People who were named as relatives before they came themselves.
async fn link_relations(conn: &mut Conn, people: &[&NewPerson]) -> Result<(), Fault> {
    let waiting: Option<(String,)> = on!(&mut *conn, |c| sqlx::query_as(ANY_UNLINKED).fetch_optional(c).await)
        .map_err(failed("looking for unlinked relatives"))?;
    if waiting.is_none() {
        return Ok(());
    }
    let numbers: Vec<&str> = people.iter().map(|person| person.record.number.as_str()).collect();
    let (sql, list) = (dialect::link_relations(conn.engine()), list(&numbers));
    on!(conn, |c| sqlx::query(sql).bind(list).execute(c).await.map(|_| ())).map_err(failed("linking relatives"))
}

/// A JSON array for the statements that take a list.
pub(super) fn list(items: &[&str]) -> String {
    serde_json::Value::from(items).to_string()
}
