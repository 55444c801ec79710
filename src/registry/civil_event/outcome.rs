//! What an event does: facts that change, a person who is new, households, and what follows elsewhere.

use time::Date;

use super::{Household, Refusal, Situation, Turn};
use crate::{
    base::ids::{HouseholdId, PersonId},
    registry::record::{Fact, Record},
};

/// One fact of one person.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub person: PersonId,
    pub fact: Fact,
    /// The first day on which it is true; none for what was true from the beginning (a correction).
    pub from: Option<Date>,
}

/// What has to happen outside the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The account is locked: sessions end, tokens die, relying parties are told.
    Lock(PersonId, Lock),
    Unlock(PersonId, Lock),
    /// Sessions end and tokens die without a lock.
    EndSessions(PersonId),
    /// Two records became one: one account, one name for each relying party.
    Merge {
        kept: PersonId,
        gone: PersonId,
    },
    /// A merge was taken back.
    Unmerge {
        kept: PersonId,
        gone: PersonId,
    },
    /// A person has to settle what follows.
    Settle(PersonId, FollowUp),
}

/// The account's lock that belongs to a state of the record (Law on Identification Art 34(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    Death,
    CardWithdrawn,
    CardHeld,
    CardExpired,
}

/// What no rule can settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowUp {
    HouseholdWithoutHead,
    WardWithoutRepresentative,
    NumberMayBeReestablished,
    /// Something that a merge changed was changed again since: of whose record it is nobody can tell by rule.
    UnmergeLeft,
}

impl FollowUp {
    pub const fn code(self) -> &'static str {
        match self {
            Self::HouseholdWithoutHead => "household_without_head",
            Self::WardWithoutRepresentative => "ward_without_representative",
            Self::NumberMayBeReestablished => "number_may_be_reestablished",
            Self::UnmergeLeft => "unmerge_left",
        }
    }
}

/// What is unusual and allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// More than 60 days after a birth, more than 15 after a death (Law on Civil Status Art 15, 33).
    RegisteredLate,
    /// The mother has another child born within nine months.
    BirthsTooNear,
    /// Somebody very like the child is recorded, and whoever registers says it is another.
    LikelyThere,
    /// The number's digits no longer agree with sex or birth year.
    NumberDisagrees,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    pub born: Option<(PersonId, Record)>,
    pub changes: Vec<Change>,
    /// Households as they are after the event; an id that is not known is new.
    pub households: Vec<Household>,
    /// From when a household is so, where no person's change tells.
    pub since: Option<Date>,
    /// What it says of a marriage that ends by it.
    pub turn: Turn,
    pub consequences: Vec<Consequence>,
    pub warnings: Vec<Warning>,
}

impl Outcome {
    /// Everybody whose record changes.
    pub fn people(&self) -> impl Iterator<Item = PersonId> + '_ {
        let mut seen = std::collections::BTreeSet::new();
        self.changes.iter().map(|change| change.person).filter(move |person| seen.insert(*person))
    }

    pub(super) fn set(&mut self, at: &Situation, person: PersonId, fact: Fact, from: Option<Date>) {
        let now = at.record(person).map(|record| record.fact(fact.facet()));
        // The last word on a facet counts: one event says one thing about it.
        self.changes.retain(|change| change.person != person || change.fact.facet() != fact.facet());
        if now.as_ref() != Some(&fact) {
            self.changes.push(Change { person, fact, from });
        }
    }

    pub(super) fn then(&mut self, consequence: Consequence) {
        if !self.consequences.contains(&consequence) {
            self.consequences.push(consequence);
        }
    }

    /// The household as this event leaves it so far.
    pub(super) fn household(&self, at: &Situation, id: HouseholdId) -> Option<Household> {
        let changed = self.households.iter().find(|household| household.id == id);
        changed.or_else(|| at.household(id)).cloned()
    }

    pub(super) fn put_household(&mut self, household: Household) {
        self.households.retain(|one| one.id != household.id);
        self.households.push(household);
    }

    /// Takes a person out of the household; one without members is closed, one without a head waits for a new one.
    pub(super) fn leave_household(&mut self, at: &Situation, person: PersonId, on: Date) {
        let Some(place) = at.record(person).and_then(|record| record.household.clone()) else { return };
        self.set(at, person, Fact::Household(None), Some(on));
        let Some(mut household) = self.household(at, place.household) else { return };
        let stays = |id: &PersonId| {
            let place = self.changes.iter().find_map(|change| match &change.fact {
                Fact::Household(to) if change.person == *id => Some(to.as_ref().map(|to| to.household)),
                _ => None,
            });
            place.is_none_or(|to| to == Some(household.id))
        };
        let next = at.members(household.id).find(stays);
        let was_head = household.head == Some(person);
        if next.is_none() {
            household.closed_on = Some(on);
        }
        if was_head {
            household.head = None;
        }
        if let (true, Some(next)) = (was_head, next) {
            self.then(Consequence::Settle(next, FollowUp::HouseholdWithoutHead));
        }
        if was_head || next.is_none() {
            self.put_household(household);
        }
    }

    /// The rule that holds for every change, whatever the event.
    pub(super) fn in_order(&self, at: &Situation) -> Vec<Refusal> {
        self.changes.iter().filter_map(|change| at.in_order(change).err()).collect()
    }
}
