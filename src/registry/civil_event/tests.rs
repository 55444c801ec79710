//! The rules one by one: what each event does, and by which reason it is refused.

use std::collections::BTreeMap;

use time::{Date, macros::date};
use uuid::Uuid;

use super::*;
use crate::{
    base::ids::{HouseholdId, PersonId},
    registry::{
        Address, BirthDate, CardStatus, PersonName, PersonalNumber, Residence, ResidenceKind, Sex, UnitRef, Vital,
        household::{Relation, ResidenceFile},
        record::{HouseholdPlace, Marital, Record, Relative, Tie},
    },
};

const TODAY: Date = date!(2026 - 11 - 22);

pub(super) const fn id(number: u128) -> PersonId {
    PersonId(Uuid::from_u128(number))
}

pub(super) fn person(name: &str, born: &str, sex: Sex) -> Record {
    let mut record = Record::new(PersonName::parse(name).unwrap(), BirthDate::parse(born).unwrap(), sex);
    record.marital = Marital::Single;
    record
}

/// 1 and 2 are married and live with their child 3; 4 and 5 are free; 6 is five years old; 7 is dead.
pub(super) fn village() -> Situation {
    let fresh = Fresh {
        person: id(100),
        household: HouseholdId(Uuid::from_u128(200)),
        number: Some(PersonalNumber::parse("990226000001").unwrap()),
    };
    let mut at = Situation::new(TODAY, fresh);
    let unit = UnitRef::commune_on("00004", TODAY).unwrap();
    let address = Address::new("Số 1", unit, None).unwrap();
    let home = HouseholdId(Uuid::from_u128(201));
    let file = ResidenceFile::parse("T/1").unwrap();
    at.put_household(Household {
        id: home,
        file: file.clone(),
        head: Some(id(1)),
        owner: None,
        address: address.clone(),
        closed_on: None,
    });
    let mut people = [
        person("Nguyễn Văn Thử", "1980-01-01", Sex::Male),
        person("Trần Thị Mẫu", "1982-01-01", Sex::Female),
        person("Nguyễn Thị Con", "2004-01-01", Sex::Female),
        person("Lê Văn Đơn", "1990-01-01", Sex::Male),
        person("Phạm Thị Đơn", "1991-01-01", Sex::Female),
        person("Lê Thị Nhỏ", "2021-01-01", Sex::Female),
        person("Vũ Văn Cũ", "1950-01-01", Sex::Male),
    ];
    for (one, other) in [(0, 2), (1, 1)] {
        people[one].spouse = Some(Relative::known(id(other), Tie::Ordinary));
        people[one].marital = Marital::Married;
    }
    people[2].father = Some(Relative::known(id(1), Tie::Ordinary));
    people[2].mother = Some(Relative::known(id(2), Tie::Ordinary));
    people[6].vital = Vital::Dead(Some(date!(2020 - 01 - 01)));
    for (at, relation) in [(0, Relation::Head), (1, Relation::Spouse), (2, Relation::Child)] {
        people[at].household = Some(HouseholdPlace { household: home, file: file.clone(), relation });
        people[at].permanent =
            Some(Residence { kind: ResidenceKind::Permanent, address: address.clone(), from: None, to: None });
    }
    for (index, mut record) in people.into_iter().enumerate() {
        let number = u128::try_from(index).unwrap() + 1;
        record.numbers.active = Some(PersonalNumber::parse(&format!("99008500000{number}")).unwrap());
        at.put_person(id(number), record, BTreeMap::new());
    }
    at
}

pub(super) fn judge(at: &Situation, kind: &str, text: &str) -> Result<Outcome, Vec<Refusal>> {
    let kind = Kind::from_code(kind).unwrap();
    let mut values: Values = text
        .split_whitespace()
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.replace('_', " ")))
        .map(|(name, value)| match kind.fields().iter().find(|field| field.name == name).map(|field| field.kind) {
            Some(FieldKind::Person) if value.len() < 3 => (name, id(value.parse().unwrap()).to_string()),
            Some(FieldKind::Choice(_)) => (name, value.replace(' ', "_")),
            _ => (name, value),
        })
        .collect();
    for (name, value) in [("paper_no", "7"), ("paper_on", "2026-11-01"), ("paper_by", "UBND phường")] {
        values.insert(name.to_owned(), value.to_owned());
    }
    values.insert("paper".to_owned(), kind.papers()[0].0.to_owned());
    CivilEvent::read(kind, &values, TODAY)?.judge(at)
}

