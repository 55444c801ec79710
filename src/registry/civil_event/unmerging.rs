//! Tách hồ sơ đã gộp nhầm: what a merge wrote and nobody changed since becomes as it was; the rest stays, and a person looks.

use time::Date;

use super::{
    Change, Consequence, Event, Fact, FieldKind, FieldSpec, FollowUp, Household, MergeUndo, Outcome, Refusal,
    Situation, Undone, Why,
    form::{Choice, Form, Who, day, who},
    merging::PAPERS,
    parentage::old_enough,
};
use crate::{
    base::ids::PersonId,
    registry::{
        household::Relation,
        record::{Facet, HouseholdPlace, Record, Relative},
    },
};

#[derive(Clone, Debug)]
pub(super) struct Unmerge {
    subject: Who,
    on: Date,
}

impl Event for Unmerge {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Hồ sơ đã gộp nhầm", "The record that was merged wrongly"),
        FieldSpec::must("on", FieldKind::Day, "Ngày kết luận", "Concluded on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        Some(Self { subject: subject?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let refuse = |why| Refusal::new("subject", why);
        let gone = at.id_of(&self.subject).ok_or_else(|| refuse(Why::UnknownPerson))?;
        let record = at.record(gone).ok_or_else(|| refuse(Why::UnknownPerson))?;
        let kept = record.merged.ok_or_else(|| refuse(Why::NotMerged))?;
        let undo = at.undo(gone).ok_or_else(|| refuse(Why::NotMerged))?;
        // Its survivor went into a third one since: that comes apart first.
        if at.record(kept).is_none_or(|survivor| survivor.merged.is_some()) {
            return Err(refuse(Why::Merged));
        }
        let back = Back { at, undo, kept, gone, on: self.on };
        back.facts(out);
        back.numbers(out);
        back.home(out);
        back.dwellings(out);
        out.then(Consequence::Unmerge { kept, gone });
        Ok(())
    }
}

struct Back<'a> {
    at: &'a Situation,
    undo: &'a MergeUndo,
    kept: PersonId,
    gone: PersonId,
    on: Date,
}

