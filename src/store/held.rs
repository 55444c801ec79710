//! Connections between their uses. The driver's pool asks the engine for a sign of life each time that a connection comes
//! back: on PostgreSQL a round trip, on SQLite two thread switches, as much as a read. Here a connection that broke says so by
//! its errors, and only that one goes back through the driver's examination.

use std::{
    future::Future,
    ops::{Deref, DerefMut},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection as _, Database, Pool, pool::PoolConnection};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout},
};

use super::dialect;

/// A connection in use.
#[derive(Debug)]
pub struct Held<DB: Database> {
    /// Empty only while it is dropped.
    conn: Option<PoolConnection<DB>>,
    home: Home<DB>,
    broken: bool,
    /// A statement was begun and its end not seen: whoever waited for it may have left in the middle.
    under_way: bool,
    asked: Asked,
}

/// How many statements a database was sent: on PostgreSQL each is a round trip.
pub(super) type Asked = Arc<AtomicU64>;

/// Where a connection goes when it is let go.
#[derive(Debug)]
enum Home<DB: Database> {
    Resting(Arc<Resting<DB>>, OwnedSemaphorePermit),
    Pool,
    /// A lane's: with what it may have left open it is nobody else's.
    Nowhere,
}

/// The connections that nobody uses at the moment, and how many may be used at once.
#[derive(Debug)]
pub(super) struct Resting<DB: Database> {
    /// `None` once the database is closed.
    idle: Mutex<Option<Vec<Idle<DB>>>>,
    places: Arc<Semaphore>,
    limits: Limits,
    asked: Asked,
}

#[derive(Debug)]
struct Idle<DB: Database> {
    conn: PoolConnection<DB>,
    since: Instant,
}

/// What a server at the other end of a wire may do to us: go away while nobody looks, or stop answering.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// One that has rested longer is asked for a sign of life before its use.
    pub rest: Duration,
    /// No statement takes longer, answered or not.
    pub statement: Duration,
}

impl Limits {
    /// SQLite is in the process: it is always there, and is not interrupted.
    pub const NONE: Self = Self { rest: Duration::MAX, statement: Duration::MAX };
}

/// A sign of life is one round trip.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

impl<DB: Database> Resting<DB> {
    pub(super) fn of(connections: u32, limits: Limits, asked: Asked) -> Arc<Self> {
        let places = usize::try_from(connections).unwrap_or(1).max(1);
        Arc::new(Self { idle: Mutex::new(Some(Vec::new())), places: Arc::new(Semaphore::new(places)), limits, asked })
    }

    /// One that rests, or a new one; after `longest` the pool is called exhausted.
    pub(super) async fn take(self: &Arc<Self>, pool: &Pool<DB>, longest: Duration) -> Result<Held<DB>, sqlx::Error> {
        let place = match timeout(longest, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_closed)) => return Err(sqlx::Error::PoolClosed),
            Err(_elapsed) => return Err(sqlx::Error::PoolTimedOut),
        };
        let resting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Vec::pop);
        let conn = match resting {
            Some(idle) => self.examined(idle).await,
            None => None,
        };
        let conn = match conn {
            Some(conn) => conn,
            None => pool.acquire().await?,
        };
        let (home, asked) = (Home::Resting(Arc::clone(self), place), Arc::clone(&self.asked));
        Ok(Held { conn: Some(conn), home, broken: false, under_way: false, asked })
    }

    async fn examined(&self, mut idle: Idle<DB>) -> Option<PoolConnection<DB>> {
        if idle.since.elapsed() < self.limits.rest {
            return Some(idle.conn);
        }
        match timeout(SIGN_OF_LIFE, idle.conn.ping()).await {
            Ok(Ok(())) => Some(idle.conn),
            Ok(Err(_)) | Err(_) => {
                drop(idle.conn.detach());
                self.forget();
                None
            }
        }
    }

    fn rest(&self, conn: PoolConnection<DB>) {
        match self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(idle) => idle.push(Idle { conn, since: Instant::now() }),
            None => drop(conn),
        }
    }

    /// One has broken: what rested beside it has probably broken with it, and costs less to open again than to try.
    fn forget(&self) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(std::mem::take);
        for Idle { conn, .. } in idle.into_iter().flatten() {
            // Not through the pool, which would examine it for as long as that takes.
            drop(conn.detach());
        }
    }

    /// Closes those that rest; those in use go back to the driver's pool when they are let go.
    pub(super) async fn close(&self) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        for Idle { conn, .. } in idle.into_iter().flatten() {
            if let Err(error) = conn.close().await {
                tracing::debug!(%error, "closing a database connection");
            }
        }
    }
}

