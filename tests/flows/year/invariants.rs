//! What must hold of every record and every household, whatever happened to them.

use dinhdanh::{
    base::ids::PersonId,
    registry::{
        CardStatus,
        civil_event::{Household, Situation},
        household::Relation,
        record::{Marital, Record, Tie},
    },
};

use crate::support::provider::TestProvider;

/// Each counts rows that must not be.
const OF_TABLES: [&str; 8] = [
    "SELECT count(*) FROM (SELECT person_id FROM personal_number WHERE state = 'active' GROUP BY person_id \
     HAVING count(*) > 1) AS twice",
    "SELECT count(*) FROM person p WHERE p.number IS NOT NULL AND NOT EXISTS (SELECT 1 FROM personal_number n \
     WHERE n.number = p.number AND n.person_id = p.id AND n.state = 'active')",
    "SELECT count(*) FROM household h WHERE h.head_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM household_member m \
     WHERE m.household_id = h.id AND m.person_id = h.head_id AND m.relation = 'head')",
    "SELECT count(*) FROM person p JOIN relation r ON r.person_id = p.id AND r.kind = 'spouse' \
     WHERE p.vital IN ('dead', 'dead_declared')",
    "SELECT count(*) FROM relation r WHERE r.kind = 'spouse' AND NOT EXISTS (SELECT 1 FROM relation b \
     WHERE b.person_id = r.relative_id AND b.kind = 'spouse' AND b.relative_id = r.person_id)",
    "SELECT count(*) FROM household_member m JOIN household h ON h.id = m.household_id WHERE h.closed_on IS NOT NULL",
    "SELECT count(*) FROM person p JOIN household_member m ON m.person_id = p.id WHERE p.merged_into IS NOT NULL",
    "SELECT count(*) FROM civil_event e WHERE e.state = 'recorded' AND (e.decided_by IS NULL OR e.decided_by = e.proposed_by)",
];

pub async fn hold_for_tables(at: &TestProvider) {
    for sql in OF_TABLES {
        assert_eq!(at.count(sql).await, 0, "{sql}");
    }
}

/// Of everybody and every household of a village.
pub fn hold_for_all(at: &Situation) {
    for (person, _) in at.people() {
        hold_for(at, person).unwrap_or_else(|wrong| panic!("{person} {wrong}"));
    }
    for household in at.households() {
        of_household(at, household).unwrap_or_else(|wrong| panic!("{household:?} {wrong}"));
    }
}

fn ensure(holds: bool, otherwise: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(otherwise) }
}

pub fn hold_for(at: &Situation, person: PersonId) -> Result<(), &'static str> {
    let record = at.record(person).unwrap();
    if record.is_dead() {
        ensure(record.spouse.is_none() && record.marital != Marital::Married, "is dead and married")?;
        let homes = [&record.permanent, &record.temporary];
        ensure(record.household.is_none() && homes.iter().all(|home| home.is_none()), "is dead and lives somewhere")?;
        ensure(record.numbers.active.is_none() || record.numbers.closed_on.is_some(), "is dead with an open number")?;
    }
    ensure(
        record.spouse.is_some() == (record.marital == Marital::Married),
        "is married to nobody, or to somebody unmarried",
    )?;
    let valid = record.cards.iter().filter(|card| card.status == CardStatus::Valid).count();
    ensure(valid <= 1, "has two valid cards")?;
    if let Some(place) = &record.household {
        let household = at.household(place.household).ok_or("lives in a household that is not there")?;
        ensure(household.file == place.file, "has another file than the household")?;
        ensure(household.closed_on.is_none(), "lives in a closed household")?;
        ensure((place.relation == Relation::Head) == (household.head == Some(person)), "is head, or is not")?;
    }
    of_family(at, person, record)
}

fn of_family(at: &Situation, person: PersonId, record: &Record) -> Result<(), &'static str> {
    if let Some(spouse) = record.spouse.as_ref().and_then(|one| one.person) {
        let other = at.record(spouse).ok_or("is married to nobody of the village")?;
        ensure(other.spouse.as_ref().is_some_and(|back| back.is(person)), "is married and the other is not")?;
        ensure(other.sex != record.sex, "is married to somebody of the same sex")?;
    }
    // Birth dates order parents before children, so that no circle can close.
    for parent in [&record.father, &record.mother].into_iter().flatten().filter_map(|one| one.person) {
        let parent = at.record(parent).ok_or("has a parent who is nobody")?;
        ensure(parent.birth.earliest() < record.birth.earliest(), "is older than a parent")?;
    }
    let guardian = record.representative.as_ref().filter(|one| one.tie == Tie::Guardianship);
    if let Some(guardian) = guardian.and_then(|one| one.person) {
        ensure(at.record(guardian).is_some_and(|one| !one.is_dead()), "has a dead guardian")?;
    }
    Ok(())
}

fn of_household(at: &Situation, household: &Household) -> Result<(), &'static str> {
    let place = |id| at.record(id).and_then(|record| record.household.as_ref());
    let heads = at.members(household.id).filter(|id| place(*id).is_some_and(|p| p.relation == Relation::Head));
    ensure(heads.count() <= 1, "has two heads")?;
    if let Some(head) = household.head {
        ensure(at.members(household.id).any(|id| id == head), "has a head who lives elsewhere")?;
    }
    ensure(household.closed_on.is_none() || at.members(household.id).next().is_none(), "is closed and lived in")?;
    let owner = household.owner.as_ref().and_then(|owner| at.record(owner.person?));
    ensure(owner.is_none_or(|owner| owner.merged.is_none()), "is owned by a record that went into another")
}