impl Back<'_> {
    /// What the merge wrote and nobody changed since is as it was; what was changed since stays, and a person looks.
    fn facts(&self, out: &mut Outcome) {
        let marriage = self.marriage_stands();
        for one in &self.undo.changes {
            let facet = one.before.facet();
            let apart = matches!(facet, Facet::Numbers | Facet::Household);
            let of_marriage = matches!(facet, Facet::Spouse | Facet::Marital);
            let Some(record) = self.at.record(one.person).filter(|_| !apart) else { continue };
            if record.fact(facet) != one.after || (of_marriage && !marriage) {
                out.then(Consequence::Settle(one.person, FollowUp::UnmergeLeft));
                continue;
            }
            let before = self.relative_now(&one.before, out);
            if self.is_older_than_parent(record, &before) {
                out.then(Consequence::Settle(one.person, FollowUp::UnmergeLeft));
                continue;
            }
            out.set(self.at, one.person, before, one.from);
        }
    }

    /// A birth date was corrected since, beside the other parent's.
    fn is_older_than_parent(&self, record: &Record, fact: &Fact) -> bool {
        let (Fact::Father(Some(parent)) | Fact::Mother(Some(parent))) = fact else { return false };
        let parent = parent.person.and_then(|id| self.at.record(id));
        parent.is_some_and(|parent| !old_enough(parent.birth, record.birth))
    }

    /// Neither party of the merged record's marriage was divorced, widowed or merged since.
    fn marriage_stands(&self) -> bool {
        let of_marriage = |one: &&Undone| matches!(one.before.facet(), Facet::Spouse | Facet::Marital);
        self.undo
            .changes
            .iter()
            .filter(of_marriage)
            .all(|one| self.at.record(one.person).is_some_and(|record| record.fact(one.after.facet()) == one.after))
    }

    /// Who is named by a fact may have gone into another record since, or died.
    fn relative_now(&self, fact: &Fact, out: &mut Outcome) -> Fact {
        let follow = |one: &Option<Relative>| {
            one.as_ref().map(|one| Relative { person: one.person.map(|id| self.survivor(id)), ..one.clone() })
        };
        match fact {
            Fact::Father(one) => Fact::Father(follow(one)),
            Fact::Mother(one) => Fact::Mother(follow(one)),
            Fact::Representative(one) => {
                let now = follow(one);
                let lives = |id: PersonId| self.at.record(id).is_none_or(|record| !record.is_dead());
                if now.as_ref().and_then(|one| one.person).is_none_or(lives) {
                    return Fact::Representative(now);
                }
                out.then(Consequence::Settle(self.gone, FollowUp::WardWithoutRepresentative));
                Fact::Representative(None)
            }
            other => other.clone(),
        }
    }

    /// As the records lead once this merge is undone.
    fn survivor(&self, mut id: PersonId) -> PersonId {
        for _ in 0..32 {
            match self.at.record(id).and_then(|record| record.merged).filter(|_| id != self.gone) {
                Some(next) => id = next,
                None => break,
            }
        }
        id
    }

    fn undone(&self, person: PersonId, facet: Facet) -> Option<&Undone> {
        self.undo.changes.iter().find(|one| one.person == person && one.before.facet() == facet)
    }

    fn numbers(&self, out: &mut Outcome) {
        let Some(Undone { before: Fact::Numbers(theirs), from, .. }) = self.undone(self.gone, Facet::Numbers) else {
            return;
        };
        out.changes.push(Change { person: self.gone, fact: Fact::Numbers(theirs.clone()), from: *from });
        let Some(record) = self.at.record(self.kept) else { return };
        match self.undone(self.kept, Facet::Numbers) {
            Some(one) if one.after == record.fact(Facet::Numbers) => {
                out.set(self.at, self.kept, one.before.clone(), one.from);
            }
            // Renewed or closed since: only the other's numbers leave.
            _ => {
                let leaves =
                    |number| theirs.active == Some(number) || theirs.former.iter().any(|one| one.number == number);
                let mut numbers = record.numbers.clone();
                numbers.former.retain(|one| !leaves(one.number));
                if numbers.active.is_some_and(leaves) {
                    (numbers.active, numbers.closed_on) = (None, None);
                }
                out.set(self.at, self.kept, Fact::Numbers(numbers), Some(self.on));
            }
        }
    }

    /// Back into the household as it is now: it may be closed, or have another head.
    fn home(&self, out: &mut Outcome) {
        let Some(Undone { before: Fact::Household(Some(place)), from, .. }) = self.undone(self.gone, Facet::Household)
        else {
            return;
        };
        let Some(mut household) = self.at.household(place.household).cloned() else { return };
        let as_left = self.undo.households.iter().find(|(before, _)| before.id == household.id);
        if let Some((before, _)) = as_left.filter(|(_, after)| *after == household) {
            household = before.clone();
        }
        if household.closed_on.is_some() {
            out.then(Consequence::Settle(self.gone, FollowUp::UnmergeLeft));
            return;
        }
        let leaves = self
            .undone(self.kept, Facet::Household)
            .filter(|one| self.at.record(self.kept).is_some_and(|record| record.fact(Facet::Household) == one.after));
        if let Some(one) = leaves {
            if household.head == Some(self.kept) {
                household.head = None;
            }
            out.set(self.at, self.kept, one.before.clone(), one.from);
        }
        let mut relation = place.relation;
        if relation == Relation::Head {
            if household.head.is_none_or(|head| head == self.gone) {
                household.head = Some(self.gone);
            } else {
                relation = Relation::Other;
            }
        }
        let back = HouseholdPlace { relation, ..place.clone() };
        out.set(self.at, self.gone, Fact::Household(Some(back)), *from);
        if self.at.household(household.id) != Some(&household) {
            out.put_household(household);
        }
    }
}

impl Back<'_> {
    /// A dwelling is the other's again, unless somebody else owns it since.
    fn dwellings(&self, out: &mut Outcome) {
        for (before, after) in self.undo.households.iter().filter(|(before, after)| before.owner != after.owner) {
            let Some(now) = out.household(self.at, before.id) else { continue };
            if now.owner == after.owner {
                out.put_household(Household { owner: before.owner.clone(), ..now });
            } else if now.owner != before.owner {
                out.then(Consequence::Settle(self.gone, FollowUp::UnmergeLeft));
            }
        }
    }
}
