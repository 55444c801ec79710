//! A database of any earlier release, with people, accounts, clients and events in it, becomes this one's: nothing of it is
//! lost or changed, and what a migration computes is what the program would have written.

use std::fs;

use dinhdanh::store::{
    Db, DbSettings,
    migrations::{self, MIGRATIONS},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, SqliteConnection};

use crate::support::{binary::Binary, postgres};

/// Rows of a kind that older releases did not know: they have none of these.
const KNOWN: [(&str, &str); 1] = [("signing_key", "alg NOT IN ('RSA-OAEP-256', 'ECDH-ES')")];

/// Columns that a later migration fills from what was there, as `name_word` whole.
const COMPUTED: [(&str, &str); 3] = [("person", "name_sorted"), ("person", "home_unit"), ("person", "home_province")];

/// A record as the present binary fills it: the rows that older ones had are among them.
fn full(binary: Binary) -> Binary {
    binary.prepare();
    let run = |args: &[&str]| binary.run(args).status() == 0;
    assert!(run(&["registry", "generate", "80", "--out", "people.csv"]));
    assert!(run(&["registry", "import", "people.csv"]));
    assert!(run(&["client", "token", "new"]));
    let at = |name: &str| binary.dir.path().join(name);
    fs::write(at("client.json"), r#"{"client_id": "rp", "redirect_uris": ["https://rp.example/cb"]}"#).unwrap();
    assert!(run(&["client", "add", "--file", "client.json"]));
    fs::write(at("password"), "trâu vàng leo núi 47").unwrap();
    let operator =
        ["operator", "add", "can.bo", "--display", "Cán bộ", "--role", "registrar", "--password-file", "password"];
    assert!(run(&operator));
    let people = fs::read_to_string(at("people.csv")).unwrap();
    let numbers: Vec<&str> = people.lines().skip(1).map(|line| &line[..12]).collect();
    assert!(numbers.iter().any(|&number| run(&["account", "create", number, "--phone", "0500000001"])));
    let event = format!(
        r#"{{"source_id": "1", "kind": "death", "fields": {{"subject": "{}", "on": "2026-11-20", "paper": "death_note",
            "paper_no": "17", "paper_on": "2026-11-20", "paper_by": "UBND phường Ngọc Hà"}}}}"#,
        numbers[0]
    );
    fs::write(at("events.ndjson"), event.replace('\n', " ")).unwrap();
    assert!(run(&["registry", "events", "events.ndjson", "--source", "x"]));
    binary
}

/// A connection that sees the record as it is now and, beside it, one that an older release made.
trait Beside {
    /// The schemas' names.
    const NOW: &'static str;
    const OLD: &'static str;
    /// Names of the tables of a schema.
    const TABLES: &'static str;
    /// Names of the columns of a table, with `!` behind those that must be given.
    const COLUMNS: &'static str;

    async fn texts(&mut self, sql: &str) -> Vec<String>;
    async fn run(&mut self, sql: &str);

    async fn tables(&mut self, schema: &str) -> Vec<String> {
        self.texts(&Self::TABLES.replace("SCHEMA", schema)).await
    }

    async fn columns(&mut self, schema: &str, table: &str) -> Vec<String> {
        self.texts(&Self::COLUMNS.replace("SCHEMA", schema).replace("TABLE", table)).await
    }

    async fn count(&mut self, rows: &str) -> String {
        self.texts(&format!("SELECT CAST(count(*) AS TEXT) FROM ({rows}) AS counted")).await.remove(0)
    }

    /// Fills the older tables with what they could hold of the record: tables, with their columns.
    async fn fill(&mut self, last: i64) -> Vec<(String, String)> {
        let (now, old) = (Self::NOW, Self::OLD);
        let (tables, still) = (self.tables(old).await, self.tables(now).await);
        let mut filled = Vec::new();
        for table in tables {
            self.run(&format!("DELETE FROM {old}.{table}")).await;
            let there = if still.contains(&table) { self.columns(now, &table).await } else { Vec::new() };
            let there: Vec<&str> = there.iter().map(|name| name.trim_end_matches('!')).collect();
            let own = self.columns(old, &table).await;
            let lacks = |name: &String| name.strip_suffix('!').is_some_and(|name| !there.contains(&name));
            // A table or a column that has another name since: what stood there was on its way, and went.
            if own.iter().any(lacks) {
                continue;
            }
            let own = own.iter().map(|name| name.trim_end_matches('!')).filter(|name| there.contains(name));
            let own = own.collect::<Vec<_>>().join(", ");
            let known = known(&table);
            self.run(&format!("INSERT INTO {old}.{table} ({own}) SELECT {own} FROM {now}.{table} WHERE {known}")).await;
            filled.push((table, own));
        }
        let history = format!("SELECT * FROM {now}._sqlx_migrations WHERE version <= {last}");
        self.run(&format!("CREATE TABLE {old}._sqlx_migrations AS {history}")).await;
        filled
    }

