//! The schema, append-only: the same numbers and names for both engines, embedded in the binary.

use std::borrow::Cow;

use sqlx::{
    SqlStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use super::Db;
use crate::base::{Fault, fault::FaultKind};

/// Number, name, and the text for each engine.
pub const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    embed!(1, "0001_registry"),
    embed!(2, "0002_accounts"),
    embed!(3, "0003_clients"),
    embed!(4, "0004_sessions"),
    embed!(5, "0005_grants"),
    embed!(6, "0006_operation"),
    embed!(7, "0007_account_pages"),
];

/// What `migrate --check` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MigrationState {
    /// Applied and known, in order.
    pub applied: Vec<String>,
    /// Known and not applied.
    pub pending: Vec<String>,
    /// Applied with another text than this binary's, or unknown to it (a newer binary was here).
    pub foreign: Vec<String>,
}

impl MigrationState {
    pub fn is_current(&self) -> bool {
        self.pending.is_empty() && self.foreign.is_empty()
    }
}

/// Brings the schema up to date. Safe to run from several processes at once: PostgreSQL's advisory lock, SQLite's write lock.
pub async fn migrate(db: &Db) -> Result<(), Fault> {
    let run = async {
        if let Some(pool) = db.sqlite_writer() {
            migrator(|(_, _, sqlite, _)| sqlite).run(pool).await
        } else if let Some(pool) = db.postgres_writer() {
            migrator(|(_, _, _, postgres)| postgres).run(pool).await
        } else {
            Ok(())
        }
    };
    run.await.map_err(|error| Fault::because(FaultKind::Internal, "the schema could not be brought up to date", error))
}

/// Compares without changing anything.
pub async fn state(db: &Db) -> Result<MigrationState, Fault> {
    let broken =
        |error: MigrateError| Fault::because(FaultKind::Internal, "the schema's history cannot be read", error);
    let table = "_sqlx_migrations";
    let (applied, known) = if let Some(pool) = db.sqlite_writer() {
        let mut conn = pool.acquire().await.map_err(|error| Fault::internal("no connection", error))?;
        conn.ensure_migrations_table(table).await.map_err(broken)?;
        (conn.list_applied_migrations(table).await.map_err(broken)?, migrator(|(_, _, sqlite, _)| sqlite))
    } else if let Some(pool) = db.postgres_writer() {
        let mut conn = pool.acquire().await.map_err(|error| Fault::internal("no connection", error))?;
        conn.ensure_migrations_table(table).await.map_err(broken)?;
        (conn.list_applied_migrations(table).await.map_err(broken)?, migrator(|(_, _, _, postgres)| postgres))
    } else {
        return Err(Fault::new(FaultKind::Internal, "no engine"));
    };
    let name = |version: i64| {
        MIGRATIONS
            .iter()
            .find(|entry| entry.0 == version)
            .map_or_else(|| version.to_string(), |entry| entry.1.to_owned())
    };
    let mut state = MigrationState { applied: Vec::new(), pending: Vec::new(), foreign: Vec::new() };
    for row in &applied {
        let same = known.iter().any(|ours| ours.version == row.version && ours.checksum == row.checksum);
        if same { &mut state.applied } else { &mut state.foreign }.push(name(row.version));
    }
    state.pending = known
        .iter()
        .filter(|ours| !applied.iter().any(|row| row.version == ours.version))
        .map(|ours| name(ours.version))
        .collect();
    Ok(state)
}

fn migrator(text: fn(&(i64, &'static str, &'static str, &'static str)) -> &'static str) -> Migrator {
    Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|entry| {
                Migration::new(
                    entry.0,
                    Cow::Borrowed(entry.1),
                    MigrationType::Simple,
                    SqlStr::from_static(text(entry)),
                    false,
                )
            })
            .collect(),
    )
}
