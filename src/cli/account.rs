//! `account`: what an officer does at the desk or on somebody's written request. Works while the service runs.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{context::Context, demo_data::DemoData, failure::Failure, start};
use crate::{
    assurance::{AccountLevel, LockReason, Party},
    base::{Fault, Secret},
    crypto::totp,
    flows::{
        Provider,
        account::{
            desk::{self, AtDesk, DeskOutcome, Handover},
            lock::{LockChange, LockChanged, lock, unlock},
            renew::{self, Renewal},
        },
    },
    registry::{PersonalNumber, PhoneNumber},
    store::{
        accounts::{self, StoredAccount},
        audit::Actor,
        authenticators, means_renewals,
    },
};

/// Show, open, raise, renew, lock and unlock accounts.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DemoData,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// How an account stands, without what proves its holder.
    Show { number: String },
    /// Lock for a reason: SELF at the holder's request, BREACH of the terms, AUTHORITY that asked in writing.
    Lock(LockArgs),
    /// Take one reason away; others stay.
    Unlock(LockArgs),
    /// Open an account for the person at the desk: prints, once, what they take home.
    Create {
        #[command(flatten)]
        desk: DeskArgs,
        /// How the person was proofed: 02 with the card, in person.
        #[arg(long, default_value = "02", value_parser = ["01", "02"])]
        level: String,
    },
    /// Raise an account of level 01 to 02: everything that proved its holder before is discarded.
    Raise(DeskArgs),
    /// For who lost the app and the codes, or forgot the password, at level 02: asked for at the desk, done by the same
    /// command 72 hours later unless the holder objects; prints, once, what they take home.
    Renew(DeskArgs),
}

#[derive(clap::Args)]
struct LockArgs {
    number: String,
    #[arg(long, value_parser = ["SELF", "BREACH", "AUTHORITY"])]
    reason: String,
    /// The request or letter that this rests on: kept with the lock.
    #[arg(long)]
    note: String,
}

