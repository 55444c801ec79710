//! Gộp hồ sơ: two records of one person become one; `unmerging` takes them apart again. The record that is kept stands;
//! it takes the other's numbers, and what it does not say itself. The other says nothing of its own any more and leads to it.

use std::collections::BTreeSet;

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, Household, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, day, who},
    parentage::old_enough,
};
use crate::{
    base::ids::PersonId,
    registry::{
        CardStatus,
        household::Relation,
        record::{Contacts, Facet, FormerNumber, Marital, Numbers, Record, Relative, Tie},
    },
};

pub(super) const PAPERS: &[Choice] = &[
    ("verification_minutes", "Biên bản xác minh", "Minutes of the verification"),
    ("court_decision", "Quyết định của Tòa án", "Decision of a court"),
    ("conclusion", "Kết luận của cơ quan có thẩm quyền", "Conclusion of the competent authority"),
];

/// Why a number was cancelled that belonged to the other record.
pub const MERGED: &str = "merged";

/// What a merge changed, so that it can be taken back.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MergeUndo {
    pub changes: Vec<Undone>,
    /// As they were before, and as the merge left them.
    pub households: Vec<(Household, Household)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Undone {
    pub person: PersonId,
    pub before: Fact,
    pub after: Fact,
    pub from: Option<Date>,
}

#[derive(Clone, Debug)]
pub(super) struct Merge {
    keep: Who,
    merged: Who,
    on: Date,
}

/// What the kept record takes when it says nothing itself; true from the beginning, or from the day of the merge.
const TIMELESS: [Facet; 9] = [
    Facet::BirthPlace,
    Facet::RegistrationPlace,
    Facet::AncestralHome,
    Facet::Ethnicity,
    Facet::Religion,
    Facet::BloodGroup,
    Facet::OldNumber,
    Facet::Father,
    Facet::Mother,
];
const PRESENT: [Facet; 5] = [Facet::Spouse, Facet::Representative, Facet::Permanent, Facet::Temporary, Facet::Stay];
/// What the other record does not say any more. Its name, birth date, sex and events stay: they are its history.
const GIVEN_UP: [Facet; 9] = [
    Facet::OldNumber,
    Facet::Father,
    Facet::Mother,
    Facet::Spouse,
    Facet::Representative,
    Facet::Permanent,
    Facet::Temporary,
    Facet::Stay,
    Facet::Absence,
];

