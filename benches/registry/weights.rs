//! What a million people weigh, table by table and index by index.

use sqlx::{Connection as _, PgConnection};

use super::Trouble;

const SIZES: &str = "SELECT c.relname::text, pg_relation_size(c.oid) FROM pg_class c \
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'i') \
    AND pg_relation_size(c.oid) > 1000000 ORDER BY pg_relation_size(c.oid) DESC";

/// Megabytes for each million people, the heaviest first, with the sum before them.
pub async fn of(url: &str, people: u64) -> Result<Vec<(String, f64)>, Trouble> {
    let mut conn = PgConnection::connect(url).await?;
    let rows: Vec<(String, i64)> = sqlx::query_as(SIZES).fetch_all(&mut conn).await?;
    let all: i64 = rows.iter().map(|row| row.1).sum();
    let mut weights = vec![("all".to_owned(), each(all, people))];
    weights.extend(rows.into_iter().map(|(name, bytes)| (name, each(bytes, people))));
    Ok(weights)
}

#[expect(clippy::cast_precision_loss, reason = "megabytes to one digit")]
fn each(bytes: i64, people: u64) -> f64 {
    bytes as f64 / people as f64
}
