//! `registry`: make synthetic people, bring people in, look one up.

mod generate;
mod history;
mod import;
mod search;
mod show;

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
    Show(show::Args),
    Search(search::Args),
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match args.command {
        Command::Generate(args) => generate::run(&args, context),
        Command::Import(args) => import::run(args, context).await,
        Command::Show(args) => show::run(&args, context).await,
        Command::Search(args) => search::run(&args, context).await,
    }
}

/// The record failed while it was asked.
#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err takes")]
fn record(fault: Fault) -> Failure {
    Failure::of_database(&fault)
}
