//! `migrate`: bring the schema up to date, or say how far it is behind.

use std::process::ExitCode;

use serde_json::json;

use super::{
    context::{Context, must_exist},
    failure::Failure,
};
use crate::store::{
    Db,
    migrations::{self, MigrationState},
};

/// Bring the database's schema up to date; an embedded database is made where there is none.
#[derive(clap::Args)]
pub struct Args {
    /// Change nothing; the exit status is 0 when the schema is this binary's and 1 when it is not.
    #[arg(long)]
    check: bool,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(Vec::new())?;
    let settings = loaded.config.db_settings();
    if args.check {
        must_exist(&settings)?;
    }
    let db = Db::open(&settings).await.map_err(|fault| Failure::of_database(&fault))?;
    let before = state(&db).await?;
    let (state, done) = if args.check || before.is_current() {
        (before, Vec::new())
    } else if before.foreign.is_empty() {
        migrations::migrate(&db).await.map_err(|fault| Failure::of_database(&fault))?;
        (state(&db).await?, before.pending)
    } else {
        let what = format!("applied here and unknown to this binary: {}", before.foreign.join(", "));
        return Err(Failure::new("database.url", what, "run the newest binary that has run on this database"));
    };
    let machine = json!({
        "current": state.is_current(),
        "applied": state.applied,
        "applied_now": done,
        "pending": state.pending,
        "foreign": state.foreign,
    });
    context.out.answer(&machine, told(&state, &done));
    Ok(if state.is_current() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn state(db: &Db) -> Result<MigrationState, Failure> {
    migrations::state(db).await.map_err(|fault| Failure::of_database(&fault))
}

fn told(state: &MigrationState, done: &[String]) -> String {
    if !state.foreign.is_empty() {
        return format!("a newer binary was here: {} unknown", state.foreign.join(", "));
    }
    if !state.pending.is_empty() {
        return format!("behind: {} pending; run `dinhdanh migrate`", state.pending.join(", "));
    }
    match done {
        [] => format!("current: {} applied", state.applied.len()),
        done => format!("applied now: {}", done.join(", ")),
    }
}
