//! The office of a village: one officer proposes, another decides, and what the store wrote is what the rules said.

use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration as Pause};

use dinhdanh::{
    base::{
        Fault, Span, Timestamp,
        fault::FaultKind,
        ids::{EventId, PersonId},
    },
    flows::registry::events::{self, Decided, Officer, Proposal, Proposed, Verdict, propose},
    registry::{
        Address, PersonRecord, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef,
        civil_event::{Kind, Outcome, Refusal, Values, Why},
        household::{Membership, Relation, ResidenceFile},
        record::{Facet, Record},
    },
    store::{
        civil_events::{self, EventState},
        facet_versions, household_writes,
    },
};
use time::Date;

use super::{
    super::events::{known, officer, say},
    invariants,
    tally::Tally,
    village::Village,
};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

pub struct Office {
    pub at: Arc<TestProvider>,
    pub village: Village,
    pub tally: Tally,
    /// How far the clock goes for each event.
    step: Span,
    officers: [Officer; 3],
    number: u64,
    settled: u32,
    sent: u32,
}

/// What one form is about to do, as the rules see it.
struct Expected {
    kind: Kind,
    proposal: Proposal,
    outcome: Option<Outcome>,
    /// Whether the store draws an id or a number of its own for it.
    draws: bool,
    /// Whether the records afterwards are foretold whole.
    foretold: bool,
}

/// A busy machine says "come back", and whoever works with it asks again; what was done meanwhile answers as done.
async fn steady<T, F: Future<Output = Result<T, Fault>>>(ask: impl Fn() -> F) -> T {
    for _ in 0..120 {
        match ask().await {
            Ok(answer) => return answer,
            Err(fault) if matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry) => {
                tokio::time::sleep(Pause::from_millis(500)).await;
            }
            Err(fault) => panic!("{fault:?}"),
        }
    }
    panic!("the database was away for a minute")
}

impl Office {
    pub async fn open(at: Arc<TestProvider>, number: u64, step: Span) -> Self {
        let village = Village::new(number, at.now());
        let officers = ["an", "binh", "chi"].map(|name| officer(&format!("{name}.{number}"), None));
        let mut office = Self { at, village, tally: Tally::default(), step, officers, number, settled: 0, sent: 0 };
        for _ in 0..30 {
            office.settle().await;
        }
        office
    }

    /// Somebody of age with a home of their own, as an import brings them.
    async fn settle(&mut self) {
        let today = self.at.now().vietnam_date();
        let village = &mut self.village;
        let (file, unit) = (village.new_file(), UnitRef::commune_on(village.some_unit(), today).unwrap());
        self.settled += 1;
        let mut record: PersonRecord = another(self.settled);
        record.number = PersonalNumber::parse(&format!("{}085{:06}", 900 + self.number, self.settled)).unwrap();
        record.card = None;
        record.phone = None;
        record.sex = if village.below(2) == 0 { Sex::Male } else { Sex::Female };
        record.name = village.someones_name();
        record.birth = village.some_birth(today);
        let address = Address::new("Số 1", unit, None).unwrap();
        record.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
        let file = ResidenceFile::parse(&file).unwrap();
        record.household = Some(Membership { file: file.clone(), relation: Relation::Head });
        let person = add(&self.at, record).await;
        self.refresh(&[person], &[file]).await;
    }

    pub async fn present(&self, person: PersonId) -> Record {
        let read = || async {
            let mut conn = self.at.provider.db.read().await?;
            events::present(&mut conn, &self.at.provider.secrets.vault, person).await
        };
        steady(read).await.unwrap()
    }

    /// The village as the store has it now.
    async fn refresh(&mut self, people: &[PersonId], files: &[ResidenceFile]) {
        for person in people {
            let record = self.present(*person).await;
            let since = || async { facet_versions::since(&mut self.at.provider.db.read().await?, &[*person]).await };
            let since = steady(since).await.remove(person).unwrap_or_default().into_iter();
            let since = since.filter_map(|(facet, day)| Some((Facet::from_code(&facet)?, day))).collect();
            if self.village.at.record(*person).is_none() {
                self.village.people.push(*person);
            }
            self.village.at.put_person(*person, record, since);
        }
        for file in files {
            let household =
                || async { household_writes::find_by_file(&mut self.at.provider.db.read().await?, file).await };
            let (household, _) = steady(household).await.unwrap();
            self.village.at.put_household(household);
        }
    }