pub(super) fn why(at: &Situation, kind: &str, text: &str) -> (&'static str, Why) {
    let refusals = judge(at, kind, text).expect_err(text);
    (refusals[0].field, refusals[0].why)
}

#[test]
fn each_refusal_is_named_at_its_field() {
    let at = village();
    for (kind, text, expected) in [
        ("marriage", "husband=1 wife=5 on=2026-11-20", ("husband", Why::AlreadyMarried)),
        ("marriage", "husband=7 wife=5 on=2026-11-20", ("husband", Why::AlreadyDead)),
        ("marriage", "husband=5 wife=4 on=2026-11-20", ("husband", Why::SameSex)),
        ("marriage", "husband=4 wife=6 on=2026-11-20", ("wife", Why::TooYoungToMarry)),
        ("marriage", "husband=4 wife=99 on=2026-11-20", ("wife", Why::UnknownPerson)),
        ("marriage", "husband=4 wife=5 on=2026-11-23", ("on", Why::Future)),
        ("marriage", "husband=4 wife=5", ("on", Why::Missing)),
        ("marriage", "husband=abc wife=5 on=2026-02-30", ("husband", Why::Unreadable)),
        ("divorce", "husband=1 wife=5 on=2026-11-20", ("wife", Why::NotMarriedToEachOther)),
        ("death", "subject=7 on=2026-11-20", ("subject", Why::AlreadyDead)),
        ("death", "subject=6 on=2020-12-31", ("on", Why::BeforeBirth)),
        ("death_correction", "subject=4", ("subject", Why::NotDead)),
        ("parent_child", "child=1 parent=3 role=mother", ("parent", Why::ParentTooYoung)),
        ("parent_child", "child=6 parent=4 role=mother", ("parent", Why::WrongSex)),
        ("parent_child", "child=3 parent=1 role=father", ("parent", Why::HasThisParent)),
        ("parent_child", "child=6 parent=7 role=father", ("parent", Why::ParentDeadBefore)),
        ("adoption", "child=6 mother=3 on=2026-11-20", ("mother", Why::AdopterTooYoung)),
        ("adoption", "child=3 mother=5 on=2026-11-20", ("child", Why::AdopteeTooOld)),
        ("adoption_end", "child=6 on=2026-11-20", ("child", Why::NotTheirParent)),
        ("guardianship", "ward=4 guardian=5 on=2026-11-20", ("ward", Why::NeedsNoGuardian)),
        ("guardianship", "ward=6 guardian=6 on=2026-11-20", ("guardian", Why::SamePerson)),
        ("birth_correction", "subject=1 birth=2003-01-01", ("birth", Why::ParentTooYoung)),
        ("sex_redetermined", "subject=1 sex=female on=2026-11-20", ("subject", Why::AlreadyMarried)),
        ("supplement", "subject=4 marital=single", ("marital", Why::AlreadyKnown)),
        ("nationality_loss", "subject=4 nationality=FR on=2026-11-20", ("nationality", Why::NationalityMissing)),
        ("declaration_revoked", "subject=4 on=2026-11-20", ("subject", Why::NotDeclared)),
        (
            "permanent_residence",
            "subject=4 on=2026-11-20 household=T/9 relation=other consent=yes",
            ("household", Why::UnknownHousehold),
        ),
        ("permanent_residence", "subject=4 on=2026-11-20 household=T/1 relation=other", ("consent", Why::NoConsent)),
        (
            "permanent_residence",
            "subject=4 on=2026-11-20 new_household=T/1 unit=00004",
            ("new_household", Why::HouseholdExists),
        ),
        ("temporary_residence", "subject=1 on=2026-11-20 until=2027-11-20 unit=00004", ("unit", Why::SameResidence)),
        (
            "temporary_residence",
            "subject=1 on=2026-11-20 until=2026-12-10 unit=00008",
            ("until", Why::TemporaryTooShort),
        ),
        (
            "temporary_residence",
            "subject=1 on=2026-11-20 until=2028-11-21 unit=00008",
            ("until", Why::TemporaryTooLong),
        ),
        ("residence_end", "subject=4 form=thuong_tru ground=abroad on=2026-11-20", ("form", Why::NoResidence)),
        ("household_head", "household=T/1 subject=4 on=2026-11-20", ("subject", Why::NotAMember)),
        ("household_head", "household=T/1 subject=1 on=2026-11-20", ("subject", Why::AlreadyHead)),
        ("card_return", "subject=4 on=2026-11-20", ("subject", Why::NoSuchCard)),
        ("number_issue", "subject=4 registered_at=00004 on=2026-11-20", ("subject", Why::NumberThere)),
        ("number_cancel", "subject=4 ground=fraud renews=yes on=2026-11-20", ("registered_at", Why::Missing)),
    ] {
        assert_eq!(why(&at, kind, text), expected, "{kind} {text}");
    }
}