impl Event for Merge {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("keep", FieldKind::Person, "Hồ sơ được giữ lại", "The record that is kept"),
        FieldSpec::must("merged", FieldKind::Person, "Hồ sơ được gộp vào", "The record that goes into it"),
        FieldSpec::must("on", FieldKind::Day, "Ngày kết luận", "Concluded on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (keep, merged, on) = (form.must("keep", who), form.must("merged", who), form.must("on", day));
        Some(Self { keep: keep?, merged: merged?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (kept, record) = at.find("keep", &self.keep)?;
        let (gone, other) = at.find("merged", &self.merged)?;
        one_person(at, (kept, record), (gone, other))?;
        out.set(at, kept, Fact::Numbers(joined(&record.numbers, &other.numbers, self.on)), Some(self.on));
        self.fill(at, out, (kept, record), other);
        self.home(at, out, (kept, record), (gone, other));
        for dwelling in at.households().filter(|one| one.owner.as_ref().is_some_and(|owner| owner.is(gone))) {
            if let Some(dwelling) = out.household(at, dwelling.id) {
                out.put_household(Household { owner: Some(Relative::known(kept, Tie::Ordinary)), ..dwelling });
            }
        }
        self.give_up(at, out, (gone, other));
        for (id, near) in at.people().filter(|(id, _)| ![kept, gone].contains(id)) {
            for fact in named_anew(near, gone, kept) {
                let from = (fact.facet() == Facet::Spouse).then_some(self.on);
                out.set(at, id, fact, from);
            }
        }
        out.set(at, gone, Fact::Merged(Some(kept)), Some(self.on));
        out.then(Consequence::Merge { kept, gone });
        Ok(())
    }
}

/// May these two be one? What differs between them is corrected first, by an event with its own papers.
fn one_person(
    at: &Situation,
    (kept, record): (PersonId, &Record),
    (gone, other): (PersonId, &Record),
) -> Result<(), Refusal> {
    let refuse = |why| Err(Refusal::new("merged", why));
    if kept == gone {
        return refuse(Why::SamePerson);
    }
    if record.sex != other.sex {
        return refuse(Why::MergeSex);
    }
    if record.vital != other.vital {
        return refuse(Why::MergeVital);
    }
    if relatives(record).any(|one| one.is(gone)) || relatives(other).any(|one| one.is(kept)) {
        return refuse(Why::MergeRelated);
    }
    if let (Some(one), Some(another)) = (&record.spouse, &other.spouse)
        && one != another
    {
        return refuse(Why::MergeSpouses);
    }
    if weds_kin(at, (kept, record), (gone, other)) {
        return refuse(Why::CloseKin);
    }
    let parents = [&other.father, &other.mother].into_iter().flatten().filter_map(|one| one.person);
    for parent in parents.filter_map(|id| at.record(id)) {
        if !old_enough(parent.birth, record.birth) {
            return refuse(Why::ParentTooYoung);
        }
    }
    for child in at.children(gone).filter_map(|id| at.record(id)) {
        if !old_enough(record.birth, child.birth) {
            return refuse(Why::ParentTooYoung);
        }
    }
    let wards = || at.wards(gone).filter_map(|id| at.record(id));
    let guards = |ward: &Record| ward.representative.as_ref().is_some_and(|one| one.tie == Tie::Guardianship);
    if record.birth.age_on(at.today) < 18 && wards().any(guards) {
        return refuse(Why::Minor);
    }
    Ok(())
}

/// Whether the merge would bring a spouse, or parents beside a spouse, of one's own kin within three generations (Law on
/// Marriage and Family Art 8(1)(d), 10): one of the two records is somebody else's, or a marriage is void. Either is settled
/// first.
fn weds_kin(at: &Situation, (kept, record): (PersonId, &Record), (gone, other): (PersonId, &Record)) -> bool {
    let taken = |own: &Option<Relative>, theirs: &Option<Relative>| own.is_none() && theirs.is_some();
    let brings = taken(&record.spouse, &other.spouse)
        || taken(&record.father, &other.father)
        || taken(&record.mother, &other.mother);
    let spouse = record.spouse.as_ref().or(other.spouse.as_ref()).and_then(|one| one.person);
    let Some(spouse) = spouse.filter(|_| brings) else { return false };
    let parents = [record.father.as_ref().or(other.father.as_ref()), record.mother.as_ref().or(other.mother.as_ref())];
    let mut roots = BTreeSet::from([kept, gone]);
    for parent in parents.into_iter().flatten().filter_map(|one| one.person) {
        roots.extend(at.next_roots(parent));
    }
    !roots.is_disjoint(&at.roots(spouse))
}

fn relatives(record: &Record) -> impl Iterator<Item = &Relative> {
    [&record.father, &record.mother, &record.spouse, &record.representative].into_iter().flatten()
}

/// The other's numbers keep leading to the person (Decree 70/2024 Art 12).
fn joined(kept: &Numbers, other: &Numbers, on: Date) -> Numbers {
    let mut numbers = kept.clone();
    numbers.former.extend(other.former.iter().cloned());
    match (numbers.active, other.active) {
        (None, Some(_)) => (numbers.active, numbers.closed_on) = (other.active, other.closed_on),
        (Some(_), Some(number)) => {
            let reason = Some(MERGED.to_owned());
            numbers.former.push(FormerNumber { number, reason, cancelled_on: Some(on) });
        }
        (_, None) => {}
    }
    numbers.former.sort_by_key(|one| (one.cancelled_on, one.number));
    numbers
}

/// Who named the one record names the other.
fn named_anew(near: &Record, gone: PersonId, kept: PersonId) -> Vec<Fact> {
    let anew = |one: &Option<Relative>| {
        one.as_ref().filter(|one| one.is(gone)).map(|one| Some(Relative::known(kept, one.tie)))
    };
    [
        anew(&near.father).map(Fact::Father),
        anew(&near.mother).map(Fact::Mother),
        anew(&near.spouse).map(Fact::Spouse),
        anew(&near.representative).map(Fact::Representative),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn says_nothing(fact: &Fact) -> bool {
    fact.to_json().is_null()
}

impl Merge {
    fn fill(&self, at: &Situation, out: &mut Outcome, (kept, record): (PersonId, &Record), other: &Record) {
        let timeless = TIMELESS.into_iter().map(|facet| (facet, None));
        for (facet, from) in timeless.chain(PRESENT.into_iter().map(|facet| (facet, Some(self.on)))) {
            let theirs = other.fact(facet);
            if says_nothing(&record.fact(facet)) && !says_nothing(&theirs) {
                out.set(at, kept, theirs, from);
            }
        }
        let mut names = record.other_names.clone();
        let own = std::iter::once(other.name.full()).chain(other.other_names.iter().map(String::as_str));
        for name in own.filter(|name| *name != record.name.full()) {
            if !names.iter().any(|one| one == name) {
                names.push(name.to_owned());
            }
        }
        out.set(at, kept, Fact::OtherNames(names), None);
        let (mine, theirs) = (&record.contacts, &other.contacts);
        let contacts = Contacts {
            phone: mine.phone.clone().or_else(|| theirs.phone.clone()),
            email: mine.email.clone().or_else(|| theirs.email.clone()),
        };
        out.set(at, kept, Fact::Contacts(contacts), Some(self.on));
        let unsaid = record.marital == Marital::Unknown || (record.spouse.is_none() && other.spouse.is_some());
        if unsaid && other.marital != Marital::Unknown {
            out.set(at, kept, Fact::Marital(other.marital), Some(self.on));
        }
    }

    /// One place in one household: the kept record's own, or the other's.
    fn home(
        &self,
        at: &Situation,
        out: &mut Outcome,
        (kept, record): (PersonId, &Record),
        (gone, other): (PersonId, &Record),
    ) {
        let Some(theirs) = &other.household else { return };
        let takes = match &record.household {
            None => true,
            Some(own) => own.household == theirs.household && theirs.relation == Relation::Head,
        };
        if !takes {
            out.leave_household(at, gone, self.on);
            return;
        }
        out.set(at, kept, Fact::Household(Some(theirs.clone())), Some(self.on));
        out.set(at, gone, Fact::Household(None), Some(self.on));
        if let Some(household) = at.household(theirs.household).filter(|household| household.head == Some(gone)) {
            out.put_household(Household { head: Some(kept), ..household.clone() });
        }
    }

    fn give_up(&self, at: &Situation, out: &mut Outcome, (gone, other): (PersonId, &Record)) {
        let nothing = Record::new(other.name.clone(), other.birth, other.sex);
        for facet in GIVEN_UP {
            out.set(at, gone, nothing.fact(facet), Some(self.on));
        }
        out.set(at, gone, Fact::Numbers(Numbers::default()), Some(self.on));
        out.set(at, gone, Fact::Contacts(Contacts::default()), Some(self.on));
        if other.marital == Marital::Married {
            out.set(at, gone, Fact::Marital(Marital::Unknown), Some(self.on));
        }
        let mut cards = other.cards.clone();
        for card in cards.iter_mut().filter(|card| matches!(card.status, CardStatus::Valid | CardStatus::Held)) {
            card.status = CardStatus::Revoked;
        }
        out.set(at, gone, Fact::Cards(cards), Some(self.on));
    }
}

impl MergeUndo {
    /// What an outcome is about to change, when it is a merge: of whose record.
    pub(super) fn of(at: &Situation, outcome: &Outcome) -> Option<(PersonId, Self)> {
        let gone = outcome.changes.iter().find(|one| matches!(one.fact, Fact::Merged(Some(_))))?.person;
        let changes = outcome.changes.iter().filter_map(|one| {
            let before = at.record(one.person)?.fact(one.fact.facet());
            Some(Undone { person: one.person, before, after: one.fact.clone(), from: one.from })
        });
        let changes = changes.collect();
        let households = outcome.households.iter();
        let households = households.filter_map(|after| Some((at.household(after.id)?.clone(), after.clone())));
        Some((gone, Self { changes, households: households.collect() }))
    }

    /// Whom it speaks of beside those whose records it changed.
    pub fn names(&self) -> impl Iterator<Item = PersonId> + '_ {
        self.changes.iter().filter_map(|one| match &one.before {
            Fact::Father(one) | Fact::Mother(one) | Fact::Spouse(one) | Fact::Representative(one) => {
                one.as_ref()?.person
            }
            _ => None,
        })
    }
}
