//! Counts of persons by where they live, how old they are, their sex and whether they live. Never a name.

use time::Date;

use super::{Conn, Engine, db::failed};
use crate::base::Fault;

/// How many people share these values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRow {
    /// Today's code of the commune; empty without a residence.
    pub unit: String,
    pub birth_year: i32,
    pub sex: String,
    pub vital: String,
    pub people: i64,
}

row! {
    struct CountRow {
        unit: String,
        decade: Date,
        sex: String,
        vital: String,
        people: i64,
    }
}

// The first day of the birth year stands for all of it: the band of a person differs by their birthday, and a count of
// thousands does not need it.
pub(super) const BY_COMMUNE_SQLITE: &str = "SELECT home_unit AS unit, \
    substr(birth_date, 1, 4) || '-01-01' AS decade, sex, vital, count(*) AS people FROM person \
    WHERE home_province = $1 AND merged_into IS NULL GROUP BY home_unit, decade, sex, vital";
pub(super) const BY_COMMUNE_POSTGRES: &str = "SELECT home_unit AS unit, \
    date_trunc('year', birth_date)::date AS decade, sex, vital, count(*) AS people FROM person \
    WHERE home_province = $1 AND merged_into IS NULL GROUP BY home_unit, decade, sex, vital";

/// The people of one province by its communes; an empty code asks for those without a residence.
pub async fn counted(conn: &mut Conn, province: &str) -> Result<Vec<CountedRow>, Fault> {
    let sql = match conn.engine() {
        Engine::Sqlite => BY_COMMUNE_SQLITE,
        Engine::Postgres => BY_COMMUNE_POSTGRES,
    };
    let rows: Vec<CountRow> =
        on!(conn, |c| sqlx::query_as(sql).bind(province).fetch_all(c).await).map_err(failed("counting people"))?;
    let counted = |row: CountRow| CountedRow {
        unit: row.unit,
        birth_year: row.decade.year(),
        sex: row.sex,
        vital: row.vital,
        people: row.people,
    };
    Ok(rows.into_iter().map(counted).collect())
}
