//! `client token`: who may register a client by itself where `registration.mode` is `token` (RFC 7591 §1.2).

use serde_json::{Value, json};

use crate::{
    base::{Fault, Span},
    cli::{config::Time, context::Context, failure::Failure},
    flows::self_registration::initial,
    store::{Db, Writer, initial_tokens},
};

#[derive(clap::Subcommand)]
pub enum What {
    /// Make one; it is shown this once.
    New {
        /// For whom it is: shown in the list.
        #[arg(long, default_value = "")]
        label: String,
        /// How many clients may be registered with it.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
        uses: u32,
        /// Until when: a whole number and s, m, h or d.
        #[arg(long, default_value = "7d")]
        expires: Time,
    },
    /// List them all; never the tokens themselves.
    List,
    /// Make one worthless; clients that were registered with it stay.
    Revoke { id: String },
}

pub async fn run(context: &Context, db: &Db, writer: &Writer, what: What) -> Result<(), Failure> {
    let of_database = |fault: Fault| Failure::of_database(&fault);
    match what {
        What::New { label, uses, expires } => make(context, writer, &label, uses, expires.span()).await,
        What::List => list(context, db).await.map_err(of_database),
        What::Revoke { id } => {
            let unit = initial::revoke(&id, context.clock.now());
            if !writer.submit(unit).await.map_err(of_database)? {
                let what = "there is no initial access token of this id that could be revoked";
                return Err(Failure::new(id, what, "see `dinhdanh client token list`"));
            }
            context.out.answer(&json!({"id": id, "state": "revoked"}), format!("{id} is revoked"));
            Ok(())
        }
    }
}

async fn make(context: &Context, writer: &Writer, label: &str, uses: u32, lives: Span) -> Result<(), Failure> {
    if lives < Span::secs(1) || lives > Span::days(3_650) {
        return Err(Failure::new("--expires", "is no time, or longer than ten years", "write 7d, 12h or 30m"));
    }
    let made = initial::make(&context.entropy, label, uses, lives, context.clock.now());
    writer.submit(made.keep()).await.map_err(|fault| Failure::of_database(&fault))?;
    let until = made.row.expires_at.rfc3339();
    let machine = json!({
        "id": made.row.id, "label": label, "uses": uses, "expires_at": until, "initial_access_token": made.token.reveal(),
    });
    let said = format!("{}  for {uses} clients until {until}; shown this once: {}", made.row.id, made.token.reveal());
    context.out.answer(&machine, said);
    Ok(())
}

async fn list(context: &Context, db: &Db) -> Result<(), Fault> {
    let (all, now) = (initial_tokens::list(&mut db.read().await?).await?, context.clock.now());
    let state = |token: &initial_tokens::InitialToken| match () {
        () if token.revoked_at.is_some() => "revoked",
        () if token.expires_at <= now => "expired",
        () if token.uses_left == 0 => "spent",
        () => "good",
    };
    let machine: Vec<Value> = all
        .iter()
        .map(|token| {
            json!({
                "id": token.id, "label": token.label, "state": state(token), "used": token.used,
                "uses_left": token.uses_left, "expires_at": token.expires_at.rfc3339(),
            })
        })
        .collect();
    let said: Vec<String> = all
        .iter()
        .map(|token| {
            let until = token.expires_at.rfc3339();
            format!(
                "{:7}  {}  used {}, left {}, until {until}  {}",
                state(token),
                token.id,
                token.used,
                token.uses_left,
                token.label
            )
        })
        .collect();
    context.out.answer(&machine, said.join("\n"));
    Ok(())
}
