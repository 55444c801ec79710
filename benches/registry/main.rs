//! The figures of the registry (docs/scale.md): an import beside a bare COPY of the same rows, look-ups and searches at each
//! size, verifications, and what a million people weigh. `scripts/bench-registry` runs it.
#![expect(clippy::unwrap_used, reason = "the PostgreSQL of the tests, which is used here too, stops at what is wrong")]
#![expect(clippy::expect_used, clippy::panic, reason = "as above")]

mod bare;
mod changes;
mod later;
mod population;
#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "tests also stop and kill it")]
mod postgres;
mod searches;
mod service;
mod tables;
#[path = "../../tests/support/watched.rs"]
mod watched;
mod weights;

use std::{io::Write as _, path::PathBuf};

use clap::Parser;
use dinhdanh::{
    crypto::{Kek, random},
    flows::Provider,
    registry::PersonRecord,
};
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
    /// Measure this database, into which `registry import` brought the people of `registry generate N` before, instead of
    /// loading one; DINHDANH_KEK_FILE names its key.
    #[arg(long, value_name = "URL")]
    loaded: Option<String>,
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
    let mut sizes = Vec::new();
    if let Some(url) = &args.loaded {
        let people = args.people.first().copied().unwrap_or_default();
        let provider = Box::pin(service::on(url, std::env::var("DINHDANH_KEK_FILE")?.as_ref())).await?;
        let sample = population::people(people, |_| Ok(()))?;
        sizes.push(json!({ "registry": figures(&provider, (url, people), &sample, args.calls).await? }));
        return Ok(json!({ "sizes": sizes }));
    }
    // The cluster's clerk blocks: it starts on a thread of its own.
    let cluster = std::thread::spawn(postgres::Cluster::start).join().map_err(|_| "PostgreSQL did not start")?;
    let folder = tempfile::tempdir()?;
    let (kek, path) = (folder.path().join("kek"), folder.path().join("people.csv"));
    Kek::create(&kek, &random::entropy())?;
    for &people in &args.people {
        let database = tokio::task::block_in_place(|| cluster.database());
        let url = database.url.as_str();
        let provider = Box::pin(service::on(url, &kek)).await?;
        let later = if args.indexes_later { Some(later::Later::drop(url).await?) } else { None };
        let sample = population::write(people, &path)?;
        let loaded = population::load(&provider, path.clone()).await?;
        say(&format!(
            "{people} people: import {:.1} s, {:.0} people/s, {} MB resident at most",
            loaded.seconds,
            rate(people, loaded.seconds),
            loaded.resident_mb
        ))?;
        let seconds = if let Some(later) = later {
            say(&format!("  the indexes that were left out: {:.1} s", later.make(url).await?))?;
            None
        } else {
            let other = tokio::task::block_in_place(|| cluster.database());
            let seconds = bare::copy(url, &other.url).await?;
            let share = seconds / loaded.seconds * 100.0;
            say(&format!("  bare COPY of the same rows {seconds:.1} s: the import has {share:.0} % of its speed"))?;
            Some(seconds)
        };
        later::learn(url).await?;
        sizes.push(json!({
            "import": {
                "seconds": loaded.seconds, "bare_copy_seconds": seconds, "share": seconds.map(|bare| bare / loaded.seconds),
                "resident_mb": loaded.resident_mb,
            },
            "registry": figures(&provider, (url, people), &sample, args.calls).await?,
        }));
        provider.db.close().await;
    }
    Ok(json!({ "sizes": sizes }))
}

/// What a registry of this size does: look-ups, verifications, changes, and its weight.
async fn figures(
    provider: &Provider,
    (url, people): (&str, u64),
    sample: &[PersonRecord],
    calls: usize,
) -> Result<Value, Trouble> {
    let all = |figures: &[(String, searches::Figures)]| {
        figures.iter().try_for_each(|(name, figures)| say(&format!("  {name:<34} {figures}")))
    };
    let searches = searches::run(&provider.db, sample, calls).await?;
    all(&searches)?;
    let verified = searches::verify(provider, sample).await?;
    say(&format!("  verify {:.0}/s, {:.0} µs of CPU here each", verified.rate, verified.cpu_micros))?;
    let weights = weights::of(url, people).await?;
    let changes = changes::run(provider, sample, calls / 10).await?;
    all(&changes)?;
    for (name, bytes) in &weights {
        say(&format!("  {name:<34} {bytes:>8.1} MB a million"))?;
    }
    let named = |all: Vec<(String, searches::Figures)>| {
        all.into_iter().map(|(name, figures)| (name, figures.json())).collect::<serde_json::Map<_, _>>()
    };
    Ok(json!({
        "people": people, "verify_per_second": verified.rate, "verify_cpu_micros": verified.cpu_micros,
        "searches": named(searches), "changes": named(changes),
        "mb_a_million": weights.into_iter().collect::<std::collections::BTreeMap<_, _>>(),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a rate to three digits")]
pub fn rate(count: u64, seconds: f64) -> f64 {
    count as f64 / seconds
}

pub fn say(line: &str) -> Result<(), Trouble> {
    Ok(writeln!(std::io::stdout(), "{line}")?)
}
