//! Events that arrive by message or file: proposed like any other, once a source id; what contradicts the record, or comes
//! before what it builds on, becomes a case.

use serde_json::json;

use super::{
    Base, Officer, Proposal, Proposed,
    propose::{DUE_IN_WORKING_DAYS, propose},
    seal_values,
    told::is_early,
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{CaseId, EventId},
    },
    flows::{
        Provider,
        registry::cases::{self, CaseDraft, CaseKind},
    },
    registry::{
        civil_event::{Refusal, Weight},
        working_days,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome as Audited, Tx, Unit,
        audit::Actor,
        cases as stored_cases,
        cases::NewCase,
        civil_events::{self, EventState, NewEvent},
    },
};

/// An event as another system tells it.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub proposal: Proposal,
    /// Whose case it is, if it becomes one.
    pub unit: Option<String>,
}

#[derive(Debug)]
pub enum Received {
    Proposed(EventId),
    /// It came before; nothing happened.
    Known(EventId),
    /// Badly written: nothing is kept.
    Refused(Vec<Refusal>),
    /// At odds with the record: kept, and a case is open.
    Case {
        event: EventId,
        case: CaseId,
        why: Vec<Refusal>,
    },
}

pub async fn receive(
    provider: &Provider,
    officer: &Officer,
    incoming: &Incoming,
    now: Timestamp,
) -> Result<Received, Fault> {
    let proposal = &incoming.proposal;
    let known =
        civil_events::find_by_source(&mut provider.db.read().await?, &proposal.source, &proposal.source_id).await?;
    if let Some(known) = known {
        return Ok(Received::Known(known.id));
    }
    match propose(provider, officer, proposal, now).await? {
        Proposed::Yes { event, .. } => Ok(Received::Proposed(event)),
        Proposed::Known(event) | Proposed::Differs(event) => Ok(Received::Known(event)),
        Proposed::Refused(why) if why.iter().any(|one| one.why.weight() == Weight::Form) => Ok(Received::Refused(why)),
        Proposed::Refused(why) => open_case(provider, officer, incoming, why, now).await,
        Proposed::NotOpen | Proposed::OffDuty => Err(Fault::unavailable("the event came twice at once")),
    }
}

async fn open_case(
    provider: &Provider,
    officer: &Officer,
    Incoming { proposal, unit }: &Incoming,
    why: Vec<Refusal>,
    now: Timestamp,
) -> Result<Received, Fault> {
    let id = EventId::generate(&provider.entropy, now);
    let vault = &provider.secrets.vault;
    let base = serde_json::to_string(&Base::default())
        .map_err(|error| Fault::internal("writing an event's base down", error))?;
    let event = NewEvent {
        id,
        kind: proposal.kind.code(),
        source: proposal.source.clone(),
        source_id: proposal.source_id.clone(),
        unit_code: unit.clone(),
        state: EventState::Case,
        payload_sealed: seal_values(vault, id, &proposal.values, &provider.entropy)?,
        base,
        proposed_by: officer.text(),
        note: proposal.note.clone(),
        due_on: working_days::deadline(now.vietnam_date(), DUE_IN_WORKING_DAYS),
        people: Vec::new(),
    };
    let tried_at = is_early(&why).then_some(now);
    let reasons: Vec<_> = why.iter().map(|one| json!({"field": one.field, "why": one.why.code()})).collect();
    let draft = CaseDraft {
        kind: CaseKind::EventRefused,
        source: proposal.source.clone(),
        source_id: proposal.source_id.clone(),
        person: None,
        event: Some(id),
        unit_code: unit.clone(),
        detail: json!({"kind": proposal.kind.code(), "reasons": reasons}),
    };
    let case = cases::new_case(draft, vault, &officer.actor, (&provider.entropy, now))?;
    let case_id = case.id;
    let unit = OpenCase { event, tried_at, case, actor: officer.actor.clone(), now };
    if provider.writer.submit(unit).await? {
        return Ok(Received::Case { event: id, case: case_id, why });
    }
    let mut conn = provider.db.read().await?;
    let known = civil_events::find_by_source(&mut conn, &proposal.source, &proposal.source_id).await?;
    known.map(|known| Received::Known(known.id)).ok_or_else(|| Fault::unavailable("the event came twice at once"))
}

struct OpenCase {
    event: NewEvent,
    /// For what came before the thing it builds on: it is tried again.
    tried_at: Option<Timestamp>,
    case: NewCase,
    actor: Actor,
    now: Timestamp,
}

impl Unit for OpenCase {
    type Out = bool;
    const KIND: &'static str = "registry.open_case";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !civil_events::insert(tx, &self.event, self.now).await? {
            return Ok(false);
        }
        if self.tried_at.is_some() {
            civil_events::tried(tx, (self.event.id, 1), self.tried_at).await?;
        }
        stored_cases::open(tx, &self.case, self.now).await?;
        let about = AuditEvent::new(self.now, "registry.case_opened", Audited::Done, self.actor.clone());
        tx.record(about.detail(json!({"case": self.case.id, "event": self.event.id, "kind": self.case.kind})));
        Ok(true)
    }
}
