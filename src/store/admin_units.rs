//! Administrative units by validity, as the queries of the registry join them.

use super::{
    Conn,
    bulk::{Cell, Rows, Table},
    db::failed,
};
use crate::{
    base::Fault,
    registry::{NameKeys, admin_unit::AdminUnit},
};

static UNIT: Table = Table::new(
    "admin_unit",
    &["code", "valid_from", "valid_to", "name", "full_name", "kind", "province_code", "name_plain"],
);

pub(super) const COUNT: &str = "SELECT count(*) FROM admin_unit";

pub async fn count(conn: &mut Conn) -> Result<i64, Fault> {
    let row: (i64,) =
        on!(conn, |c| sqlx::query_as(COUNT).fetch_one(c).await).map_err(failed("counting administrative units"))?;
    Ok(row.0)
}

pub(super) const CLEAR: &str = "DELETE FROM admin_unit";

/// Puts the given list in the place of the stored one.
pub async fn replace(conn: &mut Conn, units: &[AdminUnit]) -> Result<(), Fault> {
    on!(&mut *conn, |c| sqlx::query(CLEAR).execute(c).await.map(|_| ()))
        .map_err(failed("clearing administrative units"))?;
    let plain: Vec<String> = units.iter().map(|unit| NameKeys::of(unit.name).plain).collect();
    let mut rows = Rows::of(&UNIT);
    for (unit, plain) in units.iter().zip(&plain) {
        rows.push([
            Cell::Text(unit.code),
            Cell::Day(unit.valid_from),
            Cell::day(unit.valid_to),
            Cell::Text(unit.name),
            Cell::Text(unit.full_name),
            Cell::Text(unit.kind.code()),
            Cell::Text(unit.province.unwrap_or(unit.code)),
            Cell::Text(plain),
        ]);
    }
    rows.insert(conn).await
}
