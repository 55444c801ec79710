//! Connections between their uses. The driver's pool asks the engine for a sign of life each time that a connection comes
//! back: on PostgreSQL a round trip, on SQLite two thread switches, as much as a read. Here a connection that broke says so by
//! its errors, and only that one goes back through the driver's examination.

use std::{
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::{Database, Pool, pool::PoolConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A connection in use.
#[derive(Debug)]
pub struct Held<DB: Database> {
    /// Empty only while it is dropped.
    conn: Option<PoolConnection<DB>>,
    home: Option<(Arc<Resting<DB>>, OwnedSemaphorePermit)>,
    broken: bool,
    /// A statement was begun and its end not seen: whoever waited for it may have left in the middle.
    under_way: bool,
}

/// The connections that nobody uses at the moment, and how many may be used at once.
#[derive(Debug)]
pub(super) struct Resting<DB: Database> {
    /// `None` once the database is closed.
    idle: Mutex<Option<Vec<PoolConnection<DB>>>>,
    places: Arc<Semaphore>,
}

impl<DB: Database> Resting<DB> {
    pub(super) fn of(connections: u32) -> Arc<Self> {
        let places = usize::try_from(connections).unwrap_or(1).max(1);
        Arc::new(Self { idle: Mutex::new(Some(Vec::new())), places: Arc::new(Semaphore::new(places)) })
    }

    /// One that rests, or a new one; after `longest` the pool is called exhausted.
    pub(super) async fn take(self: &Arc<Self>, pool: &Pool<DB>, longest: Duration) -> Result<Held<DB>, sqlx::Error> {
        let place = match tokio::time::timeout(longest, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_closed)) => return Err(sqlx::Error::PoolClosed),
            Err(_elapsed) => return Err(sqlx::Error::PoolTimedOut),
        };
        let resting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(Vec::pop);
        let conn = match resting {
            Some(conn) => conn,
            None => pool.acquire().await?,
        };
        Ok(Held { conn: Some(conn), home: Some((Arc::clone(self), place)), broken: false, under_way: false })
    }

    /// Closes those that rest; those in use go back to the driver's pool when they are let go.
    pub(super) async fn close(&self) {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        for conn in idle.into_iter().flatten() {
            if let Err(error) = conn.close().await {
                tracing::debug!(%error, "closing a database connection");
            }
        }
    }
}

impl<DB: Database> Drop for Resting<DB> {
    fn drop(&mut self) {
        let idle = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        for conn in idle.into_iter().flatten() {
            // Not through the pool: that needs a runtime, which may be gone.
            drop(conn.detach());
        }
    }
}

impl<DB: Database> Held<DB> {
    /// One that goes back through the driver's pool: a lane's.
    pub const fn of_pool(conn: PoolConnection<DB>) -> Self {
        Self { conn: Some(conn), home: None, broken: false, under_way: false }
    }

    /// Out of our hands, to be closed.
    pub fn into_pooled(mut self) -> Option<PoolConnection<DB>> {
        self.conn.take()
    }

    /// A statement begins; [`Self::heed`] sees its end.
    pub(super) const fn begin(&mut self) {
        self.under_way = true;
    }

    /// Looks at how a statement ended: after an error of the connection itself nobody gets it without an examination.
    pub(super) fn heed<T>(&mut self, outcome: &Result<T, sqlx::Error>) {
        self.under_way = false;
        self.broken |= match outcome {
            Ok(_) | Err(sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) => false,
            // Class 57P: the server shuts down; class 08: the connection failed. Others leave it as it was.
            Err(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
            }
            Err(_) => true,
        };
    }
}

impl<DB: Database> Drop for Held<DB> {
    fn drop(&mut self) {
        // Not to the next reader: the driver's pool looks at it first, and finishes what was left in the middle.
        if self.broken || self.under_way {
            return;
        }
        if let (Some(conn), Some((home, _place))) = (self.conn.take(), &self.home) {
            match home.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                Some(idle) => idle.push(conn),
                None => drop(conn),
            }
        }
    }
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