#[test]
fn a_birth_brings_a_person_with_number_parents_and_home() {
    let at = village();
    let text = "name=Nguyễn_Văn_Bé on=2026-11-10 sex=male mother=2 father=1 registered_on=2026-11-20 \
        registered_at=00004 household=T/1 ethnicity=01";
    let outcome = judge(&at, "birth", text).unwrap();
    let (born, record) = outcome.born.as_ref().unwrap();
    assert_eq!(*born, id(100));
    assert!(record.mother.as_ref().unwrap().is(id(2)) && record.father.as_ref().unwrap().is(id(1)));
    assert_eq!(record.household.as_ref().unwrap().relation, Relation::Child);
    assert_eq!(record.permanent.as_ref().unwrap().from, Some(date!(2026 - 11 - 20)));
    assert_eq!((record.numbers.active, record.marital), (at.fresh.number, Marital::Single));
    let mut after = at.clone();
    after.apply(&outcome);
    assert_eq!(why(&after, "birth", text), ("name", Why::ChildThere), "the same child twice");
    let late = text.replace("on=2026-11-10", "on=2026-05-01");
    assert_eq!(judge(&at, "birth", &late).unwrap().warnings, [Warning::RegisteredLate]);
    let event = CivilEvent::read(Kind::Birth, &Values::new(), TODAY).unwrap_err();
    assert!(event.len() >= 9, "every missing field is named: {event:?}");
}

#[test]
fn a_death_closes_what_a_life_had_open() {
    let mut at = village();
    let card = judge(&at, "card_issue", "subject=1 kind=can_cuoc on=2026-10-01").unwrap();
    at.apply(&card);
    let outcome = judge(&at, "death", "subject=1 on=2026-11-20").unwrap();
    at.apply(&outcome);
    let (dead, widow) = (at.record(id(1)).unwrap(), at.record(id(2)).unwrap());
    assert_eq!(dead.vital, Vital::Dead(Some(date!(2026 - 11 - 20))));
    assert_eq!(dead.cards[0].status, CardStatus::Void);
    assert_eq!(dead.numbers.closed_on, Some(date!(2026 - 11 - 20)));
    assert!(dead.household.is_none() && dead.permanent.is_none() && dead.spouse.is_none());
    assert_eq!((widow.marital, widow.spouse.as_ref()), (Marital::DivorcedOrWidowed, None));
    assert!(outcome.consequences.contains(&Consequence::Lock(id(1), Lock::Death)));
    assert!(outcome.consequences.contains(&Consequence::Settle(id(2), FollowUp::HouseholdWithoutHead)));
    assert_eq!(at.by_file(&ResidenceFile::parse("T/1").unwrap()).unwrap().head, None);
    assert_eq!(
        why(&at, "permanent_residence", "subject=1 on=2026-11-21 new_household=T/2 unit=00004").1,
        Why::AlreadyDead
    );
    // A mistake: the marriage stands again, the account opens.
    let undone = judge(&at, "death_correction", "subject=1 spouse=2").unwrap();
    at.apply(&undone);
    assert!(at.record(id(1)).unwrap().spouse.as_ref().unwrap().is(id(2)));
    assert!(undone.consequences.contains(&Consequence::Unlock(id(1), Lock::Death)));
}

#[test]
fn what_was_learned_too_late_is_out_of_order() {
    let mut at = village();
    at.apply(&judge(&at, "permanent_residence", "subject=4 on=2026-11-10 new_household=T/2 unit=00008").unwrap());
    let refusals =
        judge(&at, "permanent_residence", "subject=4 on=2026-10-01 new_household=T/3 unit=00004").unwrap_err();
    assert!(refusals.iter().all(|one| one.why == Why::OutOfOrder && one.why.weight() == Weight::Record));
    // Married on paper before, dead before that: the registry's order is the order of days.
    assert_eq!(why(&at, "death", "subject=4 on=2026-11-01").1, Why::OutOfOrder);
}

