//! Số định danh: set for who has none, cancelled and set anew (Decree 70/2024 Art 11). A cancelled one keeps leading to the
//! person, the account and its `sub` stay.

use time::Date;

use super::{
    Event, Fact, FieldKind, FieldSpec, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, coded, commune, day, who},
    parentage::{YES_NO, yes},
};
use crate::registry::{
    PersonalNumber, Sex, UnitRef,
    record::{FormerNumber, Numbers},
};

/// What the digits have to say; the serial is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberWanted {
    pub prefix: u16,
    pub sex: Sex,
    pub birth_year: i32,
}

/// Belongs to no province and no country: numbers of synthetic people.
const TEST_PREFIX: u16 = 990;

impl NumberWanted {
    /// Where the birth was registered gives the prefix. Which one births since 1 July 2025 get is in no public source; the
    /// province's present code is used, and nobody may read it back.
    pub(super) fn at(unit: &UnitRef, sex: Sex, birth_year: i32, test: bool) -> Option<Self> {
        let province = unit.unit()?.province?.parse().ok()?;
        let prefix = if test { TEST_PREFIX } else { province };
        Some(Self { prefix, sex: if sex == Sex::Unknown { Sex::Male } else { sex }, birth_year })
    }

    pub fn with_serial(self, serial: u32) -> Option<PersonalNumber> {
        PersonalNumber::compose(self.prefix, self.sex, self.birth_year, serial)
    }
}

const AT: FieldSpec = FieldSpec::must(
    "registered_at",
    FieldKind::Commune,
    "Nơi đăng ký khai sinh (tên hoặc mã xã, phường)",
    "Birth registered at (commune's name or code)",
);
const SUBJECT: FieldSpec = FieldSpec::must("subject", FieldKind::Person, "Người được cấp số", "The person");

#[derive(Clone, Debug)]
pub(super) struct Issue {
    subject: Who,
    registered_at: UnitRef,
    on: Date,
}

impl Event for Issue {
    const FIELDS: &'static [FieldSpec] =
        &[SUBJECT, AT, FieldSpec::must("on", FieldKind::Day, "Ngày xác lập", "Set on")];
    const PAPERS: &'static [Choice] = &[
        ("birth_certificate", "Giấy khai sinh", "Birth certificate"),
        ("collection_form", "Phiếu thu thập thông tin dân cư", "Population data collection form"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let registered_at = form.must("registered_at", commune);
        Some(Self { subject: subject?, registered_at: registered_at?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        if record.numbers.active.is_some() {
            return Err(Refusal::new("subject", Why::NumberThere));
        }
        let numbers = Numbers { active: at.fresh.number, closed_on: None, former: record.numbers.former.clone() };
        out.changes.push(super::Change { person: id, fact: Fact::Numbers(numbers), from: Some(self.on) });
        Ok(())
    }

    fn number_wanted(&self, at: &Situation) -> Option<NumberWanted> {
        let record = at.record(at.id_of(&self.subject)?)?;
        let test = record.numbers.former.iter().any(|one| one.number.is_test());
        NumberWanted::at(&self.registered_at, record.sex, record.birth.year(), test)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Cancel {
    subject: Who,
    ground: &'static str,
    renews: bool,
    registered_at: Option<UnitRef>,
    on: Date,
}

/// Art 11(7): a and b at the holder's wish, c and d by the agency.
const GROUNDS: &[Choice] = &[
    ("sex_or_year", "Xác định lại giới tính, cải chính năm sinh", "Sex redetermined, birth year corrected"),
    ("collected_wrong", "Sai sót khi thu thập", "Error when collected"),
    ("fraud", "Gian dối", "Fraud"),
    ("birth_revoked", "Giấy khai sinh bị thu hồi, hủy bỏ", "Birth certificate revoked"),
];

impl Event for Cancel {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("ground", FieldKind::Choice(GROUNDS), "Lý do hủy", "Ground"),
        FieldSpec::must("renews", FieldKind::Choice(YES_NO), "Xác lập số mới", "A new number is set"),
        FieldSpec::may(
            "registered_at",
            FieldKind::Commune,
            "Nơi đăng ký khai sinh (tên hoặc mã xã, phường)",
            "Birth registered at (commune's name or code)",
        ),
        FieldSpec::must("on", FieldKind::Day, "Ngày hủy", "Cancelled on"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("number_decision", "Thông báo hủy, xác lập lại số định danh", "Notice of cancelling and re-establishing"),
        ("change_extract", "Trích lục thay đổi, cải chính hộ tịch", "Extract of the change or correction"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let ground = form.must("ground", coded(|code| GROUNDS.iter().find(|g| g.0 == code).map(|g| g.0)));
        let renews = form.must("renews", coded(yes));
        let registered_at = form.may("registered_at", commune);
        if renews == Some(true) && registered_at.is_none() {
            form.fault("registered_at", Why::Missing);
        }
        Some(Self { subject: subject?, ground: ground?, renews: renews?, registered_at, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let number = record.numbers.active.ok_or(Refusal::new("subject", Why::NumberMissing))?;
        let mut former = record.numbers.former.clone();
        let reason = Some(self.ground.to_owned());
        former.push(FormerNumber { number, reason, cancelled_on: Some(self.on) });
        former.sort_by_key(|one| (one.cancelled_on, one.number));
        let active = at.fresh.number.filter(|_| self.renews);
        out.set(at, id, Fact::Numbers(Numbers { active, closed_on: None, former }), Some(self.on));
        Ok(())
    }

    fn number_wanted(&self, at: &Situation) -> Option<NumberWanted> {
        let record = at.record(at.id_of(&self.subject)?)?;
        let test = record.numbers.active.is_some_and(|number| number.is_test());
        let unit = self.registered_at.as_ref().filter(|_| self.renews)?;
        NumberWanted::at(unit, record.sex, record.birth.year(), test)
    }
}
