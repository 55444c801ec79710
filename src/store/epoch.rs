//! Since when what was given is honoured. A database that was restored from a copy, or a standby that took over without the last
//! seconds, does not know what was used up, ended or revoked since. So nothing that was given before opens anything: sessions,
//! codes, grants and whatever is under way go at once, and a client's own tokens from before are as good as revoked.

use sqlx::postgres::PgConnection;

use super::{Conn, Engine, db::failed, dialect};
use crate::base::{Fault, Timestamp};

pub(super) const ADOPT: &str = "UPDATE database_epoch SET lineage = $1 WHERE id = 1 AND lineage = ''";
pub(super) const SUCCEED: &str = "UPDATE database_epoch SET lineage = $2, not_before = CURRENT_TIMESTAMP, \
    reason = 'noticed', audited = FALSE WHERE id = 1 AND lineage = $1";

// Places and counters that others have seen are not given a second time: what was lost is jumped over.
pub(super) const JUMP_FEED: &str = "UPDATE change_feed SET last = last + 1000000000 WHERE id = 1";
pub(super) const LOST_PLACES: &str = "UPDATE database_epoch SET lost_after = (SELECT last FROM change_feed WHERE id = 1), \
    lost_until = (SELECT last FROM change_feed WHERE id = 1) + 1000000000 WHERE id = 1";
pub(super) const JUMP_COUNTERS: &str = "UPDATE change_counter SET value = value + 1000000";

/// Of a new connection to PostgreSQL, before anything else is asked on it: whether its database is of the history that is
/// recorded. The first that sees another ends what was given before, in one transaction; then it serves.
pub(super) async fn admit(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    let Some(ask) = dialect::lineage(Engine::Postgres) else { return Ok(()) };
    let found: Result<(String, String), _> = sqlx::query_as(ask).fetch_one(&mut *conn).await;
    let (recorded, found) = match found {
        // Not migrated yet: nobody was given anything.
        Err(error) if dialect::is_no_such_table(&error) => return Ok(()),
        found => found?,
    };
    if recorded == found {
        return Ok(());
    }
    sqlx::raw_sql(dialect::BEGIN_PATIENTLY).execute(&mut *conn).await?;
    let changed = if recorded.is_empty() {
        sqlx::query(ADOPT).bind(&found).execute(&mut *conn).await?;
        false
    } else {
        sqlx::query(SUCCEED).bind(&recorded).bind(&found).execute(&mut *conn).await?.rows_affected() == 1
    };
    if changed {
        sqlx::raw_sql(dialect::end_everything(Engine::Postgres)).execute(&mut *conn).await?;
        for sql in [LOST_PLACES, JUMP_FEED, JUMP_COUNTERS] {
            sqlx::query(sql).execute(&mut *conn).await?;
        }
    }
    sqlx::raw_sql(dialect::COMMIT).execute(&mut *conn).await?;
    if changed {
        tracing::error!(
            was = recorded,
            is = found,
            "the database was restored or a standby took over: every session, code and token from before has ended"
        );
    }
    Ok(())
}

pub(super) const BEGIN_ANEW: &str =
    "UPDATE database_epoch SET not_before = $1, reason = $2, audited = TRUE WHERE id = 1";

/// The same by somebody's word, in the transaction that records it.
pub async fn begin_anew(conn: &mut Conn, reason: &str, now: Timestamp) -> Result<(), Fault> {
    let engine = conn.engine();
    on!(&mut *conn, |c| sqlx::query(BEGIN_ANEW).bind(now).bind(reason).execute(c).await.map(|_| ()))
        .map_err(failed("beginning anew after a restore"))?;
    on!(&mut *conn, |c| sqlx::raw_sql(dialect::end_everything(engine)).execute(c).await.map(|_| ()))
        .map_err(failed("ending what was given before a restore"))?;
    for sql in [LOST_PLACES, JUMP_FEED, JUMP_COUNTERS] {
        on!(&mut *conn, |c| sqlx::query(sql).execute(c).await.map(|_| ()))
            .map_err(failed("jumping over what was lost"))?;
    }
    Ok(())
}

/// A restore that was noticed and is not in the audit log yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    pub lineage: String,
    pub not_before: Timestamp,
}

pub(super) const UNAUDITED: &str = "SELECT id FROM database_epoch WHERE id = 1 AND audited = FALSE";

pub async fn has_unaudited(conn: &mut Conn) -> Result<bool, Fault> {
    let row: Option<(i64,)> = on!(conn, |c| sqlx::query_as(UNAUDITED).fetch_optional(c).await)
        .map_err(failed("looking for a restore that nobody recorded"))?;
    Ok(row.is_some())
}

pub(super) const AUDIT: &str = "UPDATE database_epoch SET audited = TRUE WHERE id = 1 AND audited = FALSE \
    RETURNING lineage, not_before";

/// Takes it up, for the transaction that records it; once.
pub async fn take_unaudited(conn: &mut Conn) -> Result<Option<Noticed>, Fault> {
    let row: Option<(String, Timestamp)> = on!(conn, |c| sqlx::query_as(AUDIT).fetch_optional(c).await)
        .map_err(failed("recording that the database was restored"))?;
    Ok(row.map(|(lineage, not_before)| Noticed { lineage, not_before }))
}
