//! Deciding a proposal: by another officer, in their unit, on the record as it is now. What is approved is written in one
//! transaction with its history, its consequences and its audit.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Base, Difference, Officer, difference::differences, ground::Ground, open_values, writes::Writes};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{EventId, PersonId},
    },
    flows::Provider,
    registry::{
        PersonalNumber,
        civil_event::{CivilEvent, Kind, NumberWanted, Outcome, Refusal, Why},
        record::Facet,
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome as Audited, Tx, Unit,
        audit::Actor,
        cases,
        change_feed::{self, NewChange},
        civil_events::{self, Decision, EventState, StoredEvent},
        duplicates,
        facet_versions::Ground as Rests,
        household_writes, numbers,
        record_writes::{self, PersonWrite},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    /// Back to the proposer, who can change it.
    Return,
    Reject,
}

#[derive(Debug)]
pub enum Decided {
    Recorded {
        event: EventId,
        people: Vec<PersonId>,
    },
    Done(EventState),
    /// The record changed since it was proposed: it is back with its proposer, with the difference as it is now.
    Stale(Vec<Difference>),
    /// It cannot be any more: it is back with its proposer, with the reasons.
    Refused(Vec<Refusal>),
    OwnProposal,
    OutsideUnit,
    /// They left their desk or their post meanwhile.
    OffDuty,
    /// Decided, withdrawn, or changed since it was shown.
    NotWaiting,
    NoSuchEvent,
}

/// What an officer says of a proposal, by the version that they saw.
#[derive(Clone, Debug)]
pub struct Say {
    pub event: EventId,
    pub version: i64,
    pub verdict: Verdict,
    pub reason: Option<String>,
}

pub async fn decide(provider: &Provider, officer: &Officer, say: &Say, now: Timestamp) -> Result<Decided, Fault> {
    let mut conn = provider.db.read().await?;
    let Some(event) = civil_events::find(&mut conn, say.event).await? else { return Ok(Decided::NoSuchEvent) };
    if event.state != EventState::Proposed || event.version != say.version {
        return Ok(Decided::NotWaiting);
    }
    if event.proposed_by == officer.text() {
        return Ok(Decided::OwnProposal);
    }
    if !may_decide(officer, event.unit_code.as_deref(), now) {
        return Ok(Decided::OutsideUnit);
    }
    match say.verdict {
        Verdict::Approve => approve(provider, conn, (officer, say), &event, now).await,
        Verdict::Return => settle(provider, officer, say, EventState::Returned, now).await,
        Verdict::Reject => settle(provider, officer, say, EventState::Rejected, now).await,
    }
}

/// An officer of a province decides for its communes; what has no unit is for the country's.
pub fn may_decide(officer: &Officer, unit: Option<&str>, now: Timestamp) -> bool {
    unit.map_or(officer.unit.is_none(), |unit| officer.reaches(unit, now.vietnam_date()))
}

async fn settle(
    provider: &Provider,
    officer: &Officer,
    say: &Say,
    to: EventState,
    now: Timestamp,
) -> Result<Decided, Fault> {
    let decision = Decision { to, by: officer.text(), reason: say.reason.clone() };
    let unit = Settle { event: (say.event, say.version), decision, actor: officer.actor.clone(), now };
    Ok(match officer.submit(provider, unit, now).await? {
        Some(true) => Decided::Done(to),
        Some(false) => Decided::NotWaiting,
        None => Decided::OffDuty,
    })
}

