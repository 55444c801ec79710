//! The write of an import: one batch of a file's people in one transaction, with its audit event.

use std::sync::Arc;

use serde_json::json;

use super::{
    duplicates::{candidates, compared},
    judge::{Verdict, judge},
};
use crate::{
    base::{Fault, Timestamp, hex},
    registry::{
        Field, PersonalNumber, Reason, ResidenceKind, Sex, Vital,
        record::{Facet, Marital},
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        change_feed::{self, Newcomer},
        duplicates,
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
    /// Subscribers hear of each, and each is compared with the registry: who is very like somebody goes on the list of pairs.
    /// The first load of an empty registry is nobody's news, and is walked afterwards.
    pub compares: bool,
    pub actor: Actor,
    pub now: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Added {
    pub tally: Tally,
    /// Pairs that may be one person, new on the list.
    pub likely: u64,
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
            if self.compares {
                let newcomers: Vec<_> = new.iter().map(|person| newcomer(person)).collect();
                change_feed::add_newcomers(tx, &newcomers, (self.batch.file.id, self.now)).await?;
            }
            for person in new.iter().filter(|_| self.compares) {
                out.likely += self.keep_likely(tx, person).await?;
            }
            tx.record(self.event(&out));
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

    /// With the rest of the batch there already: two rows of one file may be one person too.
    async fn keep_likely(&self, tx: &mut Tx, person: &NewPerson) -> Result<u64, Fault> {
        let mut kept = 0;
        for (other, likeness) in candidates(tx, &compared(person)).await? {
            kept += u64::from(duplicates::keep(tx, (person.id, other), &likeness, self.now).await?);
        }
        Ok(kept)
    }

    fn event(&self, added: &Added) -> AuditEvent {
        let (file, rows) = (&self.batch.file, added.tally);
        AuditEvent::new(self.now, "registry.people_imported", Outcome::Done, self.actor.clone()).detail(json!({
            "import": file.id,
            "sha256": hex(&file.sha256),
            "lines": [self.batch.first_line, self.batch.last_line],
            "added": rows.added,
            "known": rows.known,
            "refused": rows.refused,
            "likely": added.likely,
        }))
    }
}

/// What subscribers hear of somebody who came: the fields that say something.
fn newcomer(person: &NewPerson) -> Newcomer {
    let record = &person.record;
    let beside = &record.particulars;
    let has = |kind: ResidenceKind| record.residences.iter().any(|home| home.kind == kind);
    let relatives = &record.relatives;
    let fields = [
        (Facet::Name, true),
        (Facet::Numbers, true),
        (Facet::Birth, true),
        (Facet::Sex, record.sex != Sex::Unknown),
        (Facet::BirthPlace, beside.birth_place.is_some()),
        (Facet::RegistrationPlace, beside.registration_place.is_some()),
        (Facet::AncestralHome, beside.ancestral_home.is_some()),
        (Facet::Ethnicity, record.ethnicity.is_some()),
        (Facet::Religion, beside.religion.is_some()),
        (Facet::Nationalities, true),
        (Facet::BloodGroup, beside.blood_group.is_some()),
        (Facet::OldNumber, beside.old_number.is_some()),
        (Facet::Cards, record.card.is_some()),
        (Facet::Father, relatives.father.is_some()),
        (Facet::Mother, relatives.mother.is_some()),
        (Facet::Spouse, relatives.spouse.is_some()),
        (Facet::Representative, relatives.representative.is_some()),
        (Facet::Permanent, has(ResidenceKind::Permanent)),
        (Facet::Temporary, has(ResidenceKind::Temporary)),
        (Facet::Stay, has(ResidenceKind::Current)),
        (Facet::Household, record.household.is_some()),
        (Facet::Marital, beside.marital != Marital::Unknown),
        (Facet::Vital, record.vital != Vital::Alive),
        (Facet::Contacts, record.phone.is_some() || record.email.is_some()),
    ];
    let fields: Vec<&str> = fields.into_iter().filter(|(_, says)| *says).map(|(facet, _)| facet.code()).collect();
    let unit = person.home.as_ref().and_then(|home| home.commune.clone()).unwrap_or_default();
    Newcomer { person: person.id, fields: json!(fields).to_string(), unit }
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
