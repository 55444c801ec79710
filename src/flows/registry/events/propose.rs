//! Proposing an event, proposing it again after it came back, withdrawing it.

use serde_json::json;

use super::{
    Difference, Officer, decide::may_decide, difference::differences, ground::Ground, says_the_same, seal_values,
};
use crate::{
    base::{Fault, Timestamp, ids::EventId},
    flows::{Provider, registry::read_person::note_reading},
    registry::{
        civil_event::{CivilEvent, Kind, Outcome, Refusal, Values, Warning},
        working_days,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome as Audited, Tx, Unit,
        audit::Actor,
        cases::{self, Resolution},
        civil_events::{self, EventState, NewEvent, StoredEvent},
    },
};

/// Decree 70/2024 Art 6(3): checked within two working days.
pub(super) const DUE_IN_WORKING_DAYS: u32 = 2;

/// What an officer proposes.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub kind: Kind,
    pub values: Values,
    /// Where it comes from and its id there: the same one twice is one.
    pub source: String,
    pub source_id: String,
    pub note: Option<String>,
    /// The proposal that came back, or the event that became a case, with its version.
    pub again: Option<(EventId, i64)>,
}

#[derive(Debug)]
pub enum Proposed {
    Yes {
        event: EventId,
        differences: Vec<Difference>,
        warnings: Vec<Warning>,
    },
    /// This source sent it before.
    Known(EventId),
    /// This source sent something else under the same id before: nothing is taken for it.
    Differs(EventId),
    Refused(Vec<Refusal>),
    /// It is not theirs to propose again, or it is decided.
    NotOpen,
    /// They left their desk or their post meanwhile.
    OffDuty,
}

/// What an event would change, or why it cannot be. Nothing is written but who looked at whom: also a refusal tells
/// something about those whom the form names.
pub async fn check(
    provider: &Provider,
    officer: &Officer,
    (kind, values): (Kind, &Values),
    now: Timestamp,
) -> Result<Result<(Vec<Difference>, Vec<Warning>), Vec<Refusal>>, Fault> {
    let (ground, judged) = match judged(provider, officer, (kind, values), now).await? {
        Judged::Form(refusals) => return Ok(Err(refusals)),
        Judged::On(ground, judged) => (ground, judged),
    };
    let shown = ground.shown(judged.as_ref().ok());
    note_reading(&provider.writer, &shown, officer.actor.clone(), now).await?;
    Ok(judged.map(|outcome| (differences(&ground, &outcome), outcome.warnings)))
}

/// What became of a form.
#[expect(clippy::large_enum_variant, reason = "one lives as long as one form is judged")]
pub(super) enum Judged {
    /// It is badly filled.
    Form(Vec<Refusal>),
    /// On the record as it is now.
    On(Box<Ground>, Result<Outcome, Vec<Refusal>>),
}

/// Nobody is told anything yet: who shows what was found notes it.
pub(super) async fn judged(
    provider: &Provider,
    officer: &Officer,
    (kind, values): (Kind, &Values),
    now: Timestamp,
) -> Result<Judged, Fault> {
    let event = match CivilEvent::read(kind, values, now.vietnam_date()) {
        Ok(event) => event,
        Err(refusals) => return Ok(Judged::Form(refusals)),
    };
    let mut conn = provider.db.read().await?;
    let ground = Ground::of(&mut conn, &provider.secrets.vault, (kind, values), (&provider.entropy, now)).await?;
    let judged = ground.judged(&event, officer);
    Ok(Judged::On(Box::new(ground), judged))
}