async fn approve(
    provider: &Provider,
    mut conn: Conn,
    (officer, say): (&Officer, &Say),
    event: &StoredEvent,
    now: Timestamp,
) -> Result<Decided, Fault> {
    let kind = Kind::from_code(&event.kind).ok_or_else(|| Fault::inconsistent("civil_event", "kind", &event.id))?;
    let vault = &provider.secrets.vault;
    let values = open_values(vault, event.id, &event.payload_sealed)?;
    let mut ground = Ground::of(&mut conn, vault, (kind, &values), (&provider.entropy, now)).await?;
    // Whose it is, is read again: who moved since is another office's.
    if !ground.is_of(event.unit_code.as_deref()) {
        let field = ground.claims.first().map_or("subject", |claim| claim.field);
        let refusals = vec![Refusal::new(field, Why::OutsideUnit)];
        return returned_impossible(provider, (officer, say), refusals, now).await;
    }
    if ground.outside(officer).is_some() {
        return Ok(Decided::OutsideUnit);
    }
    let read = CivilEvent::read(kind, &values, now.vietnam_date());
    let judged = match read {
        Ok(civil) => {
            if let Some(wanted) = civil.number_wanted(&ground.at) {
                ground.at.fresh.number = draw(&mut conn, wanted, &provider.entropy).await?;
            }
            ground.judged(&civil, officer)
        }
        Err(refusals) => Err(refusals),
    };
    let outcome = match judged {
        Ok(outcome) => outcome,
        Err(refusals) => return returned_impossible(provider, (officer, say), refusals, now).await,
    };
    let base: Base =
        serde_json::from_str(&event.base).map_err(|_| Fault::inconsistent("civil_event", "base", &event.id))?;
    if base != ground.base(&outcome) {
        return returned_stale(provider, (officer, say), (&ground, &outcome), now).await;
    }
    let mut writes = Writes::of(provider, &ground, &outcome, now)?;
    let about = (event.id, event.unit_code.as_deref(), &officer.actor);
    writes.follow(provider, &mut conn, &outcome, about, now).await?;
    drop(conn);
    let people: Vec<_> = writes.people.iter().map(|one| one.id).collect();
    let decision = Decision { to: EventState::Recorded, by: officer.text(), reason: say.reason.clone() };
    let unit = RecordEvent {
        event: (event.id, event.version),
        kind,
        decision,
        writes,
        source: format!("event:{}", event.id),
        actor: officer.actor.clone(),
        now,
    };
    let Some(recorded) = officer.submit(provider, unit, now).await? else { return Ok(Decided::OffDuty) };
    provider.outbox_wake.notify_one();
    match recorded {
        Recorded::Yes => Ok(Decided::Recorded { event: event.id, people }),
        Recorded::NotWaiting => Ok(Decided::NotWaiting),
        Recorded::Moved => returned_stale(provider, (officer, say), (&ground, &outcome), now).await,
    }
}

async fn returned_impossible(
    provider: &Provider,
    (officer, say): (&Officer, &Say),
    refusals: Vec<Refusal>,
    now: Timestamp,
) -> Result<Decided, Fault> {
    let codes: Vec<_> = refusals.iter().map(|one| one.why.code()).collect();
    let say = Say { reason: Some(format!("impossible: {}", codes.join(", "))), ..say.clone() };
    match settle(provider, officer, &say, EventState::Returned, now).await? {
        Decided::OffDuty => Ok(Decided::OffDuty),
        _ => Ok(Decided::Refused(refusals)),
    }
}

async fn returned_stale(
    provider: &Provider,
    (officer, say): (&Officer, &Say),
    (ground, outcome): (&Ground, &Outcome),
    now: Timestamp,
) -> Result<Decided, Fault> {
    let say = Say { reason: Some("stale".to_owned()), ..say.clone() };
    match settle(provider, officer, &say, EventState::Returned, now).await? {
        Decided::Done(_) => Ok(Decided::Stale(differences(ground, outcome))),
        other => Ok(other),
    }
}

/// A number that nobody ever had. A million for each prefix, sex and year: a few draws find one.
async fn draw(conn: &mut Conn, wanted: NumberWanted, entropy: &Entropy) -> Result<Option<PersonalNumber>, Fault> {
    for _ in 0..64 {
        let Some(number) = wanted.with_serial(entropy.below(1_000_000)) else { return Ok(None) };
        if numbers::person_of(conn, &number).await?.is_none() {
            return Ok(Some(number));
        }
    }
    Err(Fault::unavailable("no free number was drawn"))
}

struct Settle {
    event: (EventId, i64),
    decision: Decision,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Settle {
    type Out = bool;
    const KIND: &'static str = "registry.settle_event";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.event.0.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let settled = civil_events::decide(tx, self.event, &self.decision, self.now).await?;
        let outcome = if settled { Audited::Done } else { Audited::Refused };
        let about = AuditEvent::new(self.now, "registry.event_decided", outcome, self.actor.clone());
        tx.record(about.detail(json!({"event": self.event.0, "to": self.decision.to.code()})));
        Ok(settled)
    }
}

