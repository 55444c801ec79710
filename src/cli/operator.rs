//! `operator`: those who work at the console. Works while the service runs; what is taken away is gone at the next request.

use std::{collections::BTreeSet, fs, path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{context::Context, demo_data::DemoData, failure::Failure, start};
use crate::{
    base::{Fault, Secret},
    crypto::{password_policy::Unsuitable, totp},
    flows::{
        Provider,
        operators::enrol::{self, Enrolled, NewOperator, Seed, Turn, Turned},
    },
    registry::{
        admin_unit,
        operator::{OperatorName, Post, Role},
    },
    store::{
        audit::Actor,
        operators::{self, StoredOperator},
    },
};

/// Add, list, show, reset, disable and enable operators.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DemoData,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make an operator: asks for the password, and prints once what the authenticator app needs.
    Add {
        /// What is typed to sign in: a-z, 0-9, `.`, `-`, `_`.
        name: String,
        /// What people call them.
        #[arg(long, value_name = "NAME")]
        display: String,
        /// Once for each: registrar proposes, approver decides, auditor reads the log.
        #[arg(long = "role", required = true, value_parser = ["registrar", "approver", "auditor"])]
        roles: Vec<String>,
        /// The administrative unit that they work for (code); without it, the whole country.
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// List every operator.
    List,
    /// Show one operator.
    Show { name: String },
    /// A new password and a new authenticator app; every session of theirs ends.
    Reset {
        name: String,
        #[command(flatten)]
        password: PasswordArgs,
    },
    /// Nobody gets in by this name any more, and open sessions end at once.
    Disable { name: String },
    /// Let a disabled operator in again, with the credentials they had.
    Enable { name: String },
}

#[derive(clap::Args)]
struct PasswordArgs {
    /// The file whose first line is the password; without it, the terminal asks.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(args.data.flags()?)?;
    let sealed = context.open_sealed(&loaded).await?;
    let provider = start::provider_of_command(context, &loaded, sealed)?;
    let done = act(context, &provider, args.what).await;
    provider.writer.stop().await;
    done.map(|()| ExitCode::SUCCESS)
}

#[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
fn of_database(fault: Fault) -> Failure {
    Failure::of_database(&fault)
}

async fn act(context: &Context, provider: &Provider, what: What) -> Result<(), Failure> {
    match what {
        What::Add { name, display, roles, unit, password } => {
            let post = Post { roles: roles.iter().filter_map(|code| Role::parse(code)).collect(), unit };
            add(context, provider, &name, display, post, &password).await
        }
        What::List => list(context, provider).await,
        What::Show { name } => {
            let operator = found(provider, &named(&name)?).await?;
            context.out.answer(&described(&operator), lines(&operator));
            Ok(())
        }
        What::Reset { name, password } => {
            let name = named(&name)?;
            found(provider, &name).await?;
            let password = ask(&password)?;
            let done = enrol::reset(provider, &name, &password, Actor::CommandLine, context.clock.now()).await;
            hand_over(context, &name, done.map_err(of_database)?)
        }
        What::Disable { name } => turn(context, provider, &name, Turn::Disable).await,
        What::Enable { name } => turn(context, provider, &name, Turn::Enable).await,
    }
}

fn named(text: &str) -> Result<OperatorName, Failure> {
    OperatorName::parse(text).map_err(|error| {
        Failure::new("NAME", error.to_string(), "for example canbo.dangky; see `dinhdanh operator list`")
    })
}

fn unknown(name: &OperatorName) -> Failure {
    Failure::new(name.as_str(), "there is no operator of this name", "see `dinhdanh operator list`")
}

async fn found(provider: &Provider, name: &OperatorName) -> Result<StoredOperator, Failure> {
    let mut conn = provider.db.read().await.map_err(of_database)?;
    let operator = operators::find_by_name(&mut conn, name.as_str()).await.map_err(of_database)?;
    operator.ok_or_else(|| unknown(name))
}

async fn add(
    context: &Context,
    provider: &Provider,
    name: &str,
    display_name: String,
    post: Post,
    password: &PasswordArgs,
) -> Result<(), Failure> {
    let name = named(name)?;
    if display_name.trim().is_empty() || display_name.chars().count() > 100 {
        return Err(Failure::new("--display", "is empty or longer than 100 characters", "give the name people use"));
    }
    if let Some(code) = &post.unit
        && admin_unit::latest(code).is_none()
    {
        let what = format!("no administrative unit has the code {code}");
        return Err(Failure::new("--unit", what, "two digits for a province, five for a commune, as in the registry"));
    }
    let new = NewOperator { name, display_name: display_name.trim().to_owned(), post, password: ask(password)? };
    let added = enrol::add(provider, &new, Actor::CommandLine, context.clock.now()).await.map_err(of_database)?;
    hand_over(context, &new.name, added)
}

/// The password, from its file or from the terminal, twice. Never from an argument: others on the machine could read it.
fn ask(args: &PasswordArgs) -> Result<Secret, Failure> {
    if let Some(path) = &args.password_file {
        let place = path.display().to_string();
        let text = fs::read_to_string(path).map(Secret::new).map_err(|error| {
            Failure::new(&place, error.to_string(), "name a file with the password in its first line")
        })?;
        let first = text.reveal().lines().next().unwrap_or_default();
        return Ok(Secret::new(first));
    }
    let terminal = console::Term::stderr();
    let cure = "run it at a terminal, or give --password-file FILE";
    if !terminal.is_term() {
        return Err(Failure::new("--password-file", "there is no terminal to ask for the password at", cure));
    }
    let failed = |error: std::io::Error| Failure::new("terminal", error.to_string(), cure);
    let read = |question: &str| {
        terminal.write_str(question)?;
        terminal.read_secure_line().map(Secret::new)
    };
    let first = read("password: ").map_err(failed)?;
    let again = read("the same again: ").map_err(failed)?;
    if first.reveal() != again.reveal() {
        return Err(Failure::new(
            "password",
            "the two were not the same",
            "run the command again; nothing was changed",
        ));
    }
    Ok(first)
}

/// Printed once; the seed cannot be read again.
fn hand_over(context: &Context, name: &OperatorName, outcome: Enrolled) -> Result<(), Failure> {
    let seed: Seed = match outcome {
        Enrolled::Yes(seed) => seed,
        Enrolled::NameTaken => {
            let cure = "choose another name; `dinhdanh operator reset` gives new credentials to this one";
            return Err(Failure::new(name.as_str(), "there is an operator of this name", cure));
        }
        Enrolled::Unsuitable(why) => {
            return Err(Failure::new("password", unsuitable(why), "choose another; nothing was changed"));
        }
        Enrolled::Unknown => return Err(unknown(name)),
    };
    let machine = json!({
        "operator": seed.operator,
        "name": name.as_str(),
        "totp_uri": seed.totp_uri.reveal(),
        "totp_secret": totp::base32(seed.totp_seed.reveal()),
    });
    let said = format!(
        "{} can sign in at /console/sign-in\nauthenticator app, shown this once\n  {}\n  {}",
        name.as_str(),
        totp::typed_seed(&seed.totp_seed).reveal(),
        seed.totp_uri.reveal(),
    );
    context.out.answer(&machine, said);
    Ok(())
}

const fn unsuitable(why: Unsuitable) -> &'static str {
    match why {
        Unsuitable::TooShort => "is shorter than 12 characters",
        Unsuitable::TooLong => "is longer than 128 characters",
        Unsuitable::Common => "is one of those that are tried first",
        Unsuitable::Repetitive => "is a short piece over and over, or a run along the keyboard",
        Unsuitable::Personal => "holds the operator's name",
    }
}

