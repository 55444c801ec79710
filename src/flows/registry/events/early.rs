//! Events that came before the thing they build on: tried again from time to time, proposed when it is recorded.

use serde_json::json;

use super::{
    Base,
    propose::{DUE_IN_WORKING_DAYS, Judged, judged},
    told::{everywhere, is_early},
};
use crate::{
    base::{
        Fault, Timestamp,
        fault::FaultKind,
        ids::{EventId, PersonId},
    },
    flows::Provider,
    registry::{civil_event::Kind, working_days},
    store::{
        AuditEvent, Class, LaneKey, Outcome as Audited, Tx, Unit,
        audit::Actor,
        cases::{self, Resolution},
        civil_events::{self, StoredEvent},
    },
};

/// Tries again what came before the thing it builds on, the longest untried first. Answers how many wait no longer.
pub async fn try_early(provider: &Provider, before: Timestamp, most: i64, now: Timestamp) -> Result<u64, Fault> {
    let early = civil_events::early(&mut provider.db.read().await?, before, most).await?;
    let mut moved = 0;
    for event in early {
        match try_one(provider, &event, now).await {
            Ok(done) => moved += u64::from(done),
            // One that cannot be read is put off like the others: it would stand before them for ever.
            Err(fault) if matches!(fault.kind, FaultKind::Inconsistent | FaultKind::Internal) => {
                tracing::error!(%fault, event = %event.id, "an event that came early cannot be judged");
                provider.writer.submit(PutOff { event: (event.id, event.version), now }).await?;
            }
            Err(fault) => return Err(fault),
        }
    }
    Ok(moved)
}

struct PutOff {
    event: (EventId, i64),
    now: Timestamp,
}

impl Unit for PutOff {
    type Out = ();
    const KIND: &'static str = "registry.put_event_off";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        civil_events::tried(tx, self.event, Some(self.now)).await
    }
}

async fn try_one(provider: &Provider, event: &StoredEvent, now: Timestamp) -> Result<bool, Fault> {
    let kind = Kind::from_code(&event.kind).ok_or_else(|| Fault::inconsistent("civil_event", "kind", &event.id))?;
    let values = super::open_values(&provider.secrets.vault, event.id, &event.payload_sealed)?;
    let next = match judged(provider, &everywhere(), (kind, &values), now).await? {
        Judged::On(ground, Ok(outcome)) => Next::Proposed {
            base: text(&ground.base(&outcome))?,
            unit: ground.unit_for(&everywhere()),
            people: outcome.people().collect(),
        },
        Judged::On(_, Err(refusals)) if is_early(&refusals) => Next::Waits,
        Judged::On(..) | Judged::Form(_) => Next::Contradicts,
    };
    provider.writer.submit(TryAgain { event: (event.id, event.version), kind, next, now }).await
}

fn text(base: &Base) -> Result<String, Fault> {
    serde_json::to_string(base).map_err(|error| Fault::internal("writing an event's base down", error))
}

enum Next {
    Proposed {
        base: String,
        unit: Option<&'static str>,
        people: Vec<PersonId>,
    },
    Waits,
    /// What came meanwhile speaks against it: a person has to look, and nobody tries again.
    Contradicts,
}

struct TryAgain {
    event: (EventId, i64),
    kind: Kind,
    next: Next,
    now: Timestamp,
}

impl Unit for TryAgain {
    type Out = bool;
    const KIND: &'static str = "registry.try_event_again";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let (base, unit, people) = match &self.next {
            Next::Proposed { base, unit, people } => (base, *unit, people),
            Next::Waits => return civil_events::tried(tx, self.event, Some(self.now)).await.map(|()| false),
            Next::Contradicts => return civil_events::tried(tx, self.event, None).await.map(|()| false),
        };
        let due_on = working_days::deadline(self.now.vietnam_date(), DUE_IN_WORKING_DAYS);
        if !civil_events::wake(tx, self.event, (base, unit, people), due_on).await? {
            return Ok(false);
        }
        let by = Actor::Service.as_text();
        let reason = "what it builds on is recorded".to_owned();
        let how = Resolution { by, resolution: "came_in_order", reason };
        cases::resolve_of_event(tx, self.event.0, &how, self.now).await?;
        let about = AuditEvent::new(self.now, "registry.event_proposed", Audited::Done, Actor::Service);
        tx.record(about.detail(json!({"event": self.event.0, "kind": self.kind.code(), "people": people})));
        Ok(true)
    }
}
