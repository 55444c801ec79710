//! `keys`: the keys that sign and those that others encrypt to, and the key under which they are sealed.

use std::{path::PathBuf, process::ExitCode};

use serde_json::{Value, json};

use super::{
    config::Loaded,
    context::{Context, Sealed},
    failure::Failure,
};
use crate::{
    base::Timestamp,
    crypto::{Kek, KeyPurpose, KeyRecord, KeyState, Schedule},
    flows::{
        Secrets,
        keys::{Haste, KeyError, KeyKeeper, record_of},
    },
    store::{Conn, Db, Writer, audit::Actor, keys},
};

/// Make, list and rotate the keys that sign tokens, and those that clients encrypt requests to.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make what is missing: for each algorithm a key that signs and one that waits to follow it.
    New {
        /// Only for this algorithm: RS256, ES256, EdDSA, PS256, RSA-OAEP-256 or ECDH-ES.
        #[arg(long, value_parser = purpose)]
        alg: Option<KeyPurpose>,
        /// Make a key-encryption key in this file instead, which must not exist.
        #[arg(long, value_name = "FILE", conflicts_with = "alg")]
        kek: Option<PathBuf>,
    },
    /// Show every key and its state.
    List,
    /// Let the waiting key sign and the present one step down.
    Rotate {
        /// The algorithm: RS256, ES256, EdDSA, PS256, RSA-OAEP-256 or ECDH-ES.
        #[arg(long, value_parser = purpose)]
        alg: KeyPurpose,
        /// Before relying parties can have seen the waiting key.
        #[arg(long)]
        at_once: bool,
    },
    /// Take a key that stopped signing long enough ago out of the published set.
    Retire { kid: String },
    /// Declare a key compromised: nothing that it signed is believed from now on.
    Revoke { kid: String },
}

impl What {
    /// A key that is sealed under another record's key would stop every process at its next start. Looking, and taking away,
    /// stays possible: it is the way out when the key is lost.
    const fn makes_keys(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Rotate { .. })
    }
}

fn purpose(name: &str) -> Result<KeyPurpose, String> {
    let known = || KeyPurpose::ALL.map(KeyPurpose::name).join(", ");
    KeyPurpose::ALL
        .into_iter()
        .find(|alg| alg.name().eq_ignore_ascii_case(name))
        .ok_or_else(|| format!("one of {}", known()))
}

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let now = context.clock.now();
    if let What::New { kek: Some(path), .. } = &args.what {
        Kek::create(path, &context.entropy).map_err(|error| Failure::new("--kek", error.to_string(), error.cure()))?;
        let said = format!(
            "a key-encryption key is in {}: keep a copy of it where the database's backups are not",
            path.display()
        );
        context.out.answer(&json!({ "kek_file": path }), said);
        return Ok(ExitCode::SUCCESS);
    }
    let loaded = context.load(Vec::new())?;
    let vault = Vault::open(context, &loaded, args.what.makes_keys()).await?;
    vault.act(args.what, context, now).await
}

/// The record with what changes keys in it.
struct Vault {
    db: Db,
    writer: Writer,
    secrets: Secrets,
    schedule: Schedule,
}

impl Vault {
    async fn open(context: &Context, loaded: &Loaded, makes_keys: bool) -> Result<Self, Failure> {
        let (db, secrets) = if makes_keys {
            let Sealed { db, secrets, .. } = context.open_sealed(loaded).await?;
            (db, secrets)
        } else {
            let (db, kek) = context.open_with_kek(loaded).await?;
            (db, Secrets::derive(&kek))
        };
        let writer = context.writer(&db);
        Ok(Self { db, writer, secrets, schedule: loaded.config.key_plan().schedule })
    }

