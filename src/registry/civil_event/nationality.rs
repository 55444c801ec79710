//! Quốc tịch: gained, regained, lost (Law on Identification Art 24(2)b, 29(1); Law on Vietnamese Nationality).

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, Lock, Outcome, Refusal, Situation, Why,
    death::leave_everywhere,
    form::{Choice, Form, Who, country, day, who},
};
use crate::registry::CardStatus;

const FIELDS: &[FieldSpec] = &[
    FieldSpec::must("subject", FieldKind::Person, "Người thay đổi quốc tịch", "The person"),
    FieldSpec::must("nationality", FieldKind::Country, "Quốc tịch (hai chữ cái)", "Nationality (two letters)"),
    FieldSpec::must("on", FieldKind::Day, "Ngày quyết định có hiệu lực", "In force from"),
];

const PAPERS: &[Choice] = &[
    ("president_decision", "Quyết định của Chủ tịch nước", "Decision of the State President"),
    ("justice_notice", "Thông báo của Bộ Tư pháp", "Notice of the Ministry of Justice"),
    ("foreign_paper", "Giấy tờ của cơ quan nước ngoài", "Paper of a foreign authority"),
];

fn read(form: &mut Form<'_>) -> Option<(Who, String, Date)> {
    let (subject, on) = (form.must("subject", who), form.must("on", day));
    let nationality = form.must("nationality", country);
    Some((subject?, nationality?, on?))
}

#[derive(Clone, Debug)]
pub(super) struct Gain {
    subject: Who,
    nationality: String,
    on: Date,
}

impl Event for Gain {
    const FIELDS: &'static [FieldSpec] = FIELDS;
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        read(form).map(|(subject, nationality, on)| Self { subject, nationality, on })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let mut all = record.nationalities.clone();
        if all.contains(&self.nationality) {
            return Err(Refusal::new("nationality", Why::NationalityThere));
        }
        all.push(self.nationality.clone());
        out.set(at, id, Fact::Nationalities(all), Some(self.on));
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Loss {
    subject: Who,
    nationality: String,
    on: Date,
}

impl Event for Loss {
    const FIELDS: &'static [FieldSpec] = FIELDS;
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        read(form).map(|(subject, nationality, on)| Self { subject, nationality, on })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let mut left = record.nationalities.clone();
        left.retain(|one| *one != self.nationality);
        if left.len() == record.nationalities.len() {
            return Err(Refusal::new("nationality", Why::NationalityMissing));
        }
        out.set(at, id, Fact::Nationalities(left), Some(self.on));
        if self.nationality == "VN" {
            // The card is withdrawn, and with it the electronic identity is locked; residence ends (Art 29(1), 34(1)).
            let mut cards = record.cards.clone();
            let open = |card: &&mut crate::registry::Card| matches!(card.status, CardStatus::Valid | CardStatus::Held);
            cards.iter_mut().filter(open).for_each(|card| card.status = CardStatus::Revoked);
            out.set(at, id, Fact::Cards(cards), Some(self.on));
            leave_everywhere(at, out, id, self.on);
            out.then(Consequence::Lock(id, Lock::CardWithdrawn));
        }
        Ok(())
    }
}
