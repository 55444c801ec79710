//! Thẻ căn cước: issued, lost, withdrawn, held, given back (Law on Identification Art 19–29). Withdrawing and holding lock
//! the electronic identity; giving back and a new card unlock it (Art 34).

use time::Date;

use super::{
    Consequence, Event, Fact, FieldKind, FieldSpec, Lock, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, coded, day, text, who},
};
use crate::{
    base::ids::PersonId,
    registry::{Card, CardKind, CardStatus, Expiry, record::Record},
};

const HOLDER: FieldSpec = FieldSpec::must("subject", FieldKind::Person, "Người có thẻ", "The holder");
const PAPERS: &[Choice] = &[
    ("card_form", "Phiếu đề nghị (CC)", "Application form"),
    ("police_decision", "Quyết định, biên bản của cơ quan công an", "Decision or record of the police"),
    ("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court"),
];

#[derive(Clone, Debug)]
pub(super) struct Issue {
    subject: Who,
    kind: CardKind,
    issuer: String,
    on: Date,
}

const KINDS: &[Choice] = &[
    ("can_cuoc", "Thẻ căn cước", "Identity card"),
    ("giay_chung_nhan", "Giấy chứng nhận căn cước", "Certificate of identity"),
];

impl Event for Issue {
    const FIELDS: &'static [FieldSpec] = &[
        HOLDER,
        FieldSpec::must("kind", FieldKind::Choice(KINDS), "Loại giấy tờ", "Kind of document"),
        FieldSpec::must("on", FieldKind::Day, "Ngày cấp", "Issued on"),
        FieldSpec::may("issuer", FieldKind::Text, "Nơi cấp in trên thẻ", "Issuer as printed"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let listed = |code: &str| CardKind::from_code(code).filter(|_| KINDS.iter().any(|kind| kind.0 == code));
        let kind = form.must("kind", coded(listed));
        // Law on Identification Art 18(2): "Nơi cấp: Bộ Công an".
        let issuer = form.may("issuer", text).unwrap_or_else(|| "Bộ Công an".to_owned());
        Some(Self { subject: subject?, kind: kind?, issuer, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let number = record.numbers.active.ok_or(Refusal::new("subject", Why::NumberMissing))?;
        let citizen = record.nationalities.iter().any(|one| one == "VN");
        if self.kind == CardKind::IdentityCard && !citizen {
            return Err(Refusal::new("subject", Why::NationalityMissing));
        }
        if self.on < record.birth.earliest() {
            return Err(Refusal::new("on", Why::BeforeBirth));
        }
        match record.cards.iter().map(|card| card.issued_on).max() {
            Some(last) if last == self.on => return Err(Refusal::new("on", Why::CardThere)),
            Some(last) if last > self.on => return Err(Refusal::new("on", Why::OutOfOrder)),
            _ => {}
        }
        let mut cards = record.cards.clone();
        for card in cards.iter_mut().filter(|card| matches!(card.status, CardStatus::Valid | CardStatus::Lost)) {
            card.status = CardStatus::Replaced;
        }
        if cards.iter().any(|card| card.status == CardStatus::Held) {
            return Err(Refusal::new("subject", Why::CardWrongState));
        }
        let expiry = Expiry::by_law(record.birth, self.on);
        let status = CardStatus::Valid;
        let card = Card { kind: self.kind, status, issued_on: self.on, expiry, number, issuer: self.issuer.clone() };
        cards.insert(0, card);
        out.set(at, id, Fact::Cards(cards), Some(self.on));
        out.then(Consequence::Unlock(id, Lock::CardWithdrawn));
        out.then(Consequence::Unlock(id, Lock::CardExpired));
        Ok(())
    }
}

macro_rules! about_the_card {
    ($(#[$doc:meta])* $name:ident, $on_vi:literal, $on_en:literal, from [$($from:ident),+], to $to:ident, then |$id:ident| $then:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(super) struct $name {
            subject: Who,
            on: Date,
        }

        impl Event for $name {
            const FIELDS: &'static [FieldSpec] = &[HOLDER, FieldSpec::must("on", FieldKind::Day, $on_vi, $on_en)];
            const PAPERS: &'static [Choice] = PAPERS;

            fn read(form: &mut Form<'_>) -> Option<Self> {
                let (subject, on) = (form.must("subject", who), form.must("on", day));
                Some(Self { subject: subject?, on: on? })
            }

            fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
                let ($id, record) = at.living("subject", &self.subject)?;
                let from = [$(CardStatus::$from),+];
                newest(at, out, ($id, record), &from, CardStatus::$to, self.on)?;
                out.then($then);
                Ok(())
            }
        }
    };
}

about_the_card!(
    /// Reported lost: it opens nothing until another is issued.
    Lost, "Ngày báo mất", "Reported on", from [Valid], to Lost, then |id| Consequence::EndSessions(id)
);
about_the_card!(
    /// Thu hồi (Art 29(1)).
    Withdrawal, "Ngày thu hồi", "Withdrawn on", from [Valid, Held], to Revoked,
    then |id| Consequence::Lock(id, Lock::CardWithdrawn)
);
about_the_card!(
    /// Giữ thẻ: detention, prison, compulsory education or rehabilitation (Art 29(2)).
    Hold, "Ngày giữ", "Held from", from [Valid], to Held, then |id| Consequence::Lock(id, Lock::CardHeld)
);
about_the_card!(
    /// Trả lại thẻ.
    Return, "Ngày trả lại", "Returned on", from [Held], to Valid, then |id| Consequence::Unlock(id, Lock::CardHeld)
);

/// The newest card goes from one of these states to another.
fn newest(
    at: &Situation,
    out: &mut Outcome,
    (id, record): (PersonId, &Record),
    from: &[CardStatus],
    to: CardStatus,
    on: Date,
) -> Result<(), Refusal> {
    let mut cards = record.cards.clone();
    let card = cards.iter_mut().max_by_key(|card| card.issued_on).ok_or(Refusal::new("subject", Why::NoSuchCard))?;
    if !from.contains(&card.status) {
        return Err(Refusal::new("subject", Why::CardWrongState));
    }
    if on < card.issued_on {
        return Err(Refusal::new("on", Why::OutOfOrder));
    }
    card.status = to;
    out.set(at, id, Fact::Cards(cards), Some(on));
    Ok(())
}
