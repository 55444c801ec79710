//! Cư trú: thường trú, tạm trú, nơi ở hiện tại, tạm vắng (Law on Residence 68/2020/QH14).

use time::{Date, Duration};

use super::{
    Event, Fact, FieldKind, FieldSpec, Household, Outcome, Refusal, Situation, Why,
    form::{Choice, Form, Who, any_day, coded, day, file, text, who},
    parentage::{YES_NO, yes},
    situation::member_of,
};
use crate::registry::{
    Address, BirthDate, Residence, ResidenceKind,
    household::{Relation, ResidenceFile},
    record::{Absence, Record},
};

const SUBJECT: FieldSpec = FieldSpec::must("subject", FieldKind::Person, "Người đăng ký", "The person");
const UNIT: FieldSpec =
    FieldSpec::must("unit", FieldKind::Commune, "Xã, phường, đặc khu (tên hoặc mã)", "Commune (name or code)");
const LINE: FieldSpec = FieldSpec::may("line", FieldKind::Text, "Số nhà, đường, thôn", "House, street, hamlet");

const PAPERS: &[Choice] = &[
    ("residence_form", "Tờ khai thay đổi thông tin cư trú (CT01)", "Declaration of residence (CT01)"),
    ("police_decision", "Văn bản của cơ quan đăng ký cư trú", "Decision of the residence authority"),
];

const RELATIONS: &[Choice] = &[
    ("spouse", "Vợ, chồng", "Spouse"),
    ("child", "Con", "Child"),
    ("parent", "Cha, mẹ", "Parent"),
    ("grandparent", "Ông, bà", "Grandparent"),
    ("grandchild", "Cháu", "Grandchild"),
    ("sibling", "Anh, chị, em", "Sibling"),
    ("ward", "Người được giám hộ", "Ward"),
    ("lodger", "Ở nhờ, ở thuê", "Lodger"),
    ("other", "Khác", "Other"),
];

#[derive(Clone, Debug)]
pub(super) struct PermanentResidence {
    subject: Who,
    to: Home,
    on: Date,
}

#[derive(Clone, Debug)]
enum Home {
    /// A member of a household that is there; its head and owner agreed (Art 20(2)).
    Joins { file: ResidenceFile, relation: Relation, consent: bool },
    /// A household of their own.
    Own { file: ResidenceFile, address: Address },
}