    fn expected(&mut self, kind: Kind, (values, outcome): (Values, Option<Outcome>)) -> Expected {
        self.sent += 1;
        let (source, source_id) = (format!("console:{}", self.village.name), self.sent.to_string());
        let draws = outcome.as_ref().is_some_and(|outcome| self.village.draws(outcome));
        let foretold = outcome.is_some() && !draws;
        let proposal = Proposal { kind, values, source, source_id, note: None, again: None };
        Expected { kind, proposal, outcome, draws, foretold }
    }

    /// Until so many more are recorded.
    pub async fn work(mut self, more: u32) -> Self {
        let enough = self.tally.written() + more;
        let mut tried = 0_u32;
        while self.tally.written() < enough {
            tried += 1;
            assert!(tried < 50 * (more + 20), "the rules let nothing pass: {} of {tried}", self.tally.written());
            if tried.is_multiple_of(60) {
                self.settle().await;
            }
            self.at.clock.advance(self.step);
            let now = self.at.now();
            let kind = self.village.next_kind();
            let form = self.village.likely_form((kind, None), now);
            // Of what the rules refuse, the store is asked now and then too.
            if form.1.is_none() && !tried.is_multiple_of(8) {
                continue;
            }
            let expected = self.expected(kind, form);
            if tried.is_multiple_of(25) {
                Box::pin(self.two_at_once(expected, now)).await;
            } else {
                self.one(&expected, now).await;
            }
        }
        self
    }

    async fn one(&mut self, expected: &Expected, now: Timestamp) {
        let Some(event) = self.proposed(expected, now).await else { return };
        self.at.clock.advance(self.step);
        let later = self.at.now();
        match self.decided((event, 1), 1, later).await {
            Decided::Recorded { people, .. } => self.recorded(expected, people, later).await,
            // Somebody came of age at midnight.
            Decided::Refused(_) if later.vietnam_date() != now.vietnam_date() => self.tally.sent_back += 1,
            other => panic!("{:?} {:?}: {other:?}", expected.kind, expected.proposal.values),
        }
    }

    async fn proposed(&mut self, expected: &Expected, now: Timestamp) -> Option<EventId> {
        let at = Arc::clone(&self.at);
        let by = &self.officers[0];
        match steady(|| propose(&at.provider, by, &expected.proposal, now)).await {
            Proposed::Yes { event, .. } | Proposed::Known(event) => {
                assert!(
                    expected.outcome.is_some(),
                    "{:?}: taken against the rules: {:?}",
                    expected.kind,
                    expected.proposal
                );
                Some(event)
            }
            Proposed::Refused(refusals) => {
                // Who may be the child is asked of the store alone.
                let likely = |one: &Refusal| one.why == Why::LikelyThere;
                assert!(
                    expected.outcome.is_none() || refusals.iter().any(likely),
                    "{:?}: {refusals:?} against the rules: {:?}",
                    expected.kind,
                    expected.proposal
                );
                self.tally.refused += 1;
                None
            }
            other => panic!("{:?}: {other:?}", expected.kind),
        }
    }

    /// What the deciding officer is told; an answer that was lost is looked up.
    async fn decided(&self, (event, version): (EventId, i64), officer: usize, now: Timestamp) -> Decided {
        let (at, by) = (&self.at, &self.officers[officer]);
        let approve = say(event, version, Verdict::Approve);
        let decided = steady(|| events::decide(&at.provider, by, &approve, now)).await;
        if !matches!(decided, Decided::NotWaiting) {
            return decided;
        }
        let stored = steady(|| async { civil_events::find(&mut at.provider.db.read().await?, event).await }).await;
        match stored.unwrap().state {
            EventState::Recorded => {
                let people = || async { civil_events::people_of(&mut at.provider.db.read().await?, event).await };
                Decided::Recorded { event, people: steady(people).await }
            }
            EventState::Returned => Decided::Stale(Vec::new()),
            _ => decided,
        }
    }

