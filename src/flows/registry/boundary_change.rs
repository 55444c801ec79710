//! A boundary change is one event: the units of the new day come into the record, and everybody is found where the map now
//! says, with a line in their history. No address is written anew: it stays as registered and is shown as of any day
//! (Resolution 190/2025/QH15 Art 10); nobody is asked and nobody is notified.
//!
//! It goes by portions, each a transaction with its audit event, and costs what it changes. One that was broken off is gone on
//! with; run at once by two processes, each takes other portions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use time::Date;
use uuid::Uuid;

use super::load_units::load_units;
use crate::{
    base::{
        Clock, Fault, Timestamp,
        fault::FaultKind,
        ids::{EventId, PersonId},
    },
    crypto::digest::sha256,
    registry::admin_unit::{self, AdminUnit},
    store::{
        AuditEvent, Class, Db, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        boundary_changes::{self, Ground, Moved, Progress},
        change_feed, name_words,
    },
};

/// What the change came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Units whose form ended on the day.
    pub units: usize,
    /// Of them divided among several: who lived there is found in the usual one until the hamlet is known.
    pub divided: usize,
    /// People who are found under another code since.
    pub people: u64,
    /// Portions it took, with those of a run that was broken off.
    pub batches: u64,
}

/// How much at a time.
#[derive(Clone, Copy, Debug)]
pub struct Portions {
    /// People of one transaction.
    pub people: i64,
    /// For who wants to stop on the way: after so many portions.
    pub most: u64,
}

impl Default for Portions {
    fn default() -> Self {
        Self { people: 2_000, most: u64::MAX }
    }
}

/// Communes of one transaction: most of a change's are empty in a small registry.
const COMMUNES: i64 = 500;
const MOST_TRIES: u64 = 40;

/// Carries out what the tables of this binary say about `day`, once; None when homes are by that day's map or a later one
/// already.
pub async fn carry_out(
    (db, writer, clock): (&Db, &Writer, &Clock),
    (day, actor): (Date, &Actor),
    portions: Portions,
) -> Result<Option<Changed>, Fault> {
    load_units(db, writer, actor.clone(), clock.now()).await?;
    let (moves, mut changed) = moves_of(day);
    let begin = Begin { id: event_of(day), day, actor: actor.clone(), now: clock.now() };
    writer.submit(begin).await?;
    let found = boundary_changes::find(&mut db.read().await?, day).await?;
    let Some(mut at) = found.filter(|found| !found.is_finished) else { return Ok(None) };
    let mut taken = 0;
    while !at.is_finished && taken < portions.most {
        let portion = || Portion {
            at,
            day,
            moves: moves.clone(),
            people: portions.people,
            actor: actor.clone(),
            now: clock.now(),
        };
        at = match submitted(writer, portion).await? {
            Some(next) => next,
            // Another process took it: its end is where this one goes on.
            None => match boundary_changes::find(&mut db.read().await?, day).await? {
                Some(next) => next,
                None => return Err(Fault::unavailable("a change of boundaries went away")),
            },
        };
        taken += 1;
    }
    changed.people = u64::try_from(at.people).unwrap_or(0);
    changed.batches = u64::try_from(at.batches).unwrap_or(0);
    Ok(Some(changed))
}

/// The same event for the same day, whoever carries it out.
fn event_of(day: Date) -> EventId {
    let digest = sha256(format!("boundary change of {day}").as_bytes());
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    EventId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

/// Another process may hold the write lock for a moment: the portion waits.
async fn submitted(writer: &Writer, portion: impl Fn() -> Portion) -> Result<Option<Progress>, Fault> {
    let mut tries = 0;
    loop {
        match writer.submit(portion()).await {
            Err(fault) if tries < MOST_TRIES && matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry) => {
                tries += 1;
                tokio::time::sleep(std::time::Duration::from_millis(50 * tries.min(10))).await;
            }
            other => return other,
        }
    }
}