impl<DB: Database> Drop for Resting<DB> {
    fn drop(&mut self) {
        // Not through the pool: that needs a runtime, which may be gone.
        self.forget();
    }
}

impl<DB: Database> Held<DB> {
    /// One that goes back through the driver's pool.
    pub fn of_pool(conn: PoolConnection<DB>) -> Self {
        Self { conn: Some(conn), home: Home::Pool, broken: false, under_way: false, asked: Asked::default() }
    }

    /// One that is closed when it is let go.
    pub(super) const fn of_lane(conn: PoolConnection<DB>, asked: Asked) -> Self {
        Self { conn: Some(conn), home: Home::Nowhere, broken: false, under_way: false, asked }
    }

    /// Closed at once, without a word to a server that may not listen.
    pub(super) async fn discard(mut self) {
        if let Some(conn) = self.conn.take()
            && let Err(error) = conn.detach().close_hard().await
        {
            tracing::debug!(%error, "closing a database connection");
        }
    }

    /// A statement begins; [`Self::heed`] sees its end.
    pub(super) fn begin(&mut self) {
        self.under_way = true;
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// How long a statement may take here.
    pub(super) fn limit(&self) -> Duration {
        match &self.home {
            Home::Resting(home, _) => home.limits.statement,
            // A lane has its own.
            Home::Pool | Home::Nowhere => Duration::MAX,
        }
    }

    /// Looks at how a statement ended: after an error of the connection itself nobody gets it again.
    pub(super) fn heed<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.under_way = false;
        self.broken |= match outcome {
            Ok(_) | Err(sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => false,
            Err(sqlx::Error::Database(error)) => dialect::spoils_connection(&**error),
            Err(_) => true,
        };
    }
}

/// The statement's own answer, or that there was none in time. Boxed: there are several hundred statements, and each would
/// have its own copy of this and of the timer to compile.
pub(super) async fn within<T>(
    limit: Duration,
    statement: Pin<Box<dyn Future<Output = Result<T, sqlx::Error>> + Send + '_>>,
) -> Result<T, sqlx::Error> {
    if limit == Duration::MAX {
        return statement.await;
    }
    timeout(limit, statement).await.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        let Some(conn) = self.conn.take() else { return };
        match std::mem::replace(&mut self.home, Home::Nowhere) {
            Home::Nowhere => drop(conn.detach()),
            Home::Pool => drop(conn),
            Home::Resting(home, _place) if self.broken => {
                drop(conn.detach());
                home.forget();
            }
            Home::Resting(home, place) if self.under_way => finish(conn, home, place),
            Home::Resting(home, _place) => home.rest(conn),
        }
    }
}

/// What somebody left in the middle is read to its end before the next reader gets the connection.
fn finish<DB: Database>(mut conn: PoolConnection<DB>, home: Arc<Resting<DB>>, place: OwnedSemaphorePermit) {
    let Ok(runtime) = Handle::try_current() else { return drop(conn.detach()) };
    runtime.spawn(async move {
        match timeout(home.limits.statement.min(Duration::from_secs(10)), conn.ping()).await {
            Ok(Ok(())) => home.rest(conn),
            Ok(Err(_)) | Err(_) => drop(conn.detach()),
        }
        drop(place);
    });
}

impl<DB: Database> Deref for Held<DB> {
    type Target = DB::Connection;

    #[expect(clippy::expect_used, reason = "it is taken out only by who consumes or drops the whole")]
    fn deref(&self) -> &DB::Connection {
        self.conn.as_ref().expect("a held connection")
    }
}

impl<DB: Database> DerefMut for Held<DB> {
    #[expect(clippy::expect_used, reason = "as above")]
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.conn.as_mut().expect("a held connection")
    }
}
