//! A wrong password, of a person or of an operator: counted by one rule, each under a subject of its own kind.

use uuid::Uuid;

use super::counters::Subject;
use crate::{
    assurance::failures::Decision,
    base::Fault,
    store::{AuditEvent, Class, LaneKey, Tx, Unit, failures::CounterKind},
};

pub struct WrongPassword {
    pub subject: Subject,
    pub network: String,
    /// Whose password it was to be, where there is somebody.
    pub holder: Option<Uuid>,
    /// What is recorded when it counts; its time is the attempt's.
    pub event: AuditEvent,
}

impl Unit for WrongPassword {
    type Out = Decision;
    const KIND: &'static str = "sign_in.wrong_password";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        self.holder.map_or_else(|| LaneKey::of_bytes(self.network.as_bytes()), LaneKey::of_id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Decision, Fault> {
        let now = self.event.at;
        self.subject.take_turn(tx, CounterKind::Password).await?;
        let decision = self.subject.passwords(tx, &self.network).await?.decide(now);
        if decision == Decision::Allowed {
            self.subject.wrong_password(tx, &self.network, now).await?;
            tx.record(self.event.clone());
        }
        Ok(decision)
    }
}
