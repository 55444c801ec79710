//! Random civil events through the store: what the rules let pass is written with its history, and the history gives back the
//! present, then and now, on both engines.
//!
//! `YEAR_EVENTS=100000 cargo test --release --test main flows::year` lives as many as the year in memory does
//! (`registry::civil_event::year`); without it a few hundred show that the way through the store is the same.

use std::collections::BTreeMap;

use dinhdanh::{
    base::{Entropy, Span, Timestamp, ids::PersonId},
    flows::registry::events::{self, Decided, Proposal, Proposed, Verdict, propose},
    registry::{
        Address, BirthDate, PersonName, PersonRecord, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef,
        civil_event::{FieldKind, FieldSpec, Kind, Values},
        household::{Membership, Relation, ResidenceFile},
        record::{Facet, Record},
    },
};
use time::{Date, Duration};

use super::events::{known, officer, proposal, say};
use crate::support::{
    people::{add, another},
    provider::TestProvider,
};

const USUAL: u32 = 300;

struct Village {
    people: Vec<PersonId>,
    entropy: Entropy,
    files: u32,
    sent: u32,
}

impl Village {
    async fn new(at: &TestProvider) -> Self {
        let mut village = Self { people: Vec::new(), entropy: Entropy::counted(5), files: 0, sent: 0 };
        for _ in 0..30 {
            village.settle(at).await;
        }
        village
    }

    /// Somebody of age with a home of their own, as an import brings them.
    async fn settle(&mut self, at: &TestProvider) {
        let unit = UnitRef::commune_on("00004", at.now().vietnam_date()).unwrap();
        self.files += 1;
        let mut record: PersonRecord = another(self.files);
        record.number = PersonalNumber::parse(&format!("990085{:06}", self.files)).unwrap();
        record.card = None;
        record.sex = if self.files.is_multiple_of(2) { Sex::Male } else { Sex::Female };
        record.name = PersonName::parse("Lê Văn Thử").unwrap();
        record.birth = BirthDate::parse(&format!("{}-03-05", 1940 + self.below(66))).unwrap();
        let address = Address::new("Số 1", unit, None).unwrap();
        record.residences = vec![Residence { kind: ResidenceKind::Permanent, address, from: None, to: None }];
        let file = ResidenceFile::parse(&format!("V/{}", self.files)).unwrap();
        record.household = Some(Membership { file, relation: Relation::Head });
        self.people.push(add(at, record).await);
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.entropy.below(u32::try_from(bound).unwrap())).unwrap()
    }

    fn anybody(&self) -> PersonId {
        // Mostly of the latest: the dead and those who left gather at the beginning.
        let from = if self.below(4) == 0 { 0 } else { self.people.len().saturating_sub(60) };
        self.people[from + self.below(self.people.len() - from)]
    }

    fn value(&mut self, field: &FieldSpec, (subject, today): (PersonId, Date)) -> String {
        match field.kind {
            FieldKind::Person if matches!(field.name, "subject" | "husband" | "child" | "ward") => subject.to_string(),
            FieldKind::Person => self.anybody().to_string(),
            FieldKind::Household => format!("V/{}", 1 + self.below(usize::try_from(self.files).unwrap())),
            FieldKind::NewHousehold => {
                self.files += 1;
                format!("V/{}", self.files)
            }
            FieldKind::Day if field.name == "until" => (today + Duration::days(200)).to_string(),
            FieldKind::Day => today.to_string(),
            FieldKind::BirthDate => format!("{}-01-01", 1950 + self.below(60)),
            FieldKind::Name => ["Trần Thị Mẫu", "Phạm Mẫu"][self.below(2)].to_owned(),
            FieldKind::Ethnicity => format!("{:02}", 1 + self.below(54)),
            FieldKind::Text if field.name == "cmnd9" => format!("{:09}", self.entropy.below(999_999_999)),
            FieldKind::Text => "Thử".to_owned(),
            FieldKind::Choice(list) => list[self.below(list.len())].0.to_owned(),
            FieldKind::Commune => ["00004", "00008"][self.below(2)].to_owned(),
            FieldKind::Country => ["VN", "FR"][self.below(2)].to_owned(),
            FieldKind::Phone => format!("09{:08}", self.entropy.below(99_999_999)),
            FieldKind::Email => "thu@vidu.example".to_owned(),
        }
    }

    /// A form for somebody of whom it may be true: what the record says is looked at, so that most of them pass.
    async fn proposal(&mut self, at: &TestProvider) -> Proposal {
        let today = at.now().vietnam_date();
        let kind = match self.below(12) {
            0 => Kind::Birth,
            1 => Kind::Marriage,
            _ => Kind::ALL[self.below(Kind::ALL.len())],
        };
        let mut subject = self.anybody();
        for _ in 0..8 {
            if self.fits(at, kind, subject).await {
                break;
            }
            subject = self.anybody();
        }
        let record = self.read(at, subject).await;
        let spouse = record.spouse.as_ref().and_then(|one| one.person);
        let guardian = record.representative.as_ref().and_then(|one| one.person);
        let mut fields = Values::new();
        for field in kind.fields() {
            if !field.required && self.below(3) == 0 {
                continue;
            }
            let theirs = match field.name {
                "wife" | "spouse" => spouse,
                "guardian" => guardian,
                _ => None,
            };
            let value = match theirs {
                Some(theirs) if kind != Kind::Marriage => theirs.to_string(),
                _ => self.value(field, (subject, today)),
            };
            fields.insert(field.name.to_owned(), value);
        }
        self.sent += 1;
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        proposal(kind, &self.sent.to_string(), &fields)
    }

    async fn read(&self, at: &TestProvider, person: PersonId) -> Record {
        events::present(&mut at.conn().await, &at.provider.secrets.vault, person).await.unwrap().unwrap()
    }

    async fn fits(&self, at: &TestProvider, kind: Kind, person: PersonId) -> bool {
        let record = self.read(at, person).await;
        match kind {
            Kind::Marriage => !record.is_dead() && record.sex == Sex::Male && record.spouse.is_none(),
            Kind::Divorce | Kind::Annulment => record.sex == Sex::Male && record.spouse.is_some(),
            Kind::DeathCorrection => record.is_dead(),
            Kind::GuardianshipEnd => record.representative.is_some(),
            Kind::RecordUnmerge => record.merged.is_some(),
            Kind::AbsenceEnd => record.absence.is_some(),
            Kind::CardLost | Kind::CardHold | Kind::CardWithdrawal | Kind::CardReturn => !record.cards.is_empty(),
            Kind::Adoption | Kind::Guardianship => record.birth.age_on(at.now().vietnam_date()) < 18,
            _ => !record.is_dead() && record.merged.is_none(),
        }
    }

    async fn state(&self, at: &TestProvider) -> BTreeMap<PersonId, Record> {
        let mut state = BTreeMap::new();
        for person in &self.people {
            state.insert(*person, self.read(at, *person).await);
        }
        state
    }
}

