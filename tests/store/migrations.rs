//! The schema: the same on both engines, known by its checksums, brought up to date by many at once and after a kill.

use std::{collections::BTreeMap, process::Stdio, thread, time::Duration};

use dinhdanh::store::{
    Conn, Db, DbSettings, Engine,
    migrations::{self, MIGRATIONS, MigrationState},
};
use sqlx::{AssertSqlSafe, Row};

use super::case::{Case, both, number, run};
use crate::support::{
    binary::Binary,
    database::{TestDb, sqlite_url},
    postgres,
    watched::quick,
};

// ── the same on both ─────────────────────────────────────────────────────────────────────────────────────────────────

/// A column without what only one engine says: name, kind of value, whether it may be NULL, whether it has a default.
type Column = (String, &'static str, bool, bool);

#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_indexes() {
    let [sqlite, postgres] = TestDb::each().await.map(Case::on);
    let (left, right) = (tables(&mut sqlite.conn().await).await, tables(&mut postgres.conn().await).await);
    assert!(left.len() > 20, "{left:?}");
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (table, columns) in &left {
        assert_eq!(columns, &right[table], "{table}");
    }
    let (left, right) = (indexes(&mut sqlite.conn().await).await, indexes(&mut postgres.conn().await).await);
    assert!(left.len() > 20, "{left:?}");
    assert_eq!(left, right);
    let (left, right) = (keys(&mut sqlite.conn().await).await, keys(&mut postgres.conn().await).await);
    assert!(left.len() > 20, "{left:?}");
    assert_eq!(left, right);
    let (left, right) = (references(&mut sqlite.conn().await).await, references(&mut postgres.conn().await).await);
    assert!(left.len() > 10, "{left:?}");
    assert_eq!(left, right);
}

async fn rows(conn: &mut Conn, sqlite: &'static str, postgres: &'static str) -> Vec<Vec<String>> {
    fn texts<'r, R: Row>(row: &'r R) -> Vec<String>
    where
        usize: sqlx::ColumnIndex<R>,
        String: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,
    {
        (0..row.len()).map(|column| row.get(column)).collect()
    }
    match conn {
        Conn::Sqlite(c) => sqlx::query(sqlite).fetch_all(&mut **c).await.unwrap().iter().map(texts).collect(),
        Conn::Postgres(c) => sqlx::query(postgres).fetch_all(&mut **c).await.unwrap().iter().map(texts).collect(),
    }
}

async fn tables(conn: &mut Conn) -> BTreeMap<String, Vec<Column>> {
    let rows = rows(
        conn,
        // A primary key of a STRICT table may hold no NULL, whether or not it says so.
        "SELECT t.name, c.name, c.type, iif(c.\"notnull\" OR c.pk, 'NO', 'YES'), \
         iif(c.dflt_value IS NULL, 'no', 'yes') FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
         WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%' \
         ORDER BY t.name, c.cid",
        "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, \
         CASE WHEN column_default IS NULL THEN 'no' ELSE 'yes' END FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_sqlx%' ORDER BY table_name, ordinal_position",
    )
    .await;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows {
        let [table, name, kind, nullable, default] = row.try_into().unwrap();
        let kind = kind_of(&kind, &table, &name);
        tables.entry(table).or_default().push((name, kind, nullable == "YES", default == "yes"));
    }
    tables
}

/// What SQLite keeps a value of PostgreSQL's type as.
fn kind_of(declared: &str, table: &str, column: &str) -> &'static str {
    match declared {
        "BLOB" | "uuid" | "bytea" => "bytes",
        "INTEGER" | "bigint" | "timestamp with time zone" | "boolean" => "whole number",
        "TEXT" | "text" | "date" | "jsonb" => "text",
        other => panic!("{table}.{column}: no mapping for {other}"),
    }
}

