//! Households: one residence file, one head, members with their relation to the head.

use time::Date;

use super::{Conn, db::failed};
use crate::{
    base::{
        Fault,
        ids::{HouseholdId, PersonId},
    },
    registry::household::Relation,
};

#[derive(Clone, Debug)]
pub struct StoredHousehold {
    pub id: HouseholdId,
    pub residence_file: String,
    pub head: Option<PersonId>,
    pub line: String,
    pub unit_code: String,
    pub unit_valid_from: Date,
    /// How the person of whom it was asked stands to the head.
    pub relation: Relation,
}

row! {
    struct HouseholdRow {
        id: HouseholdId,
        residence_file: String,
        head_id: Option<PersonId>,
        line: String,
        unit_code: String,
        unit_valid_from: Date,
        relation: String,
    }
}

pub(super) const OF_PERSON: &str = "SELECT h.id, h.residence_file, h.head_id, h.line, h.unit_code, h.unit_valid_from, m.relation \
    FROM household_member m JOIN household h ON h.id = m.household_id WHERE m.person_id = $1";

pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Option<StoredHousehold>, Fault> {
    let row: Option<HouseholdRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_optional(c).await)
        .map_err(failed("reading a person's household"))?;
    row.map(|row| {
        let relation = Relation::from_code(&row.relation)
            .ok_or_else(|| Fault::inconsistent("household_member", "relation", &person))?;
        Ok(StoredHousehold {
            id: row.id,
            residence_file: row.residence_file,
            head: row.head_id,
            line: row.line,
            unit_code: row.unit_code,
            unit_valid_from: row.unit_valid_from,
            relation,
        })
    })
    .transpose()
}

#[derive(Clone, Debug)]
pub struct HouseholdMember {
    pub person_id: PersonId,
    pub full_name: String,
    pub relation: Relation,
}

row! {
    struct MemberRow {
        person_id: PersonId,
        full_name: String,
        relation: String,
    }
}

pub(super) const MEMBERS: &str = "SELECT m.person_id, p.full_name, m.relation FROM household_member m \
    JOIN person p ON p.id = m.person_id WHERE m.household_id = $1 ORDER BY p.birth_date, p.id LIMIT $2";

/// The oldest first, at most so many: a dormitory has hundreds.
pub async fn members(conn: &mut Conn, household: HouseholdId, most: usize) -> Result<Vec<HouseholdMember>, Fault> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows: Vec<MemberRow> = on!(conn, |c| sqlx::query_as(MEMBERS).bind(household).bind(most).fetch_all(c).await)
        .map_err(failed("reading a household's members"))?;
    rows.into_iter()
        .map(|row| {
            let relation = Relation::from_code(&row.relation)
                .ok_or_else(|| Fault::inconsistent("household_member", "relation", &row.person_id))?;
            Ok(HouseholdMember { person_id: row.person_id, full_name: row.full_name, relation })
        })
        .collect()
}
