//! Whose kin somebody is: by the record as it stands, and by what an adoption changed in it. Adopters come in the place of the
//! birth parents and end their rights (Law on Adoption 52/2010/QH12 Art 24), not the blood: nobody marries their kin by it,
//! nor who was their adopter (Law on Marriage and Family 52/2014/QH13 Art 5(2)(d)).

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use super::Situation;
use crate::{
    base::ids::PersonId,
    registry::record::{Fact, Record, Relative, Tie},
};

/// Parents whom the record names no more, though kinship with them lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormerParents {
    /// By birth, in whose place an adoption came.
    pub father: Option<Relative>,
    pub mother: Option<Relative>,
    /// Whose adoption ended, and when, where that is known.
    pub adopters: BTreeMap<PersonId, Option<Date>>,
}

impl FormerParents {
    /// A parent's place changed, from a day on; without one it was corrected, and was never so.
    pub fn follow(&mut self, before: &Fact, after: &Fact, on: Option<Date>) {
        let (before, after, place) = match (before, after) {
            (Fact::Father(before), Fact::Father(after)) => (before, after, &mut self.father),
            (Fact::Mother(before), Fact::Mother(after)) => (before, after, &mut self.mother),
            _ => return,
        };
        let adopted = |one: &Option<Relative>| one.as_ref().is_some_and(|one| one.tie == Tie::Adoption);
        if after.is_some() && !adopted(after) {
            *place = None;
        } else if before.is_some() && !adopted(before) && (adopted(after) || on.is_some()) {
            place.clone_from(before);
        }
        let stays = |id: PersonId| after.as_ref().is_some_and(|one| one.is(id));
        let gone = before.as_ref().filter(|one| one.tie == Tie::Adoption).and_then(|one| one.person);
        self.adopters.extend(gone.filter(|id| !stays(*id)).map(|id| (id, on)));
    }

    pub fn by_birth(&self) -> impl Iterator<Item = PersonId> + '_ {
        [&self.father, &self.mother].into_iter().flatten().filter_map(|one| one.person)
    }
}

impl Situation {
    pub fn put_former(&mut self, of: PersonId, former: FormerParents) {
        self.former.insert(of, former);
    }

    pub fn former(&self, of: PersonId) -> Option<&FormerParents> {
        self.former.get(&of)
    }

    pub(super) fn follow_parents(&mut self, of: PersonId, before: &Fact, after: &Fact, on: Option<Date>) {
        if matches!(after, Fact::Father(_) | Fact::Mother(_)) {
            self.former.entry(of).or_default().follow(before, after, on);
        }
    }

