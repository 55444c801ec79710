//! Nhận cha, mẹ, con; nuôi con nuôi and its end (Law on Adoption 52/2010/QH12 Art 8, 14, 24, 27).

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, FollowUp, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, coded, day, who},
};
use crate::{
    base::ids::PersonId,
    registry::{
        BirthDate, Sex, Vital,
        record::{Capacity, Record, Relative, Tie},
    },
};

pub(super) const fn role_field(sex: Sex) -> &'static str {
    match sex {
        Sex::Female => "mother",
        Sex::Male | Sex::Unknown => "father",
    }
}

/// Nobody has become a parent earlier; it also keeps parents and children from going in a circle.
const YOUNGEST_PARENT: i32 = 12;

/// May this person be a parent of somebody born then?
pub(super) fn check_parent(
    field: &'static str,
    (parent, record): (PersonId, &Record),
    (birth, child): (BirthDate, PersonId),
    sex: Sex,
) -> Result<(), Refusal> {
    if parent == child {
        return Err(Refusal::new(field, Why::SamePerson));
    }
    if record.sex != sex && record.sex != Sex::Unknown {
        return Err(Refusal::new(field, Why::WrongSex));
    }
    if !old_enough(record.birth, birth) {
        return Err(Refusal::new(field, Why::ParentTooYoung));
    }
    // A father may have died before the birth by no more than a pregnancy; a mother not at all.
    if let Vital::Dead(Some(died)) = record.vital {
        let last = if sex == Sex::Female { died } else { died + time::Duration::days(300) };
        if birth.earliest() > last {
            return Err(Refusal::new(field, Why::ParentDeadBefore));
        }
    }
    Ok(())
}

/// As far as the two birth dates are known.
pub(super) fn old_enough(parent: BirthDate, child: BirthDate) -> bool {
    BirthDate::Full(parent.earliest()).birthday(YOUNGEST_PARENT) <= child.latest()
}

fn set_parent(at: &Situation, out: &mut Outcome, child: PersonId, sex: Sex, to: Option<Relative>, on: Option<Date>) {
    let fact = if sex == Sex::Female { Fact::Mother(to) } else { Fact::Father(to) };
    out.set(at, child, fact, on);
}

#[derive(Clone, Debug)]
pub(super) struct ParentChild {
    child: Who,
    parent: Who,
    role: Sex,
    replaces: bool,
}

const ROLES: &[Choice] = &[("father", "Cha", "Father"), ("mother", "Mẹ", "Mother")];
pub(super) const YES_NO: &[Choice] = &[("no", "Không", "No"), ("yes", "Có", "Yes")];