#[derive(clap::Args)]
struct DeskArgs {
    number: String,
    /// The mobile number in the person's own name.
    #[arg(long)]
    phone: String,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(args.data.flags()?)?;
    let sealed = context.open_sealed(&loaded).await?;
    let provider = start::provider_of_command(context, &loaded, sealed)?;
    let done = act(context, &provider, args.what).await;
    provider.writer.stop().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(context: &Context, provider: &Provider, what: What) -> Result<(), Failure> {
    match what {
        What::Show { number } => show(context, provider, &number).await,
        What::Lock(args) => change_lock(context, provider, &args, Turn::Lock).await,
        What::Unlock(args) => change_lock(context, provider, &args, Turn::Unlock).await,
        What::Create { desk, level } => {
            let level = AccountLevel::parse(&level).unwrap_or(AccountLevel::Two);
            let desk = at_desk(context, &desk)?;
            let outcome = desk::open(provider, &desk, level).await.map_err(of_database)?;
            hand_over(context, &desk, outcome)
        }
        What::Raise(desk) => {
            let desk = at_desk(context, &desk)?;
            let outcome = desk::raise(provider, &desk).await.map_err(of_database)?;
            hand_over(context, &desk, outcome)
        }
        What::Renew(desk) => {
            let desk = at_desk(context, &desk)?;
            let renewal = renew::renew(provider, &desk).await.map_err(of_database)?;
            renewed(context, &desk, renewal)
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn of_database(fault: Fault) -> Failure {
    Failure::of_database(&fault)
}

fn number_of(text: &str) -> Result<PersonalNumber, Failure> {
    PersonalNumber::parse(text)
        .map_err(|error| Failure::new("NUMBER", error.to_string(), "give the 12 digits as printed on the card"))
}

async fn found(provider: &Provider, number: &PersonalNumber) -> Result<StoredAccount, Failure> {
    let mut conn = provider.db.read().await.map_err(of_database)?;
    let account = accounts::find_by_number(&mut conn, number.as_str()).await.map_err(of_database)?;
    account.ok_or_else(|| {
        Failure::new("NUMBER", "nobody of this number has an account", "open one with `dinhdanh account create`")
    })
}

async fn show(context: &Context, provider: &Provider, number: &str) -> Result<(), Failure> {
    let account = found(provider, &number_of(number)?).await?;
    let machine = described(provider, &account).await.map_err(of_database)?;
    context.out.answer(&machine, in_words(&machine));
    Ok(())
}

/// The same facts, as an officer reads them out.
fn in_words(facts: &Value) -> String {
    let text = |name: &str| facts.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let there = |name: &str| if facts.get(name) == Some(&Value::Bool(true)) { "yes" } else { "none" }.to_owned();
    let mut lines = vec![
        ("account", text("account")),
        ("level", text("level")),
        ("state", text("state")),
        ("since", text("created_at")),
        ("password", there("password")),
        ("authenticator app", there("totp")),
        ("recovery codes left", facts.get("recovery_codes_left").map(Value::to_string).unwrap_or_default()),
        ("phone", there("phone")),
    ];
    if let Some(due) = facts.get("renewal_due_at").and_then(Value::as_str) {
        lines.push(("renewal asked for, due", due.to_owned()));
    }
    for lock in facts.get("locks").and_then(Value::as_array).into_iter().flatten() {
        let of = |name: &str| lock.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push(("lock", format!("{} since {} by {}: {}", of("reason"), of("since"), of("actor"), of("note"))));
    }
    let lines: Vec<String> = lines.into_iter().map(|(name, value)| format!("{name}: {value}")).collect();
    lines.join("\n")
}

async fn described(provider: &Provider, account: &StoredAccount) -> Result<Value, Fault> {
    let mut conn = provider.db.read().await?;
    let locks = accounts::locks(&mut conn, account.id).await?;
    let locks: Vec<Value> = locks
        .iter()
        .map(|lock| {
            let since = lock.since.rfc3339();
            json!({"reason": lock.reason.code(), "since": since, "actor": lock.actor, "note": lock.note})
        })
        .collect();
    Ok(json!({
        "account": account.id,
        "level": account.level.code(),
        "state": account.state.code(),
        "created_at": account.created_at.rfc3339(),
        "password": account.password_hash.is_some(),
        "totp": authenticators::active_totp(&mut conn, account.id).await?.is_some(),
        "recovery_codes_left": authenticators::recovery_left(&mut conn, account.id).await?,
        "phone": account.phone_sealed.is_some(),
        "renewal_due_at": means_renewals::find(&mut conn, account.id).await?.map(|asked| asked.due_at.rfc3339()),
        "locks": locks,
    }))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    Lock,
    Unlock,
}

async fn change_lock(context: &Context, provider: &Provider, args: &LockArgs, turn: Turn) -> Result<(), Failure> {
    let account = found(provider, &number_of(&args.number)?).await?;
    // The officer acts on the word of the party whose reason it is; a card's or a death's comes with its own record.
    let (reason, party) = match args.reason.as_str() {
        "SELF" => (LockReason::Holder, Party::Holder),
        "BREACH" => (LockReason::Breach, Party::Agency),
        _ => (LockReason::Authority, Party::Authority),
    };
    let change = LockChange {
        account: account.id,
        reason,
        party,
        actor: Actor::CommandLine,
        note: args.note.clone(),
        now: context.clock.now(),
    };
    let changed = match turn {
        Turn::Lock => lock(provider, change).await,
        Turn::Unlock => unlock(provider, change).await,
    };
    match changed.map_err(of_database)? {
        LockChanged::Yes | LockChanged::Already => show(context, provider, &args.number).await,
        LockChanged::NoAccount => Err(Failure::new("NUMBER", "the account is gone", "look again")),
        LockChanged::NotTheirs(why) => Err(Failure::new("--reason", why.to_string(), "see `dinhdanh account --help`")),
    }
}

fn at_desk(context: &Context, args: &DeskArgs) -> Result<AtDesk, Failure> {
    let phone = PhoneNumber::parse(&args.phone).map_err(|error| {
        Failure::new("--phone", error.to_string(), "give the mobile number in the person's own name")
    })?;
    Ok(AtDesk { number: number_of(&args.number)?, phone, actor: Actor::CommandLine, now: context.clock.now() })
}

fn renewed(context: &Context, desk: &AtDesk, renewal: Renewal) -> Result<(), Failure> {
    let refused = |what: &str, cure: &str| Err(Failure::new(desk.number.masked(), what, cure));
    let outcome = match renewal {
        Renewal::Waits { due, new } => {
            let said = format!(
                "{} for renewal; the holder is told and may object until {}.\n\
                 Nothing is changed before. Then, with the person and their card here again: the same command once more.",
                if new { "asked" } else { "asked before" },
                due.rfc3339()
            );
            context.out.answer(&json!({"asked": new, "due_at": due.rfc3339()}), said);
            return Ok(());
        }
        Renewal::NoAccountOfLevel02 => {
            return refused(
                "has no account of level 02",
                "raise one of level 01 with `dinhdanh account raise`, or open one with `dinhdanh account create`",
            );
        }
        Renewal::Locked => {
            return refused(
                "the account is locked",
                "see who locked it and why with `dinhdanh account show`, settle that with the holder, and unlock it first",
            );
        }
        Renewal::Again => return refused("the account changed in this moment", "run the command again"),
        Renewal::Done(given) => DeskOutcome::Done(given),
        Renewal::NobodyHasThisNumber => DeskOutcome::NobodyHasThisNumber,
        Renewal::Ineligible(why) => DeskOutcome::Ineligible(why),
    };
    hand_over(context, desk, outcome)
}

/// Printed once; nothing here can be read again afterwards.
fn hand_over(context: &Context, desk: &AtDesk, outcome: DeskOutcome) -> Result<(), Failure> {
    let refused = |what: &str, cure: &str| Err(Failure::new(desk.number.masked(), what, cure));
    let given: Handover = match outcome {
        DeskOutcome::Done(given) => given,
        DeskOutcome::NobodyHasThisNumber => {
            return refused(
                "nobody in the registry has this number now",
                "look at the card again, or import the person",
            );
        }
        DeskOutcome::Ineligible(why) => {
            return refused(
                &format!("may hold no account: {}", why.as_str()),
                "see Decree 69/2024 Art 7 and the record",
            );
        }
        DeskOutcome::HasAccount => {
            return refused("has an account already", "raise it with `dinhdanh account raise`, or show it");
        }
        DeskOutcome::NoAccountOfLevel01 => {
            return refused("has no account of level 01", "open one with `dinhdanh account create`, or show it");
        }
    };
    let codes: Vec<&str> = given.recovery_codes.iter().map(Secret::reveal).collect();
    let machine = json!({
        "account": given.account,
        "initial_password": given.initial_password.reveal(),
        "totp_uri": given.totp_uri.reveal(),
        "totp_secret": totp::base32(given.totp_seed.reveal()),
        "recovery_codes": codes,
    });
    let said = format!(
        "account {}\nTo be handed over now and shown this once; the person sets a password of their own at their first sign-in.\n\
         initial password  {}\nauthenticator app {}\nrecovery codes\n  {}",
        given.account,
        given.initial_password.reveal(),
        totp::typed_seed(&given.totp_seed).reveal(),
        codes.join("\n  ")
    );
    context.out.answer(&machine, said);
    Ok(())
}
