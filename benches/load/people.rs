//! Figures about the registry and about starting: import beside a bare load, the demo's first and next start.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::{
    service::{Running, Site, dinhdanh, memory_of, on_first_core, sqlite_url},
    tables::TABLES,
    watched::free_port,
    wire::Trouble,
};

/// `registry import` of `people` rows into a SQLite registry of its own; then the same rows into the same tables of another one by
/// the engine alone, and their file's lines into a table that has neither keys nor checks.
pub async fn import(site: &Site, people: u32) -> Result<Value, Trouble> {
    let file = site.folder.join("people.csv").display().to_string();
    site.run(&["registry", "generate", &people.to_string(), "--out", &file])?;
    // Into a registry of its own: without two people's word only the first file of an empty one comes in.
    let own = migrated(site, "import.db")?;
    let began = Instant::now();
    let mut child = site.command(&["registry", "import", &file])?.env("DINHDANH_DATABASE_URL", &own).spawn()?;
    let mut memory = Vec::new();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        memory.push(memory_of(child.id()).0);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let took = began.elapsed().as_secs_f64();
    if !status.success() {
        return Err(format!("import: {}", site.last_words()).into());
    }
    let same = same_rows(&own, &migrated(site, "bare.db")?).await?;
    let lines = lines_alone(Path::new(&file), &site.folder).await?;
    let rows = f64::from(people);
    let at = |share: usize| memory.get(memory.len() * share / 10).map_or(0.0, |mib| mib.round());
    Ok(json!({
        "people": people, "people_per_second": (rows / took).round(), "seconds": took.round(),
        "the_same_rows_by_the_engine_alone": (rows / same).round(),
        "share": format!("{:.0} % of the same rows by the engine alone", same / took * 100.0),
        "lines_into_a_table_without_keys": (rows / lines).round(),
        "memory_mib_at_tenths": [at(1), at(3), at(5), at(7), at(9)],
    }))
}

/// The URL of a fresh SQLite registry of this name.
fn migrated(site: &Site, name: &str) -> Result<String, Trouble> {
    let url = sqlite_url(&site.folder).replace("bench.db", name);
    if !site.command(&["migrate"])?.env("DINHDANH_DATABASE_URL", &url).status()?.success() {
        return Err(format!("migrate: {}", site.last_words()).into());
    }
    Ok(url)
}

/// Seconds for every row that the import made, with the indexes and constraints of its table, as durable as the service writes;
/// a table is one statement and one transaction.
async fn same_rows(from: &str, to: &str) -> Result<f64, Trouble> {
    let mut conn = SqliteConnection::connect(to).await?;
    sqlx::raw_sql(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -16000; \
         PRAGMA temp_store = MEMORY",
    )
    .execute(&mut conn)
    .await?;
    sqlx::query("ATTACH DATABASE ? AS imported")
        .bind(from.trim_start_matches("sqlite://").to_owned())
        .execute(&mut conn)
        .await?;
    let began = Instant::now();
    for table in TABLES {
        // Without a condition SQLite copies whole pages of tables that are alike, which no load of rows can do.
        let sql = format!("INSERT INTO main.{table} SELECT * FROM imported.{table} WHERE true");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut conn).await?;
    }
    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    let took = began.elapsed().as_secs_f64();
    conn.close().await?;
    Ok(took)
}

const ROWS: usize = 100;

async fn lines_alone(file: &Path, folder: &Path) -> Result<f64, Trouble> {
    let url = format!("{}?mode=rwc", sqlite_url(folder).replace("bench.db", "lines.db"));
    let mut conn = SqliteConnection::connect(&url).await?;
    sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (a, b, c, d, e, f, g, h)")
        .execute(&mut conn)
        .await?;
    let insert = |rows: usize| format!("INSERT INTO bare VALUES {}", vec!["(?,?,?,?,?,?,?,?)"; rows].join(","));
    let began = Instant::now();
    let mut tx = conn.begin().await?;
    let mut lines = BufReader::new(File::open(file)?).lines().skip(1);
    loop {
        let chunk: Vec<String> = lines.by_ref().take(ROWS).collect::<Result<_, _>>()?;
        if chunk.is_empty() {
            break;
        }
        let mut query = sqlx::query(AssertSqlSafe(insert(chunk.len())));
        for line in &chunk {
            let mut cells = line.splitn(8, ',');
            for _ in 0..8 {
                query = query.bind(cells.next().map(str::to_owned));
            }
        }
        query.execute(&mut *tx).await?;
    }
    tx.commit().await?;
    conn.close().await?;
    Ok(began.elapsed().as_secs_f64())
}

/// The demo with its people: from the process's start until it is ready, the first time and the next.
pub async fn demo_start(folder: &Path) -> Result<Value, Trouble> {
    let (port, data) = (free_port(), folder.join("demo"));
    let mut times = Vec::new();
    let mut memory = 0.0;
    for _ in 0..2 {
        let log = File::create(folder.join("demo.log"))?;
        let mut command = on_first_core(dinhdanh());
        command.args(["demo", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(&data);
        command.stdout(log.try_clone()?).stderr(log);
        let (running, took) = Running::start(command, port, "/health/ready").await?;
        times.push((took.as_secs_f64() * 1_000.0).round());
        memory = running.memory().0;
    }
    Ok(json!({
        "first_run_ms": times.first(), "next_run_ms": times.get(1), "memory_mib": memory.round(),
    }))
}
