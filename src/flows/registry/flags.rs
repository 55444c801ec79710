//! What looks like snooping is looked at by an auditor: who is it about, what was found. Nobody judges themselves.

use serde_json::json;

use super::events::Officer;
use crate::{
    base::{Fault, Timestamp},
    flows::Provider,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        flags::{self, FlagKey},
    },
};

/// An auditor's word about a flag: their name, and what they found.
#[derive(Clone, Debug)]
pub struct Finding {
    pub flag: FlagKey,
    pub by: String,
    pub words: String,
}

/// `false` when somebody looked before, it is about themselves, or they are off duty.
pub async fn see(provider: &Provider, officer: &Officer, finding: Finding, now: Timestamp) -> Result<bool, Fault> {
    Ok(officer.submit(provider, See { finding, now }, now).await?.unwrap_or(false))
}

struct See {
    finding: Finding,
    now: Timestamp,
}

impl Unit for See {
    type Out = bool;
    const KIND: &'static str = "registry.see_flag";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.flags")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let Finding { flag, by, words } = &self.finding;
        let done = flags::see(tx, flag, (by, words), self.now).await?;
        let outcome = if done { Outcome::Done } else { Outcome::Refused };
        let about = match flag {
            FlagKey::Operator { operator, pattern, day } => {
                json!({"operator": operator, "pattern": pattern, "day": day.to_string()})
            }
            FlagKey::System(id) => json!({ "flag": id }),
        };
        let event = AuditEvent::new(self.now, "registry.flag_seen", outcome, Actor::Operator(by.clone()));
        tx.record(event.detail(about));
        Ok(done)
    }
}
