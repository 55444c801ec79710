//! A session that is used is not idle.

use super::Recognised;
use crate::{
    base::{Fault, Timestamp, ids::SessionId},
    flows::Provider,
    store::{Class, LaneKey, Tx, Unit, sessions},
};

/// Writes down that the session was used, when the last such note is old enough to be worth a commit.
pub async fn keep_alive(provider: &Provider, found: &Recognised, now: Timestamp) -> Result<(), Fault> {
    if !found.touch {
        return Ok(());
    }
    provider.writer.submit(Used { session: found.session.id, now }).await
}

struct Used {
    session: SessionId,
    now: Timestamp,
}

impl Unit for Used {
    type Out = ();
    const KIND: &'static str = "session.used";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        sessions::touch(tx, self.session, self.now).await
    }
}
