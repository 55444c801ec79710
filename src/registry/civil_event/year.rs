//! A year of random civil events: whatever comes, the invariants hold, and the history of assertions gives the present.

use std::collections::{BTreeMap, BTreeSet};

use time::{Date, Duration, macros::date};
use uuid::Uuid;

use super::*;
use crate::{
    base::{
        Entropy,
        ids::{HouseholdId, PersonId},
    },
    registry::{
        BirthDate, PersonName, PersonalNumber, Sex,
        history::{Assertion, as_known},
        household::Relation,
        record::{Capacity, Facet, Marital, Record, Relative, Tie},
    },
};

const FIRST: Date = date!(2025 - 11 - 22);
const UNITS: [&str; 4] = ["00004", "00008", "00025", "00070"];

struct World {
    at: Situation,
    entropy: Entropy,
    drawn: u128,
    files: u32,
    taken: BTreeSet<PersonalNumber>,
    log: BTreeMap<(PersonId, Facet), Vec<Assertion>>,
    /// What the record was when it was first written: nobody asserts it, it is there.
    first: BTreeMap<PersonId, Record>,
    recorded: i64,
    /// Who was married to whom, and is no more: the two by birth keep out of each other's families.
    parted: BTreeSet<(PersonId, PersonId)>,
}

impl World {
    fn new(seed: u64) -> Self {
        let fresh = Fresh { person: PersonId(Uuid::nil()), household: HouseholdId(Uuid::nil()), number: None };
        let mut world = Self {
            at: Situation::new(FIRST, fresh),
            entropy: Entropy::counted(seed),
            drawn: 1,
            files: 0,
            taken: BTreeSet::new(),
            log: BTreeMap::new(),
            first: BTreeMap::new(),
            recorded: 0,
            parted: BTreeSet::new(),
        };
        for _ in 0..400 {
            world.settle();
        }
        world
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.entropy.below(u32::try_from(bound).unwrap())).unwrap()
    }

    fn draw(&mut self) {
        self.drawn += 2;
        self.at.fresh = Fresh {
            person: PersonId(Uuid::from_u128(self.drawn)),
            household: HouseholdId(Uuid::from_u128(self.drawn + 1)),
            number: None,
        };
    }

    /// A person with a number and a home of their own, as the first import brings them.
    fn settle(&mut self) {
        self.draw();
        let sex = if self.below(2) == 0 { Sex::Male } else { Sex::Female };
        let born = FIRST - Duration::days(i64::from(self.entropy.below(70 * 365)));
        let mut record = Record::new(PersonName::parse("Nguyễn Văn Thử").unwrap(), BirthDate::Full(born), sex);
        record.numbers.active = Some(self.number(NumberWanted { prefix: 990, sex, birth_year: born.year() }));
        let unit = crate::registry::UnitRef::commune_on(UNITS[self.below(4)], FIRST).unwrap();
        let address = crate::registry::Address::new("Số 1", unit, None).unwrap();
        let id = self.at.fresh.person;
        self.files += 1;
        let file = crate::registry::household::ResidenceFile::parse(&format!("T/{}", self.files)).unwrap();
        let household = Household {
            id: self.at.fresh.household,
            file: file.clone(),
            head: Some(id),
            owner: None,
            address: address.clone(),
            closed_on: None,
        };
        record.household =
            Some(crate::registry::record::HouseholdPlace { household: household.id, file, relation: Relation::Head });
        record.permanent = Some(crate::registry::Residence {
            kind: crate::registry::ResidenceKind::Permanent,
            address,
            from: None,
            to: None,
        });
        self.first.insert(id, record.clone());
        self.at.put_household(household);
        self.at.put_person(id, record, BTreeMap::new());
    }

    fn number(&mut self, wanted: NumberWanted) -> PersonalNumber {
        loop {
            let number = wanted.with_serial(self.entropy.below(1_000_000)).unwrap();
            if self.taken.insert(number) {
                return number;
            }
        }
    }

    fn anybody(&self) -> PersonId {
        // Ids are drawn in steps of two from three on.
        let id = 3 + 2 * u128::try_from(self.below(usize::try_from((self.drawn - 1) / 2).unwrap())).unwrap();
        PersonId(Uuid::from_u128(id))
    }

    fn value(&mut self, field: &FieldSpec, subject: PersonId) -> Option<String> {
        Some(match field.kind {
            FieldKind::Person => self.somebody_for(field.name, subject).to_string(),
            FieldKind::Household => {
                let whose = if self.below(2) == 0 { subject } else { self.anybody() };
                self.at.record(whose)?.household.as_ref()?.file.as_str().to_owned()
            }
            FieldKind::NewHousehold => {
                self.files += 1;
                format!("T/{}", self.files)
            }
            FieldKind::Day if field.name == "until" => {
                (self.at.today + Duration::days(i64::from(self.entropy.below(800)))).to_string()
            }
            // Mostly today, sometimes what was learned late.
            FieldKind::Day if self.below(8) == 0 => {
                (self.at.today - Duration::days(i64::from(self.entropy.below(40)))).to_string()
            }
            FieldKind::Day => self.at.today.to_string(),
            FieldKind::BirthDate => {
                let years = i64::from(self.entropy.below(60 * 365));
                (self.at.today - Duration::days(years)).to_string()
            }
            FieldKind::Name => ["Trần Thị Mẫu", "Lê Văn Thử", "Phạm Mẫu"][self.below(3)].to_owned(),
            FieldKind::Ethnicity => format!("{:02}", 1 + self.below(54)),
            FieldKind::Text if field.name == "cmnd9" => "012345678".to_owned(),
            FieldKind::Text => "Thử".to_owned(),
            FieldKind::Choice(list) => list[self.below(list.len())].0.to_owned(),
            FieldKind::Commune => UNITS[self.below(4)].to_owned(),
            FieldKind::Country => ["VN", "FR", "LA"][self.below(3)].to_owned(),
            FieldKind::Phone => format!("09{:08}", self.entropy.below(99_999_999)),
            FieldKind::Email => "thu@vidu.example".to_owned(),
        })
    }

    /// Mostly somebody who fits, so that the year is more than refusals.
    fn somebody_for(&self, part: &str, subject: PersonId) -> PersonId {
        let recorded = |relative: fn(&Record) -> Option<&Relative>| {
            self.at.record(subject).and_then(relative).and_then(|one| one.person)
        };
        // Now and then one of those whom the law forbids.
        if let ("wife", 0) = (part, self.below(6))
            && let Some(in_law) = self.in_law_of(subject)
        {
            return in_law;
        }
        let theirs = match part {
            "subject" | "husband" | "child" | "ward" => return subject,
            "wife" | "spouse" => recorded(|record| record.spouse.as_ref()),
            "guardian" => recorded(|record| record.representative.as_ref()),
            "mother" => recorded(|record| record.mother.as_ref()),
            _ => None,
        };
        if let (Some(theirs), true) = (theirs, self.below(2) == 0) {
            return theirs;
        }
        let fits = |record: &Record| {
            let age = record.birth.age_on(self.at.today);
            !record.is_dead()
                && match part {
                    "wife" => record.sex == Sex::Female && age >= 18 && record.spouse.is_none(),
                    "mother" => record.sex == Sex::Female && age >= 20,
                    "father" | "parent" => record.sex == Sex::Male && age >= 20,
                    "guardian" => age >= 18,
                    _ => true,
                }
        };
        self.one_of(fits)
    }

    /// A parent or a child, by birth, of somebody to whom they were married; or who was married to their parent or child.
    fn in_law_of(&self, subject: PersonId) -> Option<PersonId> {
        let free = |id: &PersonId| {
            self.at.record(*id).is_some_and(|one| {
                !one.is_dead()
                    && one.sex == Sex::Female
                    && one.spouse.is_none()
                    && one.birth.age_on(self.at.today) >= 18
            })
        };
        let of_spouses = self.parted.iter().filter(|(one, _)| *one == subject).map(|(_, other)| *other);
        let mut theirs = of_spouses.flat_map(|other| self.by_birth(other).into_iter().chain(self.at.children(other)));
        let own: Vec<_> = self.by_birth(subject).into_iter().chain(self.at.children(subject)).collect();
        let parted = || self.parted.iter().filter(|(one, _)| own.contains(one)).map(|(_, other)| *other);
        theirs.find(free).or_else(|| parted().find(free))
    }

    fn by_birth(&self, of: PersonId) -> Vec<PersonId> {
        let parents = self.at.record(of).into_iter().flat_map(|record| [&record.father, &record.mother]);
        parents.flatten().filter(|one| one.tie != Tie::Adoption).filter_map(|one| one.person).collect()
    }

    /// Asked of what happened, and not of what the rules remember of it.
    fn check_wedding(&self, outcome: &Outcome) {
        for change in &outcome.changes {
            let Fact::Spouse(Some(Relative { person: Some(spouse), .. })) = &change.fact else { continue };
            for (one, other) in self.parted.iter().filter(|(one, _)| *one == change.person) {
                assert!(!self.by_birth(*spouse).contains(other), "{one} married the child of {other}");
                assert!(!self.by_birth(*other).contains(spouse), "{one} married a parent of {other}");
            }
        }
    }

    /// A merge gives a marriage another name, an annulment says that there was none.
    fn part(&mut self, kind: Kind, outcome: &Outcome) {
        if matches!(kind, Kind::Annulment | Kind::RecordMerge | Kind::RecordUnmerge) {
            return;
        }
        for change in outcome.changes.iter().filter(|change| change.fact == Fact::Spouse(None)) {
            let spouse = self.at.record(change.person).and_then(|record| record.spouse.as_ref()?.person);
            self.parted.extend(spouse.map(|spouse| (change.person, spouse)));
        }
    }

    fn one_of(&self, fits: impl Fn(&Record) -> bool) -> PersonId {
        let some = (0..30).map(|_| self.anybody());
        some.into_iter().find(|id| self.at.record(*id).is_some_and(&fits)).unwrap_or_else(|| self.anybody())
    }

    fn values(&mut self, kind: Kind) -> Values {
        let today = self.at.today;
        let subject = match kind {
            Kind::Marriage => self.one_of(|one| {
                !one.is_dead() && one.sex == Sex::Male && one.spouse.is_none() && one.birth.age_on(today) >= 20
            }),
            Kind::Divorce | Kind::Annulment => self.one_of(|one| one.sex == Sex::Male && one.spouse.is_some()),
            Kind::DeathCorrection => self.one_of(Record::is_dead),
            Kind::Adoption => self.one_of(|one| !one.is_dead() && one.birth.age_on(today) < 18),
            Kind::AdoptionEnd => self.one_of(|one| one.mother.as_ref().is_some_and(|m| m.tie == Tie::Adoption)),
            Kind::GuardianshipEnd => {
                self.one_of(|one| one.representative.as_ref().is_some_and(|g| g.tie == Tie::Guardianship))
            }
            _ if self.below(8) == 0 => self.anybody(),
            _ => self.one_of(|one| !one.is_dead()),
        };
        let mut values = Values::new();
        for field in kind.fields() {
            // One in three of the optional ones stays empty; a child's relation waits for a household.
            if field.required || self.below(3) > 0 {
                values.extend(self.value(field, subject).map(|value| (field.name.to_owned(), value)));
            }
        }
        for (name, value) in [("paper_no", "1"), ("paper_on", "2025-01-01"), ("paper_by", "UBND")] {
            values.insert(name.to_owned(), value.to_owned());
        }
        values.insert("paper".to_owned(), kind.papers()[0].0.to_owned());
        values
    }

    /// One random event: recorded, or refused with reasons.
    fn live(&mut self, kind: Kind) -> Result<(), Vec<Refusal>> {
        let values = self.values(kind);
        let event = CivilEvent::read(kind, &values, self.at.today)?;
        self.draw();
        if let Some(wanted) = event.number_wanted(&self.at) {
            self.at.fresh.number = Some(self.number(wanted));
        }
        let judged = event.judge(&self.at);
        let Ok(outcome) = judged else {
            // Nobody was born: the ids are drawn again.
            self.drawn -= 2;
            return judged.map(|_| ());
        };
        if outcome.born.is_none() {
            self.drawn -= 2;
            // Ids of households may repeat those of people not born; keep them apart.
            self.at.fresh.household = HouseholdId(Uuid::from_u128((1 << 100) + u128::try_from(self.recorded).unwrap()));
            let outcome = event.judge(&self.at).unwrap();
            self.record(kind, &outcome);
        } else {
            self.record(kind, &outcome);
        }
        Ok(())
    }

    fn record(&mut self, kind: Kind, outcome: &Outcome) {
        self.recorded += 1;
        if kind == Kind::Marriage {
            self.check_wedding(outcome);
        }
        self.part(kind, outcome);
        if let Some((id, record)) = &outcome.born {
            self.first.insert(*id, record.clone());
        }
        for change in &outcome.changes {
            let assertion = Assertion {
                fact: change.fact.clone(),
                from: change.from,
                learned: crate::base::Timestamp::from_secs(self.recorded),
            };
            self.log.entry((change.person, change.fact.facet())).or_default().push(assertion);
        }
        self.at.apply(outcome);
    }

    fn check(&self) {
        let mut numbers = BTreeSet::new();
        for (id, record) in self.at.people() {
            let all = record.numbers.active.iter().chain(record.numbers.former.iter().map(|one| &one.number));
            for number in all {
                assert!(numbers.insert(*number), "{number:?} leads to two");
            }
            self.check_family(id, record);
            if record.is_dead() {
                assert!(record.spouse.is_none() && record.marital != Marital::Married, "{id} is dead and married");
                assert!(record.household.is_none() && record.permanent.is_none() && record.temporary.is_none());
                assert!(record.numbers.active.is_none() || record.numbers.closed_on.is_some());
            }
            assert_eq!(record.spouse.is_some(), record.marital == Marital::Married, "{id}");
            let valid = record.cards.iter().filter(|card| card.status == crate::registry::CardStatus::Valid).count();
            assert!(valid <= 1, "{id} has {valid} valid cards");
            if let Some(place) = &record.household {
                let household = self.at.household(place.household).expect("a household that is there");
                assert_eq!(household.file, place.file);
                assert!(household.closed_on.is_none(), "{id} lives in a closed household");
                assert_eq!(place.relation == Relation::Head, household.head == Some(id), "{id} {place:?}");
            }
        }
        for household in self.at.households() {
            let heads = self.at.members(household.id).filter(|id| {
                self.at.record(*id).and_then(|r| r.household.as_ref()).is_some_and(|p| p.relation == Relation::Head)
            });
            assert!(heads.count() <= 1);
            if let Some(head) = household.head {
                assert!(self.at.members(household.id).any(|id| id == head), "the head is a member");
            }
            assert!(household.closed_on.is_none() || self.at.members(household.id).next().is_none());
            let owner = household.owner.as_ref().and_then(|owner| self.at.record(owner.person?));
            assert!(owner.is_none_or(|owner| owner.merged.is_none()), "a dwelling of a record that went into another");
        }
    }

    fn check_family(&self, id: PersonId, record: &Record) {
        if let Some(spouse) = record.spouse.as_ref().and_then(|one| one.person) {
            let other = self.at.record(spouse).expect("a spouse who is there");
            assert!(other.spouse.as_ref().is_some_and(|back| back.is(id)), "{id} and {spouse}");
            assert_ne!(other.sex, record.sex);
        }
        // Birth dates order parents before children, so that no circle can close.
        for parent in [&record.father, &record.mother].into_iter().flatten().filter_map(|one| one.person) {
            let parent = self.at.record(parent).expect("a parent who is there");
            assert!(parent.birth.earliest() < record.birth.earliest(), "{id} is older than a parent");
        }
        if let Some(Relative { tie: Tie::Guardianship, person: Some(guardian), .. }) = &record.representative {
            assert!(!self.at.record(*guardian).unwrap().is_dead(), "{id} has a dead guardian");
        }
        let _ = record.capacity == Capacity::Full;
    }

    /// The first record with every assertion laid over it is the record as it stands, field by field.
    fn replay(&self) {
        let now = crate::base::Timestamp::MAX;
        for (id, record) in self.at.people() {
            for facet in Facet::ALL {
                let first = self.first[&id].fact(facet);
                let log = self.log.get(&(id, facet)).map(Vec::as_slice).unwrap_or_default();
                assert_eq!(as_known(&first, log, Date::MAX, now), &record.fact(facet), "{id} {}", facet.code());
            }
        }
    }
}

