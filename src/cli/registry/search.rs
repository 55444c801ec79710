//! `registry search`: who has this number, or this name and year of birth.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::json;

use crate::{
    base::ids::InstanceId,
    cli::{context::Context, failure::Failure},
    flows::registry::read_person::note_reading,
    registry::{NameLevel, PersonName, PersonalNumber},
    store::{
        Writer,
        audit::Actor,
        persons::{self, StoredPerson},
    },
};

/// Find people by number, or by whole name and year of birth; the name may be written without its marks.
#[derive(clap::Args)]
pub struct Args {
    /// Twelve digits, or a whole name.
    what: String,
    /// The year of birth, with a name.
    #[arg(long, value_name = "YYYY")]
    born: Option<i32>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=200))]
    most: i64,
}

/// How a person was found.
enum Found {
    Number,
    FormerNumber,
    Name(NameLevel),
}

impl Found {
    const fn words(&self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::FormerNumber => "former number",
            Self::Name(NameLevel::Exact) => "name exactly",
            Self::Name(NameLevel::Tone) => "name by its tones",
            Self::Name(_) => "name without marks",
        }
    }
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(Vec::new())?;
    let db = context.open_migrated(&loaded).await?;
    let mut conn = db.read().await.map_err(super::record)?;
    let found = if let Ok(number) = PersonalNumber::parse(&args.what) {
        let person = persons::find_by_number(&mut conn, &number).await.map_err(super::record)?;
        person
            .map(|one| {
                let how = if one.person.number == Some(number) { Found::Number } else { Found::FormerNumber };
                (one, how)
            })
            .into_iter()
            .collect()
    } else {
        let name = PersonName::parse(&args.what)
            .map_err(|error| Failure::new("WHAT", error.to_string(), "type twelve digits or a whole name"))?;
        let year = args.born.filter(|year| (1_800..=9_999).contains(year)).ok_or_else(|| {
            Failure::new("--born", "a name alone is borne by too many", "add the year of birth: --born 1985")
        })?;
        let keys = name.keys();
        let people = persons::find_by_name(&mut conn, &keys, year, args.most).await.map_err(super::record)?;
        let mut people: Vec<_> = people
            .into_iter()
            .map(|one| {
                let level = keys.compare(&one.person.name.keys());
                (one, Found::Name(level))
            })
            .collect();
        people.sort_by_key(|(_, how)| std::cmp::Reverse(level_of(how)));
        people
    };
    drop(conn);
    let now = context.clock.now();
    let writer = Writer::start(&db, InstanceId::generate(&context.entropy, now));
    let seen: Vec<_> = found.iter().map(|(one, _)| one.person.id).collect();
    note_reading(&writer, &seen, Actor::CommandLine, now).await.map_err(super::record)?;
    drop(writer);
    db.close().await;
    answer(&found, context);
    Ok(if found.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

const fn level_of(how: &Found) -> NameLevel {
    match how {
        Found::Name(level) => *level,
        Found::Number | Found::FormerNumber => NameLevel::Exact,
    }
}

fn answer(found: &[(StoredPerson, Found)], context: &Context) {
    let machine: Vec<_> = found
        .iter()
        .map(|(one, how)| {
            let person = &one.person;
            json!({
                "number": person.number.map(|number| number.as_str().to_owned()), "name": person.name.full(),
                "birth_date": person.birth.to_string(), "sex": person.sex.code(), "vital": person.vital.code(),
                "found_by": how.words(),
            })
        })
        .collect();
    let mut text = String::new();
    for (one, how) in found {
        let person = &one.person;
        let number = person.number.map(|number| number.grouped()).unwrap_or_default();
        let _ = writeln!(text, "{number}  {}  {}  ({})", person.birth, person.name.full(), how.words());
    }
    if found.is_empty() {
        text.push_str("nobody");
    }
    context.out.answer(&json!({ "people": machine }), text.trim_end());
}
