//! What the record says about everybody an event touches: the ground it is judged on.

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use super::{Change, FormerParents, MergeUndo, Outcome, PastMarriages, Refusal, Why, form::Who};
use crate::{
    base::ids::{HouseholdId, PersonId},
    registry::{
        Address, PersonalNumber, UnitRef, Vital,
        duplicates::Likeness,
        household::{Relation, ResidenceFile},
        record::{Facet, Fact, Record, Relative},
    },
};

/// Hộ gia đình: its members are those whose record names it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Household {
    pub id: HouseholdId,
    pub file: ResidenceFile,
    pub head: Option<PersonId>,
    /// Chủ sở hữu chỗ ở hợp pháp, where it is recorded.
    #[serde(default)]
    pub owner: Option<Relative>,
    pub address: Address,
    #[serde(with = "crate::registry::record::iso_day::option", default)]
    pub closed_on: Option<Date>,
}

/// What a new row would be called, drawn beforehand: rules draw nothing.
#[derive(Clone, Copy, Debug)]
pub struct Fresh {
    pub person: PersonId,
    pub household: HouseholdId,
    /// None while an event is only looked at: a number is drawn when it is decided.
    pub number: Option<PersonalNumber>,
}

/// Somebody who may be the one that an event would add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    pub person: PersonId,
    pub likeness: Likeness,
}

#[derive(Clone, Debug)]
struct Known {
    record: Record,
    /// From when the latest value of a facet is true, where that is recorded.
    since: BTreeMap<Facet, Date>,
}

#[derive(Clone, Debug)]
pub struct Situation {
    pub today: Date,
    pub fresh: Fresh,
    people: BTreeMap<PersonId, Known>,
    numbers: BTreeMap<PersonalNumber, PersonId>,
    households: BTreeMap<HouseholdId, Household>,
    files: BTreeMap<ResidenceFile, HouseholdId>,
    children: BTreeMap<PersonId, BTreeSet<PersonId>>,
    wards: BTreeMap<PersonId, BTreeSet<PersonId>>,
    members: BTreeMap<HouseholdId, BTreeSet<PersonId>>,
    last_homes: BTreeMap<PersonId, UnitRef>,
    /// Who may be the child that a birth would add.
    likely: Vec<Likely>,
    /// What the merges of these records changed.
    undo: BTreeMap<PersonId, MergeUndo>,
    /// Parents in whose place an adoption came, and adopters whose adoption ended.
    pub(super) former: BTreeMap<PersonId, FormerParents>,
    pub(super) past_marriages: BTreeMap<PersonId, PastMarriages>,
}

impl Situation {
    pub const fn new(today: Date, fresh: Fresh) -> Self {
        Self {
            today,
            fresh,
            people: BTreeMap::new(),
            numbers: BTreeMap::new(),
            households: BTreeMap::new(),
            files: BTreeMap::new(),
            children: BTreeMap::new(),
            wards: BTreeMap::new(),
            members: BTreeMap::new(),
            last_homes: BTreeMap::new(),
            likely: Vec::new(),
            undo: BTreeMap::new(),
            former: BTreeMap::new(),
            past_marriages: BTreeMap::new(),
        }
    }

    pub fn put_person(&mut self, id: PersonId, record: Record, since: BTreeMap<Facet, Date>) {
        self.forget_ties(id);
        for number in record.numbers.active.iter().chain(record.numbers.former.iter().map(|one| &one.number)) {
            self.numbers.insert(*number, id);
        }
        for parent in [&record.father, &record.mother].into_iter().flatten().filter_map(|one| one.person) {
            self.children.entry(parent).or_default().insert(id);
        }
        if let Some(of) = record.representative.as_ref().and_then(|one| one.person) {
            self.wards.entry(of).or_default().insert(id);
        }
        if let Some(place) = &record.household {
            self.members.entry(place.household).or_default().insert(id);
        }
        self.people.insert(id, Known { record, since });
    }

    pub fn put_household(&mut self, household: Household) {
        self.files.insert(household.file.clone(), household.id);
        self.households.insert(household.id, household);
    }

    /// Where somebody lived who lives nowhere now: the dead, those who went abroad.
    pub fn put_last_home(&mut self, id: PersonId, unit: UnitRef) {
        self.last_homes.insert(id, unit);
    }

    pub fn last_home(&self, id: PersonId) -> Option<&UnitRef> {
        self.last_homes.get(&id)
    }

    fn forget_ties(&mut self, id: PersonId) {
        let Some(known) = self.people.get(&id) else { return };
        let record = &known.record;
        for parent in [&record.father, &record.mother].into_iter().flatten().filter_map(|one| one.person) {
            self.children.entry(parent).or_default().remove(&id);
        }
        if let Some(of) = record.representative.as_ref().and_then(|one| one.person) {
            self.wards.entry(of).or_default().remove(&id);
        }
        if let Some(place) = &record.household {
            self.members.entry(place.household).or_default().remove(&id);
        }
    }

    pub fn record(&self, id: PersonId) -> Option<&Record> {
        self.people.get(&id).map(|known| &known.record)
    }

    pub fn people(&self) -> impl Iterator<Item = (PersonId, &Record)> {
        self.people.iter().map(|(id, known)| (*id, &known.record))
    }

    pub fn since(&self, id: PersonId, facet: Facet) -> Option<Date> {
        self.people.get(&id)?.since.get(&facet).copied()
    }

    pub fn household(&self, id: HouseholdId) -> Option<&Household> {
        self.households.get(&id)
    }

