//! What the database says of the time, to compare with our own and for nothing else: a time that is stored comes from who
//! stores it.

use super::{Conn, db::failed, dialect};
use crate::base::{Fault, Timestamp};

/// `None` where the database is a file on this machine, and has its clock.
pub async fn read(conn: &mut Conn) -> Result<Option<Timestamp>, Fault> {
    let Some(ask) = dialect::clock(conn.engine()) else { return Ok(None) };
    let micros: i64 = on!(conn, |c| sqlx::query_scalar(ask).fetch_one(c).await)
        .map_err(failed("asking the database for its time"))?;
    Ok(Some(Timestamp::from_micros(micros)))
}
