//! How processes hear of each other's changes: a counter per topic, read once a second; PostgreSQL also notifies.

use super::{Conn, db::failed};
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

/// In the transaction of the change, so that who sees the counter sees the change.
pub async fn bump(conn: &mut Conn, topic: Topic) -> Result<(), Fault> {
    on!(conn, |c| sqlx::query(BUMP).bind(topic.name()).execute(c).await.map(|_| ()))
        .map_err(failed("counting a change"))
}

pub(super) const READ: &str = "SELECT topic, value FROM change_counter ORDER BY topic";

/// The counters as (clients, keys).
pub async fn read(conn: &mut Conn) -> Result<(i64, i64), Fault> {
    let rows: Vec<(String, i64)> =
        on!(conn, |c| sqlx::query_as(READ).fetch_all(c).await).map_err(failed("reading the change counters"))?;
    let of = |topic: Topic| rows.iter().find(|(name, _)| name == topic.name()).map_or(0, |(_, value)| *value);
    Ok((of(Topic::Clients), of(Topic::Keys)))
}