struct RecordEvent {
    event: (EventId, i64),
    kind: Kind,
    decision: Decision,
    writes: Writes,
    source: String,
    actor: Actor,
    now: Timestamp,
}

enum Recorded {
    Yes,
    /// A person or household changed since it was read.
    Moved,
    NotWaiting,
}

impl RecordEvent {
    /// Before anything is written: is everything as it was read?
    async fn moved(&self, conn: &mut Conn) -> Result<bool, Fault> {
        if self.writes.rests.moved(conn).await? {
            return Ok(true);
        }
        for new in self.writes.households.iter().filter(|write| write.before.is_none()) {
            if household_writes::find_by_file(conn, &new.after.file).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn write(&self, tx: &mut Tx) -> Result<(), Fault> {
        let rests = Rests { event: self.event.0, source: &self.source, now: self.now };
        for household in &self.writes.households {
            household_writes::write(tx, household, rests).await?;
        }
        for household in &self.writes.joined_or_left {
            household_writes::touch(tx, *household).await?;
        }
        civil_events::forget_people(tx, self.event.0).await?;
        // What changes a dwelling alone is its head's and its owners', of before and after: on their timelines, and to be told.
        for write in self.writes.households.iter().filter(|_| self.writes.people.is_empty()) {
            let before = write.before.as_ref().and_then(|(before, _)| before.owner.as_ref());
            let owners = [before, write.after.owner.as_ref()].into_iter().flatten().filter_map(|owner| owner.person);
            let concerned: BTreeSet<PersonId> = write.after.head.into_iter().chain(owners).collect();
            for person in concerned {
                civil_events::concern(tx, self.event.0, person).await?;
                let event = (self.kind.code(), self.event.0);
                change_feed::add_beside(tx, (person, Facet::Household.code()), event, self.now).await?;
            }
        }
        for person in &self.writes.people {
            self.tell(tx, person).await?;
            record_writes::write(tx, person, rests).await?;
            civil_events::concern(tx, self.event.0, person.id).await?;
            let facets: Vec<_> = person.changed.iter().map(|facet| facet.code()).collect();
            let detail = json!({"event": self.event.0, "kind": self.kind.code(), "fields": facets});
            let about = AuditEvent::new(self.now, "registry.event_recorded", Audited::Done, self.actor.clone());
            tx.record(about.person(person.id).detail(detail));
        }
        for step in &self.writes.accounts {
            step.take(tx, self.event.0, &self.actor, self.now).await?;
        }
        for step in &self.writes.merges {
            step.take(tx, self.event.0, &self.actor, self.now).await?;
        }
        if let Some((one, other, state)) = self.writes.judged {
            duplicates::settle(tx, (one, other), state, (&self.decision.by, self.now)).await?;
        }
        for case in &self.writes.cases {
            cases::open(tx, case, self.now).await?;
        }
        Ok(())
    }
}

impl RecordEvent {
    /// Subscribers hear of it when it is committed.
    async fn tell(&self, tx: &mut Tx, person: &PersonWrite) -> Result<(), Fault> {
        let fields: Vec<_> = person.changed.iter().map(|facet| facet.code()).collect();
        let home = person.home.as_ref().and_then(|home| home.commune.as_deref());
        let change = NewChange {
            person: person.id,
            version: person.version.map_or(1, |version| version + 1),
            kind: self.kind.code(),
            event: self.event.0,
            fields: &fields,
            unit_after: home.unwrap_or_default(),
        };
        change_feed::add(tx, &change, self.now).await
    }
}

impl Unit for RecordEvent {
    type Out = Recorded;
    const KIND: &'static str = "registry.record_event";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.writes.people.first().map_or(self.event.0.0, |person| person.id.0))
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Recorded, Fault> {
        if self.moved(tx).await? {
            return Ok(Recorded::Moved);
        }
        if !civil_events::decide(tx, self.event, &self.decision, self.now).await? {
            return Ok(Recorded::NotWaiting);
        }
        // Once for the event, whether or not it changes a person.
        let decided = AuditEvent::new(self.now, "registry.event_decided", Audited::Done, self.actor.clone());
        tx.record(decided.detail(json!({"event": self.event.0, "kind": self.kind.code(), "to": "recorded"})));
        self.write(tx).await?;
        Ok(Recorded::Yes)
    }
}