async fn turn(context: &Context, provider: &Provider, name: &str, turn: Turn) -> Result<(), Failure> {
    let name = named(name)?;
    let turned = enrol::turn(provider, &name, turn, Actor::CommandLine, context.clock.now()).await;
    if turned.map_err(of_database)? == Turned::Unknown {
        return Err(unknown(&name));
    }
    let operator = found(provider, &name).await?;
    context.out.answer(&described(&operator), lines(&operator));
    Ok(())
}

async fn list(context: &Context, provider: &Provider) -> Result<(), Failure> {
    let mut conn = provider.db.read().await.map_err(of_database)?;
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = operators::list(&mut conn, &after, 200).await.map_err(of_database)?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        all.extend(page);
    }
    let machine: Vec<Value> = all.iter().map(described).collect();
    let said: Vec<String> = all
        .iter()
        .map(|one| {
            let state = if one.disabled { "  (disabled)" } else { "" };
            format!("{:<20}  {:<24}  {}{state}", one.name, roles(&one.post.roles), one.display_name)
        })
        .collect();
    context.out.answer(&machine, said.join("\n"));
    Ok(())
}

fn roles(roles: &BTreeSet<Role>) -> String {
    roles.iter().map(|role| role.code()).collect::<Vec<_>>().join(", ")
}

/// Nothing of what proves them.
fn described(operator: &StoredOperator) -> Value {
    json!({
        "operator": operator.id,
        "name": operator.name,
        "display_name": operator.display_name,
        "state": if operator.disabled { "disabled" } else { "active" },
        "roles": operator.post.roles.iter().map(|role| role.code()).collect::<Vec<_>>(),
        "unit": operator.post.unit,
        "created_at": operator.created_at.rfc3339(),
    })
}

fn lines(operator: &StoredOperator) -> String {
    let unit = operator.post.unit.as_deref().map_or_else(
        || "the whole country".to_owned(),
        |code| format!("{code} {}", admin_unit::latest(code).map_or("", |unit| unit.full_name)),
    );
    format!(
        "{}  {}\nstate  {}\nroles  {}\nunit   {unit}\nsince  {}",
        operator.name,
        operator.display_name,
        if operator.disabled { "disabled" } else { "active" },
        roles(&operator.post.roles),
        operator.created_at.rfc3339(),
    )
}
