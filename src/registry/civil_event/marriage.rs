//! Kết hôn, ly hôn, hủy kết hôn (Law on Marriage and Family 52/2014/QH13 Art 5, 8, 10, 57).

use time::Date;

use super::{
    Event, Fact, FieldKind, FieldSpec, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, coded, day, who},
};
use crate::{
    base::ids::PersonId,
    registry::{
        Sex,
        record::{Capacity, Marital, Record, Relative, Tie},
    },
};

const COURT: &[Choice] = &[("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court")];

#[derive(Clone, Debug)]
pub(super) struct Marriage {
    husband: Who,
    wife: Who,
    on: Date,
}

impl Event for Marriage {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("husband", FieldKind::Person, "Chồng", "Husband"),
        FieldSpec::must("wife", FieldKind::Person, "Vợ", "Wife"),
        FieldSpec::must("on", FieldKind::Day, "Ngày đăng ký kết hôn", "Married on"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("marriage_certificate", "Giấy chứng nhận kết hôn", "Marriage certificate"),
        ("court_decision", "Quyết định công nhận của Tòa án", "Recognition by a court"),
        ("foreign_paper", "Giấy tờ của cơ quan nước ngoài", "Paper of a foreign authority"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (husband, wife) = (form.must("husband", who), form.must("wife", who));
        let on = form.must("on", day);
        Some(Self { husband: husband?, wife: wife?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let husband = at.living("husband", &self.husband)?;
        let wife = at.living("wife", &self.wife)?;
        if husband.0 == wife.0 {
            return Err(Refusal::new("wife", Why::SamePerson));
        }
        if husband.1.sex != Sex::Male || wife.1.sex != Sex::Female {
            let field = if husband.1.sex == Sex::Male { "wife" } else { "husband" };
            return Err(Refusal::new(field, Why::SameSex));
        }
        for (field, (_, record), age) in [("husband", husband, 20), ("wife", wife, 18)] {
            free_to_marry(field, record)?;
            if record.birth.age_on(self.on) < age {
                return Err(Refusal::new(field, Why::TooYoungToMarry));
            }
        }
        if at.was_adopted(husband.0, wife.0) || !at.roots(husband.0).is_disjoint(&at.roots(wife.0)) {
            return Err(Refusal::new("wife", Why::CloseKin));
        }
        if at.were_in_laws(husband.0, wife.0) {
            return Err(Refusal::new("wife", Why::InLaws));
        }
        join(at, out, husband.0, wife.0, Some(self.on));
        Ok(())
    }
}

fn free_to_marry(field: &'static str, record: &Record) -> Result<(), Refusal> {
    if record.spouse.is_some() || record.marital == Marital::Married {
        return Err(Refusal::new(field, Why::AlreadyMarried));
    }
    if record.capacity == Capacity::Lost {
        return Err(Refusal::new(field, Why::NoCapacity));
    }
    Ok(())
}

fn join(at: &Situation, out: &mut Outcome, one: PersonId, other: PersonId, from: Option<Date>) {
    for (person, spouse) in [(one, other), (other, one)] {
        out.set(at, person, Fact::Spouse(Some(Relative::known(spouse, Tie::Ordinary))), from);
        out.set(at, person, Fact::Marital(Marital::Married), from);
    }
}

/// A marriage that stands again after a declared or wrongly recorded death (Civil Code Art 73(2)).
pub(super) fn restore(
    at: &Situation,
    out: &mut Outcome,
    (id, record): (PersonId, &Record),
    spouse: &Who,
    from: Option<Date>,
) -> Result<(), Refusal> {
    let (other, other_record) = at.living("spouse", spouse)?;
    if other == id {
        return Err(Refusal::new("spouse", Why::SamePerson));
    }
    if record.sex == other_record.sex {
        return Err(Refusal::new("spouse", Why::SameSex));
    }
    if record.spouse.is_some() || other_record.spouse.is_some() {
        return Err(Refusal::new("spouse", Why::AlreadyMarried));
    }
    if !at.roots(id).is_disjoint(&at.roots(other)) {
        return Err(Refusal::new("spouse", Why::CloseKin));
    }
    if at.were_in_laws(id, other) {
        return Err(Refusal::new("spouse", Why::InLaws));
    }
    join(at, out, id, other, from);
    Ok(())
}

#[derive(Clone, Debug)]
pub(super) struct Divorce {
    husband: Who,
    wife: Who,
    on: Date,
}

impl Event for Divorce {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("husband", FieldKind::Person, "Chồng", "Husband"),
        FieldSpec::must("wife", FieldKind::Person, "Vợ", "Wife"),
        FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
    ];
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (husband, wife) = (form.must("husband", who), form.must("wife", who));
        let on = form.must("on", day);
        Some(Self { husband: husband?, wife: wife?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (husband, wife) = spouses(at, &self.husband, &self.wife)?;
        for person in [husband, wife] {
            out.set(at, person, Fact::Spouse(None), Some(self.on));
            out.set(at, person, Fact::Marital(Marital::DivorcedOrWidowed), Some(self.on));
        }
        Ok(())
    }
}

fn spouses(at: &Situation, husband: &Who, wife: &Who) -> Result<(PersonId, PersonId), Refusal> {
    let (husband, record) = at.find("husband", husband)?;
    let (wife, wife_record) = at.find("wife", wife)?;
    // A file may have named one of the two only.
    let married = |of: &Record, to| of.spouse.as_ref().is_some_and(|spouse| spouse.is(to));
    if !married(record, wife) && !married(wife_record, husband) {
        return Err(Refusal::new("wife", Why::NotMarriedToEachOther));
    }
    Ok((husband, wife))
}

/// The marriage never was; each is what they were before.
#[derive(Clone, Debug)]
pub(super) struct Annulment {
    husband: Who,
    wife: Who,
    before: [Marital; 2],
    on: Date,
}

const BEFORE: &[Choice] = &[
    ("single", "Chưa kết hôn", "Single"),
    ("divorced_or_widowed", "Đã ly hôn hoặc góa vợ, chồng", "Divorced or widowed"),
];

impl Event for Annulment {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("husband", FieldKind::Person, "Chồng", "Husband"),
        FieldSpec::must("wife", FieldKind::Person, "Vợ", "Wife"),
        FieldSpec::must(
            "husband_before",
            FieldKind::Choice(BEFORE),
            "Tình trạng của chồng trước đó",
            "The husband was before",
        ),
        FieldSpec::must("wife_before", FieldKind::Choice(BEFORE), "Tình trạng của vợ trước đó", "The wife was before"),
        FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
    ];
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (husband, wife) = (form.must("husband", who), form.must("wife", who));
        let on = form.must("on", day);
        let before = |code: &str| Marital::from_code(code).filter(|one| *one != Marital::Married);
        let (one, other) = (form.must("husband_before", coded(before)), form.must("wife_before", coded(before)));
        Some(Self { husband: husband?, wife: wife?, before: [one?, other?], on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (husband, wife) = spouses(at, &self.husband, &self.wife)?;
        for (person, before) in [husband, wife].into_iter().zip(self.before) {
            out.set(at, person, Fact::Spouse(None), Some(self.on));
            out.set(at, person, Fact::Marital(before), Some(self.on));
        }
        Ok(())
    }
}
