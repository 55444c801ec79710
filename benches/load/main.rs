//! The figures of the service, side by side with the limits that this machine has in the same run (`docs/performance.md`).
//!
//! The server runs on the first core, this generator on the second: `scripts/bench` puts them there.
#![expect(clippy::unwrap_used, reason = "the PostgreSQL of the tests, which is used here too, stops at what is wrong")]
#![expect(clippy::expect_used, clippy::panic, reason = "as above")]

mod acts;
mod drive;
mod figures;
mod limits;
mod people;
#[path = "../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "tests also stop and kill it")]
mod postgres;
mod report;
mod seed;
mod service;
#[path = "../registry/tables.rs"]
mod tables;
#[path = "../../tests/support/watched.rs"]
mod watched;
mod wire;

use std::{path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

use self::{drive::Rounds, figures::Bench, wire::Trouble};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    Sqlite,
    Postgres,
    Both,
}

/// Another name would measure nothing, and say nothing.
const FIGURES: [&str; 12] = [
    "discovery",
    "jwks",
    "pushed_requests",
    "client_credentials",
    "sso",
    "userinfo",
    "refresh",
    "introspection",
    "sign_in",
    "memory",
    "start",
    "import",
];

/// Measures the service.
#[derive(Parser)]
#[command(name = "scripts/bench")]
struct Args {
    /// One round of a second for each figure, and fewer people.
    #[arg(long)]
    quick: bool,
    #[arg(long, value_enum, default_value = "both")]
    engine: Engine,
    /// Only these.
    #[arg(long, num_args = 1.., value_parser = FIGURES)]
    figure: Vec<String>,
    /// Virtual users at once.
    #[arg(long, default_value_t = 16)]
    users: usize,
    /// Write everything here as JSON.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Serve constants and bare signatures on this port.
    #[arg(long, hide = true)]
    bare: Option<u16>,
    /// Print the limits of this core, with durable writes in this folder.
    #[arg(long, hide = true)]
    raw: Option<PathBuf>,
    /// `cargo bench` says so.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<(), Trouble> {
    let args = Args::parse();
    debug_assert!(!args.bench || args.users > 0);
    let length = Duration::from_secs(if args.quick { 1 } else { 3 });
    if let Some(folder) = &args.raw {
        return report::say(&limits::raw(folder, length / 3)?.to_string());
    }
    // One thread: the generator has one core.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(port) = args.bare {
        return runtime.block_on(limits::bare(port));
    }
    let bench = Bench {
        rounds: Rounds { count: if args.quick { 1 } else { 3 }, length },
        quick: args.quick,
        users: args.users.max(1),
        only: args.figure,
    };
    let measured = runtime.block_on(bench.run(args.engine))?;
    report::table(&measured)?;
    if let Some(path) = args.out {
        std::fs::write(path, serde_json::to_vec_pretty(&measured)?)?;
    }
    Ok(())
}
