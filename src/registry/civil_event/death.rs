//! Khai tử, and the correction of a death that was recorded of the wrong person (Law on Civil Status Art 32–34).

use time::{Date, Duration};

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, FollowUp, Lock, Outcome, Refusal, Situation, Warning, Why,
    form::{Choice, Form, Who, day, who},
    marriage::restore,
};
use crate::{
    base::ids::PersonId,
    registry::{
        CardStatus, Vital,
        record::{Marital, Numbers, Record},
    },
};

#[derive(Clone, Debug)]
pub(super) struct Death {
    subject: Who,
    on: Date,
}

impl Event for Death {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Người chết", "The deceased"),
        FieldSpec::must("on", FieldKind::Day, "Ngày chết", "Died on"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("death_note", "Giấy báo tử", "Notice of death"),
        ("death_extract", "Trích lục khai tử", "Extract of the register of deaths"),
        ("police_report", "Văn bản của công an, kết luận giám định", "Police or forensic report"),
        ("foreign_paper", "Giấy tờ của cơ quan nước ngoài", "Paper of a foreign authority"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        Some(Self { subject: subject?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if matches!(record.vital, Vital::Dead(_)) {
            return Err(Refusal::new("subject", Why::AlreadyDead));
        }
        if self.on < record.birth.earliest() {
            return Err(Refusal::new("on", Why::BeforeBirth));
        }
        out.set(at, id, Fact::Vital(Vital::Dead(Some(self.on))), Some(self.on));
        if matches!(record.vital, Vital::DeadDeclared(_)) {
            // Everything else ended when the court declared it.
            return Ok(());
        }
        end_of_life(at, out, id, record, self.on);
        if at.today - self.on > Duration::days(15) {
            out.warnings.push(Warning::RegisteredLate);
        }
        Ok(())
    }
}

/// Number and cards close, the marriage ends, residences are erased (Law on Residence Art 24(1)), the account is locked.
pub(super) fn end_of_life(at: &Situation, out: &mut Outcome, id: PersonId, record: &Record, on: Date) {
    let since = Some(on);
    if record.numbers.active.is_some() {
        out.set(at, id, Fact::Numbers(Numbers { closed_on: since, ..record.numbers.clone() }), since);
    }
    let mut cards = record.cards.clone();
    let open = |card: &&mut crate::registry::Card| matches!(card.status, CardStatus::Valid | CardStatus::Held);
    cards.iter_mut().filter(open).for_each(|card| card.status = CardStatus::Void);
    out.set(at, id, Fact::Cards(cards), since);
    if let Some(spouse) = record.spouse.as_ref().and_then(|one| one.person) {
        out.set(at, spouse, Fact::Spouse(None), since);
        out.set(at, spouse, Fact::Marital(Marital::DivorcedOrWidowed), since);
    }
    if record.marital == Marital::Married {
        out.set(at, id, Fact::Marital(Marital::DivorcedOrWidowed), since);
    }
    out.set(at, id, Fact::Spouse(None), since);
    out.set(at, id, Fact::Representative(None), since);
    leave_everywhere(at, out, id, on);
    for ward in at.wards(id) {
        out.set(at, ward, Fact::Representative(None), since);
        out.then(Consequence::Settle(ward, FollowUp::WardWithoutRepresentative));
    }
    out.then(Consequence::Lock(id, Lock::Death));
}

/// Every residence is erased, the household is left.
pub(super) fn leave_everywhere(at: &Situation, out: &mut Outcome, id: PersonId, on: Date) {
    for fact in [Fact::Permanent(None), Fact::Temporary(None), Fact::Stay(None), Fact::Absence(None)] {
        out.set(at, id, fact, Some(on));
    }
    out.leave_household(at, id, on);
}

/// A registered death is final; only that it was recorded in error undoes it.
#[derive(Clone, Debug)]
pub(super) struct DeathCorrection {
    subject: Who,
    spouse: Option<Who>,
}

impl Event for DeathCorrection {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("subject", FieldKind::Person, "Người được ghi nhầm là chết", "Recorded as dead in error"),
        FieldSpec::may(
            "spouse",
            FieldKind::Person,
            "Vợ hoặc chồng (nếu hôn nhân vẫn còn)",
            "Spouse (when the marriage stands)",
        ),
    ];
    const PAPERS: &'static [Choice] = &[
        ("correction_decision", "Quyết định thu hồi, hủy bỏ giấy tờ hộ tịch", "Decision to withdraw the entry"),
        ("court_decision", "Quyết định của Tòa án", "Decision of a court"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, spouse) = (form.must("subject", who), form.may("spouse", who));
        Some(Self { subject: subject?, spouse })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if !matches!(record.vital, Vital::Dead(_)) {
            return Err(Refusal::new("subject", Why::NotDead));
        }
        back_to_life(at, out, (id, record), self.spouse.as_ref(), None)
    }
}

/// Alive, with an open number; cards and residences are made anew, since they were closed for others to see.
pub(super) fn back_to_life(
    at: &Situation,
    out: &mut Outcome,
    (id, record): (PersonId, &Record),
    spouse: Option<&Who>,
    from: Option<Date>,
) -> Result<(), Refusal> {
    out.set(at, id, Fact::Vital(Vital::Alive), from);
    out.set(at, id, Fact::Numbers(Numbers { closed_on: None, ..record.numbers.clone() }), from);
    if let Some(spouse) = spouse {
        restore(at, out, (id, record), spouse, from)?;
    }
    out.then(Consequence::Unlock(id, Lock::Death));
    Ok(())
}
