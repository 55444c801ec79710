//! `registry`: make synthetic people, bring people in, look one up.

mod boundary_change;
mod duplicates;
mod events;
mod export;
mod generate;
mod history;
mod import;
mod report;
mod search;
mod show;
mod statistics;

use std::process::ExitCode;

use clap::Subcommand;

use super::{context::Context, failure::Failure};
use crate::base::Fault;

/// The population registry: synthetic people, files of people, look-ups.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Generate(generate::Args),
    Import(import::Args),
    Export(export::Args),
    Events(events::Args),
    Show(show::Args),
    Search(search::Args),
    Duplicates(duplicates::Args),
    BoundaryChange(boundary_change::Args),
    Statistics(statistics::Args),
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Generate(args) => generate::run(&args, context).await,
        Command::Import(args) => import::run(args, context).await,
        Command::Export(args) => export::run(&args, context).await,
        Command::Events(args) => events::run(args, context).await,
        Command::BoundaryChange(args) => boundary_change::run(&args, context).await,
        Command::Duplicates(args) => duplicates::run(&args, context).await,
        Command::Statistics(args) => statistics::run(args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Search(args) => search::run(&args, context).await,
    }
}

/// The record failed while it was asked.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn record(fault: Fault) -> Failure {
    Failure::of_database(&fault)
}
