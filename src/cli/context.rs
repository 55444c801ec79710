//! What every command is given.

use std::{env, path::PathBuf};

use super::{
    config::{Loaded, Sources},
    durability::Durability,
    failure::Failure,
    out::Out,
};
use crate::{
    base::{Clock, Entropy, Fault},
    crypto::{derive::Kek, random},
    store::{Db, migrations},
};

pub struct Context {
    pub out: Out,
    pub clock: Clock,
    pub entropy: Entropy,
    sources: Sources,
}

impl Context {
    /// The process's own environment, clock and randomness.
    pub fn of_process(out: Out, config: Option<PathBuf>) -> Self {
        let environment = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            // Names the file itself, and is no setting in it.
            .filter(|(name, _)| name != "DINHDANH_CONFIG")
            .collect();
        let sources = Sources { file: config, environment, flags: Vec::new() };
        Self { out, clock: Clock::System, entropy: random::entropy(), sources }
    }

    /// The settings, with flags of the command on top.
    pub fn load(&self, flags: Vec<(&'static str, &'static str, String)>) -> Result<Loaded, Failure> {
        Ok(Loaded::load(&Sources { flags, ..self.sources.clone() })?)
    }

    /// The database that the settings name, with a schema that is this binary's.
    pub async fn open_migrated(&self, loaded: &Loaded) -> Result<Db, Failure> {
        let db = Db::open(&loaded.config.db_settings()).await.map_err(|fault| Failure::of_database(&fault))?;
        let state = migrations::state(&db).await.map_err(|fault| Failure::of_database(&fault))?;
        if let Some(newer) = state.foreign.first() {
            let what = format!("migration {newer} is not this binary's: a newer one was here");
            return Err(Failure::new("database.url", what, "run the newest binary that has run on this database"));
        }
        if let Some(first) = state.pending.first() {
            let what = format!("migration {first} is not applied");
            return Err(Failure::new("database.url", what, "run `dinhdanh migrate`"));
        }
        refuse_what_forgets(&db).await?;
        Ok(db)
    }

    /// The key-encryption key. Never made silently: a new one would make everything sealed under the old one unreadable.
    pub fn kek(loaded: &Loaded) -> Result<Kek, Failure> {
        let Some(path) = &loaded.config.kek_file.0 else {
            let cure = "write 32 random bytes to a file of mode 0600 and name it: \
                        (umask 077; head -c 32 /dev/urandom > FILE), then DINHDANH_KEK_FILE=FILE";
            return Err(Failure::new("kek_file", "no key-encryption key is named", cure));
        };
        Kek::load(path).map_err(|error| {
            let cure =
                "the file holds exactly 32 bytes and has mode 0600; restore it from its backup if it was changed";
            Failure::new("kek_file", error.to_string(), cure)
        })
    }
}

/// A database that may forget what it called done is no record: codes, revocations and locks would come back to life.
async fn refuse_what_forgets(db: &Db) -> Result<(), Failure> {
    let mut conn = db.read().await.map_err(|fault| Failure::of_database(&fault))?;
    let found = Durability::of(&mut conn)
        .await
        .map_err(|error| Failure::of_database(&Fault::internal("asking how durable the database is", error)))?;
    if found.unsafe_settings.is_empty() {
        return Ok(());
    }
    Err(Failure::new("database.url", format!("what is written there can be lost: {}", found.saw), found.cure()))
}