pub(super) fn yes(code: &str) -> Option<bool> {
    match code {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

impl Event for ParentChild {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("child", FieldKind::Person, "Người con", "The child"),
        FieldSpec::must("parent", FieldKind::Person, "Cha hoặc mẹ", "The parent"),
        FieldSpec::must("role", FieldKind::Choice(ROLES), "Là", "Is the"),
        FieldSpec::may(
            "replaces",
            FieldKind::Choice(YES_NO),
            "Thay người đã ghi (theo bản án)",
            "Replaces the recorded one (by judgment)",
        ),
    ];
    const PAPERS: &'static [Choice] = &[
        ("recognition_extract", "Trích lục đăng ký nhận cha, mẹ, con", "Extract of the recognition"),
        ("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (child, parent) = (form.must("child", who), form.must("parent", who));
        let role = |code: &str| match code {
            "father" => Some(Sex::Male),
            "mother" => Some(Sex::Female),
            _ => None,
        };
        let role = form.must("role", coded(role));
        let replaces = form.may("replaces", coded(yes)).unwrap_or(false);
        Some(Self { child: child?, parent: parent?, role: role?, replaces })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (child, child_record) = at.find("child", &self.child)?;
        let parent = at.find("parent", &self.parent)?;
        check_parent("parent", parent, (child_record.birth, child), self.role)?;
        let recorded = if self.role == Sex::Female { &child_record.mother } else { &child_record.father };
        match recorded {
            Some(one) if one.is(parent.0) => return Err(Refusal::new("parent", Why::HasThisParent)),
            Some(_) if !self.replaces => return Err(Refusal::new("parent", Why::HasThisParent)),
            _ => {}
        }
        // The parent and the parent's parents are the child's roots from now on, and nobody is married to their own kin.
        let spouse = child_record.spouse.as_ref().and_then(|one| one.person);
        if spouse.is_some_and(|spouse| !at.next_roots(parent.0).is_disjoint(&at.roots(spouse))) {
            return Err(Refusal::new("parent", Why::CloseKin));
        }
        // Parentage is found, not made: it was true from the birth.
        let relative = Relative::known(parent.0, Tie::Recognition);
        set_parent(at, out, child, self.role, Some(relative), None);
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Adoption {
    child: Who,
    father: Option<Who>,
    mother: Option<Who>,
    on: Date,
}

impl Event for Adoption {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("child", FieldKind::Person, "Con nuôi", "The adopted child"),
        FieldSpec::may("father", FieldKind::Person, "Cha nuôi", "Adoptive father"),
        FieldSpec::may("mother", FieldKind::Person, "Mẹ nuôi", "Adoptive mother"),
        FieldSpec::must("on", FieldKind::Day, "Ngày đăng ký", "Registered on"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("adoption_certificate", "Giấy chứng nhận nuôi con nuôi", "Certificate of adoption"),
        ("foreign_paper", "Giấy tờ của cơ quan nước ngoài", "Paper of a foreign authority"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let child = form.must("child", who);
        let (father, mother) = (form.may("father", who), form.may("mother", who));
        let on = form.must("on", day);
        if father.is_none() && mother.is_none() {
            form.fault("mother", Why::Missing);
        }
        Some(Self { child: child?, father, mother, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (child, record) = at.living("child", &self.child)?;
        if record.birth.age_on(self.on) >= 18 {
            return Err(Refusal::new("child", Why::AdopteeTooOld));
        }
        let father = adopter(at, self.father.as_ref(), Sex::Male, (child, record))?;
        let mother = adopter(at, self.mother.as_ref(), Sex::Female, (child, record))?;
        let since = Some(self.on);
        let married = |one: Option<PersonId>, recorded: &Option<Relative>| {
            let spouse = one.and_then(|id| at.record(id)?.spouse.as_ref()?.person);
            spouse.is_some() && spouse == recorded.as_ref().and_then(|relative| relative.person)
        };
        let tie = |id| Relative::known(id, Tie::Adoption);
        // A step-parent's adoption leaves the other parent; otherwise the adopters take the parents' place.
        if father.is_some() || !married(mother, &record.father) {
            set_parent(at, out, child, Sex::Male, father.map(tie), since);
        }
        if mother.is_some() || !married(father, &record.mother) {
            set_parent(at, out, child, Sex::Female, mother.map(tie), since);
        }
        out.set(at, child, Fact::Representative(mother.or(father).map(tie)), since);
        Ok(())
    }
}

fn adopter(
    at: &Situation,
    who: Option<&Who>,
    sex: Sex,
    (child, record): (PersonId, &Record),
) -> Result<Option<PersonId>, Refusal> {
    let field = role_field(sex);
    let Some(who) = who else { return Ok(None) };
    let (id, parent) = at.living(field, who)?;
    check_parent(field, (id, parent), (record.birth, child), sex)?;
    if BirthDate::Full(parent.birth.latest()).birthday(20) > record.birth.earliest() {
        return Err(Refusal::new(field, Why::AdopterTooYoung));
    }
    let recorded = if sex == Sex::Female { &record.mother } else { &record.father };
    if recorded.as_ref().is_some_and(|one| one.is(id)) {
        return Err(Refusal::new(field, Why::HasThisParent));
    }
    Ok(Some(id))
}

#[derive(Clone, Debug)]
pub(super) struct AdoptionEnd {
    child: Who,
    father: Option<Who>,
    mother: Option<Who>,
    returned: bool,
    on: Date,
}

impl Event for AdoptionEnd {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("child", FieldKind::Person, "Con nuôi", "The adopted child"),
        FieldSpec::may("father", FieldKind::Person, "Cha đẻ (nếu sổ chưa có)", "Birth father (if not on record)"),
        FieldSpec::may("mother", FieldKind::Person, "Mẹ đẻ (nếu sổ chưa có)", "Birth mother (if not on record)"),
        FieldSpec::may(
            "returned",
            FieldKind::Choice(YES_NO),
            "Giao con cho cha mẹ đẻ",
            "The child is handed to the birth parents",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
    ];
    const PAPERS: &'static [Choice] = &[("court_decision", "Quyết định của Tòa án", "Decision of a court")];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (child, on) = (form.must("child", who), form.must("on", day));
        let (father, mother) = (form.may("father", who), form.may("mother", who));
        let returned = form.may("returned", |text, _| yes(text).ok_or(Why::NotInList)).unwrap_or(false);
        Some(Self { child: child?, father, mother, returned, on: on? })
    }

    /// Kinship with the adopters ends with the decision (Law on Adoption Art 27(1)), and the record names the birth parents
    /// again in whose place they came; whom it does not know, the form names.
    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (child, record) = at.find("child", &self.child)?;
        let adopted = |one: &Option<Relative>| one.as_ref().is_some_and(|one| one.tie == Tie::Adoption);
        if !adopted(&record.father) && !adopted(&record.mother) {
            return Err(Refusal::new("child", Why::NotTheirParent));
        }
        let former = at.former(child).cloned().unwrap_or_default();
        let mut restored = Vec::new();
        for (sex, who, recorded, birth) in [
            (Sex::Female, &self.mother, &record.mother, former.mother),
            (Sex::Male, &self.father, &record.father, former.father),
        ] {
            // A step-parent's adoption left the other parent: nobody comes in their place.
            if recorded.is_some() && !adopted(recorded) {
                match who {
                    Some(_) => return Err(Refusal::new(role_field(sex), Why::HasThisParent)),
                    None => continue,
                }
            }
            let parent = birth_parent(at, (sex, who.as_ref()), (child, record), birth)?;
            restored.extend(parent.as_ref().and_then(|one| one.person));
            set_parent(at, out, child, sex, parent, Some(self.on));
        }
        self.represent(at, out, (child, record), &restored);
        Ok(())
    }
}

impl AdoptionEnd {
    /// A parent whom the adoption left is there as before; of a child who is handed back the birth parents have their rights
    /// again (Art 27(2)); otherwise the court's decision names who looks after them, and somebody settles it.
    fn represent(
        &self,
        at: &Situation,
        out: &mut Outcome,
        (child, record): (PersonId, &Record),
        restored: &[PersonId],
    ) {
        let ends = record.representative.as_ref().is_some_and(|one| one.tie == Tie::Adoption);
        if !ends {
            return;
        }
        let needs = record.birth.age_on(self.on) < 18 || record.capacity != Capacity::Full;
        let lives = |id: &&PersonId| at.record(**id).is_some_and(|parent| !parent.is_dead());
        let parents = [&record.mother, &record.father].into_iter().flatten().filter(|one| one.tie != Tie::Adoption);
        let stay: Vec<PersonId> = parents.filter_map(|one| one.person).collect();
        let back = restored.iter().find(lives).filter(|_| self.returned);
        let parent = stay.iter().find(lives).or(back).filter(|_| needs);
        out.set(at, child, Fact::Representative(parent.map(|id| Relative::known(*id, Tie::Ordinary))), Some(self.on));
        if needs && parent.is_none() && !record.is_dead() {
            out.then(Consequence::Settle(child, FollowUp::WardWithoutRepresentative));
        }
    }
}

/// Who is named, or who was before the adoption.
fn birth_parent(
    at: &Situation,
    (sex, who): (Sex, Option<&Who>),
    (child, record): (PersonId, &Record),
    birth: Option<Relative>,
) -> Result<Option<Relative>, Refusal> {
    let field = role_field(sex);
    let known = birth.as_ref().and_then(|one| one.person).map(|id| at.goes_by(id));
    let id = match who {
        Some(who) => {
            let parent = at.find(field, who)?;
            // The record knows another one: that is corrected first, by an event with its own papers.
            if known.is_some_and(|known| known != parent.0) {
                return Err(Refusal::new(field, Why::HasThisParent));
            }
            check_parent(field, parent, (record.birth, child), sex)?;
            let adopters = [&record.father, &record.mother].into_iter().flatten();
            if adopters.filter(|one| one.tie == Tie::Adoption).any(|one| one.is(parent.0)) {
                return Err(Refusal::new(field, Why::HasThisParent));
            }
            Some(parent.0)
        }
        None => known,
    };
    let Some(id) = id else { return Ok(birth) };
    // A birth date was corrected since the adoption.
    if at.record(id).is_some_and(|parent| !old_enough(parent.birth, record.birth)) {
        return Err(Refusal::new(field, Why::ParentTooYoung));
    }
    let spouse = record.spouse.as_ref().and_then(|one| one.person);
    if spouse.is_some_and(|spouse| !at.next_roots(id).is_disjoint(&at.roots(spouse))) {
        return Err(Refusal::new(field, Why::CloseKin));
    }
    let tie = birth.map_or(Tie::Ordinary, |one| one.tie);
    Ok(Some(Relative::known(id, tie)))
}
