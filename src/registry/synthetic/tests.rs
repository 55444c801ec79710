use std::collections::{BTreeMap, HashMap, HashSet};

use super::*;
use crate::registry::{BirthDate, CardStatus, Expiry, PersonalNumber, Sex, Vital, household::Relation};

const COUNT: u64 = 12_000;

fn people(seed: u64, count: u64) -> Vec<SyntheticPerson> {
    Synthetic::new(Settings { seed, count, as_of: USUAL_DAY }).unwrap().collect()
}

fn share(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
}

#[test]
fn the_same_seed_gives_the_same_people_whatever_the_count() {
    let many = people(7, 2_000);
    assert_eq!(many.len(), 2_000);
    assert_eq!(many, people(7, 2_000));
    assert_eq!(many[..500], people(7, 500));
    assert_ne!(many[..500], people(8, 500));
    assert!(people(7, 0).is_empty());
    assert!(Synthetic::new(Settings { seed: 1, count: MOST + 1, as_of: USUAL_DAY }).is_err());
}

#[test]
fn numbers_are_unique_and_nobodys() {
    let mut seen = HashSet::new();
    for person in people(1, COUNT) {
        let record = &person.record;
        for number in std::iter::once(&record.number).chain(&record.former_numbers) {
            assert!(number.is_test());
            assert!(seen.insert(*number), "{} twice", number.as_str());
        }
        let disagrees = record.number.disagrees_with(record.sex, record.birth.year());
        assert_eq!(disagrees, person.edge == Some(Edge::KeptNumber));
        if let Some(phone) = &record.phone {
            assert!(
                ["+8450", "+8451", "+8453", "+8454", "+8457", "+8430", "+8431", "+8471", "+8472", "+8473"]
                    .iter()
                    .any(|prefix| phone.e164().starts_with(prefix))
            );
        }
    }
}

#[test]
fn slots_and_phones_do_not_repeat() {
    let phones: Vec<_> = people(3, COUNT).into_iter().filter_map(|person| person.record.phone).collect();
    let distinct: HashSet<_> = phones.iter().collect();
    assert_eq!(distinct.len(), phones.len());
}

#[test]
fn every_row_is_read_again_as_the_same_record() {
    for person in people(2, 5_000) {
        let row = person.row();
        let read = PersonRecord::read(&row, USUAL_DAY).unwrap_or_else(|faults| panic!("{row:?}: {faults:?}"));
        assert_eq!(read, person.record);
    }
}

#[test]
fn ages_are_those_of_a_country() {
    let people = people(4, COUNT);
    let ages: Vec<i32> = people.iter().map(|person| person.record.birth.age_on(USUAL_DAY)).collect();
    let between = |low: i32, high: i32| share(ages.iter().filter(|age| (low..high).contains(*age)).count(), ages.len());
    let bands: Vec<_> = (0..10).map(|band| (band * 10, between(band * 10, band * 10 + 10))).collect();
    for (low, high, least, most) in
        [(0, 15, 0.20, 0.27), (15, 40, 0.32, 0.41), (40, 65, 0.24, 0.34), (65, 85, 0.06, 0.13), (85, 120, 0.001, 0.02)]
    {
        assert!((least..most).contains(&between(low, high)), "{low}–{high}: {} of {bands:?}", between(low, high));
    }
    let men = people.iter().filter(|person| person.record.sex == Sex::Male).count();
    assert!((0.47..0.53).contains(&share(men, people.len())), "{}", share(men, people.len()));
}

