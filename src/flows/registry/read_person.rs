//! No release of a person's data without a trace: who looked at whom is written before anything is shown.

use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, Writer, audit::Actor},
};

struct NoteReading {
    persons: Vec<PersonId>,
    actor: Actor,
    now: Timestamp,
}

impl Unit for NoteReading {
    type Out = ();
    const KIND: &'static str = "registry.note_reading";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.read")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        for person in &self.persons {
            let event = AuditEvent::new(self.now, "registry.person_read", Outcome::Done, self.actor.clone());
            tx.record(event.person(*person));
        }
        Ok(())
    }
}

pub async fn note_reading(writer: &Writer, persons: &[PersonId], actor: Actor, now: Timestamp) -> Result<(), Fault> {
    if persons.is_empty() {
        return Ok(());
    }
    writer.submit(NoteReading { persons: persons.to_vec(), actor, now }).await
}
