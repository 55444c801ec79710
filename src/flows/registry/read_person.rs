//! No release of a person's data without a trace: who looked at whom, and for what they searched, is written before anything
//! is shown. What operators look at is counted by day: much of it is flagged, too much is refused.

use serde_json::json;

use crate::{
    base::{
        Fault, Timestamp,
        ids::{CaseId, PersonId},
    },
    flows::Provider,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        operator_reading::{self, Reading},
    },
};

/// How much an operator may look at in a day, and from where on somebody should ask why. A desk has some hundred callers.
#[derive(Clone, Copy, Debug)]
pub struct ReadingPolicy {
    pub many_people: i64,
    pub most_people: i64,
    pub many_searches: i64,
    pub most_searches: i64,
    pub many_fruitless: i64,
}

impl Default for ReadingPolicy {
    fn default() -> Self {
        Self { many_people: 200, most_people: 1_000, many_searches: 300, most_searches: 1_500, many_fruitless: 60 }
    }
}

impl ReadingPolicy {
    const fn patterns(&self, day: Reading) -> [(&'static str, bool); 3] {
        [
            ("many_people", day.people >= self.many_people),
            ("many_searches", day.searches >= self.many_searches),
            ("fruitless_searches", day.fruitless >= self.many_fruitless),
        ]
    }
}

/// Whether an operator has looked at so much today that nothing more is shown.
pub async fn is_spent(provider: &Provider, actor: &Actor, now: Timestamp) -> Result<bool, Fault> {
    let Actor::Operator(name) = actor else { return Ok(false) };
    let policy = ReadingPolicy::default();
    let day = operator_reading::of_day(&mut provider.db.read().await?, name, now.vietnam_date()).await?;
    Ok(day.people >= policy.most_people || day.searches >= policy.most_searches)
}

struct NoteReading {
    persons: Vec<PersonId>,
    /// By what somebody was looked for, never the values, and how many were found.
    search: Option<(Vec<&'static str>, usize)>,
    case: Option<CaseId>,
    actor: Actor,
    now: Timestamp,
}

impl NoteReading {
    fn of(actor: Actor, now: Timestamp) -> Self {
        Self { persons: Vec::new(), search: None, case: None, actor, now }
    }

    fn reading(&self) -> Reading {
        let searches = i64::from(self.search.is_some());
        let fruitless = i64::from(self.search.as_ref().is_some_and(|(_, hits)| *hits == 0));
        // A list of hits is one look; a record that is opened is one each.
        let opened = if self.search.is_some() { 0 } else { self.persons.len().max(usize::from(self.case.is_some())) };
        Reading { people: i64::try_from(opened).unwrap_or(i64::MAX), searches, fruitless }
    }
}

impl Unit for NoteReading {
    type Out = ();
    const KIND: &'static str = "registry.note_reading";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.read")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let event = |action| AuditEvent::new(self.now, action, Outcome::Done, self.actor.clone());
        if let Some((by, hits)) = &self.search {
            tx.record(event("registry.searched").detail(json!({ "by": by, "hits": hits })));
        }
        if let Some(case) = self.case {
            tx.record(event("registry.case_read").detail(json!({ "case": case })));
        }
        for person in &self.persons {
            tx.record(event("registry.person_read").person(*person));
        }
        let Actor::Operator(name) = &self.actor else { return Ok(()) };
        let day = operator_reading::add(tx, name, self.now.vietnam_date(), self.reading()).await?;
        for (pattern, is_so) in ReadingPolicy::default().patterns(day) {
            if is_so && operator_reading::flag(tx, name, pattern, self.now).await? {
                tx.record(event("registry.reading_flagged").detail(json!({ "pattern": pattern })));
            }
        }
        Ok(())
    }
}

pub async fn note_reading(writer: &Writer, persons: &[PersonId], actor: Actor, now: Timestamp) -> Result<(), Fault> {
    if persons.is_empty() {
        return Ok(());
    }
    writer.submit(NoteReading { persons: persons.to_vec(), ..NoteReading::of(actor, now) }).await
}

/// A search, also one that found nobody: who tries names and numbers leaves a trace.
pub async fn note_search(
    writer: &Writer,
    (by, hits): (Vec<&'static str>, &[PersonId]),
    actor: Actor,
    now: Timestamp,
) -> Result<(), Fault> {
    let search = Some((by, hits.len()));
    writer.submit(NoteReading { persons: hits.to_vec(), search, ..NoteReading::of(actor, now) }).await
}

/// What a case tells, and of whom.
pub async fn note_case(
    writer: &Writer,
    (case, person): (CaseId, Option<PersonId>),
    actor: Actor,
    now: Timestamp,
) -> Result<(), Fault> {
    let persons = person.into_iter().collect();
    writer.submit(NoteReading { persons, case: Some(case), ..NoteReading::of(actor, now) }).await
}