#[test]
fn households_hold_together() {
    let people = people(5, COUNT);
    let by_number: HashMap<PersonalNumber, &PersonRecord> =
        people.iter().map(|person| (person.record.number, &person.record)).collect();
    let mut households: BTreeMap<&str, Vec<&PersonRecord>> = BTreeMap::new();
    for person in &people {
        let Some(membership) = &person.record.household else {
            assert_eq!(person.edge, Some(Edge::Dead));
            continue;
        };
        households.entry(membership.file.as_str()).or_default().push(&person.record);
    }
    // The last household may be cut off by the count.
    let last = people.last().unwrap().record.household.as_ref().unwrap().file.as_str();
    households.remove(last);
    let mut headless = 0;
    for (file, members) in &households {
        assert!((1..=6).contains(&members.len()), "{file}: {}", members.len());
        let relation = |wanted: Relation| {
            members.iter().filter(|member| member.household.as_ref().is_some_and(|m| m.relation == wanted)).count()
        };
        assert!(relation(Relation::Head) <= 1, "{file}");
        headless += usize::from(relation(Relation::Head) == 0);
        assert!(relation(Relation::Spouse) <= 1, "{file}");
    }
    assert!(share(headless, households.len()) < 0.01, "{headless} households without a head: more than have died");
    let in_last = |record: &PersonRecord| record.household.as_ref().is_none_or(|m| m.file.as_str() == last);
    for record in by_number.values().filter(|record| !in_last(record)) {
        let kin = |number: Option<PersonalNumber>| number.map(|number| by_number[&number]);
        let (father, mother) = (kin(record.relatives.father), kin(record.relatives.mother));
        for (parent, sex) in [(father, Sex::Male), (mother, Sex::Female)] {
            let Some(parent) = parent else { continue };
            assert_eq!(parent.sex, sex);
            let gap = record.birth.year() - parent.birth.year();
            assert!((16..=75).contains(&gap), "a parent {gap} years older");
        }
        if let Some(spouse) = kin(record.relatives.spouse) {
            assert_eq!(spouse.relatives.spouse, Some(record.number));
            assert_ne!(spouse.sex, record.sex);
            assert!(record.birth.age_on(USUAL_DAY) >= 18, "a spouse under age");
        }
        let minor = record.birth.age_on(USUAL_DAY) < 18;
        assert_eq!(record.relatives.representative.is_some(), minor, "minors and only they are represented");
    }
}

#[test]
fn children_bear_their_fathers_name() {
    let people = people(6, COUNT);
    let by_number: HashMap<PersonalNumber, &SyntheticPerson> =
        people.iter().map(|person| (person.record.number, person)).collect();
    let usual = |person: &SyntheticPerson| !matches!(person.edge, Some(Edge::OneTokenName | Edge::HighlandName));
    let (mut pairs, mut same) = (0, 0);
    for person in people.iter().filter(|person| usual(person)) {
        let Some(father) = person.record.relatives.father.and_then(|number| by_number.get(&number)) else { continue };
        if usual(father) {
            pairs += 1;
            same += usize::from(father.record.name.family() == person.record.name.family());
        }
    }
    assert!(pairs > 1_500);
    assert_eq!(pairs, same);
}

#[test]
fn cards_follow_the_law() {
    let mut expired = 0;
    let mut adults_without = 0;
    for person in people(8, COUNT) {
        let record = &person.record;
        let age = record.birth.age_on(USUAL_DAY);
        let Some(card) = &record.card else {
            adults_without += usize::from(age >= 14 && record.vital == Vital::Alive);
            continue;
        };
        if person.edge == Some(Edge::CardExpired) {
            assert!(card.is_expired_on(USUAL_DAY));
            expired += 1;
        } else {
            assert_eq!(card.expiry, Expiry::by_law(record.birth, card.issued_on));
            if card.status == CardStatus::Valid {
                assert!(card.is_valid_on(USUAL_DAY), "{:?} {card:?} {:?}", record.birth, person.edge);
            }
        }
        assert_eq!(card.number, record.number);
    }
    assert!(expired > 5, "{expired}");
    assert!((30..300).contains(&adults_without), "{adults_without}");
}

#[test]
fn one_in_fifty_is_unusual_and_every_kind_occurs() {
    let people = people(9, 40_000);
    let mut kinds: BTreeMap<Edge, usize> = BTreeMap::new();
    for edge in people.iter().filter_map(|person| person.edge) {
        *kinds.entry(edge).or_default() += 1;
    }
    let all: usize = kinds.values().sum();
    assert!((0.011..0.021).contains(&share(all, people.len())), "{all}: {kinds:?}");
    for edge in Edge::ALL {
        assert!(kinds.get(&edge).copied().unwrap_or(0) > 10, "{edge:?}: {kinds:?}");
    }
    assert!(people.iter().any(|person| matches!(person.record.birth, BirthDate::Year(_))));
    let decomposed = people.iter().find(|person| person.edge == Some(Edge::DecomposedName)).unwrap();
    assert_ne!(decomposed.row().get(Field::FullName), decomposed.record.name.full());
}
