//! Thay đổi, cải chính, xác định lại, bổ sung hộ tịch (Law on Civil Status Art 26–29). What was wrong from the beginning is
//! corrected for all time; what changed is true from a day.

use time::Date;

use super::{
    Event, Fact, FieldKind, FieldSpec, FollowUp, Outcome, Refusal, Situation, Warning, Why,
    birth::SEXES,
    form::{Choice, Form, Who, birth_date, coded, day, email, name, phone, text, who},
    outcome::Consequence,
    parentage::{YES_NO, old_enough, yes},
};
use crate::{
    base::ids::PersonId,
    registry::{
        BirthDate, PersonName, Sex, ethnicity,
        record::{BloodGroup, Contacts, Marital, Place, Record},
    },
};

const PAPERS: &[Choice] = &[
    ("change_extract", "Trích lục thay đổi, cải chính hộ tịch", "Extract of the change or correction"),
    ("correction_decision", "Quyết định cải chính", "Decision on the correction"),
    ("court_decision", "Bản án, quyết định của Tòa án", "Judgment or decision of a court"),
];

const SUBJECT: FieldSpec = FieldSpec::must("subject", FieldKind::Person, "Người có thông tin", "The person");
const ON: FieldSpec = FieldSpec::must("on", FieldKind::Day, "Ngày có hiệu lực", "In force from");

#[derive(Clone, Debug)]
pub(super) struct NameChange {
    subject: Who,
    name: PersonName,
    corrects: bool,
    on: Date,
}

