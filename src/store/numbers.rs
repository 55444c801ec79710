//! Every personal number that was ever given, and where it leads.

use time::Date;

use super::{Conn, db::failed};
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
        number: String,
        state: String,
        valid_from: Option<Date>,
        valid_to: Option<Date>,
        reason: Option<String>,
    }
}

pub(super) const OF_PERSON: &str = "SELECT number, state, valid_from, valid_to, reason FROM personal_number WHERE person_id = $1 \
    ORDER BY state, number";

/// The present number first, then those that were cancelled.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredNumber>, Fault> {
    let rows: Vec<NumberRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading a person's numbers"))?;
    rows.into_iter()
        .map(|row| {
            let number = PersonalNumber::parse(&row.number)
                .map_err(|_| Fault::inconsistent("personal_number", "number", &person))?;
            Ok(StoredNumber {
                number,
                active: row.state == "active",
                valid_from: row.valid_from,
                valid_to: row.valid_to,
                reason: row.reason,
            })
        })
        .collect()
}

pub(super) const PERSON_OF: &str = "SELECT person_id FROM personal_number WHERE number = $1";

pub async fn person_of(conn: &mut Conn, number: &PersonalNumber) -> Result<Option<PersonId>, Fault> {
    let row: Option<(PersonId,)> =
        on!(conn, |c| sqlx::query_as(PERSON_OF).bind(number.as_str()).fetch_optional(c).await)
            .map_err(failed("finding a number's person"))?;
    Ok(row.map(|(id,)| id))
}