#[test]
fn a_year_of_events_keeps_every_invariant_and_its_history_is_the_present() {
    let mut world = World::new(2_026);
    let mut seen: BTreeMap<Kind, (u32, u32)> = BTreeMap::new();
    let mut snapshot = None;
    let (mut tried, mut in_laws) = (0_u32, 0_u32);
    while world.recorded < 100_000 {
        tried += 1;
        world.at.today = FIRST + Duration::days(world.recorded * 365 / 100_000);
        // Deaths and births in balance, everything else as it comes.
        let kind = match world.below(60) {
            0..4 => Kind::Birth,
            4..8 => Kind::Marriage,
            8..16 => Kind::PermanentResidence,
            _ => Kind::ALL[world.below(Kind::ALL.len())],
        };
        if kind == Kind::Death && world.below(3) > 0 {
            continue;
        }
        // Grown people come from elsewhere, or the year ends with infants only.
        if tried.is_multiple_of(100) {
            world.settle();
        }
        let counted = seen.entry(kind).or_default();
        match world.live(kind) {
            Ok(()) => counted.0 += 1,
            Err(refusals) => {
                counted.1 += 1;
                in_laws += u32::from(refusals.iter().any(|one| one.why == Why::InLaws));
                assert!(!refusals.is_empty());
            }
        }
        if tried.is_multiple_of(20_000) {
            world.check();
        }
        if world.recorded == 50_000 && snapshot.is_none() {
            snapshot = Some((world.recorded, world.at.clone()));
        }
    }
    assert!(in_laws > 0, "nobody came to marry an in-law");
    world.check();
    world.replay();
    for kind in Kind::ALL {
        let (recorded, refused) = seen.get(&kind).copied().unwrap_or_default();
        println!("{:<24} {recorded:>7} recorded {refused:>7} refused", kind.code());
        assert!(recorded > 0, "{} never happened: the year is not everything", kind.code());
    }
    // What was known in the middle of the year is still known to have been known.
    let (then, past) = snapshot.unwrap();
    let then = crate::base::Timestamp::from_secs(then);
    for (id, record) in past.people() {
        for facet in Facet::ALL {
            let log = world.log.get(&(id, facet)).map(Vec::as_slice).unwrap_or_default();
            let first = world.first[&id].fact(facet);
            assert_eq!(as_known(&first, log, Date::MAX, then), &record.fact(facet), "{id} {}", facet.code());
        }
    }
}
