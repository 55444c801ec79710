//! `audit`: whether the record of what happened is whole, and what happened to whom.

use std::{fs, path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{context::Context, demo_data::DemoData, failure::Failure};
use crate::{
    base::{
        Fault, Timestamp,
        hex::{hex, unhex},
        ids::{AccountId, GrantId, InstanceId},
    },
    flows::audit::{Trail, Whose, trail},
    registry::PersonalNumber,
    store::{
        Conn, Db,
        audit::Actor,
        audit_log::{self, Head, StoredEvent, Verified},
    },
};

/// Verify the audit chains, keep their heads, show somebody's trail.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DemoData,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Walk every chain: numbers without a gap, each hash computed again, each link followed. Fails on the first bad event.
    Verify {
        /// Heads that were kept elsewhere (`audit heads`): what was cut off since is missed.
        #[arg(long, value_name = "FILE")]
        heads: Option<PathBuf>,
    },
    /// Print the end of every chain as JSON, to be kept where nobody who can write the database can reach it.
    Heads,
    /// Show what happened to a person, an account or a grant, newest first. That it was read is recorded too.
    Show(ShowArgs),
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Subject {
    /// The person of this number, with their account.
    #[arg(long, value_name = "NUMBER")]
    person: Option<String>,
    #[arg(long, value_name = "ID")]
    account: Option<AccountId>,
    /// One authorization, with everything that came of it.
    #[arg(long, value_name = "ID")]
    grant: Option<GrantId>,
}

#[derive(clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    whose: Subject,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    most: i64,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(args.data.flags()?)?;
    let db = context.open_migrated(&loaded).await?;
    match args.what {
        What::Verify { heads } => verify(context, &db, heads).await,
        What::Heads => {
            let heads = audit_log::heads(&mut conn(&db).await?).await.map_err(of_database)?;
            let machine: Vec<Value> = heads.iter().map(head_json).collect();
            // The same text either way: it is made to be kept in a file.
            context.out.answer(&machine, serde_json::to_string(&machine).unwrap_or_default());
            Ok(ExitCode::SUCCESS)
        }
        What::Show(args) => show(context, &db, args).await,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn of_database(fault: Fault) -> Failure {
    Failure::of_database(&fault)
}

async fn conn(db: &Db) -> Result<Conn, Failure> {
    db.read().await.map_err(of_database)
}

async fn verify(context: &Context, db: &Db, kept: Option<PathBuf>) -> Result<ExitCode, Failure> {
    let kept = kept.as_ref().map(read_heads).transpose()?.unwrap_or_default();
    let mut conn = conn(db).await?;
    let Verified { chains, events, mut broken } = audit_log::verify(&mut conn).await.map_err(of_database)?;
    for head in &kept {
        if !audit_log::has(&mut conn, head).await.map_err(of_database)? {
            broken.push((
                head.instance,
                head.lane,
                head.seq,
                "it was the head of its chain once, and is not there any more",
            ));
        }
    }
    if broken.is_empty() {
        let said = format!(
            "{events} events in {chains} chains: whole{}",
            if kept.is_empty() { "" } else { ", with every kept head" }
        );
        context.out.answer(&json!({"chains": chains, "events": events, "heads": kept.len(), "broken": []}), said);
        return Ok(ExitCode::SUCCESS);
    }
    let cure = "compare with a backup from before: whoever wrote here had the database's own rights. After a restore, a head that is \
                missed is what came after that backup";
    let problems = broken.iter().map(|(instance, lane, seq, why)| {
        Failure::new(format!("audit_event of instance {instance}, lane {lane}, number {seq}"), *why, cure).0
    });
    Err(Failure(problems.flatten().collect()))
}

fn head_json(head: &Head) -> Value {
    json!({"instance": head.instance, "lane": head.lane, "seq": head.seq, "hash": hex(&head.hash)})
}

fn read_heads(path: &PathBuf) -> Result<Vec<Head>, Failure> {
    let place = path.display().to_string();
    let cure = "name a file that `dinhdanh audit heads` wrote";
    let text = fs::read(path).map_err(|error| Failure::new(&place, error.to_string(), cure))?;
    let rows: Vec<Value> =
        serde_json::from_slice(&text).map_err(|error| Failure::new(&place, error.to_string(), cure))?;
    rows.iter()
        .enumerate()
        .map(|(at, row)| {
            head_of(row)
                .ok_or_else(|| Failure::new(format!("{place}, entry {}", at + 1), "is not a chain's head", cure))
        })
        .collect()
}

fn head_of(row: &Value) -> Option<Head> {
    let instance: InstanceId = row.get("instance")?.as_str()?.parse().ok()?;
    let hash = unhex(row.get("hash")?.as_str()?)?;
    Some(Head { instance, lane: row.get("lane")?.as_i64()?, seq: row.get("seq")?.as_i64()?, hash })
}

async fn show(context: &Context, db: &Db, args: ShowArgs) -> Result<ExitCode, Failure> {
    let whose = whose(&args.whose)?;
    let now = context.clock.now();
    let writer = context.writer(db);
    let found = trail((&mut conn(db).await?, &writer), &whose, (now, args.most), Actor::CommandLine, now).await;
    writer.stop().await;
    let Some(Trail { person, account, events }) = found.map_err(of_database)? else {
        return Err(Failure::new(
            "audit",
            "there is nobody and nothing of this number or id",
            "look with `dinhdanh account show`",
        ));
    };
    let machine: Vec<Value> = events.iter().map(event_json).collect();
    let said: Vec<String> = events.iter().map(line).collect();
    context.out.answer(&json!({"person": person, "account": account, "events": machine}), said.join("\n"));
    Ok(ExitCode::SUCCESS)
}

fn whose(subject: &Subject) -> Result<Whose, Failure> {
    if let Some(number) = &subject.person {
        return PersonalNumber::parse(number)
            .map(Whose::Person)
            .map_err(|error| Failure::new("--person", error.to_string(), "give the 12 digits as printed on the card"));
    }
    let one = subject.account.map(Whose::Account).or(subject.grant.map(Whose::Grant));
    one.ok_or_else(|| Failure::new("audit show", "nobody is named", "give --person, --account or --grant"))
}

fn detail(event: &StoredEvent) -> Value {
    serde_json::from_str(&event.detail).unwrap_or(Value::Null)
}

fn event_json(event: &StoredEvent) -> Value {
    json!({
        "at": event.at.rfc3339(),
        "action": event.action,
        "outcome": event.outcome,
        "actor": event.actor,
        "client": event.client_id,
        "session": event.session_id,
        "detail": detail(event),
        "event": format!("{}/{}/{}", event.instance, event.lane, event.seq),
    })
}

fn line(event: &StoredEvent) -> String {
    let at: Timestamp = event.at;
    let client = event.client_id.as_deref().map(|client| format!("  {client}")).unwrap_or_default();
    let detail = if event.detail.is_empty() { String::new() } else { format!("  {}", event.detail) };
    format!("{}  {:<28}  {:<7}  {}{client}{detail}", at.rfc3339(), event.action, event.outcome, event.actor)
}
