//! Where persons live.

use time::Date;

use super::{Conn, db::failed};
use crate::{
    base::{Fault, ids::PersonId},
    registry::{Address, Residence, ResidenceKind, UnitRef},
};

row! {
    struct ResidenceRow {
        form: String,
        line: String,
        unit_code: String,
        unit_valid_from: Date,
        as_registered: Option<String>,
        from_date: Option<Date>,
        to_date: Option<Date>,
    }
}

pub(super) const OF_PERSON: &str = "SELECT form, line, unit_code, unit_valid_from, as_registered, from_date, to_date \
    FROM residence WHERE person_id = $1 ORDER BY recorded_at, id";

/// All forms, present and past, the strongest first; `Residence::of_record` tells which one counts on a day.
pub async fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Residence>, Fault> {
    let rows: Vec<ResidenceRow> = on!(conn, |c| sqlx::query_as(OF_PERSON).bind(person).fetch_all(c).await)
        .map_err(failed("reading a person's residences"))?;
    let mut residences = rows
        .into_iter()
        .map(|row| {
            let bad = |column: &'static str| Fault::inconsistent("residence", column, &person);
            let unit = UnitRef { code: row.unit_code, valid_from: row.unit_valid_from };
            let kind = ResidenceKind::from_code(&row.form).ok_or_else(|| bad("form"))?;
            let address = Address::new(&row.line, unit, row.as_registered.as_deref()).map_err(|_| bad("line"))?;
            Residence::new(kind, address, row.from_date, row.to_date).map_err(|_| bad("to_date"))
        })
        .collect::<Result<Vec<_>, Fault>>()?;
    residences.sort_by_key(|residence| residence.kind);
    Ok(residences)
}