/// What is wrong in the tables, whatever happened: each counts rows that must not be.
const INVARIANTS: [&str; 6] = [
    "SELECT count(*) FROM (SELECT person_id FROM personal_number WHERE state = 'active' GROUP BY person_id \
     HAVING count(*) > 1) AS twice",
    "SELECT count(*) FROM household h WHERE h.head_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM household_member m \
     WHERE m.household_id = h.id AND m.person_id = h.head_id AND m.relation = 'head')",
    "SELECT count(*) FROM person p JOIN relation r ON r.person_id = p.id AND r.kind = 'spouse' \
     WHERE p.vital IN ('dead', 'dead_declared')",
    "SELECT count(*) FROM relation r WHERE r.kind = 'spouse' AND NOT EXISTS (SELECT 1 FROM relation b \
     WHERE b.person_id = r.relative_id AND b.kind = 'spouse' AND b.relative_id = r.person_id)",
    "SELECT count(*) FROM household_member m JOIN household h ON h.id = m.household_id WHERE h.closed_on IS NOT NULL",
    "SELECT count(*) FROM person p JOIN household_member m ON m.person_id = p.id WHERE p.merged_into IS NOT NULL",
];

#[tokio::test(flavor = "multi_thread")]
async fn replaying_the_history_gives_the_present_on_both_engines() {
    let most: u32 = std::env::var("YEAR_EVENTS").ok().and_then(|most| most.parse().ok()).unwrap_or(USUAL);
    let step = Span::millis(365 * 86_400_000 / i64::from(most) / 3);
    for at in TestProvider::each().await {
        let mut village = Village::new(&at).await;
        let mut snapshots: Vec<(Timestamp, BTreeMap<PersonId, Record>)> = Vec::new();
        let mut happened: BTreeMap<&str, u32> = BTreeMap::new();
        let (mut written, mut tried) = (0, 0_u32);
        while written < most {
            tried += 1;
            if tried.is_multiple_of(40) {
                village.settle(&at).await;
            }
            at.clock.advance(step);
            let wanted = village.proposal(&at).await;
            let proposed = propose(&at.provider, &officer("an", None), &wanted, at.now()).await.unwrap();
            let Proposed::Yes { event, .. } = proposed else { continue };
            at.clock.advance(step);
            let approve = say(event, 1, Verdict::Approve);
            let decided = events::decide(&at.provider, &officer("binh", None), &approve, at.now()).await.unwrap();
            let Decided::Recorded { people, .. } = decided else { panic!("{:?} {decided:?}", wanted.kind) };
            written += 1;
            *happened.entry(wanted.kind.code()).or_default() += 1;
            village.people.extend(people.into_iter().filter(|one| !village.people.contains(one)).collect::<Vec<_>>());
            if written.is_multiple_of(most / 4) {
                snapshots.push((at.now(), village.state(&at).await));
            }
        }
        for sql in INVARIANTS {
            assert_eq!(at.count(sql).await, 0, "{sql}");
        }
        // What was read from the present tables at a moment is what history says was known at that moment; the last of the
        // moments is now.
        for (moment, state) in &snapshots {
            for (person, record) in state {
                let then = known(&at, *person, Date::MAX, *moment).await.unwrap();
                let differing: Vec<_> = then.differing(record).map(Facet::code).collect();
                assert!(differing.is_empty(), "{person} at {moment}: {differing:?}");
            }
        }
        println!("{written} recorded of {tried}, of {} kinds: {happened:?}", happened.len());
        let missing: Vec<_> =
            Kind::ALL.iter().map(|kind| kind.code()).filter(|kind| !happened.contains_key(kind)).collect();
        assert!(happened.len() > 25, "a village where little happens: no {missing:?}");
        assert!(most < 20_000 || missing.is_empty(), "a year without {missing:?}");
    }
}