    async fn act(&self, what: What, context: &Context, now: Timestamp) -> Result<ExitCode, Failure> {
        let mut conn = self.db.read().await.map_err(|fault| Failure::of_database(&fault))?;
        let keeper = KeyKeeper {
            writer: &self.writer,
            sealer: &self.secrets.sealer,
            entropy: &context.entropy,
            schedule: self.schedule,
            actor: Actor::CommandLine,
        };
        let changed = match what {
            What::New { alg, .. } => make_missing(&keeper, &mut conn, alg, now).await,
            What::List => Ok(Vec::new()),
            What::Rotate { alg, at_once } => {
                let haste = if at_once { Haste::AtOnce } else { Haste::KeepTimes };
                keeper.rotate(&mut conn, alg, haste, now).await.map(|kid| vec![kid])
            }
            What::Retire { kid } => keeper.retire(&mut conn, &kid, now).await.map(|()| vec![kid]),
            What::Revoke { kid } => keeper.revoke(&mut conn, &kid, now).await.map(|()| vec![kid]),
        };
        let changed = changed.map_err(failure)?;
        let records = records(&mut conn).await.map_err(failure)?;
        let rows: Vec<_> = records.iter().map(|record| self.row(record)).collect();
        let lines: Vec<_> = records.iter().map(|record| self.line(record, &changed)).collect();
        context.out.answer(&json!({ "changed": changed, "keys": rows }), lines.join("\n"));
        Ok(ExitCode::SUCCESS)
    }

    fn row(&self, record: &KeyRecord) -> Value {
        json!({
            "kid": record.kid,
            "alg": record.purpose.name(),
            "use": record.purpose.key_use(),
            "state": record.state.code(),
            "created_at": record.created_at.rfc3339(),
            "next_at": self.next(record).map(|(_, at)| at.rfc3339()),
        })
    }

    fn line(&self, record: &KeyRecord, changed: &[String]) -> String {
        let mark = if changed.contains(&record.kid) { '*' } else { ' ' };
        let next = self.next(record).map_or_else(String::new, |(what, at)| format!("  {what} from {at}"));
        format!("{mark} {:<12} {:<11} {}{next}", record.purpose.name(), record.state.code(), record.kid)
    }

    /// What can be done with a key next, and from when.
    fn next(&self, record: &KeyRecord) -> Option<(&'static str, Timestamp)> {
        match record.state {
            KeyState::Pending => {
                let what = match record.purpose {
                    KeyPurpose::Sign(_) => "can sign",
                    KeyPurpose::Open(_) => "can be encrypted to",
                };
                Some((what, self.schedule.known_everywhere(record.published_at.unwrap_or(record.created_at))))
            }
            KeyState::Retiring => {
                record.retiring_at.map(|at| ("can be retired", record.of_no_more_use(&self.schedule, at)))
            }
            _ => None,
        }
    }
}

async fn make_missing(
    keeper: &KeyKeeper<'_>,
    conn: &mut Conn,
    alg: Option<KeyPurpose>,
    now: Timestamp,
) -> Result<Vec<String>, KeyError> {
    let present = records(conn).await?;
    let mut made = Vec::new();
    for alg in KeyPurpose::ALL.into_iter().filter(|each| alg.is_none_or(|only| only == *each)) {
        let lacks = |state| !present.iter().any(|record| record.purpose == alg && record.state == state);
        if lacks(KeyState::Active) {
            made.push(keeper.make(alg, Haste::AtOnce, now).await?);
        }
        if lacks(KeyState::Pending) {
            made.push(keeper.make(alg, Haste::KeepTimes, now).await?);
        }
    }
    Ok(made)
}

async fn records(conn: &mut Conn) -> Result<Vec<KeyRecord>, KeyError> {
    let mut records: Vec<KeyRecord> = keys::all(conn).await?.iter().map(record_of).collect::<Result<_, _>>()?;
    // As people look for them: by algorithm, what is in use first.
    let place = |record: &KeyRecord| KeyPurpose::ALL.iter().position(|purpose| *purpose == record.purpose);
    records.sort_by_key(|record| (place(record), record.state != KeyState::Active, record.created_at));
    Ok(records)
}

#[expect(clippy::needless_pass_by_value, reason = "it is map_err's function")]
fn failure(error: KeyError) -> Failure {
    let cure = match &error {
        KeyError::Unknown(_) => "`dinhdanh keys list` shows the keys there are",
        KeyError::Transition(_) => {
            "wait until then, or `keys revoke` if the key is compromised; `keys rotate --at-once` does not wait"
        }
        KeyError::NoSuccessor(_) => "run `dinhdanh keys new`",
        KeyError::Changed(_) => "look with `dinhdanh keys list` and repeat it if it is still wanted",
        KeyError::Signing(_) | KeyError::Opening(_) | KeyError::Fault(_) => {
            "`dinhdanh doctor` looks at the database and the key-encryption key"
        }
    };
    Failure::new("signing keys", error.to_string(), cure)
}
