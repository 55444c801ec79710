//! The two engines behind one door.

use std::{
    fs::{DirBuilder, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use sqlx::{
    ConnectOptions as _, Postgres, Sqlite,
    postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    dialect, epoch,
    held::{Asked, Held, Limits, Resting},
};
use crate::base::{Fault, fault::FaultKind};

/// What the store needs to know; the command line fills it from the configuration.
#[derive(Clone, Debug)]
pub struct DbSettings {
    /// `sqlite://PATH` or `postgres://…`
    pub url: String,
    /// Connections for reads beside the writer's.
    pub read_connections: u32,
    /// How many lanes write at once on PostgreSQL; SQLite has one.
    pub postgres_lanes: u16,
    /// Whether each new connection to PostgreSQL is asked if its database is still the one that it was ([`epoch`]).
    pub notices_restores: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    lanes: u16,
    asked: Asked,
}

#[derive(Clone, Debug)]
enum Pools {
    Sqlite { read: SqlitePool, resting: Arc<Resting<Sqlite>>, write: SqlitePool },
    Postgres { read: PgPool, resting: Arc<Resting<Postgres>>, write: PgPool },
}

/// One connection, outside or inside a transaction.
#[derive(Debug)]
pub enum Conn {
    Sqlite(Held<Sqlite>),
    Postgres(Held<Postgres>),
}

/// A request waits no longer than this for a connection; then it is told to come back (503).
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(1);

/// PostgreSQL's own `statement_timeout` ends what it works on; a little later nothing is waited for any more.
const AWAY: Limits = Limits { rest: Duration::from_secs(1), statement: Duration::from_secs(3) };

impl Conn {
    /// Closed, not given back: with whatever it was in the middle of.
    pub async fn discard(self) {
        match self {
            Self::Sqlite(conn) => conn.discard().await,
            Self::Postgres(conn) => conn.discard().await,
        }
    }
}

impl Db {
    /// The file of an embedded database, whether it is there or not; `None` for a server's.
    pub fn file(settings: &DbSettings) -> Result<Option<PathBuf>, Fault> {
        if !is_sqlite(&settings.url) {
            return Ok(None);
        }
        Ok(Some(sqlite_options(&settings.url)?.get_filename().to_owned()))
    }

    /// Opens the database. `sqlite://` creates the file, with its folder; PostgreSQL must exist.
    pub async fn open(settings: &DbSettings) -> Result<Self, Fault> {
        let asked = Asked::default();
        let pools = if is_sqlite(&settings.url) {
            open_sqlite(settings, &asked).await?
        } else if settings.url.starts_with("postgres:") || settings.url.starts_with("postgresql:") {
            open_postgres(settings, &asked).await?
        } else {
            return Err(Fault::because(
                FaultKind::Internal,
                "the database URL is not understood",
                "it must begin with sqlite:// or postgres://",
            ));
        };
        let lanes = match pools {
            Pools::Sqlite { .. } => 1,
            Pools::Postgres { .. } => settings.postgres_lanes.max(1),
        };
        Ok(Self { pools, lanes, asked })
    }

    pub fn engine(&self) -> Engine {
        match self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres { .. } => Engine::Postgres,
        }
    }

    pub const fn lanes(&self) -> u16 {
        self.lanes
    }

    /// How many statements it was sent since it was opened, by readers and lanes together.
    pub fn statements(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A connection for reading. Statements on it see committed state, each its own moment.
    pub async fn read(&self) -> Result<Conn, Fault> {
        match &self.pools {
            Pools::Sqlite { read, resting, .. } => resting.take(read, ACQUIRE_TIMEOUT).await.map(Conn::Sqlite),
            Pools::Postgres { read, resting, .. } => resting.take(read, ACQUIRE_TIMEOUT).await.map(Conn::Postgres),
        }
        .map_err(|error| db_fault("no database connection within a second", error))
    }

    /// A connection for a lane, or for bulk work on PostgreSQL.
    pub(super) async fn write(&self) -> Result<Conn, Fault> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                write.acquire().await.map(|conn| Conn::Sqlite(Held::of_lane(conn, Arc::clone(&self.asked))))
            }
            Pools::Postgres { write, .. } => {
                write.acquire().await.map(|conn| Conn::Postgres(Held::of_lane(conn, Arc::clone(&self.asked))))
            }
        }
        .map_err(|error| db_fault("no database connection for writing", error))
    }

    pub(super) fn sqlite_writer(&self) -> Option<&SqlitePool> {
        match &self.pools {
            Pools::Sqlite { write, .. } => Some(write),
            Pools::Postgres { .. } => None,
        }
    }

    /// For who listens: reads go through [`Self::read`].
    pub(super) fn postgres_reader(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres { read, .. } => Some(read),
            Pools::Sqlite { .. } => None,
        }
    }

    pub(super) fn postgres_writer(&self) -> Option<&PgPool> {
        match &self.pools {
            Pools::Postgres { write, .. } => Some(write),
            Pools::Sqlite { .. } => None,
        }
    }

    /// Closes every connection; stop the writer first, its lanes hold theirs. Waits two seconds at most for the rest.
    pub async fn close(&self) {
        let closed = async {
            match &self.pools {
                Pools::Sqlite { read, resting, write } => {
                    resting.close().await;
                    read.close().await;
                    write.close().await;
                }
                Pools::Postgres { read, resting, write } => {
                    resting.close().await;
                    read.close().await;
                    write.close().await;
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(2), closed).await.is_err() {
            tracing::warn!("some database connections were still in use at the end");
        }
    }
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, Fault> {
    SqliteConnectOptions::from_str(url).map_err(|error| Fault::internal("the SQLite URL is not understood", error))
}

/// For its owner alone, whatever the umask says: it holds everybody. SQLite gives what it lays beside the file the same mode.
fn make_private(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn open_sqlite(settings: &DbSettings, asked: &Asked) -> Result<Pools, Fault> {
    let options = sqlite_options(&settings.url)?;
    make_private(options.get_filename()).map_err(|error| {
        Fault::internal("the SQLite database cannot be made", format!("{}: {error}", options.get_filename().display()))
    })?;
    let options = options
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_millis(2_500))
        .pragma("cache_size", "-16000")
        .pragma("temp_store", "MEMORY")
        // No memory-mapped reads: each commit of another connection unmaps the file, and every page is faulted in anew.
        .statement_cache_capacity(300)
        .disable_statement_logging();
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options.clone())
        .await
        .map_err(|error| db_fault("the SQLite database cannot be opened", error))?;
    let read = SqlitePoolOptions::new()
        .max_connections(settings.read_connections.max(1))
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.read_only(false).pragma("query_only", "1"))
        .await
        .map_err(|error| db_fault("the SQLite database cannot be opened for reading", error))?;
    let resting = Resting::of(settings.read_connections, Limits::NONE, Arc::clone(asked));
    Ok(Pools::Sqlite { read, resting, write })
}

