//! What courts decide about a person: missing, dead, back again; capacity (Civil Code Art 22–24, 68–73).

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, Outcome, Refusal, Situation, Why,
    death::{back_to_life, end_of_life, leave_everywhere},
    form::{Choice, Form, Who, coded, day, who},
};
use crate::registry::{Vital, record::Capacity};

const COURT: &[Choice] = &[("court_decision", "Quyết định của Tòa án", "Decision of a court")];

#[derive(Clone, Debug)]
pub(super) struct DeclaredMissing {
    subject: Who,
    on: Date,
}

const DECLARED: &[FieldSpec] = &[
    FieldSpec::must("subject", FieldKind::Person, "Người bị tuyên bố", "The person declared"),
    FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
];

fn read_declared(form: &mut Form<'_>) -> Option<(Who, Date)> {
    let (subject, on) = (form.must("subject", who), form.must("on", day));
    Some((subject?, on?))
}

impl Event for DeclaredMissing {
    const FIELDS: &'static [FieldSpec] = DECLARED;
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        read_declared(form).map(|(subject, on)| Self { subject, on })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        if self.on < record.birth.earliest() {
            return Err(Refusal::new("on", Why::BeforeBirth));
        }
        out.set(at, id, Fact::Vital(Vital::MissingDeclared(Some(self.on))), Some(self.on));
        leave_everywhere(at, out, id, self.on);
        out.then(Consequence::EndSessions(id));
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct DeclaredDead {
    subject: Who,
    on: Date,
}

impl Event for DeclaredDead {
    const FIELDS: &'static [FieldSpec] = DECLARED;
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        read_declared(form).map(|(subject, on)| Self { subject, on })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if record.is_dead() {
            return Err(Refusal::new("subject", Why::AlreadyDead));
        }
        if self.on < record.birth.earliest() {
            return Err(Refusal::new("on", Why::BeforeBirth));
        }
        out.set(at, id, Fact::Vital(Vital::DeadDeclared(Some(self.on))), Some(self.on));
        end_of_life(at, out, id, record, self.on);
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct DeclarationRevoked {
    subject: Who,
    spouse: Option<Who>,
    on: Date,
}

impl Event for DeclarationRevoked {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Người trở về", "The person who is back"),
        FieldSpec::may(
            "spouse",
            FieldKind::Person,
            "Vợ hoặc chồng (nếu hôn nhân được khôi phục)",
            "Spouse (when the marriage is restored)",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
    ];
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, spouse) = (form.must("subject", who), form.may("spouse", who));
        let on = form.must("on", day);
        Some(Self { subject: subject?, spouse, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        match record.vital {
            Vital::MissingDeclared(_) => {
                out.set(at, id, Fact::Vital(Vital::Alive), Some(self.on));
                Ok(())
            }
            Vital::DeadDeclared(_) => back_to_life(at, out, (id, record), self.spouse.as_ref(), Some(self.on)),
            Vital::Alive | Vital::Dead(_) => Err(Refusal::new("subject", Why::NotDeclared)),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct CapacityDecision {
    subject: Who,
    capacity: Capacity,
    on: Date,
}

const CAPACITIES: &[Choice] = &[
    ("lost", "Mất năng lực hành vi dân sự", "Capacity lost"),
    ("difficulty", "Có khó khăn trong nhận thức, làm chủ hành vi", "Difficulty in cognition"),
    ("limited", "Hạn chế năng lực hành vi dân sự", "Capacity limited"),
    ("full", "Hủy quyết định: năng lực đầy đủ", "Decision revoked: full capacity"),
];

impl Event for CapacityDecision {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Người có quyết định", "The person"),
        FieldSpec::must("capacity", FieldKind::Choice(CAPACITIES), "Năng lực hành vi dân sự", "Capacity"),
        FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
    ];
    const PAPERS: &'static [Choice] = COURT;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let capacity = form.must("capacity", coded(Capacity::from_code));
        Some(Self { subject: subject?, capacity: capacity?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        if record.capacity == self.capacity {
            return Err(Refusal::new("capacity", Why::SameCapacity));
        }
        out.set(at, id, Fact::Capacity(self.capacity), Some(self.on));
        if self.capacity == Capacity::Lost {
            // From now on a representative acts (Law on Identification Art 5(4)).
            out.then(Consequence::EndSessions(id));
        }
        Ok(())
    }
}
