//! What must be well before the service says that it is ready.

use futures_util::future::BoxFuture;

use crate::{
    base::{Clock, Span},
    http::health::Probe,
    store::{Db, changes, database_clock},
};

/// The record answers.
pub struct Record(pub Db);

impl Probe for Record {
    fn name(&self) -> &'static str {
        "database"
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let mut conn = self.0.read().await.map_err(|fault| fault.to_string())?;
            changes::read(&mut conn).await.map(drop).map_err(|fault| fault.to_string())
        })
    }
}

/// This process and the database's server mean the same moment by now. Processes that differ would judge one token, code or
/// delay differently.
pub struct SameTime {
    pub db: Db,
    pub clock: Clock,
}

impl SameTime {
    /// What `doctor` calls bad as well.
    pub const AT_MOST: Span = Span::secs(5);
}

impl Probe for SameTime {
    fn name(&self) -> &'static str {
        "clock"
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let mut conn = self.db.read().await.map_err(|fault| fault.to_string())?;
            let Some(theirs) = database_clock::read(&mut conn).await.map_err(|fault| fault.to_string())? else {
                return Ok(());
            };
            let ahead = self.clock.now().since(theirs);
            if ahead.as_micros().saturating_abs() > Self::AT_MOST.as_micros() {
                let (off, which) =
                    (ahead.as_secs().saturating_abs(), if ahead > Span::ZERO { "ahead of" } else { "behind" });
                return Err(format!("this machine's clock is {off} s {which} the database's"));
            }
            Ok(())
        })
    }
}
