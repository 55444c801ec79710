//! Whom an export takes, page by page, in the order of an index.

use sqlx::types::Json;

use super::{Conn, db::failed, record::Places};
use crate::{
    base::{Fault, ids::PersonId},
    registry::search::Within,
};

/// The last person of a page.
#[derive(Clone, Debug)]
pub struct ExportedTo {
    pub province: String,
    pub name_plain: String,
    pub id: PersonId,
    pub marital: Option<String>,
    pub cmnd9: Option<String>,
    pub places: Places,
}

impl ExportedTo {
    /// Before the first of them. Where a page begins is said by this alone: of two bounds PostgreSQL finds the place of one, and
    /// walks from there.
    pub fn before(within: Option<&Within>) -> Self {
        Self {
            province: within.map(|within| within.province.clone()).unwrap_or_default(),
            name_plain: String::new(),
            id: PersonId(uuid::Uuid::nil()),
            marital: None,
            cmnd9: None,
            places: Places::default(),
        }
    }
}

row! {
    struct ExportRow {
        id: PersonId,
        home_province: String,
        name_plain: String,
        marital: Option<String>,
        cmnd9: Option<String>,
        places: Json<Places>,
    }
}

pub(super) const PAGE: &str = "SELECT id, home_province, name_plain, marital, cmnd9, places FROM person \
    WHERE home_province <= $1 AND home_unit >= $2 AND home_unit <= $3 AND (home_province, name_plain, id) > ($4, $5, $6) \
    AND merged_into IS NULL ORDER BY home_province, name_plain, id LIMIT $7";

/// By province and name: of a unit, or of everybody.
pub async fn page(
    conn: &mut Conn,
    within: Option<&Within>,
    after: &ExportedTo,
    most: i64,
) -> Result<Vec<ExportedTo>, Fault> {
    let last_province = within.map_or("~", |within| within.province.as_str());
    let commune = within.and_then(|within| within.commune.as_deref()).map_or(("", "~"), |code| (code, code));
    let rows: Vec<ExportRow> = on!(conn, |c| sqlx::query_as(PAGE)
        .bind(last_province)
        .bind(commune.0)
        .bind(commune.1)
        .bind(&after.province)
        .bind(&after.name_plain)
        .bind(after.id)
        .bind(most)
        .fetch_all(c)
        .await)
    .map_err(failed("reading whom to export"))?;
    Ok(rows
        .into_iter()
        .map(|row| ExportedTo {
            province: row.home_province,
            name_plain: row.name_plain,
            id: row.id,
            marital: row.marital,
            cmnd9: row.cmnd9,
            places: row.places.0,
        })
        .collect())
}
