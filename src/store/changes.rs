//! How processes hear of each other's changes: a counter per topic, read now and then; PostgreSQL also tells at once.

use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::sync::Notify;

use super::{Conn, Db, db::failed, dialect};
use crate::base::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Clients,
    Keys,
}

impl Topic {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Keys => "keys",
        }
    }
}

pub(super) const BUMP: &str = "UPDATE change_counter SET value = value + 1 WHERE topic = $1";

/// In the transaction of the change, so that who sees the counter, or hears of it, sees the change.
pub async fn bump(conn: &mut Conn, topic: Topic) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(BUMP).bind(topic.name()).execute(c).await.map(|_| ()))
        .map_err(failed("counting a change"))?;
    let Some(tell) = dialect::tell_of_change(conn.engine()) else { return Ok(()) };
    on!(conn, |c| sqlx::query(tell).bind(topic.name()).execute(c).await.map(|_| ()))
        .map_err(failed("telling of a change"))
}

/// Wakes `wake` whenever a counter may have changed: at once where PostgreSQL tells, and after each time that it could not.
/// Does not end there; on SQLite nobody tells, and it ends at once.
pub async fn listen(db: &Db, wake: &Notify) {
    let Some(pool) = db.postgres_reader() else { return };
    loop {
        if let Err(error) = hear(pool, wake).await {
            tracing::debug!(%error, "listening for changes of other processes");
        }
        if pool.is_closed() {
            return;
        }
        tokio::time::sleep(DEAF).await;
    }
}

/// Until the next try to listen again; the counters are read meanwhile.
const DEAF: Duration = Duration::from_secs(2);

async fn hear(pool: &sqlx::PgPool, wake: &Notify) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(dialect::CHANGES).await?;
    loop {
        // What was told before it listened, or while the connection was lost (`None`), is found in the counters.
        wake.notify_one();
        listener.try_recv().await?;
    }
}

pub(super) const READ: &str = "SELECT topic, value FROM change_counter ORDER BY topic";

/// The counters as (clients, keys).
pub async fn read(conn: &mut Conn) -> Result<(i64, i64), Fault> {
    let rows: Vec<(String, i64)> =
        on!(conn, |c| sqlx::query_as(READ).fetch_all(c).await).map_err(failed("reading the change counters"))?;
    let of = |topic: Topic| rows.iter().find(|(name, _)| name == topic.name()).map_or(0, |(_, value)| *value);
    Ok((of(Topic::Clients), of(Topic::Keys)))
}