async fn open_postgres(settings: &DbSettings, asked: &Asked) -> Result<Pools, Fault> {
    let options = PgConnectOptions::from_str(&settings.url)
        .map_err(|error| Fault::internal("the PostgreSQL URL is not understood", error))?
        .application_name("dinhdanh")
        .statement_cache_capacity(300)
        .disable_statement_logging();
    let limited = options.clone().options([
        ("statement_timeout", "2500"),
        ("lock_timeout", "200"),
        ("idle_in_transaction_session_timeout", "10000"),
        ("default_transaction_isolation", "read committed"),
    ]);
    let watched = settings.notices_restores;
    let write = PgPoolOptions::new()
        // Lanes keep one each; the rest is for bulk work and for a lane's replacement while its old connection dies.
        .max_connections(u32::from(settings.postgres_lanes) + 3)
        // Seldom: a lane takes a new one when its own broke, and the others may have died with it.
        .test_before_acquire(true)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |conn, _| admit(conn, watched))
        .connect_with(limited.clone())
        .await;
    let write = match write {
        Ok(write) => write,
        Err(error) => return Err(unreached(&limited, watched, error).await),
    };
    let read = PgPoolOptions::new()
        // One more than may read at once: it listens (`changes`).
        .max_connections(settings.read_connections.max(1) + 1)
        .min_connections(1)
        // Seldom: readers take theirs from those that rest.
        .test_before_acquire(true)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(move |conn, _| admit(conn, watched))
        .connect_with(limited.options([("default_transaction_read_only", "on")]))
        .await
        .map_err(|error| db_fault("PostgreSQL cannot be reached", error))?;
    let resting = Resting::of(settings.read_connections, AWAY, Arc::clone(asked));
    Ok(Pools::Postgres { read, resting, write })
}

fn admit(conn: &mut PgConnection, watched: bool) -> BoxFuture<'_, Result<(), sqlx::Error>> {
    async move { if watched { epoch::admit(conn).await } else { Ok(()) } }.boxed()
}

/// The pool says only that it waited. A connection of one's own says why.
async fn unreached(options: &PgConnectOptions, watched: bool, error: sqlx::Error) -> Fault {
    let kind = dialect::fault_kind(&error);
    let alone = async { admit(&mut options.connect().await?, watched).await };
    let told = match error {
        sqlx::Error::PoolTimedOut => tokio::time::timeout(ACQUIRE_TIMEOUT, alone).await.ok().and_then(Result::err),
        _ => None,
    };
    Fault::because(kind, "PostgreSQL cannot be reached", told.unwrap_or(error))
}

/// Sorts what the driver reports into what the caller can do about it.
pub(super) fn db_fault(what: &'static str, error: sqlx::Error) -> Fault {
    Fault::because(dialect::fault_kind(&error), what, error)
}

/// `?` on a statement's result: `.await.map_err(failed("consuming a code"))?`.
pub(super) fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> Fault {
    move |error| db_fault(what, error)
}
