//! Giám hộ: who acts for a minor without parents or for a person without capacity (Civil Code 91/2015/QH13 Art 46–63).

use time::Date;

use super::{
    Event, Fact, FieldKind, FieldSpec, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, day, who},
};
use crate::registry::record::{Capacity, Relative, Tie};

const PAPERS: &[Choice] = &[
    ("guardianship_extract", "Trích lục đăng ký giám hộ", "Extract of the guardianship"),
    ("court_decision", "Quyết định của Tòa án", "Decision of a court"),
];

#[derive(Clone, Debug)]
pub(super) struct Guardianship {
    ward: Who,
    guardian: Who,
    on: Date,
}

impl Event for Guardianship {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("ward", FieldKind::Person, "Người được giám hộ", "The ward"),
        FieldSpec::must("guardian", FieldKind::Person, "Người giám hộ", "The guardian"),
        FieldSpec::must("on", FieldKind::Day, "Ngày đăng ký", "Registered on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (ward, guardian) = (form.must("ward", who), form.must("guardian", who));
        let on = form.must("on", day);
        Some(Self { ward: ward?, guardian: guardian?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (ward, record) = at.living("ward", &self.ward)?;
        let (guardian, guardian_record) = at.living("guardian", &self.guardian)?;
        if ward == guardian {
            return Err(Refusal::new("guardian", Why::SamePerson));
        }
        if record.birth.age_on(self.on) >= 18 && record.capacity == Capacity::Full {
            return Err(Refusal::new("ward", Why::NeedsNoGuardian));
        }
        if guardian_record.birth.age_on(self.on) < 18 {
            return Err(Refusal::new("guardian", Why::Minor));
        }
        if guardian_record.capacity != Capacity::Full {
            return Err(Refusal::new("guardian", Why::NoCapacity));
        }
        if record.representative.as_ref().is_some_and(|one| one.tie == Tie::Guardianship) {
            return Err(Refusal::new("ward", Why::HasGuardian));
        }
        let relative = Relative::known(guardian, Tie::Guardianship);
        out.set(at, ward, Fact::Representative(Some(relative)), Some(self.on));
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct GuardianshipEnd {
    ward: Who,
    guardian: Who,
    on: Date,
}

impl Event for GuardianshipEnd {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("ward", FieldKind::Person, "Người được giám hộ", "The ward"),
        FieldSpec::must("guardian", FieldKind::Person, "Người giám hộ", "The guardian"),
        FieldSpec::must("on", FieldKind::Day, "Ngày chấm dứt", "Ended on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (ward, guardian) = (form.must("ward", who), form.must("guardian", who));
        let on = form.must("on", day);
        Some(Self { ward: ward?, guardian: guardian?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (ward, record) = at.find("ward", &self.ward)?;
        let (guardian, _) = at.find("guardian", &self.guardian)?;
        let recorded = record.representative.as_ref();
        if !recorded.is_some_and(|one| one.tie == Tie::Guardianship && one.is(guardian)) {
            return Err(Refusal::new("guardian", Why::NotTheirGuardian));
        }
        // A child's parents represent it again.
        let parent = [&record.mother, &record.father].into_iter().flatten().next();
        let minor = record.birth.age_on(self.on) < 18;
        out.set(at, ward, Fact::Representative(parent.filter(|_| minor).cloned()), Some(self.on));
        Ok(())
    }
}
