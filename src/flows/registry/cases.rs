//! Opening a case: something came in that contradicts the record, and a person decides what it means.

use serde_json::Value;

use super::PersonVault;
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{CaseId, EventId, PersonId},
    },
    crypto::Place,
    registry::working_days,
    store::{audit::Actor, cases::NewCase},
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
