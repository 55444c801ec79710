//! Persons: who they are, found by any number they ever had.

use std::collections::BTreeMap;

use time::Date;

use super::{Conn, db::failed};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    registry::{
        BirthDate, NameKeys, Person, PersonName, PersonalNumber, Sex, Vital, birth::Precision, name::NameParts,
    },
};

/// A person with what the record keeps about them as a row.
#[derive(Clone, Debug)]
pub struct StoredPerson {
    pub person: Person,
    /// Bumped by every change that matters to an issuance.
    pub version: i64,
    /// Sensitive fields, sealed at (person, sealed, id).
    pub sealed: Option<Vec<u8>>,
    pub as_of: Timestamp,
}

row! {
    struct PersonRow {
        id: PersonId,
        version: i64,
        number: Option<String>,
        full_name: String,
        family_name: Option<String>,
        middle_name: Option<String>,
        given_name: Option<String>,
        birth_date: Date,
        birth_precision: String,
        sex: String,
        vital: String,
        vital_since: Option<Date>,
        nationalities: sqlx::types::Json<Vec<String>>,
        sealed: Option<Vec<u8>>,
        as_of: Timestamp,
    }
}

impl TryFrom<PersonRow> for StoredPerson {
    type Error = Fault;

    fn try_from(row: PersonRow) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("person", column, &row.id);
        let number = row.number.as_deref().map(PersonalNumber::parse).transpose().map_err(|_| bad("number"))?;
        let parts = NameParts { family: row.family_name, middle: row.middle_name, given: row.given_name };
        let precision = Precision::from_code(&row.birth_precision).ok_or_else(|| bad("birth_precision"))?;
        Ok(Self {
            person: Person {
                id: row.id,
                number,
                name: PersonName::recorded(row.full_name, parts),
                birth: BirthDate::from_stored(row.birth_date, precision),
                sex: Sex::from_code(&row.sex).ok_or_else(|| bad("sex"))?,
                vital: Vital::from_code(&row.vital, row.vital_since).ok_or_else(|| bad("vital"))?,
                nationalities: row.nationalities.0,
            },
            version: row.version,
            sealed: row.sealed,
            as_of: row.as_of,
        })
    }
}

pub(super) const FIND: &str = "SELECT id, version, number, full_name, family_name, middle_name, given_name, birth_date, \
    birth_precision, sex, vital, vital_since, nationalities, sealed, as_of FROM person WHERE id = $1";

pub async fn find(conn: &mut Conn, id: PersonId) -> Result<Option<StoredPerson>, Fault> {
    let row: Option<PersonRow> =
        on!(conn, |c| sqlx::query_as(FIND).bind(id).fetch_optional(c).await).map_err(failed("finding a person"))?;
    row.map(TryInto::try_into).transpose()
}

of_ids! {
    find_all_sql,
    "SELECT id, version, number, full_name, family_name, middle_name, given_name, birth_date, birth_precision, sex, \
     vital, vital_since, nationalities, sealed, as_of FROM person WHERE id",
    ""
}

/// Those who are there.
pub async fn find_all(conn: &mut Conn, ids: &[PersonId]) -> Result<BTreeMap<PersonId, StoredPerson>, Fault> {
    let rows: Vec<PersonRow> = rows_of_ids!(conn, find_all_sql, ids, "finding persons");
    rows.into_iter().map(|row| Ok((row.id, StoredPerson::try_from(row)?))).collect()
}

pub(super) const FIND_BY_NUMBER: &str = "SELECT p.id, p.version, p.number, p.full_name, p.family_name, p.middle_name, \
    p.given_name, p.birth_date, p.birth_precision, p.sex, p.vital, p.vital_since, p.nationalities, p.sealed, p.as_of \
    FROM personal_number n JOIN person p ON p.id = n.person_id WHERE n.number = $1";

/// By any number the person ever had: an old one keeps leading to them (Decree 70/2024 Art 12).
pub async fn find_by_number(conn: &mut Conn, number: &PersonalNumber) -> Result<Option<StoredPerson>, Fault> {
    let row: Option<PersonRow> =
        on!(conn, |c| sqlx::query_as(FIND_BY_NUMBER).bind(number.as_str()).fetch_optional(c).await)
            .map_err(failed("finding a number's person"))?;
    row.map(TryInto::try_into).transpose()
}

pub(super) const FIND_BY_NAME: &str = "SELECT id, version, number, full_name, family_name, middle_name, given_name, \
    birth_date, birth_precision, sex, vital, vital_since, nationalities, sealed, as_of FROM person \
    WHERE name_sorted = $1 AND name_plain = $2 AND birth_date >= $3 AND birth_date <= $4 ORDER BY birth_date, id LIMIT $5";

/// By the whole name without its marks, and the year of birth.
pub async fn find_by_name(
    conn: &mut Conn,
    keys: &NameKeys,
    birth_year: i32,
    most: i64,
) -> Result<Vec<StoredPerson>, Fault> {
    let year = BirthDate::Year(birth_year);
    let rows: Vec<PersonRow> = on!(conn, |c| sqlx::query_as(FIND_BY_NAME)
        .bind(crate::registry::search::sorted(&keys.plain))
        .bind(&keys.plain)
        .bind(year.earliest())
        .bind(year.latest())
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("searching persons by name"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

pub(super) const COUNT: &str = "SELECT count(*) FROM person WHERE merged_into IS NULL";

pub async fn count(conn: &mut Conn) -> Result<i64, Fault> {
    let row: (i64,) = on!(conn, |c| sqlx::query_as(COUNT).fetch_one(c).await).map_err(failed("counting persons"))?;
    Ok(row.0)
}
