//! One proposal opened for reading: its form, and what it would change on the record as it is now.

use super::{
    Base, Difference, Officer, decide::may_decide, difference::differences, ground::Ground, open_values, rings::named,
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{EventId, PersonId},
    },
    flows::{Provider, registry::read_person::note_reading},
    registry::civil_event::{CivilEvent, Kind, Refusal, Values, Warning},
    store::{
        Conn,
        civil_events::{self, EventState, StoredEvent},
        persons,
    },
};

#[derive(Debug)]
pub struct Opened {
    pub event: StoredEvent,
    pub kind: Kind,
    /// The form as it was proposed, with the paper it rests on.
    pub values: Values,
    /// Whom it speaks of, as far as they are recorded.
    pub people: Vec<(PersonId, String)>,
    /// Only for what is still to be decided.
    pub differences: Vec<Difference>,
    pub warnings: Vec<Warning>,
    /// Why it cannot be as the record stands.
    pub refusals: Vec<Refusal>,
    /// The record changed since it was proposed.
    pub stale: bool,
}

/// Nobody outside its unit reads a proposal, but its own proposer; who looked at whom is on record before anything is shown.
pub async fn open(
    provider: &Provider,
    officer: &Officer,
    id: EventId,
    now: Timestamp,
) -> Result<Option<Opened>, Fault> {
    let mut conn = provider.db.read().await?;
    let found = civil_events::find(&mut conn, id).await?;
    let theirs = |event: &StoredEvent| {
        event.proposed_by == officer.text() || may_decide(officer, event.unit_code.as_deref(), now)
    };
    let Some(event) = found.filter(theirs) else { return Ok(None) };
    let kind = Kind::from_code(&event.kind).ok_or_else(|| Fault::inconsistent("civil_event", "kind", &event.id))?;
    let vault = &provider.secrets.vault;
    let values = open_values(vault, id, &event.payload_sealed)?;
    let people = concerned(&mut conn, &event, (kind, &values)).await?;
    let mut opened = Opened {
        kind,
        values,
        people,
        differences: Vec::new(),
        warnings: Vec::new(),
        refusals: Vec::new(),
        stale: false,
        event,
    };
    if !matches!(opened.event.state, EventState::Proposed | EventState::Returned | EventState::Case) {
        drop(conn);
        let shown: Vec<_> = opened.people.iter().map(|(id, _)| *id).collect();
        note_reading(&provider.writer, &shown, officer.actor.clone(), now).await?;
        return Ok(Some(opened));
    }
    let about = (kind, &opened.values);
    let ground = Ground::of(&mut conn, vault, about, (&provider.entropy, now)).await?;
    drop(conn);
    let judged = CivilEvent::read(kind, &opened.values, now.vietnam_date()).and_then(|event| event.judge(&ground.at));
    let mut shown = ground.shown(judged.as_ref().ok());
    shown.extend(opened.people.iter().map(|(id, _)| *id).filter(|id| !ground.read.contains_key(id)));
    note_reading(&provider.writer, &shown, officer.actor.clone(), now).await?;
    match judged {
        Ok(outcome) => {
            opened.differences = differences(&ground, &outcome);
            let base: Base = serde_json::from_str(&opened.event.base)
                .map_err(|_| Fault::inconsistent("civil_event", "base", &opened.event.id))?;
            opened.stale = opened.event.state == EventState::Proposed && base != ground.base(&outcome);
            opened.warnings = outcome.warnings;
        }
        Err(refusals) => opened.refusals = refusals,
    }
    Ok(Some(opened))
}

/// By name, first those whom the form names.
async fn concerned(
    conn: &mut Conn,
    event: &StoredEvent,
    (kind, values): (Kind, &Values),
) -> Result<Vec<(PersonId, String)>, Fault> {
    let mut ids = named(conn, kind, values).await?;
    ids.extend(civil_events::people_of(conn, event.id).await?);
    // Each once; a child that is only proposed is nobody yet.
    let mut found = persons::find_all(conn, &ids).await?;
    let name = |id: PersonId| Some((id, found.remove(&id)?.person.name.full().to_owned()));
    Ok(ids.into_iter().filter_map(name).collect())
}