    /// By the record and by birth.
    pub fn parents(&self, of: PersonId) -> impl Iterator<Item = PersonId> + '_ {
        let named =
            |record: &Record| [&record.father, &record.mother].map(|one| one.as_ref().and_then(|one| one.person));
        let named = self.record(of).map(named).into_iter().flatten().flatten();
        let by_birth = self.former(of).into_iter().flat_map(FormerParents::by_birth);
        named.chain(by_birth.map(|id| self.goes_by(id)))
    }

    /// The record that stands for this one, which may have gone into another.
    pub(super) fn goes_by(&self, mut id: PersonId) -> PersonId {
        // A chain of merges is short, and has no circle.
        for _ in 0..32 {
            match self.record(id).and_then(|record| record.merged) {
                Some(next) => id = next,
                None => break,
            }
        }
        id
    }

    /// Whether one of the two was adopted by the other.
    pub(super) fn was_adopted(&self, one: PersonId, other: PersonId) -> bool {
        let by = |child, adopter| {
            let mut adopters = self.former(child).into_iter().flat_map(|former| former.adopters.keys());
            adopters.any(|id| self.goes_by(*id) == adopter)
        };
        by(one, other) || by(other, one)
    }

    /// Parents and grandparents with the person: within three generations all come from one root
    /// (Law on Marriage and Family 52/2014/QH13 Art 3(18)).
    pub(super) fn roots(&self, of: PersonId) -> BTreeSet<PersonId> {
        self.generations(of, 2)
    }

    /// What a parent adds to the roots of a child: themselves and their parents.
    pub(super) fn next_roots(&self, parent: PersonId) -> BTreeSet<PersonId> {
        self.generations(parent, 1)
    }

    fn generations(&self, of: PersonId, above: u8) -> BTreeSet<PersonId> {
        let mut roots = BTreeSet::from([of]);
        let mut last = roots.clone();
        for _ in 0..above {
            last = last.iter().flat_map(|id| self.parents(*id)).collect();
            roots.extend(last.iter().copied());
        }
        roots
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{
        super::{
            Consequence, FollowUp, Why,
            tests::{id, judge, person, village, why},
        },
        *,
    };
    use crate::registry::Sex;

    /// 6 is the child of 4 and 5, and was adopted by 1 and 2.
    fn adopted() -> Situation {
        let mut at = village();
        at.apply(&judge(&at, "parent_child", "child=6 parent=4 role=father").unwrap());
        at.apply(&judge(&at, "parent_child", "child=6 parent=5 role=mother").unwrap());
        at.apply(&judge(&at, "adoption", "child=6 father=1 mother=2 on=2026-11-10").unwrap());
        at
    }

    #[test]
    fn the_end_of_an_adoption_names_the_birth_parents_again() {
        let mut at = adopted();
        let outcome = judge(&at, "adoption_end", "child=6 on=2026-11-20").unwrap();
        let settle = Consequence::Settle(id(6), FollowUp::WardWithoutRepresentative);
        assert_eq!(outcome.consequences, [settle], "nobody is named who looks after her");
        at.apply(&outcome);
        let child = at.record(id(6)).unwrap();
        assert!(child.father.as_ref().unwrap().is(id(4)) && child.mother.as_ref().unwrap().is(id(5)));
        assert_eq!(child.father.as_ref().unwrap().tie, Tie::Recognition, "by what he became the father");
        assert_eq!(child.representative, None);
        let mut at = adopted();
        let outcome = judge(&at, "adoption_end", "child=6 returned=yes on=2026-11-20").unwrap();
        assert_eq!(outcome.consequences, []);
        at.apply(&outcome);
        assert!(at.record(id(6)).unwrap().representative.as_ref().unwrap().is(id(5)));
    }

    #[test]
    fn who_alone_adopted_leaves_room_for_both_parents_again() {
        let mut at = village();
        at.apply(&judge(&at, "parent_child", "child=6 parent=4 role=father").unwrap());
        at.apply(&judge(&at, "adoption", "child=6 mother=2 on=2026-11-10").unwrap());
        assert_eq!(at.record(id(6)).unwrap().father, None);
        // The record knows the father; the mother it has to be told, and no other father.
        let two = "child=6 father=1 on=2026-11-20";
        assert_eq!(why(&at, "adoption_end", two), ("father", Why::HasThisParent));
        assert_eq!(why(&at, "adoption_end", "child=6 mother=2 on=2026-11-20"), ("mother", Why::HasThisParent));
        at.apply(&judge(&at, "adoption_end", "child=6 mother=5 on=2026-11-20").unwrap());
        let child = at.record(id(6)).unwrap();
        assert!(child.father.as_ref().unwrap().is(id(4)) && child.mother.as_ref().unwrap().is(id(5)));
    }

    #[test]
    fn a_step_parents_adoption_ends_and_the_other_parent_stays() {
        let mut at = village();
        at.apply(&judge(&at, "parent_child", "child=6 parent=4 role=father").unwrap());
        at.apply(&judge(&at, "marriage", "husband=4 wife=5 on=2026-11-09").unwrap());
        at.apply(&judge(&at, "adoption", "child=6 mother=5 on=2026-11-10").unwrap());
        assert_eq!(why(&at, "adoption_end", "child=6 father=1 on=2026-11-20"), ("father", Why::HasThisParent));
        let outcome = judge(&at, "adoption_end", "child=6 on=2026-11-20").unwrap();
        assert_eq!(outcome.consequences, []);
        at.apply(&outcome);
        let child = at.record(id(6)).unwrap();
        assert!(child.father.as_ref().unwrap().is(id(4)) && child.mother.is_none());
        assert!(child.representative.as_ref().unwrap().is(id(4)), "he was her father all the time");
    }

    /// 8 is grown up, born to 1 and 2, and was adopted by 5 as a child.
    fn grown() -> Situation {
        let mut at = village();
        let mut son = person("Nguyễn Văn Lớn", "2003-01-01", Sex::Male);
        son.father = Some(Relative::known(id(1), Tie::Ordinary));
        son.mother = Some(Relative::known(id(2), Tie::Ordinary));
        at.put_person(id(8), son.clone(), BTreeMap::new());
        let adopter = Fact::Mother(Some(Relative::known(id(5), Tie::Adoption)));
        let on = Some(date!(2010 - 01 - 01));
        at.follow_parents(id(8), &son.fact(crate::registry::record::Facet::Mother), &adopter, on);
        at.follow_parents(id(8), &Fact::Father(son.father.clone()), &Fact::Father(None), on);
        son.set(adopter);
        son.set(Fact::Father(None));
        at.put_person(id(8), son, BTreeMap::new());
        at
    }

    #[test]
    fn blood_and_adoption_forbid_a_marriage_also_when_the_record_names_them_no_more() {
        let mut at = grown();
        // 3 is a child of 1 and 2 too.
        assert_eq!(why(&at, "marriage", "husband=8 wife=3 on=2026-11-20"), ("wife", Why::CloseKin));
        assert_eq!(why(&at, "marriage", "husband=8 wife=5 on=2026-11-20"), ("wife", Why::CloseKin));
        at.apply(&judge(&at, "adoption_end", "child=8 on=2026-11-12").unwrap());
        assert!(at.record(id(8)).unwrap().mother.as_ref().unwrap().is(id(2)));
        assert_eq!(why(&at, "marriage", "husband=8 wife=5 on=2026-11-20"), ("wife", Why::CloseKin), "was her child");
        assert_eq!(why(&at, "marriage", "husband=8 wife=3 on=2026-11-20"), ("wife", Why::CloseKin));
        // 4's mother would be hers: without the adoption they are nobody's kin.
        assert!(judge(&at, "marriage", "husband=4 wife=5 on=2026-11-20").is_ok());
    }

    #[test]
    fn a_parent_who_was_corrected_never_was_one() {
        let (one, other) =
            (Some(Relative::known(id(1), Tie::Ordinary)), Some(Relative::known(id(4), Tie::Recognition)));
        let mut former = FormerParents::default();
        former.follow(&Fact::Father(one.clone()), &Fact::Father(other), None);
        assert_eq!(former, FormerParents::default());
        former.follow(&Fact::Father(one.clone()), &Fact::Father(None), None);
        assert_eq!(former, FormerParents::default());
        former.follow(&Fact::Father(one), &Fact::Father(None), Some(date!(2010 - 01 - 01)));
        assert_eq!(former.by_birth().collect::<Vec<_>>(), [id(1)]);
    }
}