pub async fn propose(
    provider: &Provider,
    officer: &Officer,
    proposal: &Proposal,
    now: Timestamp,
) -> Result<Proposed, Fault> {
    let today = now.vietnam_date();
    let event = match CivilEvent::read(proposal.kind, &proposal.values, today) {
        Ok(event) => event,
        Err(refusals) => return Ok(Proposed::Refused(refusals)),
    };
    let mut conn = provider.db.read().await?;
    let vault = &provider.secrets.vault;
    let about = (proposal.kind, &proposal.values);
    let ground = Ground::of(&mut conn, vault, about, (&provider.entropy, now)).await?;
    drop(conn);
    let outcome = match ground.judged(&event, officer) {
        Ok(outcome) => outcome,
        Err(refusals) => return Ok(Proposed::Refused(refusals)),
    };
    let (again, takes_up) = match proposal.again {
        Some((id, version)) => {
            let found = civil_events::find(&mut provider.db.read().await?, id).await?;
            // Another unit's case is not taken up by who names its id.
            let theirs = |found: &StoredEvent| {
                found.proposed_by == officer.text() || may_decide(officer, found.unit_code.as_deref(), now)
            };
            let Some(found) = found.filter(theirs) else { return Ok(Proposed::NotOpen) };
            (Some(version), found.state == EventState::Case)
        }
        None => (None, false),
    };
    let id = proposal.again.map_or_else(|| EventId::generate(&provider.entropy, now), |(id, _)| id);
    let new = new_event(provider, officer, (proposal, id), (&ground, &outcome), now)?;
    let actor = officer.actor.clone();
    let source = (new.source.clone(), new.source_id.clone());
    let unit = WriteProposal { event: new, again, takes_up, actor, now };
    let Some(written) = officer.submit(provider, unit, now).await? else { return Ok(Proposed::OffDuty) };
    if !written {
        if again.is_some() {
            return Ok(Proposed::NotOpen);
        }
        let known = civil_events::find_by_source(&mut provider.db.read().await?, &source.0, &source.1).await?;
        let Some(known) = known else { return Ok(Proposed::NotOpen) };
        let same = says_the_same(vault, &known, (proposal.kind, &proposal.values))?;
        return Ok(if same { Proposed::Known(known.id) } else { Proposed::Differs(known.id) });
    }
    Ok(Proposed::Yes { event: id, differences: differences(&ground, &outcome), warnings: outcome.warnings })
}

pub(super) fn new_event(
    provider: &Provider,
    officer: &Officer,
    (proposal, id): (&Proposal, EventId),
    (ground, outcome): (&Ground, &Outcome),
    now: Timestamp,
) -> Result<NewEvent, Fault> {
    let base = serde_json::to_string(&ground.base(outcome))
        .map_err(|error| Fault::internal("writing an event's base down", error))?;
    Ok(NewEvent {
        id,
        kind: proposal.kind.code(),
        source: proposal.source.clone(),
        source_id: proposal.source_id.clone(),
        unit_code: ground.unit_for(officer).map(str::to_owned),
        state: EventState::Proposed,
        payload_sealed: seal_values(&provider.secrets.vault, id, &proposal.values, &provider.entropy)?,
        base,
        proposed_by: officer.text(),
        note: proposal.note.clone(),
        due_on: working_days::deadline(now.vietnam_date(), DUE_IN_WORKING_DAYS),
        people: outcome.people().collect(),
    })
}

struct WriteProposal {
    event: NewEvent,
    again: Option<i64>,
    /// It became a case when it came, and its case is settled by this.
    takes_up: bool,
    actor: Actor,
    now: Timestamp,
}

impl Unit for WriteProposal {
    type Out = bool;
    const KIND: &'static str = "registry.propose_event";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let written = match self.again {
            Some(version) if self.takes_up => {
                let taken = civil_events::take_up(tx, (&self.event, version), self.now).await?;
                if taken {
                    let (by, reason) = (self.actor.as_text(), "proposed by an officer".to_owned());
                    let how = Resolution { by, resolution: "proposed_again", reason };
                    cases::resolve_of_event(tx, self.event.id, &how, self.now).await?;
                }
                taken
            }
            Some(version) => civil_events::propose_again(tx, (&self.event, version)).await?,
            None => civil_events::insert(tx, &self.event, self.now).await?,
        };
        let outcome = if written { Audited::Done } else { Audited::Refused };
        let about = AuditEvent::new(self.now, "registry.event_proposed", outcome, self.actor.clone());
        let detail = json!({"event": self.event.id, "kind": self.event.kind, "people": self.event.people});
        tx.record(about.detail(detail));
        Ok(written)
    }
}

/// Takes back what nobody has decided yet; `false` when it is too late or not theirs.
pub async fn withdraw(
    provider: &Provider,
    officer: &Officer,
    event: (EventId, i64),
    now: Timestamp,
) -> Result<bool, Fault> {
    let unit = Withdraw { event, by: officer.text(), actor: officer.actor.clone(), now };
    Ok(officer.submit(provider, unit, now).await?.unwrap_or(false))
}

struct Withdraw {
    event: (EventId, i64),
    by: String,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Withdraw {
    type Out = bool;
    const KIND: &'static str = "registry.withdraw_event";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let withdrawn = civil_events::withdraw(tx, self.event, &self.by).await?;
        let outcome = if withdrawn { Audited::Done } else { Audited::Refused };
        let about = AuditEvent::new(self.now, "registry.event_withdrawn", outcome, self.actor.clone());
        tx.record(about.detail(json!({"event": self.event.0})));
        Ok(withdrawn)
    }
}