#[test]
fn close_kin_do_not_marry_and_a_step_parent_adopts() {
    let mut at = village();
    let mut cousin = person("Nguyễn Văn Họ", "1995-01-01", Sex::Male);
    cousin.father = Some(Relative::known(id(1), Tie::Ordinary));
    at.put_person(id(8), cousin, BTreeMap::new());
    assert_eq!(why(&at, "marriage", "husband=8 wife=3 on=2026-11-20"), ("wife", Why::CloseKin));
    // 6 has a father, 4; his new wife adopts her, and he stays the father.
    at.apply(&judge(&at, "parent_child", "child=6 parent=4 role=father").unwrap());
    at.apply(&judge(&at, "marriage", "husband=4 wife=5 on=2026-11-19").unwrap());
    at.apply(&judge(&at, "adoption", "child=6 mother=5 on=2026-11-20").unwrap());
    let child = at.record(id(6)).unwrap();
    assert!(child.father.as_ref().unwrap().is(id(4)));
    assert_eq!(child.mother.as_ref().unwrap().tie, Tie::Adoption);
}

#[test]
fn a_number_is_cancelled_and_the_old_one_still_leads() {
    let mut at = village();
    let old = at.record(id(4)).unwrap().numbers.active.unwrap();
    let text = "subject=4 ground=sex_or_year renews=yes registered_at=00004 on=2026-11-20";
    at.apply(&judge(&at, "number_cancel", text).unwrap());
    let numbers = &at.record(id(4)).unwrap().numbers;
    assert_eq!((numbers.active, numbers.former[0].number), (at.fresh.number, old));
    assert_eq!(at.id_of(&Who::Number(old)), Some(id(4)));
}

#[test]
fn a_household_splits_merges_and_changes_its_head() {
    let mut at = village();
    let split = "subject=3 new_household=T/2 consent=yes on=2026-11-10";
    at.apply(&judge(&at, "household_split", split).unwrap());
    assert_eq!(at.record(id(3)).unwrap().household.as_ref().unwrap().relation, Relation::Head);
    at.apply(&judge(&at, "household_merge", "household=T/2 into=T/1 consent=yes on=2026-11-11").unwrap());
    assert_eq!(at.record(id(3)).unwrap().household.as_ref().unwrap().relation, Relation::Child);
    assert_eq!(
        why(&at, "household_split", "subject=3 new_household=T/2 consent=yes on=2026-11-12").1,
        Why::HouseholdExists
    );
    at.apply(&judge(&at, "household_head", "household=T/1 subject=2 on=2026-11-12").unwrap());
    let relation = |number| at.record(id(number)).unwrap().household.as_ref().unwrap().relation;
    assert_eq!([relation(1), relation(2), relation(3)], [Relation::Spouse, Relation::Head, Relation::Child]);
}

#[test]
fn a_dwelling_changes_its_owner_and_nobody_else() {
    let mut at = village();
    let outcome = judge(&at, "household_owner", "household=T/1 owner=4 on=2026-11-10").unwrap();
    assert!(outcome.changes.is_empty() && outcome.since.is_some());
    at.apply(&outcome);
    let owner = |at: &Situation| at.by_file(&ResidenceFile::parse("T/1").unwrap()).unwrap().owner.clone().unwrap();
    assert!(owner(&at).is(id(4)));
    assert_eq!(why(&at, "household_owner", "household=T/1 owner=4 on=2026-11-11"), ("owner", Why::NothingChanges));
    assert_eq!(why(&at, "household_owner", "household=T/9 owner=4 on=2026-11-11").1, Why::UnknownHousehold);
    assert_eq!(why(&at, "household_owner", "household=T/1 on=2026-11-11"), ("owner", Why::Missing));
    at.apply(&judge(&at, "household_owner", "household=T/1 owner_name=HUD on=2026-11-12").unwrap());
    assert_eq!(owner(&at).name.as_deref(), Some("HUD"));
}

#[test]
fn every_form_has_papers_and_words() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_code(kind.code()), Some(kind));
        assert!(!kind.papers().is_empty() && !kind.fields().is_empty(), "{}", kind.code());
        for field in kind.fields() {
            assert!(!field.vi.is_empty() && !field.en.is_empty());
            if let FieldKind::Choice(list) = field.kind {
                assert!(!list.is_empty(), "{} {}", kind.code(), field.name);
            }
        }
    }
}
