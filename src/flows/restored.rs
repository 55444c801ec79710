//! A database that was restored from a copy: what was given before is not honoured, and the audit log says so.

use serde_json::json;

use super::Provider;
use crate::{
    base::{Fault, Timestamp},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        epoch::{self, Noticed},
    },
};

const ACTION: &str = "database.restored";

/// By the word of somebody with a shell on the server: every session, code and token ends.
pub async fn begin_anew(writer: &Writer, reason: String, now: Timestamp) -> Result<(), Fault> {
    writer.submit(BeginAnew { reason, now }).await
}

struct BeginAnew {
    reason: String,
    now: Timestamp,
}

impl Unit for BeginAnew {
    type Out = ();
    const KIND: &'static str = "restored.begin_anew";
    // It waits until everybody else has let go.
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"restored")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        epoch::begin_anew(tx, &self.reason, self.now).await?;
        let event = AuditEvent::new(self.now, ACTION, Outcome::Done, Actor::CommandLine);
        tx.record(event.detail(json!({"reason": self.reason})));
        Ok(())
    }
}

/// Records what a new connection noticed and did by itself; answers what it was.
pub async fn record_noticed(provider: &Provider) -> Result<Option<Noticed>, Fault> {
    if !epoch::has_unaudited(&mut provider.db.read().await?).await? {
        return Ok(None);
    }
    provider.writer.submit(RecordNoticed).await
}

struct RecordNoticed;

impl Unit for RecordNoticed {
    type Out = Option<Noticed>;
    const KIND: &'static str = "restored.record";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"restored")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<Noticed>, Fault> {
        let noticed = epoch::take_unaudited(tx).await?;
        if let Some(noticed) = &noticed {
            let event = AuditEvent::new(noticed.not_before, ACTION, Outcome::Done, Actor::Service);
            tx.record(event.detail(json!({"lineage": noticed.lineage})));
        }
        Ok(noticed)
    }
}