/// The indexes that were named by us: table, columns, uniqueness, whether only some rows are in it.
async fn indexes(conn: &mut Conn) -> Vec<Vec<String>> {
    rows(
        conn,
        "SELECT i.name, t.name, (SELECT group_concat(x.name, ' ') FROM (SELECT coalesce(name, 'expr') AS name FROM pragma_index_info(i.name) \
         ORDER BY seqno) x), iif(i.\"unique\", 'unique', ''), iif(i.partial, 'partial', '') \
         FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin = 'c' ORDER BY 1",
        "SELECT i.relname::text, t.relname::text, (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) \
         FROM pg_attribute a WHERE a.attrelid = i.oid), CASE WHEN x.indisunique THEN 'unique' ELSE '' END, \
         CASE WHEN x.indpred IS NOT NULL THEN 'partial' ELSE '' END FROM pg_index x JOIN pg_class i ON i.oid = \
         x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
         WHERE n.nspname = 'public' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.oid \
         AND k.contype IN ('p', 'u')) ORDER BY i.relname::text COLLATE \"C\"",
    )
    .await
}

/// Primary keys and unique constraints: table, kind, columns.
async fn keys(conn: &mut Conn) -> Vec<Vec<String>> {
    rows(
        conn,
        "SELECT t.name, iif(i.origin = 'pk', 'p', 'u'), (SELECT group_concat(x.name, ' ') FROM (SELECT name \
         FROM pragma_index_info(i.name) ORDER BY seqno) x) FROM sqlite_schema t JOIN pragma_index_list(t.name) i \
         WHERE t.type = 'table' AND i.origin IN ('pk', 'u') AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY 1, 2, 3",
        "SELECT t.relname::text, k.contype::text, (SELECT string_agg(a.attname, ' ' ORDER BY a.attnum) \
         FROM pg_attribute a WHERE a.attrelid = k.conindid) COLLATE \"C\" FROM pg_constraint k \
         JOIN pg_class t ON t.oid = k.conrelid WHERE k.contype IN ('p', 'u') AND t.relname NOT LIKE '\\_sqlx%' \
         AND t.relnamespace = 'public'::regnamespace \
         ORDER BY t.relname::text COLLATE \"C\", 2, 3",
    )
    .await
}

/// Foreign keys: table, column, the table referred to.
async fn references(conn: &mut Conn) -> Vec<Vec<String>> {
    rows(
        conn,
        "SELECT t.name, f.\"from\", f.\"table\" FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f \
         WHERE t.type = 'table' ORDER BY 1, 2",
        "SELECT t.relname::text, a.attname::text, f.relname::text FROM pg_constraint k \
         JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid \
         JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (k.conkey) WHERE k.contype = 'f' \
         ORDER BY t.relname::text COLLATE \"C\", a.attname::text COLLATE \"C\"",
    )
    .await
}

// ── what is applied, pending, foreign ────────────────────────────────────────────────────────────────────────────────

