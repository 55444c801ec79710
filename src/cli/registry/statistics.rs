//! `registry statistics`: counts without persons.

use std::{fmt::Write as _, process::ExitCode};

use crate::{
    cli::{context::Context, failure::Failure},
    flows::registry::statistics::{self, Dimension, Question},
    registry::{admin_unit, search::Within},
};

/// Count people by unit, age band, sex or status; cells of fewer than five are withheld, with what would give them away.
#[derive(clap::Args)]
pub struct Args {
    /// unit, age_band, sex, vital; several with commas, three at most.
    #[arg(long, value_name = "LIST", default_value = "unit", value_delimiter = ',', value_parser = dimension)]
    by: Vec<Dimension>,
    /// One province, counted by its communes.
    #[arg(long, value_name = "PROVINCE")]
    within: Option<String>,
}

fn dimension(name: &str) -> Result<Dimension, String> {
    Dimension::parse(name).ok_or_else(|| "unit, age_band, sex or vital".to_owned())
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let today = context.clock.now().vietnam_date();
    let province = match args.within.as_deref().map(|unit| Within::parse(unit, today)).transpose() {
        Ok(within) => within.map(|within| within.province),
        Err(error) => return Err(Failure::new("--within", error.to_string(), "name a province of today")),
    };
    if args.by.len() > 3 {
        return Err(Failure::new("--by", "more than three dimensions point at persons", "ask for three at most"));
    }
    let loaded = context.load(Vec::new())?;
    let db = context.open_migrated(&loaded).await?;
    let question = Question { by: args.by, province };
    let mut conn = db.read().await.map_err(super::record)?;
    let table = statistics::table(&mut conn, &question, today).await.map_err(super::record)?;
    drop(conn);
    db.close().await;
    let mut text = String::new();
    for cell in &table.cells {
        let words: Vec<String> = cell
            .key
            .iter()
            .zip(&question.by)
            .map(|(value, by)| match admin_unit::on(value, today).filter(|_| *by == Dimension::Unit) {
                Some(unit) => format!("{value} {}", unit.full_name),
                None => value.clone(),
            })
            .collect();
        let people = cell.people.map_or_else(|| "withheld".to_owned(), |people| people.to_string());
        let _ = writeln!(text, "{}  {people}", words.join("  "));
    }
    let _ = write!(text, "total  {}", table.total.map_or_else(|| "withheld".to_owned(), |people| people.to_string()));
    context.out.answer(&statistics::as_json(&table, &question, today), text);
    Ok(ExitCode::SUCCESS)
}
