//! `registry show NUMBER`: one person's file, for whoever has a shell on the server.

use std::process::ExitCode;

use serde_json::{Value, json};
use time::Date;

use crate::{
    cli::{
        context::{Context, Sealed},
        failure::Failure,
        out::as_lines,
        registry::history,
    },
    flows::registry::{Part, PersonFile, PersonVault, read_person::note_reading},
    registry::{Expiry, PersonalNumber},
    store::{audit::Actor, persons},
};

/// Show the person whom a number leads to, also by a number that was cancelled.
#[derive(clap::Args)]
pub struct Args {
    /// Twelve digits; spaces do no harm.
    number: String,
    /// The whole record as it was true on this day (YYYY-MM-DD).
    #[arg(long, value_name = "DAY")]
    as_of: Option<String>,
    /// … as far as it was known at this moment: a day (its end), or YYYY-MM-DDTHH:MM:SSZ.
    #[arg(long, value_name = "MOMENT")]
    as_known_at: Option<String>,
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let number = PersonalNumber::parse(&args.number)
        .map_err(|error| Failure::new("NUMBER", error.to_string(), "type the twelve digits of the card"))?;
    let loaded = context.load(Vec::new())?;
    let Sealed { db, kek, .. } = context.open_sealed(&loaded).await?;
    let vault = PersonVault::new(&kek);
    let mut conn = db.read().await.map_err(super::record)?;
    let Some(person) = persons::find_by_number(&mut conn, &number).await.map_err(super::record)? else {
        return Err(Failure::new(
            "NUMBER",
            "this number leads to nobody",
            "look for the person with `registry search`",
        ));
    };
    let now = context.clock.now();
    if args.as_of.is_some() || args.as_known_at.is_some() {
        let when = (history::day(args.as_of.as_deref(), now)?, history::moment(args.as_known_at.as_deref(), now)?);
        let machine = history::known(&mut conn, &vault, person.person.id, when).await?;
        drop(conn);
        let writer = context.writer(&db);
        note_reading(&writer, &[person.person.id], Actor::CommandLine, now).await.map_err(super::record)?;
        context.out.answer(&machine, as_lines(&machine));
        drop(writer);
        db.close().await;
        return Ok(ExitCode::SUCCESS);
    }
    let file = PersonFile::of(&mut conn, person, &Part::ALL).await.map_err(super::record)?;
    drop(conn);
    let writer = context.writer(&db);
    note_reading(&writer, &[file.person.person.id], Actor::CommandLine, now).await.map_err(super::record)?;
    let machine = as_json(&file, &vault, now.vietnam_date())?;
    context.out.answer(&machine, as_lines(&machine));
    drop(writer);
    db.close().await;
    Ok(ExitCode::SUCCESS)
}

fn as_json(file: &PersonFile, vault: &PersonVault, today: Date) -> Result<Value, Failure> {
    let person = &file.person.person;
    let mut contacts = serde_json::Map::new();
    for contact in &file.contacts {
        let value = vault.open_contact(contact).map_err(super::record)?;
        contacts.insert(contact.kind.code().to_owned(), json!(value.reveal()));
    }
    let numbers: Vec<_> =
        file.numbers.iter().map(|one| json!({ "number": one.number.as_str(), "active": one.active })).collect();
    let cards: Vec<_> = file
        .cards
        .iter()
        .map(|card| {
            let expires = match card.expiry {
                Expiry::On(day) => day.to_string(),
                Expiry::Never => "never".to_owned(),
            };
            json!({
                "kind": card.kind.code(), "status": card.status.code(), "issued_on": card.issued_on.to_string(),
                "expires_on": expires, "valid_today": card.is_valid_on(today),
            })
        })
        .collect();
    let residences: Vec<_> = file
        .residences
        .iter()
        .map(|home| {
            json!({
                "form": home.kind.code(), "address": home.address.in_full_on(today),
                "as_registered": home.address.as_registered, "from": home.from.map(|day| day.to_string()),
                "to": home.to.map(|day| day.to_string()),
            })
        })
        .collect();
    Ok(json!({
        "person": person.id,
        "number": person.number.map(|number| number.grouped()),
        "numbers": numbers,
        "name": person.name.full(),
        "birth_date": person.birth.to_string(),
        "sex": person.sex.code(),
        "vital": person.vital.code(),
        "vital_since": person.vital.since().map(|day| day.to_string()),
        "nationalities": person.nationalities,
        "cards": cards,
        "residences": residences,
        "contacts": contacts,
        "household": household(file),
        "relatives": relatives(file),
    }))
}

fn household(file: &PersonFile) -> Value {
    let Some((household, members)) = &file.household else { return Value::Null };
    let members: Vec<_> =
        members.iter().map(|member| json!({ "name": member.full_name, "relation": member.relation.code() })).collect();
    json!({ "residence_file": household.residence_file, "members": members })
}

fn relatives(file: &PersonFile) -> Vec<Value> {
    file.relations
        .iter()
        .map(|one| json!({ "kinship": one.kinship.code(), "number": one.relative_number, "name": one.full_name }))
        .collect()
}
