//! Nobody marries a parent or a child of somebody to whom they were married: father-in-law and daughter-in-law (cha chồng, con
//! dâu), mother-in-law and son-in-law (mẹ vợ, con rể), a step-parent and the spouse's child (cha dượng, mẹ kế, con riêng), also
//! when the marriage or the adoption that made them so is over (Law on Marriage and Family 52/2014/QH13 Art 5(2)(d)).
//! Brothers and sisters of the other are free, and so is a child that they had, or adopted, when the marriage was over: it was
//! nobody's stepchild.

use std::collections::BTreeMap;

use time::Date;

use super::{FormerParents, Kind, Situation};
use crate::{
    base::ids::PersonId,
    registry::record::{Facet, Fact, Relative, Tie},
};

/// What it means that an event changes whom a record names as the spouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// A marriage begins or ends.
    #[default]
    Marriage,
    /// It was against the law and never was one (Art 12(1)): it leaves nobody behind as anybody's in-law.
    Annulment,
    /// Another record stands for the same person.
    Record,
}

impl Turn {
    pub const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Annulment => Self::Annulment,
            Kind::RecordMerge | Kind::RecordUnmerge => Self::Record,
            _ => Self::Marriage,
        }
    }
}

/// How long something was so. An end that is missing is not known, or did not come: it excludes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Option<Date>,
    pub to: Option<Date>,
}

impl Period {
    fn meets(self, other: Self) -> bool {
        let over = |one: Self, begins: Self| one.to.zip(begins.from).is_some_and(|(to, from)| to <= from);
        !over(self, other) && !over(other, self)
    }
}

/// The marriages of somebody that are over, as the history of their record tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastMarriages(Vec<(PersonId, Period)>);

impl PastMarriages {
    /// The next that was learned: what was so, since when, and what is so from a day on. What is corrected was never so.
    pub fn follow(&mut self, (before, since): (&Fact, Option<Date>), (after, on): (&Fact, Option<Date>), turn: Turn) {
        let (Fact::Spouse(Some(before)), Fact::Spouse(after)) = (before, after) else { return };
        let Some(spouse) = before.person.filter(|_| turn == Turn::Marriage && on.is_some()) else { return };
        if !after.as_ref().is_some_and(|one| one.is(spouse)) {
            self.0.push((spouse, Period { from: since, to: on }));
        }
    }

    pub fn spouses(&mut self) -> impl Iterator<Item = &mut PersonId> {
        self.0.iter_mut().map(|(spouse, _)| spouse)
    }
}

impl Situation {
    pub fn put_past_marriages(&mut self, of: PersonId, past: PastMarriages) {
        self.past_marriages.insert(of, past);
    }

    /// To whom these were married once.
    pub fn past_spouses(&self, of: &[PersonId]) -> Vec<PersonId> {
        of.iter().flat_map(|id| self.marriages(*id)).map(|(spouse, _)| spouse).collect()
    }

    pub(super) fn follow_marriage(
        &mut self,
        of: PersonId,
        before: (&Fact, Option<Date>),
        after: (&Fact, Option<Date>),
        turn: Turn,
    ) {
        if matches!(after.0, Fact::Spouse(_)) {
            self.past_marriages.entry(of).or_default().follow(before, after, turn);
        }
    }

