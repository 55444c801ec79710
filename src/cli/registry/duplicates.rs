//! `registry duplicates`: records that may be one person.

use std::{fmt::Write as _, process::ExitCode};

use clap::Subcommand;
use indicatif::ProgressBar;
use serde_json::json;

use crate::{
    base::{Fault, ids::PersonId},
    cli::{context::Context, failure::Failure},
    flows::registry::{
        duplicates::{DecideDifferent, walk},
        read_person::note_reading,
    },
    registry::PersonalNumber,
    store::{
        Db, Writer,
        audit::Actor,
        duplicates::{self, AfterPair},
        persons,
    },
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
        /// The next page: what the last one ended with.
        #[arg(long, value_name = "PLACE", value_parser = place)]
        after: Option<AfterPair>,
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
    let writer = context.writer(&db);
    let done = match &args.command {
        Command::Find => find(&db, &writer, context).await.map_err(super::record),
        Command::List { most, after } => {
            list((&db, &writer), (after.unwrap_or(AfterPair::START), *most), context).await.map_err(super::record)
        }
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

/// `87/ONE/OTHER`, as a page ends.
fn place(text: &str) -> Result<AfterPair, String> {
    let parts: Vec<&str> = text.split('/').collect();
    let read = || {
        let [score, one, other] = parts.as_slice() else { return None };
        Some(AfterPair { score: score.parse().ok()?, one: one.parse().ok()?, other: other.parse().ok()? })
    };
    read().ok_or_else(|| "it is what the page before ended with: a score and two ids, with slashes between".to_owned())
}

async fn list(
    (db, writer): (&Db, &Writer),
    (after, most): (AfterPair, i64),
    context: &Context,
) -> Result<ExitCode, Fault> {
    // One more than is shown, to know whether there is more.
    let mut pairs = duplicates::open_after(&mut db.read().await?, None, (after, most.saturating_add(1))).await?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let more = pairs.len() > most;
    pairs.truncate(most);
    let next = pairs.last().filter(|_| more).map(|last| format!("{}/{}/{}", last.score, last.one, last.other));
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
    if let Some(next) = &next {
        let _ = writeln!(text, "more: --after {next}");
    }
    context.out.answer(
        &json!({ "pairs": machine, "next": next }),
        if pairs.is_empty() { "no open pair" } else { text.trim_end() },
    );
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_a_page_names_it() {
        let id = |number| PersonId(uuid::Uuid::from_u128(number));
        let place_of = |after: AfterPair| format!("{}/{}/{}", after.score, after.one, after.other);
        let after = AfterPair { score: 87, one: id(1), other: id(2) };
        assert_eq!(place(&place_of(after)), Ok(after));
        for bad in ["", "87", "87/a/b", &(place_of(after) + "/1"), "x/00000000-0000-0000-0000-000000000001/b"] {
            assert!(place(bad).is_err(), "{bad}");
        }
    }
}
