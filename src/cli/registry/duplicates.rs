//! `registry duplicates`: records that may be one person.

use std::{fmt::Write as _, process::ExitCode};

use clap::Subcommand;
use indicatif::ProgressBar;
use serde_json::json;

use crate::{
    base::{
        Fault,
        ids::{InstanceId, PersonId},
    },
    cli::{context::Context, failure::Failure},
    flows::registry::{
        duplicates::{DecideDifferent, walk},
        read_person::note_reading,
    },
    registry::PersonalNumber,
    store::{Db, Writer, audit::Actor, duplicates, persons},
};

/// Records that may be one person: look for them, list them, say that two are different people.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare everybody with whom a name, a contact or an old card brings them together.
    Find,
    /// The open pairs, the likeliest first, each with its reasons.
    List {
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=200))]
        most: i64,
    },
    /// Decide that two numbers are two people.
    Different {
        /// Twelve digits.
        one: String,
        other: String,
        /// What was checked: it is audited.
        #[arg(long, value_name = "WORDS")]
        note: String,
    },
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(Vec::new())?;
    let db = context.open_migrated(&loaded).await?;
    let writer = Writer::start(&db, InstanceId::generate(&context.entropy, context.clock.now()));
    let done = match &args.command {
        Command::Find => find(&db, &writer, context).await.map_err(super::record),
        Command::List { most } => list(&db, &writer, *most, context).await.map_err(super::record),
        Command::Different { one, other, note } => different((&db, &writer), [one, other], note, context).await,
    };
    drop(writer);
    db.close().await;
    done
}

async fn find(db: &Db, writer: &Writer, context: &Context) -> Result<ExitCode, Fault> {
    let bar = if context.out.shows_progress() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let walked = walk((db, writer, &context.clock), &Actor::CommandLine, |walked| {
        bar.set_message(format!("{} compared, {} pairs", walked.people, walked.pairs));
    })
    .await?;
    bar.finish_and_clear();
    let machine = json!({ "people": walked.people, "pairs": walked.pairs, "new": walked.new });
    let words = format!("{} people compared, {} pairs, {} of them new", walked.people, walked.pairs, walked.new);
    context.out.answer(&machine, words);
    Ok(ExitCode::SUCCESS)
}

async fn list(db: &Db, writer: &Writer, most: i64, context: &Context) -> Result<ExitCode, Fault> {
    let pairs = duplicates::open(&mut db.read().await?, most).await?;
    let seen: Vec<PersonId> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).collect();
    note_reading(writer, &seen, Actor::CommandLine, context.clock.now()).await?;
    let mut text = String::new();
    let mut machine = Vec::new();
    for pair in &pairs {
        let number = |number: &Option<String>| number.clone().unwrap_or_else(|| "-".to_owned());
        let (one, other) = (number(&pair.one_number), number(&pair.other_number));
        let _ =
            writeln!(text, "{}  {one} {}  {other} {}  {}", pair.score, pair.one_name, pair.other_name, pair.reasons);
        machine.push(json!({
            "score": pair.score, "reasons": pair.reasons, "one": { "number": one, "name": pair.one_name },
            "other": { "number": other, "name": pair.other_name },
        }));
    }
    context.out.answer(&json!({ "pairs": machine }), if pairs.is_empty() { "no open pair" } else { text.trim_end() });
    Ok(ExitCode::SUCCESS)
}

async fn different(
    (db, writer): (&Db, &Writer),
    numbers: [&String; 2],
    note: &str,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let mut ids = Vec::new();
    for text in numbers {
        let number = PersonalNumber::parse(text)
            .map_err(|error| Failure::new("NUMBER", error.to_string(), "type the twelve digits"))?;
        let mut conn = db.read().await.map_err(super::record)?;
        let found = persons::find_by_number(&mut conn, &number).await.map_err(super::record)?;
        ids.extend(found.map(|found| found.person.id));
    }
    let [one, other] = ids.as_slice() else {
        return Err(Failure::new(
            "NUMBER",
            "one of them leads to nobody",
            "take the numbers from `registry duplicates list`",
        ));
    };
    let unit = DecideDifferent {
        pair: (*one, *other),
        note: note.to_owned(),
        actor: Actor::CommandLine,
        now: context.clock.now(),
    };
    if !writer.submit(unit).await.map_err(super::record)? {
        return Err(Failure::new("NUMBER", "this pair is not open", "see `registry duplicates list`"));
    }
    context.out.answer(&json!({ "decided": "different" }), "decided: two people");
    Ok(ExitCode::SUCCESS)
}