    pub fn households(&self) -> impl Iterator<Item = &Household> {
        self.households.values()
    }

    pub fn has_file(&self, file: &ResidenceFile) -> bool {
        self.files.contains_key(file)
    }

    pub fn by_file(&self, file: &ResidenceFile) -> Option<&Household> {
        self.household(*self.files.get(file)?)
    }

    pub fn children(&self, of: PersonId) -> impl Iterator<Item = PersonId> + '_ {
        self.children.get(&of).into_iter().flatten().copied()
    }

    pub fn wards(&self, of: PersonId) -> impl Iterator<Item = PersonId> + '_ {
        self.wards.get(&of).into_iter().flatten().copied()
    }

    pub fn members(&self, of: HouseholdId) -> impl Iterator<Item = PersonId> + '_ {
        self.members.get(&of).into_iter().flatten().copied()
    }

    pub fn id_of(&self, who: &Who) -> Option<PersonId> {
        match who {
            Who::Number(number) => self.numbers.get(number).copied(),
            Who::Id(id) => self.people.contains_key(id).then_some(*id),
        }
    }

    pub(super) fn find(&self, field: &'static str, who: &Who) -> Result<(PersonId, &Record), Refusal> {
        let id = self.id_of(who).ok_or_else(|| Refusal::new(field, Why::UnknownPerson))?;
        match self.record(id) {
            None => Err(Refusal::new(field, Why::UnknownPerson)),
            Some(record) if record.merged.is_some() => Err(Refusal::new(field, Why::Merged)),
            Some(record) => Ok((id, record)),
        }
    }

    pub fn put_likely(&mut self, likely: Vec<Likely>) {
        self.likely = likely;
    }

    pub fn likely(&self) -> &[Likely] {
        &self.likely
    }

    pub fn put_undo(&mut self, gone: PersonId, undo: MergeUndo) {
        self.undo.insert(gone, undo);
    }

    pub(super) fn undo(&self, gone: PersonId) -> Option<&MergeUndo> {
        self.undo.get(&gone)
    }

    /// Somebody of whom neither a death nor a court's declaration is recorded.
    pub(super) fn living(&self, field: &'static str, who: &Who) -> Result<(PersonId, &Record), Refusal> {
        let (id, record) = self.find(field, who)?;
        match record.vital {
            Vital::Alive => Ok((id, record)),
            Vital::MissingDeclared(_) => Err(Refusal::new(field, Why::DeclaredMissing)),
            Vital::DeadDeclared(_) | Vital::Dead(_) => Err(Refusal::new(field, Why::AlreadyDead)),
        }
    }

    pub(super) fn open_household(&self, field: &'static str, file: &ResidenceFile) -> Result<&Household, Refusal> {
        let household = self.by_file(file).ok_or_else(|| Refusal::new(field, Why::UnknownHousehold))?;
        match household.closed_on {
            None => Ok(household),
            Some(_) => Err(Refusal::new(field, Why::HouseholdClosed)),
        }
    }

    /// An event that is true from a day before the latest that is recorded of the same field is out of order.
    pub(super) fn in_order(&self, change: &Change) -> Result<(), Refusal> {
        let facet = change.fact.facet();
        match (change.from, self.since(change.person, facet)) {
            (Some(from), Some(since)) if from < since => {
                Err(Refusal { field: "on", why: Why::OutOfOrder, facet: Some(facet) })
            }
            _ => Ok(()),
        }
    }

    /// The situation after an event: what the store writes, here in memory.
    pub fn apply(&mut self, outcome: &Outcome) {
        if let Some((gone, undo)) = MergeUndo::of(self, outcome) {
            self.undo.insert(gone, undo);
        }
        if let Some((id, record)) = &outcome.born {
            self.put_person(*id, record.clone(), BTreeMap::new());
        }
        for change in &outcome.changes {
            let Some(known) = self.people.get(&change.person) else { continue };
            let (mut record, mut since) = (known.record.clone(), known.since.clone());
            let before = record.fact(change.fact.facet());
            self.follow_parents(change.person, &before, &change.fact, change.from);
            let before = (&before, since.get(&change.fact.facet()).copied());
            self.follow_marriage(change.person, before, (&change.fact, change.from), outcome.turn);
            if let Some(from) = change.from {
                since.insert(change.fact.facet(), from);
            }
            record.set(change.fact.clone());
            self.put_person(change.person, record, since);
        }
        for household in &outcome.households {
            self.put_household(household.clone());
        }
    }
}

/// How `other` stands to the head of their household, as far as the record tells.
pub(super) fn relation_to(at: &Situation, head: PersonId, other: PersonId) -> Relation {
    let (Some(head_record), Some(record)) = (at.record(head), at.record(other)) else { return Relation::Other };
    let is = |relative: &Option<Relative>, id| relative.as_ref().is_some_and(|one| one.is(id));
    if head == other {
        Relation::Head
    } else if is(&record.spouse, head) {
        Relation::Spouse
    } else if is(&record.father, head) || is(&record.mother, head) {
        Relation::Child
    } else if is(&head_record.father, other) || is(&head_record.mother, other) {
        Relation::Parent
    } else if is(&record.representative, head) {
        Relation::Ward
    } else {
        Relation::Other
    }
}

/// Sets the household's place of a member.
pub(super) fn member_of(household: &Household, relation: Relation) -> Fact {
    Fact::Household(Some(crate::registry::record::HouseholdPlace {
        household: household.id,
        file: household.file.clone(),
        relation,
    }))
}
