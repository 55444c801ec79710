//! Figures about the registry and about starting: import beside a bare load, the demo's first and next start.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use super::{
    service::{Running, Site, dinhdanh, memory_of, on_first_core, sqlite_url},
    watched::free_port,
    wire::Trouble,
};

/// `registry import` of `people` rows, and the same rows put into one table without keys or checks, in one transaction.
pub async fn import(site: &Site, people: u32) -> Result<Value, Trouble> {
    let file = site.folder.join("people.csv").display().to_string();
    site.run(&["registry", "generate", &people.to_string(), "--out", &file])?;
    // Into a registry of its own: without two people's word only the first file of an empty one comes in.
    let own = sqlite_url(&site.folder).replace("bench.db", "import.db");
    if !site.command(&["migrate"])?.env("DINHDANH_DATABASE_URL", &own).status()?.success() {
        return Err(format!("migrate: {}", site.last_words()).into());
    }
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
    let bare = bare_load(Path::new(&file), &site.folder).await?;
    let rows = f64::from(people);
    let at = |share: usize| memory.get(memory.len() * share / 10).map_or(0.0, |mib| mib.round());
    Ok(json!({
        "rows": people, "rows_per_second": (rows / took).round(), "bare_rows_per_second": (rows / bare).round(),
        "share": format!("{:.0} % of a bare load", bare / took * 100.0),
        "memory_mib_at_tenths": [at(1), at(3), at(5), at(7), at(9)],
    }))
}

const ROWS: usize = 100;

async fn bare_load(file: &Path, folder: &Path) -> Result<f64, Trouble> {
    let url = format!("{}?mode=rwc", sqlite_url(folder).replace("bench.db", "bare.db"));
    let mut conn = SqliteConnection::connect(&url).await?;
    sqlx::raw_sql("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE bare (a, b, c, d, e, f, g, h)")
        .execute(&mut conn)
        .await?;
    let sql = format!("INSERT INTO bare VALUES {}", vec!["(?,?,?,?,?,?,?,?)"; ROWS].join(","));
    let began = Instant::now();
    let mut tx = conn.begin().await?;
    let mut lines = BufReader::new(File::open(file)?).lines().skip(1);
    loop {
        let chunk: Vec<String> = lines.by_ref().take(ROWS).collect::<Result<_, _>>()?;
        let few;
        let sql = if chunk.len() == ROWS {
            sql.as_str()
        } else {
            few = format!("INSERT INTO bare VALUES {}", vec!["(?,?,?,?,?,?,?,?)"; chunk.len()].join(","));
            few.as_str()
        };
        if chunk.is_empty() {
            break;
        }
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()));
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
