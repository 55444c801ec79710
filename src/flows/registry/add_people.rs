//! The write of an import: one batch of a file's people in one transaction, with its audit event.

use std::sync::Arc;

use serde_json::json;

use super::judge::{Verdict, judge};
use crate::{
    base::{Fault, Timestamp, hex},
    registry::{Field, PersonalNumber, Reason},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        imports::{self, ImportFile, Tally},
        intake::{self, NewPerson, Provenance},
    },
};

/// Consecutive rows of a file that passed every check that needs only the row.
#[derive(Debug)]
pub struct Batch {
    pub file: Arc<ImportFile>,
    pub people: Vec<(u64, NewPerson)>,
    /// Rows among these lines that were refused before.
    pub refused: u64,
    pub first_line: u64,
    pub last_line: u64,
}

/// Adds who is new, and only them.
#[derive(Clone, Debug)]
pub struct AddPeople {
    pub batch: Arc<Batch>,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Added {
    pub tally: Tally,
    /// Differs from the last batch's when somebody else wrote in between.
    pub changes_of_others: i64,
    pub refused: Vec<(u64, Field, Reason)>,
}

impl Unit for AddPeople {
    type Out = Added;
    const KIND: &'static str = "registry.add_people";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.batch.file.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Added, Fault> {
        imports::take_turns(tx).await?;
        let people = &self.batch.people;
        let numbers: Vec<&str> = people
            .iter()
            .flat_map(|(_, one)| std::iter::once(&one.record.number).chain(&one.record.former_numbers))
            .map(PersonalNumber::as_str)
            .collect();
        let known = imports::known(tx, &numbers).await?;
        let verdicts = judge(people.iter().map(|(_, one)| one), &known);
        let mut new = Vec::with_capacity(people.len());
        let mut out = Added { changes_of_others: imports::changes_of_others(tx).await?, ..Added::default() };
        for ((line, person), verdict) in people.iter().zip(verdicts) {
            match verdict {
                Verdict::New => new.push(person),
                Verdict::Known => out.tally.known += 1,
                Verdict::Refused(field, reason) => out.refused.push((*line, field, reason)),
            }
        }
        out.tally.added = count(new.len());
        out.tally.refused = self.batch.refused + count(out.refused.len());
        if !new.is_empty() {
            let source = self.source();
            intake::add(tx, &new, Provenance { source: &source, now: self.now }).await?;
            tx.record(self.event(out.tally));
        }
        imports::count_rows(tx, self.batch.file.id, (out.tally, self.batch.last_line), self.now).await?;
        Ok(out)
    }
}

impl AddPeople {
    /// Names the file in each row by the beginning of its digest; the import's own row has all of it.
    fn source(&self) -> String {
        format!("import:{}", hex(self.batch.file.sha256.get(..4).unwrap_or_default()))
    }

    fn event(&self, rows: Tally) -> AuditEvent {
        let file = &self.batch.file;
        AuditEvent::new(self.now, "registry.people_imported", Outcome::Done, self.actor.clone()).detail(json!({
            "import": file.id,
            "sha256": hex(&file.sha256),
            "lines": [self.batch.first_line, self.batch.last_line],
            "added": rows.added,
            "known": rows.known,
            "refused": rows.refused,
        }))
    }
}

/// A file is about to be brought in.
#[derive(Clone, Debug)]
pub struct OpenImport {
    pub file: Arc<ImportFile>,
    pub now: Timestamp,
}

impl Unit for OpenImport {
    type Out = ();
    const KIND: &'static str = "registry.open_import";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.file.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        imports::widen(tx).await?;
        imports::open(tx, &self.file, self.now).await
    }
}

/// A file was brought in to its end.
#[derive(Clone, Debug)]
pub struct FinishImport {
    pub file: Arc<ImportFile>,
    pub rows: Tally,
    pub actor: Actor,
    pub now: Timestamp,
}

impl Unit for FinishImport {
    type Out = ();
    const KIND: &'static str = "registry.finish_import";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.file.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let detail = json!({
            "import": self.file.id,
            "sha256": hex(&self.file.sha256),
            "added": self.rows.added,
            "known": self.rows.known,
            "refused": self.rows.refused,
        });
        let actor = self.actor.clone();
        tx.record(AuditEvent::new(self.now, "registry.import_finished", Outcome::Done, actor).detail(detail));
        imports::finish(tx, self.file.id, self.now).await
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}
