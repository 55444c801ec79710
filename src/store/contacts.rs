//! Telephone numbers and e-mail addresses, sealed; a blind index finds the person without opening any.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Conn, db::failed, row::by_whose};
use crate::base::{Fault, ids::PersonId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactKind {
    Phone,
    Email,
}

impl ContactKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        [Self::Phone, Self::Email].into_iter().find(|kind| kind.code() == code)
    }
}

#[derive(Clone, Debug)]
pub struct StoredContact {
    /// The row's key, part of what the seal binds: (contact, value_sealed, id).
    pub id: Uuid,
    pub kind: ContactKind,
    pub value_sealed: Vec<u8>,
    pub value_index: Vec<u8>,
    pub verified: bool,
}

row! {
    struct ContactRow {
        person_id: PersonId,
        id: Uuid,
        kind: String,
        value_sealed: Vec<u8>,
        value_index: Vec<u8>,
        verified: bool,
    }
}

impl TryFrom<ContactRow> for StoredContact {
    type Error = Fault;

    fn try_from(row: ContactRow) -> Result<Self, Fault> {
        let kind = ContactKind::from_code(&row.kind).ok_or_else(|| Fault::inconsistent("contact", "kind", &row.id))?;
        Ok(Self {
            id: row.id,
            kind,
            value_sealed: row.value_sealed,
            value_index: row.value_index,
            verified: row.verified,
        })
    }
}

pub(super) const OF_PERSON: &str = "SELECT person_id, id, kind, value_sealed, value_index, verified FROM contact \
    WHERE person_id = $1 AND ended_at IS NULL ORDER BY kind, recorded_at DESC, id";

/// Those that hold, the newest of a kind first.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<StoredContact>, Fault> {
    let rows: Vec<ContactRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading a person's contacts"))?;
    rows.into_iter().map(TryInto::try_into).collect()
}

of_ids! {
    of_people_sql,
    "SELECT person_id, id, kind, value_sealed, value_index, verified FROM contact WHERE ended_at IS NULL AND person_id",
    " ORDER BY kind, recorded_at DESC, id"
}

/// Of many people, each one's likewise.
pub async fn of_people(conn: &mut Conn, people: &[PersonId]) -> Result<BTreeMap<PersonId, Vec<StoredContact>>, Fault> {
    let rows: Vec<ContactRow> = rows_of_ids!(conn, of_people_sql, people, "reading people's contacts");
    by_whose(rows, |row| row.person_id)
}

pub(super) const IS_OF: &str = "SELECT id FROM contact WHERE person_id = $1 AND kind = $2 AND value_index = $3 \
    AND ended_at IS NULL LIMIT 1";

/// Is this the person's registered contact? Nothing is opened to answer.
pub async fn is_of(conn: &mut Conn, person: PersonId, kind: ContactKind, index: &[u8]) -> Result<bool, Fault> {
    let row: Option<(Uuid,)> =
        on!(conn, |c| sqlx::query_as(IS_OF).bind(person).bind(kind.code()).bind(index).fetch_optional(c).await)
            .map_err(failed("comparing a person's contact"))?;
    Ok(row.is_some())
}
