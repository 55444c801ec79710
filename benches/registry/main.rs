//! The figures of the registry (docs/scale.md): an import beside a bare COPY of the same rows, look-ups and searches at each
//! size, verifications, and what a million people weigh. `scripts/bench-registry` runs it.
#![expect(clippy::unwrap_used, reason = "the PostgreSQL of the tests, which is used here too, stops at what is wrong")]
#![expect(clippy::expect_used, clippy::panic, reason = "as above")]

mod bare;
mod later;
mod population;
#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "tests also stop and kill it")]
mod postgres;
mod searches;
mod tables;
#[path = "../../tests/support/watched.rs"]
mod watched;
mod weights;

use std::{io::Write as _, path::PathBuf};

use clap::Parser;
use dinhdanh::store::{Db, DbSettings};
use serde_json::{Value, json};

pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Measures the registry on a PostgreSQL of its own.
#[derive(Parser)]
#[command(name = "scripts/bench-registry")]
struct Args {
    /// Sizes of the population, each in a database of its own.
    #[arg(long, num_args = 1.., default_values_t = [100_000, 1_000_000])]
    people: Vec<u64>,
    /// Load without secondary indexes and foreign keys and make the indexes afterwards: for the figures of a size, not of an
    /// import.
    #[arg(long)]
    indexes_later: bool,
    /// Calls of each kind.
    #[arg(long, default_value_t = 2_000)]
    calls: usize,
    /// Write everything here as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Trouble> {
    let args = Args::parse();
    debug_assert!(!args.bench || args.calls > 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let found = runtime.block_on(measure(&args))?;
    if let Some(path) = &args.out {
        std::fs::write(path, serde_json::to_string_pretty(&found)?)?;
    }
    Ok(())
}

async fn measure(args: &Args) -> Result<Value, Trouble> {
    // The cluster's clerk blocks: it starts on a thread of its own.
    let cluster = std::thread::spawn(postgres::Cluster::start).join().map_err(|_| "PostgreSQL did not start")?;
    let mut sizes = Vec::new();
    for people in &args.people {
        let database = tokio::task::block_in_place(|| cluster.database());
        let db = open(&database.url).await?;
        let later = if args.indexes_later { Some(later::Later::drop(&database.url).await?) } else { None };
        let loaded = population::load(&db, *people).await?;
        say(&format!(
            "{people} people: import {:.1} s, {:.0} people/s, {} MB resident at most",
            loaded.seconds,
            rate(*people, loaded.seconds),
            loaded.resident_mb
        ))?;
        let seconds = if let Some(later) = later {
            say(&format!("  the indexes that were left out: {:.1} s", later.make(&database.url).await?))?;
            None
        } else {
            let other = tokio::task::block_in_place(|| cluster.database());
            let seconds = bare::copy(&database.url, &other.url).await?;
            let share = seconds / loaded.seconds * 100.0;
            say(&format!("  bare COPY of the same rows {seconds:.1} s: the import has {share:.0} % of its speed"))?;
            Some(seconds)
        };
        later::learn(&database.url).await?;
        let searches = searches::run(&db, &loaded.sample, args.calls).await?;
        for (name, figures) in &searches {
            say(&format!("  {name:<34} {figures}"))?;
        }
        let verified = searches::verify(&db, &loaded.sample).await?;
        say(&format!("  verify {:.0}/s, {:.0} µs of CPU here each", verified.rate, verified.cpu_micros))?;
        let weights = weights::of(&database.url, *people).await?;
        for (name, bytes) in &weights {
            say(&format!("  {name:<34} {bytes:>8.1} MB a million"))?;
        }
        sizes.push(json!({
            "people": people, "import_seconds": loaded.seconds, "bare_copy_seconds": seconds, "share": seconds.map(|bare| bare / loaded.seconds),
            "resident_mb": loaded.resident_mb, "verify_per_second": verified.rate, "verify_cpu_micros": verified.cpu_micros,
            "searches": searches.iter().map(|(name, figures)| (name.clone(), figures.json())).collect::<serde_json::Map<_, _>>(),
            "mb_a_million": weights.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
        }));
        db.close().await;
    }
    Ok(json!({ "sizes": sizes }))
}

async fn open(url: &str) -> Result<Db, Trouble> {
    Ok(Db::open(&DbSettings { url: url.to_owned(), read_connections: 8, postgres_lanes: 4 }).await?)
}

#[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
pub fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

pub fn say(line: &str) -> Result<(), Trouble> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