fn names() -> Vec<String> {
    MIGRATIONS.iter().map(|entry| entry.1.to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_current_behind_or_another_binarys() {
    both(async |case| {
        let db = &case.test.db;
        let mut conn = case.conn().await;
        let mut all = names();
        let current = MigrationState { applied: all.clone(), pending: vec![], foreign: vec![] };
        assert_eq!(migrations::state(db).await.unwrap(), current);
        migrations::migrate(db).await.unwrap();
        assert_eq!(migrations::state(db).await.unwrap(), current, "a second time changes nothing");

        let changed = all.remove(2);
        run(&mut conn, "UPDATE _sqlx_migrations SET checksum = substr(checksum, 2) WHERE version = 3").await;
        let state = migrations::state(db).await.unwrap();
        assert_eq!(state, MigrationState { applied: all.clone(), pending: vec![], foreign: vec![changed.clone()] });
        assert!(!state.is_current());
        assert!(migrations::migrate(db).await.is_err(), "another text under a known number is not built upon");

        run(&mut conn, "DELETE FROM _sqlx_migrations WHERE version = 3").await;
        let state = migrations::state(db).await.unwrap();
        assert_eq!(state, MigrationState { applied: all.clone(), pending: vec![changed], foreign: vec![] });

        run(&mut conn, "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1").await;
        let state = migrations::state(db).await.unwrap();
        assert_eq!(state.foreign, ["9999"], "a newer binary was here");
        assert!(migrations::migrate(db).await.is_err());
    })
    .await;
}

/// A database that no migration has seen.
struct Empty {
    url: String,
    engine: Engine,
    _kept: (Option<tempfile::TempDir>, Option<postgres::Database>),
}

impl Empty {
    async fn each() -> [Self; 2] {
        let dir = tempfile::tempdir_in(quick()).unwrap();
        let sqlite = Self { url: sqlite_url(dir.path()), engine: Engine::Sqlite, _kept: (Some(dir), None) };
        let database = tokio::task::block_in_place(|| postgres::shared().database());
        let postgres = Self { url: database.url.clone(), engine: Engine::Postgres, _kept: (None, Some(database)) };
        postgres.clear().await;
        [sqlite, postgres]
    }

    async fn clear(&self) {
        match self.engine {
            Engine::Sqlite => {
                let path = self.url.strip_prefix("sqlite://").unwrap();
                for end in ["", "-wal", "-shm"] {
                    let _it_may_not_be_there = std::fs::remove_file(format!("{path}{end}"));
                }
            }
            Engine::Postgres => {
                use sqlx::Connection as _;
                let mut conn = sqlx::PgConnection::connect(&self.url).await.unwrap();
                // A killed process's last statement may still hold its locks for a moment.
                let sql = "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public";
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await.unwrap();
            }
        }
    }

    async fn db(&self) -> Db {
        let settings =
            DbSettings { url: self.url.clone(), read_connections: 1, postgres_lanes: 1, notices_restores: true };
        Db::open(&settings).await.unwrap()
    }

    fn binary(&self) -> Binary {
        Binary::new().with("DINHDANH_DATABASE_URL", &self.url)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing() {
    for empty in Empty::each().await {
        let db = empty.db().await;
        let state = migrations::state(&db).await.unwrap();
        assert_eq!(state, MigrationState { applied: vec![], pending: names(), foreign: vec![] });
        let tables = match empty.engine {
            Engine::Sqlite => "SELECT count(*) FROM sqlite_schema",
            Engine::Postgres => "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'",
        };
        assert_eq!(number(&mut db.read().await.unwrap(), tables).await, 0, "{:?}", empty.engine);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_migrate_at_once_all_succeed() {
    for empty in Empty::each().await {
        let binary = empty.binary();
        for _ in 0..3 {
            empty.clear().await;
            let start = || binary.command(&["migrate"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
            let children: Vec<_> = (0..6).map(|_| start()).collect();
            for mut child in children {
                assert!(child.wait().unwrap().success(), "{:?}", empty.engine);
            }
            let db = empty.db().await;
            assert!(migrations::state(&db).await.unwrap().is_current());
            db.close().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_migration_is_taken_up_again() {
    for empty in Empty::each().await {
        let binary = empty.binary();
        for round in 0..14 {
            empty.clear().await;
            let mut child = binary.command(&["migrate"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
            thread::sleep(Duration::from_millis(5 + 6 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            let again = binary.run(&["migrate"]);
            assert_eq!(again.status(), 0, "{:?} killed in round {round}: {}{}", empty.engine, again.out(), again.err());
            let db = empty.db().await;
            assert!(migrations::state(&db).await.unwrap().is_current(), "{:?} round {round}", empty.engine);
            db.close().await;
        }
    }
}

/// A migration under a running service: what is in the statement caches still works (F23).
#[tokio::test(flavor = "multi_thread")]
async fn cached_statements_survive_an_added_column() {
    both(async |case| {
        let mut conn = case.test.db.read().await.unwrap();
        let client = case.client("rp").await;
        let before = dinhdanh::store::clients::find(&mut conn, &client).await.unwrap();
        run(&mut case.conn().await, "ALTER TABLE client ADD COLUMN added_later TEXT NOT NULL DEFAULT 'x'").await;
        for _ in 0..7 {
            assert_eq!(dinhdanh::store::clients::find(&mut conn, &client).await.unwrap(), before);
        }
        case.client("second").await;
    })
    .await;
}
