//! `client`: relying parties, registered by an operator. Works while the service runs: it sees the change within a second.

mod token;

use std::{fs, path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{
    config::Loaded,
    context::Context,
    demo_data::{DemoData, Flags},
    failure::Failure,
    start,
};
use crate::{
    base::{Fault, ids::ClientId, json},
    crypto::{
        OpaqueToken,
        opaque::{digest_of_text, kind},
    },
    flows::{
        clients::KnownClient,
        offered_keys::OfferedKeys,
        register_clients::{Change, ChangeClients, Prepared, Unchanged, answer, prepare, words},
        self_registration::sector,
    },
    oidc::client::MetadataError,
    store::{
        Db, Writer,
        clients::{self, StoredClient},
    },
};

/// Register, list and disable relying parties.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    data: DemoData,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Register the clients of a file: RFC 7591 metadata, one object or an array; all of it or nothing.
    Add {
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// List every client.
    List,
    /// Show a client's metadata.
    Show { client_id: String },
    /// Give a client a new secret; the old one is worth nothing at once.
    RotateSecret { client_id: String },
    /// Initial access tokens: with one, a client may register itself.
    Token {
        #[command(subcommand)]
        what: token::What,
    },
    /// Nothing is issued to it any more, and what it holds opens nothing.
    Disable { client_id: String },
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let loaded = context.load(flags(&args)?)?;
    let db = context.open_migrated(&loaded).await?;
    let writer = context.writer(&db);
    let of_database = |fault: Fault| Failure::of_database(&fault);
    match args.what {
        What::Add { file } => add(context, &loaded, (&db, &writer), &file).await?,
        What::Token { what } => token::run(context, &db, &writer, what).await?,
        What::List => list(context, &db).await.map_err(of_database)?,
        What::Show { client_id } => show(context, &db, client_id).await?,
        What::RotateSecret { client_id } => {
            let secret = OpaqueToken::<kind::ClientSecret>::generate(&context.entropy).reveal();
            let digest = digest_of_text(secret.reveal()).as_bytes().to_vec();
            change(context, &writer, Change::RotateSecret(ClientId(client_id.clone()), digest)).await?;
            let said = format!("the new secret of {client_id}, shown this once: {}", secret.reveal());
            context.out.answer(&json!({"client_id": client_id, "client_secret": secret.reveal()}), said);
        }
        What::Disable { client_id } => {
            change(context, &writer, Change::Disable(ClientId(client_id.clone()))).await?;
            context
                .out
                .answer(&json!({"client_id": client_id, "state": "disabled"}), format!("{client_id} is disabled"));
        }
    }
    writer.stop().await;
    Ok(ExitCode::SUCCESS)
}

fn flags(args: &Args) -> Result<Flags, Failure> {
    let mut flags = args.data.flags()?;
    if !flags.is_empty() {
        // As the demo itself: its clients live on this machine.
        flags.push(("--data", "outbound.reach", "loopback".to_owned()));
    }
    Ok(flags)
}

async fn add(context: &Context, loaded: &Loaded, (db, writer): (&Db, &Writer), file: &PathBuf) -> Result<(), Failure> {
    let place = file.display().to_string();
    let text = fs::read(file)
        .map_err(|error| Failure::new(&place, error.to_string(), "name a file of client metadata that can be read"))?;
    let value: Value = json::value(&text).map_err(|error| {
        Failure::new(&place, format!("is not JSON: {error}"), "write one object, or an array of objects")
    })?;
    let entries = match value {
        Value::Array(entries) => entries,
        one => vec![one],
    };
    let outbound = start::outbound(&loaded.config)?;
    let offered = offered(db).await.map_err(|fault| Failure::of_database(&fault))?;
    let mut prepared: Vec<Prepared> = Vec::with_capacity(entries.len());
    for (number, entry) in entries.iter().enumerate() {
        let wrong = |error: MetadataError| {
            let place = format!("{place}, client {}", number + 1);
            Failure::new(place, words(&error), "mend this member; nothing was registered")
        };
        let client = prepare(entry, &context.entropy).map_err(wrong)?;
        if let Some(offered) = &offered {
            offered.check(&client.client).map_err(wrong)?;
        }
        sector::check(&outbound, &client.client).await.map_err(wrong)?;
        prepared.push(client);
    }
    change(context, writer, Change::Add(prepared.iter().map(|client| client.row.clone()).collect())).await?;
    let answers: Vec<Value> = prepared.iter().map(answer).collect();
    let said: Vec<String> = prepared
        .iter()
        .map(|client| match &client.secret {
            Some(secret) => format!("{}  secret, shown this once: {}", client.row.client_id, secret.reveal()),
            None => client.row.client_id.to_string(),
        })
        .collect();
    context.out.answer(&answers, said.join("\n"));
    Ok(())
}

async fn offered(db: &Db) -> Result<Option<OfferedKeys>, Fault> {
    OfferedKeys::on_record(&mut db.read().await?).await
}

async fn change(context: &Context, writer: &Writer, change: Change) -> Result<(), Failure> {
    let unit = ChangeClients { change, now: context.clock.now() };
    match writer.submit(unit).await.map_err(|fault| Failure::of_database(&fault))? {
        Ok(()) => Ok(()),
        Err(Unchanged::Taken(id)) => {
            Err(Failure::new(id.as_str(), "there is a client of this client_id", "choose another, or leave it out"))
        }
        Err(Unchanged::Unknown(id)) => Err(unknown(id.as_str())),
    }
}

fn unknown(id: &str) -> Failure {
    Failure::new(id, "there is no client of this client_id", "see `dinhdanh client list`")
}

async fn list(context: &Context, db: &Db) -> Result<(), Fault> {
    let mut conn = db.read().await?;
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = clients::list(&mut conn, &after, 200).await?;
        let Some(last) = page.last() else { break };
        last.client_id.as_str().clone_into(&mut after);
        all.extend(page);
    }
    let state = |disabled: bool| if disabled { "disabled" } else { "active" };
    let machine: Vec<Value> = all
        .iter()
        .map(|client| json!({"client_id": client.client_id, "state": state(client.disabled), "metadata": client.metadata}))
        .collect();
    let said: Vec<String> =
        all.iter().map(|client| format!("{:8}  {}", state(client.disabled), client.client_id)).collect();
    context.out.answer(&machine, said.join("\n"));
    Ok(())
}

async fn show(context: &Context, db: &Db, id: String) -> Result<(), Failure> {
    let of_database = |fault: Fault| Failure::of_database(&fault);
    let mut conn = db.read().await.map_err(of_database)?;
    let Some(client) = clients::find(&mut conn, &ClientId(id.clone())).await.map_err(of_database)? else {
        return Err(unknown(&id));
    };
    let pretty = serde_json::to_string_pretty(&client.metadata).unwrap_or_default();
    let broken = wrong_with(client.clone()).map(|why| format!("\n\n{why}"));
    context.out.answer(&client.metadata, format!("{pretty}{}", broken.unwrap_or_default()));
    Ok(())
}

/// What is wrong with a stored registration, in words: a rule that is younger than it is, or that it makes no client at all.
pub(super) fn wrong_with(client: StoredClient) -> Option<String> {
    match KnownClient::of(client) {
        Ok(known) => known.broken.map(|why| {
            format!("breaks a rule that is younger than this registration, and is held to it where a request comes to it: {why}")
        }),
        Err(fault) => Some(format!("cannot be used, and whoever calls in its name gets an error: {fault}")),
    }
}
