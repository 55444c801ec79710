//! Parents, spouse and representative of a person.

use super::{Conn, db::failed};
use crate::base::{Fault, ids::PersonId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinship {
    Father,
    Mother,
    Spouse,
    Child,
    Representative,
    Represented,
}

impl Kinship {
    pub const ALL: [Self; 6] =
        [Self::Father, Self::Mother, Self::Spouse, Self::Child, Self::Representative, Self::Represented];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Father => "father",
            Self::Mother => "mother",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Representative => "representative",
            Self::Represented => "represented",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kinship| kinship.code() == code)
    }
}

/// `kinship` of the person is the relative: known by id once both are in the registry, else as the source named them.
#[derive(Clone, Debug)]
pub struct StoredRelation {
    pub kinship: Kinship,
    pub relative: Option<PersonId>,
    pub relative_number: Option<String>,
    pub full_name: Option<String>,
}

row! {
    struct RelationRow {
        kind: String,
        relative_id: Option<PersonId>,
        relative_number: Option<String>,
        full_name: Option<String>,
    }
}

pub(super) const OF_PERSON: &str = "SELECT r.kind, r.relative_id, r.relative_number, \
    COALESCE(p.full_name, r.relative_name) AS full_name FROM relation r LEFT JOIN person p ON p.id = r.relative_id \
    WHERE r.person_id = $1 AND r.to_date IS NULL ORDER BY r.kind, r.id";

pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredRelation>, Fault> {
    let rows: Vec<RelationRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading a person's relatives"))?;
    rows.into_iter()
        .map(|row| {
            let kinship =
                Kinship::from_code(&row.kind).ok_or_else(|| Fault::inconsistent("relation", "kind", &person))?;
            Ok(StoredRelation {
                kinship,
                relative: row.relative_id,
                relative_number: row.relative_number,
                full_name: row.full_name,
            })
        })
        .collect()
}
