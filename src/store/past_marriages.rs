//! To whom a record said that somebody was married, in the order in which it was learned, with the event that said so.

use time::Date;

use super::{Conn, db::failed, facet_versions::Kept};
use crate::base::{Fault, ids::PersonId};

/// One assertion about the spouse.
#[derive(Clone, Debug)]
pub struct SpouseVersion {
    pub seq: i64,
    pub value: Kept,
    pub from: Option<Date>,
    /// The event's kind; none for what came with the first version.
    pub kind: Option<String>,
}

row! {
    struct VersionRow {
        seq: i64,
        value: Option<String>,
        valid_from: Option<Date>,
        kind: Option<String>,
    }
}

pub(super) const OF_PERSON: &str = "SELECT v.seq, v.value, v.valid_from, (SELECT e.kind FROM civil_event e \
    WHERE e.id = v.event_id) AS kind FROM facet_version v WHERE v.person_id = $1 AND v.facet = 'spouse' ORDER BY v.seq";

pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<SpouseVersion>, Fault> {
    let rows: Vec<VersionRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading to whom somebody was married"))?;
    rows.into_iter()
        .map(|row| {
            let value = row.value.ok_or_else(|| Fault::inconsistent("facet_version", "value", &person))?;
            Ok(SpouseVersion { seq: row.seq, value: Kept::Plain(value), from: row.valid_from, kind: row.kind })
        })
        .collect()
}
