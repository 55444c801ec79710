//! The words of the registry's names, and by which day's map people are found.

use std::collections::BTreeMap;

use time::Date;

use super::{Conn, db::failed, dialect};
use crate::{base::Fault, registry::search::Vocabulary};

/// More words than all the registry's names have: what is beyond was used once, by a slip.
const MOST: i64 = 20_000;

pub(super) const READ: &str = "SELECT word FROM name_word ORDER BY uses DESC, word LIMIT $1";

/// The most used first.
pub async fn vocabulary(conn: &mut Conn) -> Result<Vocabulary, Fault> {
    let rows: Vec<(String,)> = on!(conn, |c| sqlx::query_as(READ).bind(MOST).fetch_all(c).await)
        .map_err(failed("reading the words of names"))?;
    Ok(Vocabulary::new(rows.into_iter().map(|row| row.0).collect()))
}

/// Counts the words of new names, in one statement. In the order of the words, so that two writers never wait for each
/// other in a circle.
pub async fn count<'n>(conn: &mut Conn, names: impl Iterator<Item = &'n str>) -> Result<(), Fault> {
    let mut uses: BTreeMap<&str, i64> = BTreeMap::new();
    for word in names.flat_map(|name| name.split(' ')).filter(|word| !word.is_empty()) {
        *uses.entry(word).or_default() += 1;
    }
    if uses.is_empty() {
        return Ok(());
    }
    let list: Vec<_> = uses.iter().map(|(word, uses)| serde_json::json!([word, uses])).collect();
    let (sql, list) = (dialect::count_words(conn.engine()), serde_json::Value::from(list).to_string());
    on!(conn, |c| sqlx::query(sql).bind(list).execute(c).await.map(|_| ())).map_err(failed("counting words of names"))
}

pub(super) const DRAW_MAP: &str = "UPDATE home_map SET day = $1 WHERE id = 1 AND day < $1 RETURNING id";

/// From now on homes are by the map of this day; `false` when they are already by this one or a later.
pub async fn draw_map(conn: &mut Conn, day: Date) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(DRAW_MAP).bind(day).fetch_optional(c).await)
        .map_err(failed("drawing the map of a day"))?;
    Ok(row.is_some())
}
