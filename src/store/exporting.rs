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
    pub fn nobody() -> Self {
        Self {
            province: String::new(),
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

// Where a page begins is one bound: of two, an engine may begin at the province's, and walk to the page from there.
pub(super) const PAGE: &str = "SELECT id, home_province, name_plain, marital, cmnd9, places FROM person \
    WHERE (home_province, name_plain, id) > ($1, $2, $3) AND home_province <= $4 AND home_unit >= $5 AND home_unit <= $6 \
    AND merged_into IS NULL ORDER BY home_province, name_plain, id LIMIT $7";

/// By province and name: of a unit, or of everybody.
pub async fn page(
    conn: &mut Conn,
    within: Option<&Within>,
    after: &ExportedTo,
    most: i64,
) -> Result<Vec<ExportedTo>, Fault> {
    let bounds = |code: Option<&str>| {
        code.map_or_else(|| (String::new(), "~".to_owned()), |code| (code.to_owned(), code.to_owned()))
    };
    let province = bounds(within.map(|within| within.province.as_str()));
    let commune = bounds(within.and_then(|within| within.commune.as_deref()));
    let begin = if after.province < province.0 {
        (province.0.as_str(), "", PersonId(uuid::Uuid::nil()))
    } else {
        (after.province.as_str(), after.name_plain.as_str(), after.id)
    };
    let rows: Vec<ExportRow> = on!(conn, |c| sqlx::query_as(PAGE)
        .bind(begin.0)
        .bind(begin.1)
        .bind(begin.2)
        .bind(&province.1)
        .bind(&commune.0)
        .bind(&commune.1)
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
