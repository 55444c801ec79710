//! `registry export --out FILE`: a selection of people, for who may have it; the export is audited with its digest.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use indicatif::ProgressBar;
use serde_json::json;

use super::generate::format_of;
use crate::{
    base::hex,
    cli::{
        context::{Context, Sealed},
        failure::Failure,
    },
    flows::registry::{
        PersonVault,
        export::{Export, ExportError, Selection},
    },
    registry::search::Within,
    store::audit::Actor,
};

/// Write a selection of people to a file, as `registry import` reads it; cells that a spreadsheet would run are guarded.
#[derive(clap::Args)]
pub struct Args {
    /// The file to write, for the owner alone: .csv, .ndjson, or .xml (QCVN 109:2017/BTTTT), which has no place for the dead and
    /// the missing, cards, contacts, former numbers and temporary residences.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A province or commune of today, by code or name; everybody without it.
    #[arg(long, value_name = "UNIT")]
    within: Option<String>,
    /// On what decision: it is audited.
    #[arg(long, value_name = "WORDS")]
    reason: String,
    /// Ethnicity, religion, blood group, telephone and e-mail too.
    #[arg(long)]
    sensitive: bool,
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let format = format_of(&args.out)?;
    let today = context.clock.now().vietnam_date();
    let within = args.within.as_deref().map(|unit| Within::parse(unit, today)).transpose();
    let within = within.map_err(|error| Failure::new("--within", error.to_string(), "name a unit of today"))?;
    if args.reason.trim().chars().count() < 8 {
        return Err(Failure::new("--reason", "the reason says nothing", "name the decision and its date"));
    }
    let loaded = context.load(Vec::new())?;
    let Sealed { db, kek, .. } = context.open_sealed(&loaded).await?;
    let vault = PersonVault::new(&kek);
    let writer = context.writer(&db);
    let bar = if context.out.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let selection = Selection { within, sensitive: args.sensitive, reason: args.reason.trim().to_owned() };
    let export = Export { db: &db, writer: &writer, vault: &vault, clock: &context.clock, actor: Actor::CommandLine };
    let done = export.run((&args.out, format), &selection, |people| bar.set_message(format!("{people}"))).await;
    bar.finish_and_clear();
    drop(writer);
    db.close().await;
    let done = done.map_err(|error| match error {
        ExportError::Io(error) => {
            Failure::new(args.out.display().to_string(), error.to_string(), "choose a folder with room")
        }
        ExportError::Record(fault) => super::record(fault),
    })?;
    let (people, sha256, file) = (done.people, hex(&done.sha256), args.out.display());
    let machine = json!({
        "file": file.to_string(), "people": people, "without_number": done.without_number, "not_alive": done.not_alive,
        "sha256": sha256, "bytes": done.bytes,
    });
    let mut words = format!("{people} people in {file}, SHA-256 {sha256}");
    if done.not_alive > 0 {
        let _ =
            write!(words, "; {} dead or missing are left out, for the form would say that they live", done.not_alive);
    }
    context.out.answer(&machine, words);
    Ok(ExitCode::SUCCESS)
}
