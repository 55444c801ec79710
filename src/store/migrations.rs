//! The schema, append-only: the same numbers and names for both engines, embedded in the binary.

use std::{borrow::Cow, time::Duration};

use sqlx::{
    Connection as _, PgPool, SqlStr, SqlitePool,
    error::DatabaseError,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use super::{Db, Engine, db::failed, dialect};
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
    embed!(9, "0009_operators"),
    embed!(10, "0010_requests"),
    embed!(11, "0011_sender"),
    embed!(12, "0012_decoupled"),
    embed!(13, "0013_client_registration"),
    embed!(14, "0014_upkeep"),
    embed!(20, "0020_registry_cases"),
    embed!(21, "0021_record_history"),
    embed!(22, "0022_civil_events"),
    embed!(30, "0030_find"),
    embed!(31, "0031_exchange"),
    embed!(32, "0032_import_resume"),
    embed!(33, "0033_duplicates"),
    embed!(34, "0034_home_map"),
    embed!(35, "0035_event_people"),
    embed!(42, "0042_encryption_keys"),
    embed!(44, "0044_registry_limits"),
    embed!(45, "0045_boundary_change"),
    embed!(46, "0046_import_proposals"),
    embed!(47, "0047_told_events"),
    embed!(48, "0048_change_feed"),
    embed!(49, "0049_merged_records"),
    embed!(50, "0050_given_password"),
    embed!(62, "0062_dwelling_owners"),
    embed!(63, "0063_import_likely"),
    embed!(64, "0064_subjects_of_person"),
    embed!(65, "0065_console"),
    embed!(66, "0066_means"),
    embed!(72, "0072_lists_by_pages"),
    embed!(73, "0073_client_end"),
    embed!(75, "0075_export_proposals"),
    embed!(76, "0076_pairs_of_a_unit"),
    embed!(77, "0077_sheets_by_time"),
    embed!(80, "0080_database_epoch"),
    embed!(81, "0081_words_of_before"),
    embed!(82, "0082_spent_codes_end"),
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

/// Brings the schema up to date. Safe to run from several processes at once, and again after one was killed.
pub async fn migrate(db: &Db) -> Result<(), Fault> {
    let run = if let Some(pool) = db.sqlite_writer() {
        migrate_sqlite(pool).await
    } else if let Some(pool) = db.postgres_writer() {
        migrate_postgres(pool).await
    } else {
        Ok(())
    };
    run.map_err(|error| Fault::because(FaultKind::Internal, "the schema could not be brought up to date", error))
}

/// How often what is in the way of a migration is waited for, and how long each time.
const PATIENCE: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// All in one transaction that has the write lock from its beginning: who comes second finds everything done.
async fn migrate_sqlite(pool: &SqlitePool) -> Result<(), MigrateError> {
    let mut conn = pool.acquire().await?;
    let mut tries = 0;
    let mut tx = loop {
        match conn.begin_with("BEGIN IMMEDIATE").await {
            Ok(tx) => break tx,
            // Another process's large migration outlasts the busy timeout.
            Err(error) if dialect::fault_kind(&error) == FaultKind::Unavailable && tries < PATIENCE => tries += 1,
            Err(error) => return Err(error.into()),
        }
    };
    migrator(|(_, _, sqlite, _)| sqlite).run_direct(None, &mut *tx, false).await?;
    Ok(tx.commit().await?)
}

/// Any number will do; it must stay the same.
const TURN_POSTGRES: &str = "SELECT pg_advisory_lock(7236273116020)";
/// A rewritten table takes as long as it takes.
const NO_LIMITS_POSTGRES: &str = "SET statement_timeout = 0; SET lock_timeout = 0";
/// While a migration waits for a table, everybody else waits behind it: better to let them pass and come again.
const SHORT_WAITS_POSTGRES: &str = "SET lock_timeout = '200ms'";

/// On a connection of its own, which takes its limits and its lock with it when it goes.
async fn migrate_postgres(pool: &PgPool) -> Result<(), MigrateError> {
    let mut conn = pool.acquire().await?.detach();
    sqlx::raw_sql(NO_LIMITS_POSTGRES).execute(&mut conn).await?;
    sqlx::raw_sql(TURN_POSTGRES).execute(&mut conn).await?;
    sqlx::raw_sql(SHORT_WAITS_POSTGRES).execute(&mut conn).await?;
    let mut migrator = migrator(|(_, _, _, postgres)| postgres);
    migrator.set_locking(false);
    let mut tries = 0;
    while let Err(error) = migrator.run_direct(None, &mut conn, false).await {
        if !waited_for_a_lock(&error) || tries == PATIENCE {
            return Err(error);
        }
        tries += 1;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(conn.close().await?)
}

fn waited_for_a_lock(error: &MigrateError) -> bool {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            error.as_database_error().and_then(DatabaseError::code).is_some_and(|code| code == "55P03")
        }
        _ => false,
    }
}

const TABLE: &str = "_sqlx_migrations";
const HAS_TABLE_SQLITE: &str = "SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'";
const HAS_TABLE_POSTGRES: &str = "SELECT count(to_regclass('_sqlx_migrations'))";

/// Compares without changing anything.
pub async fn state(db: &Db) -> Result<MigrationState, Fault> {
    let mut conn = db.read().await?;
    let (has_table, known) = match conn.engine() {
        Engine::Sqlite => (HAS_TABLE_SQLITE, migrator(|(_, _, sqlite, _)| sqlite)),
        Engine::Postgres => (HAS_TABLE_POSTGRES, migrator(|(_, _, _, postgres)| postgres)),
    };
    let tables: i64 = on!(&mut conn, |c| sqlx::query_scalar(has_table).fetch_one(c).await)
        .map_err(failed("looking for the schema's history"))?;
    let applied = if tables == 0 {
        Vec::new()
    } else {
        on!(&mut conn, |c| c
            .list_applied_migrations(TABLE)
            .await
            .map_err(|error| sqlx::Error::Migrate(Box::new(error))))
        .map_err(|error| Fault::because(FaultKind::Internal, "the schema's history cannot be read", error))?
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