    /// Two officers decide two events of one person in the same moment.
    async fn two_at_once(&mut self, first: Expected, now: Timestamp) {
        let subject = first.outcome.as_ref().and_then(|outcome| outcome.people().next());
        let kind = [Kind::NameChange, Kind::ContactsChange, Kind::Supplement][self.village.below(3)];
        let Some(one) = self.proposed(&first, now).await else { return };
        let form = self.village.likely_form((kind, subject), now);
        let second = self.expected(kind, form);
        let Some(other) = self.proposed(&second, now).await else {
            let decided = self.decided((one, 1), 1, now).await;
            let Decided::Recorded { people, .. } = decided else { panic!("{:?}: {decided:?}", first.kind) };
            return self.recorded(&Expected { foretold: false, ..first }, people, now).await;
        };
        let (first_says, second_says) = (self.decided((one, 1), 1, now), self.decided((other, 1), 2, now));
        let both = tokio::join!(Box::pin(first_says), Box::pin(second_says));
        assert!(
            [&both.0, &both.1].iter().any(|one| matches!(one, Decided::Recorded { .. })),
            "{:?} and {kind:?}: {both:?}",
            first.kind
        );
        for (decided, expected) in [(both.0, first), (both.1, second)] {
            let expected = Expected { foretold: false, ..expected };
            match decided {
                Decided::Recorded { people, .. } => self.recorded(&expected, people, now).await,
                Decided::Stale(_) | Decided::Refused(_) => self.tally.sent_back += 1,
                other => panic!("{:?}: {other:?}", expected.kind),
            }
        }
    }

    /// What the store has afterwards is what the rules foretold, breaks no rule, and now and then: what history gives.
    async fn recorded(&mut self, expected: &Expected, people: Vec<PersonId>, now: Timestamp) {
        let foretold: Vec<(PersonId, Record)> =
            if expected.foretold { self.foretold(expected, &people) } else { Vec::new() };
        if let Some(outcome) = expected.outcome.as_ref().filter(|_| !expected.draws) {
            // Remembers how to take a merge back, and whose place an adoption took.
            self.village.at.apply(outcome);
        }
        let files: Vec<ResidenceFile> =
            expected.outcome.iter().flat_map(|one| &one.households).map(|one| one.file.clone()).collect();
        self.refresh(&people, &files).await;
        let what = (expected.kind, &expected.proposal.values);
        for (person, record) in &foretold {
            let differing: Vec<_> = record.differing(self.village.at.record(*person).unwrap()).collect();
            assert!(differing.is_empty(), "{what:?} left {person} otherwise than the rules said: {differing:?}");
        }
        for person in &people {
            invariants::hold_for(&self.village.at, *person)
                .unwrap_or_else(|wrong| panic!("{what:?}: {person} {wrong}"));
        }
        *self.tally.recorded.entry(expected.kind.code()).or_default() += 1;
        if self.tally.written().is_multiple_of(20) {
            for person in &people {
                self.history_is_present(*person, now).await;
            }
        }
    }

    fn foretold(&self, expected: &Expected, people: &[PersonId]) -> Vec<(PersonId, Record)> {
        let changes = expected.outcome.iter().flat_map(|outcome| &outcome.changes);
        let mut after: BTreeMap<PersonId, Record> = BTreeMap::new();
        for change in changes {
            let before = || self.village.at.record(change.person).unwrap().clone();
            after.entry(change.person).or_insert_with(before).set(change.fact.clone());
        }
        assert!(
            after.keys().all(|person| people.contains(person)),
            "{:?} told of fewer than it changed",
            expected.kind
        );
        after.into_iter().collect()
    }

    pub async fn history_is_present(&self, person: PersonId, moment: Timestamp) {
        self.history_is(person, self.village.at.record(person).unwrap(), moment).await;
    }

    /// What history says was known at a moment is what the tables had then.
    pub async fn history_is(&self, person: PersonId, record: &Record, moment: Timestamp) {
        let then = known(&self.at, person, Date::MAX, moment).await.unwrap();
        let differing: Vec<_> = then.differing(record).map(Facet::code).collect();
        assert!(differing.is_empty(), "{person} at {moment}: {differing:?}");
    }

    /// Everybody as the tables have them, and as the village remembers them: the same.
    pub async fn everybody(&self) -> BTreeMap<PersonId, Record> {
        let mut all = BTreeMap::new();
        for person in &self.village.people {
            let record = self.present(*person).await;
            let differing: Vec<_> = record.differing(self.village.at.record(*person).unwrap()).collect();
            assert!(differing.is_empty(), "{person} changed and nobody changed them: {differing:?}");
            all.insert(*person, record);
        }
        all
    }
}
