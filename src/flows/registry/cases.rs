//! Opening a case: something came in that contradicts the record, and a person decides what it means.

use serde_json::{Value, json};

use super::{
    PersonVault,
    events::{Officer, decide::may_decide, open_values},
    read_person::note_case,
};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{CaseId, EventId, PersonId},
    },
    crypto::Place,
    flows::Provider,
    registry::{Person, civil_event::Values, working_days},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        cases::{self, NewCase, Resolution, StoredCase},
        civil_events::{self, EventState, StoredEvent},
        persons,
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

/// A case as an officer of its unit reads it.
#[derive(Debug)]
pub struct OpenedCase {
    pub case: StoredCase,
    /// What is at odds.
    pub detail: Value,
    /// The person that it is about, as the registry has them.
    pub known: Option<Person>,
    /// What came in and became this case, where it still is one.
    pub event: Option<StoredEvent>,
    pub values: Values,
}

/// None outside the officer's unit; a case without a unit is for the country's office. Who read it is on record before it is
/// shown.
pub async fn open(
    provider: &Provider,
    officer: &Officer,
    id: CaseId,
    now: Timestamp,
) -> Result<Option<OpenedCase>, Fault> {
    let mut conn = provider.db.read().await?;
    let found = cases::find(&mut conn, id).await?;
    let Some(case) = found.filter(|case| may_decide(officer, case.unit_code.as_deref(), now)) else { return Ok(None) };
    let vault = &provider.secrets.vault;
    let detail = open_detail(vault, id, &case.detail_sealed)?;
    let known = match case.person {
        Some(person) => persons::find(&mut conn, person).await?.map(|found| found.person),
        None => None,
    };
    let event = match case.event {
        Some(event) => civil_events::find(&mut conn, event).await?,
        None => None,
    };
    let event = event.filter(|event| event.state == EventState::Case);
    let values = match &event {
        Some(event) => open_values(vault, event.id, &event.payload_sealed)?,
        None => Values::new(),
    };
    drop(conn);
    note_case(&provider.writer, (id, case.person), officer.actor.clone(), now).await?;
    Ok(Some(OpenedCase { case, detail, known, event, values }))
}

/// What an officer does with a case.
#[derive(Clone, Debug)]
pub enum CaseOutcome {
    /// Takes it on.
    Assign,
    /// What was done, as a stable word, and why, in their words.
    Resolve(&'static str, String),
}

/// `false` when the case was changed since it was read, or the officer is off duty.
pub async fn act(
    provider: &Provider,
    officer: &Officer,
    case: (CaseId, i64),
    what: CaseOutcome,
    now: Timestamp,
) -> Result<bool, Fault> {
    let unit = Act { case, what, actor: officer.actor.clone(), now };
    Ok(officer.submit(provider, unit, now).await?.unwrap_or(false))
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
                (self.resolve(tx, &how).await?, *resolution)
            }
        };
        let outcome = if done { Outcome::Done } else { Outcome::Refused };
        let about = AuditEvent::new(self.now, "registry.case_changed", outcome, self.actor.clone());
        tx.record(about.detail(json!({"case": self.case.0, "to": word})));
        Ok(done)
    }
}

impl Act {
    /// The event that became this case does not happen: its end is written with the case's.
    async fn resolve(&self, tx: &mut Tx, how: &Resolution) -> Result<bool, Fault> {
        let Some(case) = cases::find(tx, self.case.0).await? else { return Ok(false) };
        let event = match case.event {
            Some(event) => civil_events::find(tx, event).await?.filter(|event| event.state == EventState::Case),
            None => None,
        };
        // Nobody refuses what they told themselves.
        if event.as_ref().is_some_and(|event| event.proposed_by == how.by) {
            return Ok(false);
        }
        if !cases::resolve(tx, self.case, how, self.now).await? {
            return Ok(false);
        }
        if let Some(event) = event {
            civil_events::refuse_case(tx, event.id, (&how.by, &how.reason), self.now).await?;
            let about = AuditEvent::new(self.now, "registry.event_decided", Outcome::Done, self.actor.clone());
            tx.record(about.detail(json!({"event": event.id, "kind": event.kind, "to": EventState::Rejected.code()})));
        }
        Ok(true)
    }
}