    /// Those of the person, also as told by records that went into theirs.
    fn marriages(&self, of: PersonId) -> impl Iterator<Item = (PersonId, Period)> + '_ {
        let own = self.past_marriages.iter().filter(move |(id, _)| self.goes_by(**id) == of);
        own.flat_map(|(_, past)| &past.0).map(|(spouse, period)| (self.goes_by(*spouse), *period))
    }

    /// Whether one of the two is, or was, a parent-in-law or a step-parent of the other.
    pub(super) fn were_in_laws(&self, one: PersonId, other: PersonId) -> bool {
        let by = |married, other| {
            self.marriages(married).any(|(spouse, marriage)| {
                let mut parenthood = self.parenthood(spouse, other).chain(self.parenthood(other, spouse));
                parenthood.any(|period| period.meets(marriage))
            })
        };
        by(one, other) || by(other, one)
    }

    /// When the one was a parent of the other: by birth from then on, whatever an adoption changed; by adoption as long as it
    /// lasted.
    fn parenthood(&self, parent: PersonId, child: PersonId) -> impl Iterator<Item = Period> + '_ {
        let born = self.record(child).map(|record| record.birth.earliest());
        let lasting = |from| Period { from, to: None };
        let is = move |one: PersonId| self.goes_by(one) == parent;
        let named = self
            .record(child)
            .into_iter()
            .flat_map(|record| [(&record.father, Facet::Father), (&record.mother, Facet::Mother)]);
        let named = named.filter(move |(one, _)| one.as_ref().and_then(|one| one.person).is_some_and(is));
        let named = named.map(move |(one, facet)| {
            let adopted = |one: &Relative| one.tie == Tie::Adoption;
            lasting(if one.as_ref().is_some_and(adopted) { self.since(child, facet) } else { born })
        });
        let former = self.former(child);
        let by_birth = former.into_iter().flat_map(FormerParents::by_birth);
        let adopters: Option<&BTreeMap<_, _>> = former.map(|former| &former.adopters);
        let adopters = adopters.into_iter().flatten().filter(move |(id, _)| is(**id));
        named
            .chain(by_birth.filter(move |id| is(*id)).map(move |_| lasting(born)))
            .chain(adopters.map(|(_, until)| Period { from: None, to: *until }))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::{
        super::{
            Why,
            tests::{id, judge, person, village, why},
        },
        *,
    };
    use crate::registry::Sex;

    const NO: (&str, Why) = ("wife", Why::InLaws);

    fn wedding(husband: u128, wife: u128, on: &str) -> String {
        format!("husband={husband} wife={wife} on={on}")
    }

    fn wed(at: &mut Situation, husband: u128, wife: u128, on: &str) {
        at.apply(&judge(at, "marriage", &wedding(husband, wife, on)).unwrap());
    }

    fn refused(at: &Situation, husband: u128, wife: u128) {
        assert_eq!(why(at, "marriage", &wedding(husband, wife, "2026-11-20")), NO, "{husband} and {wife}");
    }

    fn free(at: &Situation, husband: u128, wife: u128) {
        let judged = judge(at, "marriage", &wedding(husband, wife, "2026-11-20"));
        assert!(judged.is_ok(), "{husband} and {wife}: {judged:?}");
    }

    fn related(at: &mut Situation, child: u128, parent: u128, role: &str) {
        at.apply(&judge(at, "parent_child", &format!("child={child} parent={parent} role={role}")).unwrap());
    }

    /// 11 and 12 have a son, 13, and a daughter, 14. 15 and 16 are sister and brother, 17 and 18 strangers; 19 is 15's mother.
    fn family() -> Situation {
        let mut at = village();
        for (number, born, sex) in [
            (11, "1950-01-01", Sex::Male),
            (12, "1952-01-01", Sex::Female),
            (13, "1975-01-01", Sex::Male),
            (14, "1977-01-01", Sex::Female),
            (15, "1976-01-01", Sex::Female),
            (16, "1974-01-01", Sex::Male),
            (17, "1960-01-01", Sex::Male),
            (18, "1961-01-01", Sex::Female),
            (19, "1951-01-01", Sex::Female),
        ] {
            at.put_person(id(number), person("Nguyễn Mẫu", born, sex), BTreeMap::new());
        }
        for child in [13, 14] {
            related(&mut at, child, 11, "father");
            related(&mut at, child, 12, "mother");
        }
        related(&mut at, 15, 19, "mother");
        related(&mut at, 16, 19, "mother");
        at
    }

    #[test]
    fn parents_in_law_stay_parents_in_law_after_a_divorce_and_a_death() {
        let mut at = family();
        wed(&mut at, 13, 15, "2000-01-01");
        wed(&mut at, 16, 14, "2001-01-01");
        at.apply(&judge(&at, "divorce", "husband=13 wife=15 on=2010-01-01").unwrap());
        at.apply(&judge(&at, "death", "subject=14 on=2011-01-01").unwrap());
        refused(&at, 11, 15);
        refused(&at, 16, 12);
        refused(&at, 13, 19);
        // The two themselves, the other's brother or sister, and who is nobody's parent or child.
        free(&at, 13, 15);
        free(&at, 13, 18);
        free(&at, 17, 12);
        free(&at, 11, 18);
        let mut at = family();
        wed(&mut at, 13, 15, "2000-01-01");
        at.apply(&judge(&at, "divorce", "husband=13 wife=15 on=2010-01-01").unwrap());
        free(&at, 16, 14);
        free(&at, 11, 19);
    }

    #[test]
    fn a_former_spouses_brother_or_sister_is_free() {
        let mut at = family();
        wed(&mut at, 13, 15, "2000-01-01");
        at.apply(&judge(&at, "death", "subject=13 on=2010-01-01").unwrap());
        let mut brother = person("Nguyễn Văn Em", "1978-01-01", Sex::Male);
        brother.father = Some(Relative::known(id(11), Tie::Ordinary));
        at.put_person(id(20), brother, BTreeMap::new());
        free(&at, 20, 15);
        refused(&at, 11, 15);
    }

    #[test]
    fn step_parents_and_step_children_never_marry() {
        let mut at = family();
        for spouse in ["husband=11 wife=18", "husband=17 wife=12"] {
            at.apply(&judge(&at, "marriage", &format!("{spouse} on=1995-01-01")).unwrap());
            at.apply(&judge(&at, "divorce", &format!("{spouse} on=1996-01-01")).unwrap());
        }
        refused(&at, 13, 18);
        refused(&at, 17, 14);
        free(&at, 17, 15);
        free(&at, 16, 18);
    }

    #[test]
    fn who_was_born_or_adopted_after_the_marriage_was_nobodys_stepchild() {
        let mut at = family();
        wed(&mut at, 17, 15, "1995-01-01");
        at.apply(&judge(&at, "divorce", "husband=17 wife=15 on=2000-01-01").unwrap());
        for (number, born) in [(21, "1999-12-31"), (22, "2000-01-01"), (23, "2001-01-01")] {
            let mut child = person("Nguyễn Thị Con", born, Sex::Female);
            child.mother = (number < 23).then(|| Relative::known(id(15), Tie::Ordinary));
            at.put_person(id(number), child, BTreeMap::new());
        }
        refused(&at, 17, 21);
        free(&at, 17, 22);
        at.apply(&judge(&at, "adoption", "child=23 mother=15 on=2005-01-01").unwrap());
        free(&at, 17, 23);
        // An adoption that ends leaves a parent-in-law only of who was married while it lasted.
        at.apply(&judge(&at, "adoption_end", "child=23 on=2025-01-01").unwrap());
        let mut sooner = at.clone();
        wed(&mut sooner, 16, 23, "2024-12-01");
        sooner.apply(&judge(&sooner, "divorce", "husband=16 wife=23 on=2025-06-01").unwrap());
        assert!(sooner.were_in_laws(id(16), id(15)) && sooner.were_in_laws(id(15), id(16)));
        wed(&mut at, 16, 23, "2025-02-01");
        at.apply(&judge(&at, "divorce", "husband=16 wife=23 on=2025-06-01").unwrap());
        assert!(!at.were_in_laws(id(16), id(15)));
    }

    #[test]
    fn parents_by_birth_are_in_laws_also_when_an_adoption_hides_them() {
        let mut at = family();
        let mut son = person("Nguyễn Văn Nuôi", "1990-01-01", Sex::Male);
        son.father = Some(Relative::known(id(11), Tie::Ordinary));
        at.put_person(id(20), son, BTreeMap::new());
        at.apply(&judge(&at, "adoption", "child=20 father=17 on=2000-01-01").unwrap());
        wed(&mut at, 20, 5, "2015-01-01");
        at.apply(&judge(&at, "divorce", "husband=20 wife=5 on=2016-01-01").unwrap());
        refused(&at, 11, 5);
        refused(&at, 17, 5);
        free(&at, 16, 5);
    }

    #[test]
    fn an_annulled_marriage_made_nobody_an_in_law() {
        let mut at = family();
        wed(&mut at, 13, 15, "2000-01-01");
        let annulled = "husband=13 wife=15 husband_before=single wife_before=single on=2001-01-01";
        at.apply(&judge(&at, "annulment", annulled).unwrap());
        free(&at, 11, 15);
        // A marriage of theirs that was one counts, whatever came of another.
        wed(&mut at, 13, 15, "2002-01-01");
        at.apply(&judge(&at, "divorce", "husband=13 wife=15 on=2003-01-01").unwrap());
        refused(&at, 11, 15);
    }

    #[test]
    fn records_that_become_one_and_come_apart_end_no_marriage() {
        let mut at = family();
        let mut twin = person("Nguyễn Mẫu", "1976-01-01", Sex::Female);
        twin.marital = crate::registry::record::Marital::Unknown;
        at.put_person(id(25), twin, BTreeMap::new());
        wed(&mut at, 13, 15, "2000-01-01");
        let mut apart = at.clone();
        apart.apply(&judge(&apart, "record_merge", "keep=25 merged=15 on=2005-01-01").unwrap());
        let mut one = apart.clone();
        apart.apply(&judge(&apart, "record_unmerge", "subject=15 on=2006-01-01").unwrap());
        apart.apply(&judge(&apart, "divorce", "husband=13 wife=15 on=2007-01-01").unwrap());
        refused(&apart, 11, 15);
        free(&apart, 11, 25);
        one.apply(&judge(&one, "divorce", "husband=13 wife=25 on=2007-01-01").unwrap());
        refused(&one, 11, 25);
        // The marriage was over before her record went into another: that one tells nothing of it.
        at.apply(&judge(&at, "divorce", "husband=13 wife=15 on=2003-01-01").unwrap());
        at.apply(&judge(&at, "record_merge", "keep=25 merged=15 on=2005-01-01").unwrap());
        refused(&at, 11, 25);
    }

    #[test]
    fn a_marriage_is_not_restored_against_the_law() {
        let mut at = family();
        wed(&mut at, 13, 15, "2000-01-01");
        at.apply(&judge(&at, "divorce", "husband=13 wife=15 on=2001-01-01").unwrap());
        at.apply(&judge(&at, "declared_dead", "subject=11 on=2010-01-01").unwrap());
        let back = |spouse| format!("subject=11 spouse={spouse} on=2012-01-01");
        assert_eq!(why(&at, "declaration_revoked", &back(15)), ("spouse", Why::InLaws));
        assert!(judge(&at, "declaration_revoked", &back(12)).is_ok());
    }

    #[test]
    fn periods_meet_unless_it_is_known_that_they_do_not() {
        let period = |from, to| Period { from, to };
        let (early, late) = (Some(date!(2000 - 01 - 01)), Some(date!(2010 - 01 - 01)));
        assert!(!period(None, early).meets(period(late, None)) && !period(late, None).meets(period(None, early)));
        assert!(!period(None, early).meets(period(early, None)), "on the day of the end it is over");
        for other in [period(None, None), period(early, late), period(None, late), period(early, None)] {
            assert!(period(early, late).meets(other) && other.meets(period(early, late)), "{other:?}");
        }
        let spouse = |one: Option<u128>| Fact::Spouse(one.map(|one| Relative::known(id(one), Tie::Ordinary)));
        let mut past = PastMarriages::default();
        past.follow((&spouse(Some(1)), early), (&spouse(None), None), Turn::Marriage);
        past.follow((&spouse(None), early), (&spouse(Some(1)), late), Turn::Marriage);
        past.follow((&spouse(Some(1)), early), (&spouse(Some(1)), late), Turn::Marriage);
        past.follow((&spouse(Some(1)), early), (&spouse(None), late), Turn::Annulment);
        assert_eq!(past, PastMarriages::default(), "what was corrected, began, stays or never was");
        past.follow((&spouse(Some(1)), early), (&spouse(Some(2)), late), Turn::Marriage);
        assert_eq!(past.spouses().map(|id| *id).collect::<Vec<_>>(), [id(1)]);
    }
}