    async fn judge(&mut self, last: i64, filled: &[(String, String)]) {
        let mut with_rows = 0;
        let words = ("name_word".to_owned(), "word, uses".to_owned());
        for (table, columns) in filled.iter().chain([&words]) {
            let known = known(table);
            let computed = COMPUTED.iter().filter(|(of, _)| of == table).map(|(_, column)| format!(", {column}"));
            let columns = format!("{columns}{}", computed.collect::<String>());
            let rows = |schema: &str| format!("SELECT {columns} FROM {schema}.{table} WHERE {known}");
            let (old, now) = (rows(Self::OLD), rows(Self::NOW));
            for (one, other) in [(&now, &old), (&old, &now)] {
                assert_eq!(self.count(&format!("{one} EXCEPT {other}")).await, "0", "{one} differ, from {last} on");
            }
            with_rows += usize::from(self.count(&now).await != "0");
        }
        assert!(with_rows >= 8, "from {last} on: too little was there to tell anything: {with_rows}");
    }
}

fn known(table: &str) -> &'static str {
    KNOWN.iter().find(|(of, _)| *of == table).map_or("true", |(_, rows)| rows)
}

async fn upgraded(url: &str) {
    let db =
        Db::open(&DbSettings { url: url.to_owned(), read_connections: 1, postgres_lanes: 1, notices_restores: true })
            .await
            .unwrap();
    migrations::migrate(&db).await.unwrap();
    assert!(migrations::state(&db).await.unwrap().is_current());
    db.close().await;
}

impl Beside for SqliteConnection {
    const NOW: &'static str = "now";
    const OLD: &'static str = "main";
    const TABLES: &'static str = "SELECT name FROM SCHEMA.sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_' \
        AND name NOT LIKE 'sqlite%' ORDER BY name";
    const COLUMNS: &'static str =
        "SELECT name || iif(\"notnull\" AND dflt_value IS NULL, '!', '') FROM pragma_table_info('TABLE', 'SCHEMA')";

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(self).await.unwrap()
    }

    async fn run(&mut self, sql: &str) {
        let ran = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self).await;
        ran.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

impl Beside for PgConnection {
    const NOW: &'static str = "public";
    const OLD: &'static str = "old";
    const TABLES: &'static str = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'SCHEMA' \
        AND left(tablename, 1) <> '_' ORDER BY 1";
    const COLUMNS: &'static str = "SELECT column_name || CASE WHEN is_nullable = 'NO' AND column_default IS NULL THEN '!' ELSE '' END \
        FROM information_schema.columns WHERE table_schema = 'SCHEMA' AND table_name = 'TABLE' ORDER BY ordinal_position";

    async fn texts(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(self).await.unwrap()
    }

    async fn run(&mut self, sql: &str) {
        let ran = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(self).await;
        ran.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_any_earlier_release_is_brought_up_to_date_on_sqlite() {
    let binary = tokio::task::block_in_place(|| full(Binary::new()));
    let file = binary.dir.path().join("old.db");
    let url = format!("sqlite://{}", file.display());
    for (at, (last, ..)) in MIGRATIONS.iter().enumerate() {
        for end in ["", "-wal", "-shm"] {
            let _it_may_not_be_there = fs::remove_file(format!("{}{end}", file.display()));
        }
        let mut conn = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
        let beside =
            format!("PRAGMA foreign_keys = OFF; ATTACH '{}' AS now", binary.dir.path().join("test.db").display());
        conn.run(&beside).await;
        for (_, _, sqlite, _) in &MIGRATIONS[..=at] {
            conn.run(sqlite).await;
        }
        let filled = conn.fill(*last).await;
        conn.close().await.unwrap();
        upgraded(&url).await;
        let mut conn = SqliteConnection::connect(&url).await.unwrap();
        conn.run(&beside).await;
        conn.judge(*last, &filled).await;
        conn.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_any_earlier_release_is_brought_up_to_date_on_postgres() {
    let database = tokio::task::block_in_place(|| postgres::shared().database());
    let _folder = tokio::task::block_in_place(|| full(Binary::new().with("DINHDANH_DATABASE_URL", &database.url)));
    let mut conn = PgConnection::connect(&database.url).await.unwrap();
    for (at, (last, ..)) in MIGRATIONS.iter().enumerate() {
        // Without its keys to other tables being asked while it is filled.
        conn.run(
            "SET client_min_messages = error; DROP SCHEMA IF EXISTS old CASCADE; CREATE SCHEMA old; SET search_path = old; \
             SET session_replication_role = replica",
        )
        .await;
        for (_, _, _, postgres) in &MIGRATIONS[..=at] {
            conn.run(postgres).await;
        }
        let filled = conn.fill(*last).await;
        upgraded(&format!("{}?options=-csearch_path%3Dold", database.url)).await;
        conn.judge(*last, &filled).await;
    }
    conn.close().await.unwrap();
}
