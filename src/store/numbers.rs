//! Every personal number that was ever given, and where it leads.

use std::collections::BTreeMap;

use time::Date;

use super::{Conn, db::failed, dialect, intake::list, row::by_whose};
use crate::{
    base::{Fault, ids::PersonId},
    registry::PersonalNumber,
};

#[derive(Clone, Debug)]
pub struct StoredNumber {
    pub number: PersonalNumber,
    pub active: bool,
    pub valid_from: Option<Date>,
    pub valid_to: Option<Date>,
    /// Why it was cancelled.
    pub reason: Option<String>,
}

row! {
    struct NumberRow {
        person_id: PersonId,
        number: String,
        state: String,
        valid_from: Option<Date>,
        valid_to: Option<Date>,
        reason: Option<String>,
    }
}

impl TryFrom<NumberRow> for StoredNumber {
    type Error = Fault;

    fn try_from(row: NumberRow) -> Result<Self, Fault> {
        let number = PersonalNumber::parse(&row.number)
            .map_err(|_| Fault::inconsistent("personal_number", "number", &row.person_id))?;
        Ok(Self {
            number,
            active: row.state == "active",
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            reason: row.reason,
        })
    }
}

pub(super) const OF_PERSON: &str = "SELECT person_id, number, state, valid_from, valid_to, reason FROM personal_number \
    WHERE person_id = $1 ORDER BY state, number";

/// The present number first, then those that were cancelled.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredNumber>, Fault> {
    let rows: Vec<NumberRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading a person's numbers"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

of_ids! {
    of_people_sql,
    "SELECT person_id, number, state, valid_from, valid_to, reason FROM personal_number WHERE person_id",
    " ORDER BY state, number"
}

/// Of many people, each one's likewise.
pub async fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<StoredNumber>>, Fault> {
    let rows: Vec<NumberRow> = rows_of_ids!(conn, of_people_sql, people, "reading people's numbers");
    by_whose(rows, |row| row.person_id)
}

pub(super) const PERSON_OF: &str = "SELECT person_id FROM personal_number WHERE number = $1";

pub async fn person_of(conn: &mut Conn, number: &PersonalNumber) -> Result<Option<PersonId>, Fault> {
    let row: Option<(PersonId,)> =
        on!(conn, |c| sqlx::query_as(PERSON_OF).bind(number.as_str()).fetch_optional(c).await)
            .map_err(failed("finding a number's person"))?;
    Ok(row.map(|(id,)| id))
}

/// Whose these numbers are, as far as they are anybody's.
pub async fn people_of(
    conn: &mut Conn,
    numbers: &[PersonalNumber],
) -> Result<BTreeMap<PersonalNumber, PersonId>, Fault> {
    let texts: Vec<&str> = numbers.iter().map(PersonalNumber::as_str).collect();
    if texts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (sql, texts) = (dialect::persons_of_numbers(conn.engine()), list(&texts));
    let rows: Vec<(String, PersonId)> = on!(conn, |c| sqlx::query_as(sql).bind(texts).fetch_all(c).await)
        .map_err(failed("finding the persons of numbers"))?;
    let parsed = |number: &str, id: &PersonId| {
        PersonalNumber::parse(number).map_err(|_| Fault::inconsistent("personal_number", "number", id))
    };
    rows.into_iter().map(|(number, id)| Ok((parsed(&number, &id)?, id))).collect()
}
