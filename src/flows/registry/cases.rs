//! Opening a case: something came in that contradicts the record, and a person decides what it means.

use serde_json::{Value, json};

use super::PersonVault;
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{CaseId, EventId, PersonId},
    },
    crypto::Place,
    flows::Provider,
    registry::working_days,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        cases::{self, NewCase, Resolution},
    },
};

/// Decree 70/2024 Art 6(3): the commune's police check a correction within two working days.
const DUE_IN_WORKING_DAYS: u32 = 2;

/// What is at odds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseKind {
    /// A file has a known number with other facts.
    ImportDiffers,
    /// An event contradicts the record, or came before the one it builds on.
    EventRefused,
    /// Something follows from a recorded event that a person has to settle: a household without a head, a ward without a guardian.
    FollowUp,
    /// Two records may be one person.
    PossibleDuplicate,
}

impl CaseKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::ImportDiffers => "import_differs",
            Self::EventRefused => "event_refused",
            Self::FollowUp => "follow_up",
            Self::PossibleDuplicate => "possible_duplicate",
        }
    }
}

/// What a case says, before it is sealed.
#[derive(Clone, Debug)]
pub struct CaseDraft {
    pub kind: CaseKind,
    /// Where it came from, and what that place calls it: the same thing twice opens one case.
    pub source: String,
    pub source_id: String,
    pub person: Option<PersonId>,
    pub event: Option<EventId>,
    pub unit_code: Option<String>,
    /// Personal: the difference, the reasons.
    pub detail: Value,
}

/// Ready for `store::cases::open` inside the unit that met the contradiction.
pub fn new_case(
    draft: CaseDraft,
    vault: &PersonVault,
    by: &Actor,
    (entropy, now): (&Entropy, Timestamp),
) -> Result<NewCase, Fault> {
    let id = CaseId::generate(entropy, now);
    let detail_sealed = vault.seal_json(place(id.0.as_bytes()), &draft.detail, entropy)?;
    Ok(NewCase {
        id,
        kind: draft.kind.code(),
        source: draft.source,
        source_id: draft.source_id,
        person: draft.person,
        event: draft.event,
        unit_code: draft.unit_code,
        detail_sealed,
        opened_by: by.as_text(),
        due_on: working_days::deadline(now.vietnam_date(), DUE_IN_WORKING_DAYS),
    })
}

/// What a stored case says.
pub fn open_detail(vault: &PersonVault, id: CaseId, sealed: &[u8]) -> Result<Value, Fault> {
    vault.open_json(place(id.0.as_bytes()), sealed)
}

const fn place(row: &[u8]) -> Place<'_> {
    Place { table: "registry_case", column: "detail_sealed", row }
}

/// What an officer does with a case.
#[derive(Clone, Debug)]
pub enum CaseOutcome {
    /// Takes it on.
    Assign,
    /// What was done, as a stable word, and why, in their words.
    Resolve(&'static str, String),
}

/// `false` when the case was changed since it was read.
pub async fn act(
    provider: &Provider,
    case: (CaseId, i64),
    what: CaseOutcome,
    actor: Actor,
    now: Timestamp,
) -> Result<bool, Fault> {
    provider.writer.submit(Act { case, what, actor, now }).await
}

struct Act {
    case: (CaseId, i64),
    what: CaseOutcome,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Act {
    type Out = bool;
    const KIND: &'static str = "registry.act_on_case";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.case.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let by = self.actor.as_text();
        let (done, word) = match &self.what {
            CaseOutcome::Assign => (cases::assign(tx, self.case.0, self.case.1, &by).await?, "assigned"),
            CaseOutcome::Resolve(resolution, reason) => {
                let how = Resolution { by, resolution, reason: reason.clone() };
                (cases::resolve(tx, self.case, &how, self.now).await?, *resolution)
            }
        };
        let outcome = if done { Outcome::Done } else { Outcome::Refused };
        let about = AuditEvent::new(self.now, "registry.case_changed", outcome, self.actor.clone());
        tx.record(about.detail(json!({"case": self.case.0, "to": word})));
        Ok(done)
    }
}