impl Event for NameChange {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::must("name", FieldKind::Name, "Họ, chữ đệm và tên mới", "New name"),
        FieldSpec::may(
            "corrects",
            FieldKind::Choice(YES_NO),
            "Cải chính sai sót (tên cũ chưa bao giờ đúng)",
            "Corrects an error (the old name never was right)",
        ),
        ON,
    ];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, name) = (form.must("subject", who), form.must("name", name));
        let (corrects, on) = (form.may("corrects", coded(yes)).unwrap_or(false), form.must("on", day));
        Some(Self { subject: subject?, name: name?, corrects, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if record.name == self.name {
            return Err(Refusal::new("name", Why::NothingChanges));
        }
        if !self.corrects && self.on < record.birth.earliest() {
            return Err(Refusal::new("on", Why::BeforeBirth));
        }
        out.set(at, id, Fact::Name(self.name.clone()), (!self.corrects).then_some(self.on));
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct BirthCorrection {
    subject: Who,
    birth: BirthDate,
}

impl Event for BirthCorrection {
    const FIELDS: &'static [FieldSpec] =
        &[SUBJECT, FieldSpec::must("birth", FieldKind::BirthDate, "Ngày sinh đúng", "The right birth date")];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, birth) = (form.must("subject", who), form.must("birth", birth_date));
        Some(Self { subject: subject?, birth: birth? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        if record.birth == self.birth {
            return Err(Refusal::new("birth", Why::NothingChanges));
        }
        if record.vital.since().is_some_and(|since| self.birth.earliest() > since) {
            return Err(Refusal::new("birth", Why::BeforeBirth));
        }
        let birth_of = |id: PersonId| at.record(id).map(|one| one.birth);
        let parents = [&record.father, &record.mother].into_iter().flatten().filter_map(|one| birth_of(one.person?));
        if parents.into_iter().any(|parent| !old_enough(parent, self.birth))
            || at.children(id).filter_map(birth_of).any(|child| !old_enough(self.birth, child))
        {
            return Err(Refusal::new("birth", Why::ParentTooYoung));
        }
        out.set(at, id, Fact::Birth(self.birth), None);
        number_hint(out, id, record, record.sex, self.birth);
        Ok(())
    }
}

/// Whoever's number no longer agrees may keep it or ask for another (Decree 70/2024 Art 11(8)).
fn number_hint(out: &mut Outcome, id: PersonId, record: &Record, sex: Sex, birth: BirthDate) {
    let disagrees =
        |sex, birth: BirthDate| record.numbers.active.is_some_and(|number| number.disagrees_with(sex, birth.year()));
    if disagrees(sex, birth) && !disagrees(record.sex, record.birth) {
        out.warnings.push(Warning::NumberDisagrees);
        out.then(Consequence::Settle(id, FollowUp::NumberMayBeReestablished));
    }
}

#[derive(Clone, Debug)]
pub(super) struct SexRedetermined {
    subject: Who,
    sex: Sex,
    on: Date,
}

impl Event for SexRedetermined {
    const FIELDS: &'static [FieldSpec] =
        &[SUBJECT, FieldSpec::must("sex", FieldKind::Choice(SEXES), "Giới tính", "Sex"), ON];
    const PAPERS: &'static [Choice] = &[
        ("medical_certificate", "Giấy chứng nhận y tế đã xác định lại giới tính", "Medical certificate"),
        ("change_extract", "Trích lục thay đổi hộ tịch", "Extract of the change"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let sex = form.must("sex", coded(Sex::from_code));
        Some(Self { subject: subject?, sex: sex?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        if record.spouse.is_some() {
            return Err(Refusal::new("subject", Why::AlreadyMarried));
        }
        if at.children(id).next().is_some() {
            // Father or mother of somebody: which of the two is for a person to settle.
            return Err(Refusal::new("subject", Why::WrongSex));
        }
        if record.sex == self.sex {
            return Err(Refusal::new("sex", Why::NothingChanges));
        }
        out.set(at, id, Fact::Sex(self.sex), Some(self.on));
        number_hint(out, id, record, self.sex, record.birth);
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct EthnicityRedetermined {
    subject: Who,
    ethnicity: String,
    on: Date,
}

fn ethnic_code(code: &str) -> Option<String> {
    ethnicity::by_code(code).map(|group| group.code.to_owned())
}

impl Event for EthnicityRedetermined {
    const FIELDS: &'static [FieldSpec] =
        &[SUBJECT, FieldSpec::must("ethnicity", FieldKind::Ethnicity, "Dân tộc", "Ethnicity"), ON];
    const PAPERS: &'static [Choice] = PAPERS;

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let ethnicity = form.must("ethnicity", coded(ethnic_code));
        Some(Self { subject: subject?, ethnicity: ethnicity?, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, _) = at.find("subject", &self.subject)?;
        out.set(at, id, Fact::Ethnicity(Some(self.ethnicity.clone())), Some(self.on));
        Ok(())
    }
}

/// Fills what was not known; what is known is corrected instead.
#[derive(Clone, Debug)]
pub(super) struct Supplement {
    subject: Who,
    facts: Vec<(&'static str, Fact)>,
}

const BLOOD: &[Choice] = &[("A", "A", "A"), ("B", "B", "B"), ("AB", "AB", "AB"), ("O", "O", "O")];
const SINGLE: &[Choice] = &[
    ("single", "Chưa kết hôn", "Single"),
    ("divorced_or_widowed", "Đã ly hôn hoặc góa vợ, chồng", "Divorced or widowed"),
];

impl Event for Supplement {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::may("birth_place", FieldKind::Text, "Nơi sinh", "Place of birth"),
        FieldSpec::may("home_place", FieldKind::Text, "Quê quán", "Ancestral home"),
        FieldSpec::may(
            "home_unit",
            FieldKind::Commune,
            "Quê quán (tên hoặc mã xã, phường)",
            "Ancestral home (commune's name or code)",
        ),
        FieldSpec::may("ethnicity", FieldKind::Ethnicity, "Dân tộc", "Ethnicity"),
        FieldSpec::may("religion", FieldKind::Text, "Tôn giáo", "Religion"),
        FieldSpec::may("blood_group", FieldKind::Choice(BLOOD), "Nhóm máu", "Blood group"),
        FieldSpec::may("marital", FieldKind::Choice(SINGLE), "Tình trạng hôn nhân", "Marital status"),
        FieldSpec::may("cmnd9", FieldKind::Text, "Số CMND 09 số", "Nine-digit number"),
        FieldSpec::may("other_name", FieldKind::Name, "Tên gọi khác", "Other name"),
    ];
    const PAPERS: &'static [Choice] = &[
        ("collection_form", "Phiếu thu thập thông tin dân cư", "Population data collection form"),
        ("change_extract", "Trích lục bổ sung hộ tịch", "Extract of the supplement"),
        ("medical_certificate", "Giấy chứng nhận y tế", "Medical certificate"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let subject = form.must("subject", who);
        let mut facts = Vec::new();
        let mut add = |field, fact: Option<Fact>| facts.extend(fact.map(|fact| (field, fact)));
        let at = |text| Place { text, unit: None, country: "VN".to_owned() };
        add("birth_place", form.may("birth_place", text).map(|text| Fact::BirthPlace(Some(at(text)))));
        add("home_place", form.place("home_place", "home_unit").map(|place| Fact::AncestralHome(Some(place))));
        add("ethnicity", form.may("ethnicity", coded(ethnic_code)).map(|code| Fact::Ethnicity(Some(code))));
        add("religion", form.may("religion", text).map(|text| Fact::Religion(Some(text))));
        let group = form.may("blood_group", coded(BloodGroup::from_code));
        add("blood_group", group.map(|group| Fact::BloodGroup(Some(group))));
        let marital = |code: &str| Marital::from_code(code).filter(|one| *one != Marital::Married);
        add("marital", form.may("marital", coded(marital)).map(Fact::Marital));
        let nine = |code: &str| (code.len() == 9 && code.bytes().all(|b| b.is_ascii_digit())).then(|| code.to_owned());
        add("cmnd9", form.may("cmnd9", coded(nine)).map(|number| Fact::OldNumber(Some(number))));
        add("other_name", form.may("other_name", name).map(|name| Fact::OtherNames(vec![name.full().to_owned()])));
        if facts.is_empty() {
            form.fault("birth_place", Why::NothingChanges);
        }
        Some(Self { subject: subject?, facts })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.find("subject", &self.subject)?;
        for (field, fact) in &self.facts {
            let fact = match fact {
                // A further name joins the others.
                Fact::OtherNames(more) => {
                    let mut names = record.other_names.clone();
                    names.extend(more.iter().filter(|name| !record.other_names.contains(name)).cloned());
                    Fact::OtherNames(names)
                }
                other => other.clone(),
            };
            let unknown = match &fact {
                Fact::OtherNames(_) => true,
                Fact::Marital(_) => record.marital == Marital::Unknown && record.spouse.is_none(),
                other => record.fact(other.facet()).to_json().is_null(),
            };
            if !unknown {
                return Err(Refusal::new(field, Why::AlreadyKnown));
            }
            out.set(at, id, fact, None);
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub(super) struct ContactsChange {
    subject: Who,
    phone: Option<String>,
    email: Option<String>,
    on: Date,
}

impl Event for ContactsChange {
    const FIELDS: &'static [FieldSpec] = &[
        SUBJECT,
        FieldSpec::may("phone", FieldKind::Phone, "Số điện thoại chính chủ", "Phone in their own name"),
        FieldSpec::may("email", FieldKind::Email, "Thư điện tử", "E-mail"),
        ON,
    ];
    const PAPERS: &'static [Choice] = &[
        ("collection_form", "Phiếu thu thập thông tin dân cư", "Population data collection form"),
        ("subscriber_record", "Dữ liệu thuê bao của nhà mạng", "The operator's subscriber record"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (subject, on) = (form.must("subject", who), form.must("on", day));
        let (phone, email) = (form.may("phone", phone), form.may("email", email));
        if phone.is_none() && email.is_none() {
            form.fault("phone", Why::Missing);
        }
        Some(Self { subject: subject?, phone, email, on: on? })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let (id, record) = at.living("subject", &self.subject)?;
        let contacts = Contacts {
            phone: self.phone.clone().or_else(|| record.contacts.phone.clone()),
            email: self.email.clone().or_else(|| record.contacts.email.clone()),
        };
        out.set(at, id, Fact::Contacts(contacts), Some(self.on));
        Ok(())
    }
}