/// The moves of a day. A commune is emptied before others come into it, so that a portion finds only whom it moves.
fn moves_of(day: Date) -> (std::sync::Arc<[Moved]>, Changed) {
    let ended: Vec<&AdminUnit> =
        admin_unit::all().iter().filter(|unit| unit.kind.is_commune_level() && unit.valid_to == Some(day)).collect();
    let mut changed = Changed { units: ended.len(), ..Changed::default() };
    let mut moves = BTreeMap::new();
    for unit in ended {
        let (Some(next), Some(province)) = (admin_unit::successors(unit), unit.province) else { continue };
        changed.divided += usize::from(!next.others.is_empty());
        let Some(to_province) = next.usual.province else { continue };
        if (next.usual.code, to_province) != (unit.code, province) {
            moves.insert((province, unit.code), (to_province, next.usual.code));
        }
    }
    let mut ordered = Vec::with_capacity(moves.len());
    let mut seen = BTreeSet::new();
    for first in moves.keys() {
        // Along the way to where somebody is already gone, or back to the beginning: two that change places are told apart
        // by the lines in the history.
        let mut way = Vec::new();
        let mut next = Some(*first);
        while let Some(from) = next.filter(|from| seen.insert(*from)) {
            let Some(to) = moves.get(&from) else { break };
            way.push(Moved { from, to: *to });
            next = Some(*to);
        }
        ordered.extend(way.into_iter().rev());
    }
    (ordered.into(), changed)
}

struct Begin {
    id: EventId,
    day: Date,
    actor: Actor,
    now: Timestamp,
}

impl Unit for Begin {
    type Out = ();
    const KIND: &'static str = "registry.begin_boundary_change";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.boundary_change")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        boundary_changes::begin(tx, (self.id, self.day), &self.actor.as_text(), self.now).await
    }
}

struct Portion {
    at: Progress,
    day: Date,
    moves: std::sync::Arc<[Moved]>,
    people: i64,
    actor: Actor,
    now: Timestamp,
}

impl Portion {
    fn event(&self, action: &'static str) -> AuditEvent {
        AuditEvent::new(self.now, action, Outcome::Done, self.actor.clone())
    }

    async fn moved(&self, tx: &mut Tx) -> Result<Progress, Fault> {
        let source = format!("boundary:{}", self.day);
        let ground = Ground { event: self.at.id, day: self.day, source: &source, now: self.now };
        let (mut at, mut room) = (self.at, self.people);
        let first = at.move_no;
        while room > 0 && at.move_no - first < COMMUNES {
            let next = usize::try_from(at.move_no).ok().and_then(|number| self.moves.get(number));
            let Some(next) = next else {
                at.is_finished = true;
                break;
            };
            let (people, more) = boundary_changes::move_some(tx, next, (at.after, room), ground).await?;
            let people = i64::try_from(people).unwrap_or(i64::MAX);
            at.people = at.people.saturating_add(people);
            room -= people.max(1);
            match more {
                Some(last) => at.after = last,
                None => (at.move_no, at.after) = (at.move_no + 1, PersonId(Uuid::nil())),
            }
        }
        at.batches += 1;
        Ok(at)
    }
}

impl Unit for Portion {
    /// None when another process took this portion.
    type Out = Option<Progress>;
    const KIND: &'static str = "registry.boundary_change";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.boundary_change")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<Progress>, Fault> {
        if !boundary_changes::take(tx, &self.at).await? {
            return Ok(None);
        }
        let at = self.moved(tx).await?;
        boundary_changes::stand(tx, &at, self.now).await?;
        let detail = json!({
            "event": at.id, "day": self.day.to_string(), "batch": at.batches, "people": at.people - self.at.people,
            "moves": [self.at.move_no, at.move_no],
        });
        tx.record(self.event("registry.boundary_batch").detail(detail));
        if at.is_finished {
            name_words::draw_map(tx, self.day).await?;
            change_feed::add_boundary(tx, at.id, self.now).await?;
            let detail =
                json!({ "event": at.id, "day": self.day.to_string(), "units": self.moves.len(), "people": at.people });
            tx.record(self.event("registry.boundary_changed").detail(detail));
        }
        Ok(Some(at))
    }
}
