//! `registry boundary-change --on DAY`: one bulk event for the day on which the map changed.

use std::process::ExitCode;

use serde_json::json;
use time::{Date, macros::format_description};

use crate::{
    cli::{context::Context, failure::Failure},
    flows::registry::boundary_change::{Portions, carry_out},
    store::audit::Actor,
};

/// Carry out a change of administrative units for everybody at once: addresses stay as registered, people are found by the
/// new units, nobody is notified.
#[derive(clap::Args)]
pub struct Args {
    /// The first day of the new units: 2025-07-01, 2026-04-30.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    on: Date,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|error| error.to_string())
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(Vec::new())?;
    let db = context.open_migrated(&loaded).await?;
    let writer = context.writer(&db);
    let changed = carry_out((&db, &writer, &context.clock), (args.on, &Actor::CommandLine), Portions::default()).await;
    drop(writer);
    db.close().await;
    let Some(changed) = changed.map_err(super::record)? else {
        let what = "people are found by the map of this day, or of a later one, already";
        return Err(Failure::new("--on", what, "there is nothing to do"));
    };
    if changed.units == 0 {
        return Err(Failure::new("--on", "no unit changed on this day", "name the first day of the new units"));
    }
    let machine = json!({ "units": changed.units, "divided": changed.divided, "people": changed.people,
        "batches": changed.batches });
    let words = format!("{} units, {} of them divided, {} people", changed.units, changed.divided, changed.people);
    context.out.answer(&machine, words);
    Ok(ExitCode::SUCCESS)
}
