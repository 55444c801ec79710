//! A load without what PostgreSQL keeps beside the rows: its secondary indexes are made afterwards, each in one go.

use std::time::Instant;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::Trouble;

/// Neither primary keys nor what a constraint rests on: an import asks those whether a person is new. Nor the relatives who
/// were named before they came, whom it asks for with each batch.
const SECONDARY: &str = "SELECT c.relname::text, pg_get_indexdef(i.indexrelid) FROM pg_index i \
    JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE n.nspname = 'public' AND NOT i.indisunique \
    AND c.relname <> 'relation_unlinked' ORDER BY 1";
const FOREIGN: &str = "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'";

pub struct Later {
    definitions: Vec<String>,
    tables: Vec<String>,
}

impl Later {
    pub async fn drop(url: &str) -> Result<Self, Trouble> {
        let mut conn = PgConnection::connect(url).await?;
        let indexes: Vec<(String, String)> = sqlx::query_as(SECONDARY).fetch_all(&mut conn).await?;
        let tables: Vec<String> = sqlx::query_scalar(FOREIGN).fetch_all(&mut conn).await?;
        for (name, _) in &indexes {
            sqlx::raw_sql(AssertSqlSafe(format!("DROP INDEX {name}"))).execute(&mut conn).await?;
        }
        for table in &tables {
            let sql = format!("ALTER TABLE {table} DISABLE TRIGGER ALL");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
        }
        Ok(Self { definitions: indexes.into_iter().map(|(_, definition)| definition).collect(), tables })
    }

    /// Seconds.
    pub async fn make(self, url: &str) -> Result<f64, Trouble> {
        let mut conn = PgConnection::connect(url).await?;
        let begun = Instant::now();
        sqlx::raw_sql("SET maintenance_work_mem = '2GB'; SET max_parallel_maintenance_workers = 1")
            .execute(&mut conn)
            .await?;
        for definition in self.definitions {
            sqlx::raw_sql(AssertSqlSafe(definition)).execute(&mut conn).await?;
        }
        for table in self.tables {
            let sql = format!("ALTER TABLE {table} ENABLE TRIGGER ALL");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
        }
        Ok(begun.elapsed().as_secs_f64())
    }
}

/// The planner knows what was loaded as it would after a night.
pub async fn learn(url: &str) -> Result<(), Trouble> {
    let mut conn = PgConnection::connect(url).await?;
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut conn).await?;
    Ok(())
}