impl Event for PermanentResidence {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("on", FieldKind::Day, "Ngày đăng ký", "Registered on"),
        FieldSpec::may(
            "household",
            FieldKind::Household,
            "Nhập vào hộ đã có (số hồ sơ cư trú)",
            "Joins a household (file)",
        ),
        FieldSpec::may("relation", FieldKind::Choice(RELATIONS), "Quan hệ với chủ hộ", "Relation to the head"),
        FieldSpec::may("consent", FieldKind::Choice(YES_NO), "Chủ hộ và chủ sở hữu đã đồng ý", "Head and owner agreed"),
        FieldSpec::may(
            "new_household",
            FieldKind::NewHousehold,
            "Lập hộ mới (số hồ sơ cư trú)",
            "New household (file)",
        ),
        FieldSpec::may(
            "unit",
            FieldKind::Commune,
            "Hộ mới: xã, phường (tên hoặc mã)",
            "New household: commune (name or code)",
        ),
        FieldSpec::may("line", FieldKind::Text, "Hộ mới: số nhà, đường, thôn", "New household: house, street, hamlet"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let (joins, own) = (form.may("household", file), form.may("new_household", file));
        let to = match (joins, own) {
            (Some(file), None) => {
                let relation = form.must("relation", coded(Relation::from_code));
                let consent = form.may("consent", coded(yes)).unwrap_or(false);
                relation.map(|relation| Home::Joins { file, relation, consent })
            }
            (None, Some(file)) => form.address(form.today).map(|address| Home::Own { file, address }),
            (Some(_), Some(_)) => {
                form.fault("new_household", Why::Unreadable);
                None
            }
            (None, None) => {
                form.fault("household", Why::Missing);
                None
            }
        };
        Some(Self { subject: subject?, to: to?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let (mut household, relation) = match &self.to {
            Home::Joins { file, relation, consent } => {
                let household = at.open_household("household", file)?;
                if record.household.as_ref().is_some_and(|place| place.household == household.id) {
                    return Err(Refusal::new("household", Why::SameResidence));
                }
                if !consent {
                    return Err(Refusal::new("consent", Why::NoConsent));
                }
                if *relation == Relation::Head && household.head.is_some() {
                    return Err(Refusal::new("relation", Why::HasHead));
                }
                (household.clone(), *relation)
            }
            Home::Own { file, address } => (new_household(at, "new_household", file, address.clone())?, Relation::Head),
        };
        let since = Some(self.on);
        out.leave_household(at, id, self.on);
        if relation == Relation::Head {
            household.head = Some(id);
            out.put_household(household.clone());
        }
        out.set(at, id, member_of(&household, relation), since);
        let home = Residence { kind: ResidenceKind::Permanent, address: household.address, from: since, to: None };
        out.set(at, id, Fact::Permanent(Some(home)), since);
        out.set(at, id, Fact::Stay(None), since);
        Ok(())
    }
}

pub(super) fn new_household(
    at: &Situation,
    field: &'static str,
    file: &ResidenceFile,
    address: Address,
) -> Result<Household, Refusal> {
    if at.has_file(file) {
        return Err(Refusal::new(field, Why::HouseholdExists));
    }
    Ok(Household { id: at.fresh.household, file: file.clone(), head: None, owner: None, address, closed_on: None })
}

/// Tạm trú: from 30 days to two years, and again.
#[derive(Clone, Debug)]
pub(super) struct TemporaryResidence {
    subject: Who,
    on: Date,
    until: Date,
    address: Address,
}

impl Event for TemporaryResidence {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("on", FieldKind::Day, "Từ ngày", "From"),
        FieldSpec::must("until", FieldKind::Day, "Đến ngày", "Until"),
        UNIT,
        LINE,
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let until = form.must("until", any_day);
        let address = form.address(form.today);
        if let (Some(from), Some(until)) = (on, until) {
            if until < from {
                form.fault("until", Why::EndsBeforeItBegins);
            } else if until < from + Duration::days(29) {
                form.fault("until", Why::TemporaryTooShort);
            } else if until > BirthDate::Full(from).birthday(2) {
                form.fault("until", Why::TemporaryTooLong);
            }
        }
        Some(Self { subject: subject?, on: on?, until: until?, address: address? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        // Outside the commune of the permanent residence (Art 27(1)).
        if record.permanent.as_ref().is_some_and(|home| home.address.unit.code == self.address.unit.code) {
            return Err(Refusal::new("unit", Why::SameResidence));
        }
        let stay = Residence {
            kind: ResidenceKind::Temporary,
            address: self.address.clone(),
            from: Some(self.on),
            to: Some(self.until),
        };
        out.set(at, id, Fact::Temporary(Some(stay)), Some(self.on));
        out.set(at, id, Fact::Stay(None), Some(self.on));
        Ok(())
    }
}

/// Nơi ở hiện tại, of somebody with neither (Art 19).
#[derive(Clone, Debug)]
pub(super) struct PresentStay {
    subject: Who,
    on: Date,
    address: Address,
}

impl Event for PresentStay {
    const FIELDS: &'static [FieldSpec] =
        &[SUBJECT, FieldSpec::must("on", FieldKind::Day, "Từ ngày", "From"), UNIT, LINE];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let address = form.address(form.today);
        Some(Self { subject: subject?, on: on?, address: address? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let holds = |home: &Option<Residence>| home.as_ref().is_some_and(|home| home.holds_on(self.on));
        if holds(&record.permanent) || holds(&record.temporary) {
            return Err(Refusal::new("subject", Why::SameResidence));
        }
        let stay =
            Residence { kind: ResidenceKind::Current, address: self.address.clone(), from: Some(self.on), to: None };
        out.set(at, id, Fact::Stay(Some(stay)), Some(self.on));
        Ok(())
    }
}

/// Xóa đăng ký (Art 24, 29).
#[derive(Clone, Debug)]
pub(super) struct ResidenceEnd {
    subject: Who,
    form: ResidenceKind,
    on: Date,
}

const FORMS: &[Choice] = &[
    ("thuong_tru", "Thường trú", "Permanent"),
    ("tam_tru", "Tạm trú", "Temporary"),
    ("hien_tai", "Nơi ở hiện tại", "Present stay"),
];
const GROUNDS: &[Choice] = &[
    ("abroad", "Ra nước ngoài định cư", "Settled abroad"),
    ("absent", "Vắng mặt liên tục từ 12 tháng", "Absent for twelve months"),
    ("rent_ended", "Chấm dứt thuê, mượn, ở nhờ", "Rent or stay ended"),
    ("sold", "Đã chuyển quyền sở hữu chỗ ở", "Home sold"),
    ("demolished", "Chỗ ở bị tháo dỡ, phá hủy", "Home demolished"),
    ("cancelled", "Quyết định đăng ký bị hủy", "Registration cancelled"),
    ("asked", "Theo yêu cầu của người đăng ký", "At their own wish"),
];

impl Event for ResidenceEnd {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("form", FieldKind::Choice(FORMS), "Hình thức cư trú", "Form of residence"),
        FieldSpec::must("ground", FieldKind::Choice(GROUNDS), "Lý do xóa", "Ground"),
        FieldSpec::must("on", FieldKind::Day, "Ngày xóa", "Ended on"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let kind = form.must("form", coded(ResidenceKind::from_code));
        let _ground = form.must("ground", coded(|code| GROUNDS.iter().find(|ground| ground.0 == code)));
        Some(Self { subject: subject?, form: kind?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        let (there, fact) = match self.form {
            ResidenceKind::Permanent => (record.permanent.is_some(), Fact::Permanent(None)),
            ResidenceKind::Temporary => (record.temporary.is_some(), Fact::Temporary(None)),
            ResidenceKind::Current => (record.stay.is_some(), Fact::Stay(None)),
        };
        if !there {
            return Err(Refusal::new("form", Why::NoResidence));
        }
        out.set(at, id, fact, Some(self.on));
        if self.form == ResidenceKind::Permanent {
            out.leave_household(at, id, self.on);
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct AbsenceDeclared {
    subject: Who,
    absence: Absence,
}

impl Event for AbsenceDeclared {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("on", FieldKind::Day, "Từ ngày", "From"),
        FieldSpec::may("until", FieldKind::Day, "Đến ngày", "Until"),
        FieldSpec::must("reason", FieldKind::Text, "Lý do", "Reason"),
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let (to, reason) = (form.may("until", any_day), form.must("reason", text));
        if let (Some(from), Some(to)) = (on, to)
            && to < from
        {
            form.fault("until", Why::EndsBeforeItBegins);
        }
        Some(Self { subject: subject?, absence: Absence { from: on?, to, reason: reason? } })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        needs_home(record)?;
        out.set(at, id, Fact::Absence(Some(self.absence.clone())), Some(self.absence.from));
        Ok(())
    }
}

/// Only who is registered somewhere can be away from it.
fn needs_home(record: &Record) -> Result<(), Refusal> {
    if record.permanent.is_none() && record.temporary.is_none() {
        return Err(Refusal::new("subject", Why::NoResidence));
    }
    Ok(())
}

#[derive(Clone, Debug)]
pub(super) struct AbsenceEnd {
    subject: Who,
    on: Date,
}

impl Event for AbsenceEnd {
    const FIELDS: &'static [FieldSpec] = &[SUBJECT, FieldSpec::must("on", FieldKind::Day, "Ngày trở về", "Back on")];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        Some(Self { subject: subject?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if record.absence.is_none() {
            return Err(Refusal::new("subject", Why::NoAbsence));
        }
        out.set(at, id, Fact::Absence(None), Some(self.on));
        Ok(())
    }
}
