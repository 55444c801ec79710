//! What every command is given.

use std::{
    env,
    path::{Path, PathBuf},
};

use super::{
    config::{Loaded, Sources},
    durability::Durability,
    failure::Failure,
    out::Out,
};
use crate::{
    base::{Clock, Entropy, Fault, ids::InstanceId},
    crypto::{derive::Kek, random},
    flows::{
        Secrets,
        keys::{Keys, is_of_another_key},
    },
    store::{Db, DbSettings, Writer, migrations},
};

pub struct Context {
    pub out: Out,
    pub clock: Clock,
    pub entropy: Entropy,
    sources: Sources,
}

/// How many times as long as a request's write a command's may take.
pub const PATIENCE: u32 = 30;

/// The record, with the key under which parts of it are sealed and what that key opens.
pub struct Sealed {
    pub db: Db,
    pub kek: Kek,
    pub secrets: Secrets,
    pub keys: Keys,
}

impl Context {
    /// The process's own environment, clock and randomness.
    pub fn of_process(out: Out, config: Option<PathBuf>) -> Self {
        let mut sources = Sources { file: config, ..Sources::default() };
        let named = env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        // That one names the file itself, and is no setting in it.
        for (name, value) in named.filter(|(name, _)| name != "DINHDANH_CONFIG") {
            match value.into_string() {
                Ok(value) => sources.environment.push((name, value)),
                Err(_) => sources.not_text.push(name),
            }
        }
        Self { out, clock: Clock::System, entropy: random::entropy(), sources }
    }

    /// The settings, with flags of the command on top.
    pub fn load(&self, flags: Vec<(&'static str, &'static str, String)>) -> Result<Loaded, Failure> {
        Ok(Loaded::load(&Sources { flags, ..self.sources.clone() })?)
    }

    /// The database that the settings name, with a schema that is this binary's. An embedded one that is not there is not made.
    pub async fn open_migrated(&self, loaded: &Loaded) -> Result<Db, Failure> {
        let settings = loaded.config.db_settings();
        must_exist(&settings)?;
        let db = Db::open(&settings).await.map_err(|fault| Failure::of_database(&fault))?;
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

    /// The record and the key-encryption key. Who begins lacks both, and mends one as easily as the other: neither hides the other.
    pub async fn open_with_kek(&self, loaded: &Loaded) -> Result<(Db, Kek), Failure> {
        match (Self::kek(loaded), self.open_migrated(loaded).await) {
            (Ok(kek), Ok(db)) => Ok((db, kek)),
            (Err(of_kek), Err(of_database)) => Err(of_kek.and(of_database)),
            (Err(failure), Ok(_)) | (Ok(_), Err(failure)) => Err(failure),
        }
    }

    /// The same, once it is sure that the key is this record's: under another one what is written could never be read again.
    pub async fn open_sealed(&self, loaded: &Loaded) -> Result<Sealed, Failure> {
        let (db, kek) = self.open_with_kek(loaded).await?;
        let secrets = Secrets::derive(&kek);
        let keys = opened(&db, &secrets).await.map_err(|fault| not_opened(loaded, &fault))?;
        Ok(Sealed { db, kek, secrets, keys })
    }

    /// Writes for a command. Whoever typed it waits rather than hears that it may have been done: of an account that was opened after
    /// all, nobody would ever see the credentials.
    pub fn writer(&self, db: &Db) -> Writer {
        Writer::start(db, InstanceId::generate(&self.entropy, self.clock.now())).with_patience(PATIENCE)
    }

    /// The key-encryption key. Never made silently: a new one would make everything sealed under the old one unreadable.
    pub fn kek(loaded: &Loaded) -> Result<Kek, Failure> {
        let Some(path) = &loaded.config.kek_file.0 else {
            let cure = "make one with `dinhdanh keys new --kek FILE`, or take that of this record, and name it: \
                        DINHDANH_KEK_FILE=FILE, or kek_file in the settings";
            return Err(Failure::new("kek_file", "no key-encryption key is named", cure));
        };
        Kek::load(path).map_err(|error| Failure::new("kek_file", error.to_string(), error.cure()))
    }
}

/// An embedded database that is not there is nobody's record: a command that made an empty one would hide a mistyped path.
pub fn must_exist(settings: &DbSettings) -> Result<(), Failure> {
    let Some(file) = Db::file(settings).map_err(|fault| Failure::of_database(&fault))? else { return Ok(()) };
    match file.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(no_database(&file)),
        // Whoever may not enter its folder must not be told to make another one.
        Err(error) => {
            let cure = "run this as the user of the service, or let this user enter the folders of that path";
            Err(Failure::new("database.url", format!("{} cannot be looked at: {error}", file.display()), cure))
        }
    }
}

fn no_database(file: &Path) -> Failure {
    let cure =
        "run `dinhdanh migrate`, which makes it; or, if there should be one, mend database.url (DINHDANH_DATABASE_URL)";
    Failure::new("database.url", format!("there is no database at {}", file.display()), cure)
}

async fn opened(db: &Db, secrets: &Secrets) -> Result<Keys, Fault> {
    let mut conn = db.read().await?;
    Keys::load(&mut conn, &secrets.sealer).await
}

fn not_opened(loaded: &Loaded, fault: &Fault) -> Failure {
    if !is_of_another_key(fault) {
        return Failure::of_database(fault);
    }
    let path = loaded.config.kek_file.0.as_deref().unwrap_or_else(|| Path::new("")).display();
    let cure = "name the key-encryption key under which this record's keys were made (DINHDANH_KEK_FILE), restore it from its \
                backup, or mend database.url if it is another record's";
    Failure::new("kek_file", format!("{path}: {fault}"), cure)
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
