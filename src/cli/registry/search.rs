//! `registry search`: who has this number, document or name, where, and whose child.

use std::{fmt::Write as _, process::ExitCode};

use serde_json::json;
use time::Date;

use crate::{
    cli::{context::Context, failure::Failure},
    crypto::{Kek, Sealer},
    flows::registry::{
        read_person::note_reading,
        search::{self, Ask, Page},
    },
    registry::{
        BirthDate, PersonalNumber, admin_unit,
        household::ResidenceFile,
        search::{Criteria, SearchRefusal, TypedName, Within},
    },
    store::audit::Actor,
};

/// Find people by a number of twelve or nine digits, or by a name as one types it: without marks, in another order, in
/// part, with a slip.
#[derive(clap::Args)]
pub struct Args {
    /// Twelve digits, the nine of an old card, or a name.
    what: Option<String>,
    /// The day, month or year of birth.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = |text: &str| BirthDate::parse(text))]
    born: Option<BirthDate>,
    /// A province or commune of today, by code or name.
    #[arg(long, value_name = "UNIT")]
    within: Option<String>,
    /// The father's or mother's name.
    #[arg(long, value_name = "NAME")]
    parent: Option<String>,
    /// The number of a household's residence file.
    #[arg(long, value_name = "FILE", value_parser = |text: &str| ResidenceFile::parse(text))]
    household: Option<ResidenceFile>,
    /// At most so many.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u8).range(1..=100))]
    most: u8,
    /// The page after this cursor.
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(Vec::new())?;
    let now = context.clock.now();
    let criteria = criteria(args, now.vietnam_date()).map_err(refused)?;
    let db = context.open_migrated(&loaded).await?;
    // Without the service's key a cursor cannot be read again, and pages end with the first.
    let kek = Context::kek(&loaded);
    let sealer = Sealer::new(kek.as_ref().unwrap_or(&Kek::from_bytes(&context.entropy.bytes())));
    let ask = Ask {
        most: usize::from(args.most),
        cursor: args.after.as_deref(),
        asker: "command-line",
        sealer: &sealer,
        entropy: &context.entropy,
    };
    let mut conn = db.read().await.map_err(super::record)?;
    let found = search::search(&mut conn, &criteria, &ask).await.map_err(super::record)?;
    drop(conn);
    let mut page = found.map_err(refused)?;
    page.next = page.next.filter(|_| kek.is_ok());
    let writer = context.writer(&db);
    let seen: Vec<_> = page.hits.iter().map(|hit| hit.person.id).collect();
    note_reading(&writer, &seen, Actor::CommandLine, now).await.map_err(super::record)?;
    drop(writer);
    db.close().await;
    answer(&page, context, now.vietnam_date());
    Ok(if page.hits.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn criteria(args: &Args, today: Date) -> Result<Criteria, SearchRefusal> {
    let mut criteria = Criteria {
        birth: args.born,
        within: args.within.as_deref().map(|unit| Within::parse(unit, today)).transpose()?,
        parent: args.parent.as_deref().map(TypedName::parse).transpose()?,
        household: args.household.clone(),
        ..Criteria::default()
    };
    if let Some(what) = args.what.as_deref() {
        let digits: String = what.chars().filter(|letter| !letter.is_whitespace()).collect();
        if let Ok(number) = PersonalNumber::parse(what) {
            criteria.number = Some(number);
        } else if digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            criteria.cmnd9 = Some(digits);
        } else {
            criteria.name = Some(TypedName::parse(what)?);
        }
    }
    criteria.checked()
}

fn refused(error: SearchRefusal) -> Failure {
    let cure = match error {
        SearchRefusal::Nothing | SearchRefusal::Name => {
            "type twelve or nine digits, or a name; a year or day of birth goes with --born"
        }
        SearchRefusal::Unit => "name a province or commune of today, by its code or its whole name",
        SearchRefusal::ParentAlone => "add --born or --within",
        SearchRefusal::Cursor => "ask for the first page again, without --after",
    };
    Failure::new("search", error.to_string(), cure)
}

fn answer(page: &Page, context: &Context, today: Date) {
    let machine: Vec<_> = page
        .hits
        .iter()
        .map(|hit| {
            let person = &hit.person;
            json!({
                "number": person.number.map(|number| number.as_str().to_owned()), "name": person.name.full(),
                "birth_date": person.birth.to_string(), "sex": person.sex.code(), "vital": person.vital.code(),
                "unit": person.commune, "why": hit.why, "score": hit.score,
            })
        })
        .collect();
    let mut text = String::new();
    for hit in &page.hits {
        let person = &hit.person;
        let number = person.number.map(|number| number.grouped()).unwrap_or_default();
        let home = admin_unit::on(&person.commune, today).map(admin_unit::AdminUnit::in_full).unwrap_or_default();
        let why: Vec<String> = hit.why.iter().map(|why| words(&json!(why))).collect();
        let (name, birth, why) = (person.name.full(), person.birth, why.join(", "));
        let _ = writeln!(text, "{number}  {birth}  {name}  {home}  ({}: {why})", hit.score);
    }
    if page.hits.is_empty() {
        text.push_str("nobody");
    }
    if let Some(next) = &page.next {
        let _ = writeln!(text, "more with --after {next}");
    }
    context.out.answer(&json!({ "people": machine, "next": page.next }), text.trim_end());
}

/// "name (without marks)".
fn words(why: &serde_json::Value) -> String {
    let part = |name: &str| why.get(name).and_then(serde_json::Value::as_str).map(|text| text.replace('_', " "));
    match (part("by"), part("how")) {
        (Some(by), Some(how)) => format!("{by} {how}"),
        (by, _) => by.unwrap_or_default(),
    }
}
