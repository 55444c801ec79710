//! Khai sinh: a person comes into the record with parents, a number and a household (Law on Civil Status Art 14, 15).

use time::{Date, Duration};

use super::{
    Event, FieldKind, FieldSpec, NumberWanted, Outcome, Refusal, Situation, Warning, Why,
    form::{Choice, Form, Who, coded, commune, country, day, file, name, text, who},
    parentage::{check_parent, role_field},
    situation::member_of,
};
use crate::{
    base::ids::PersonId,
    registry::{
        BirthDate, PersonName, Residence, ResidenceKind, Sex, UnitRef,
        duplicates::Traits,
        ethnicity,
        household::{Relation, ResidenceFile},
        record::{Marital, Numbers, Place, Record, Relative, Tie},
    },
};

pub(super) const SEXES: &[Choice] = &[("male", "Nam", "Male"), ("female", "Nữ", "Female")];

const RELATIONS: &[Choice] = &[
    ("child", "Con", "Child"),
    ("grandchild", "Cháu", "Grandchild"),
    ("sibling", "Em", "Sibling"),
    ("other", "Khác", "Other"),
];

/// The word of whoever registers, when the registry has somebody who may be the child.
const CHECKED: &[Choice] = &[("yes", "Đã so sánh, không phải trẻ này", "Compared: none of them is this child")];

#[derive(Clone, Debug)]
pub(super) struct Birth {
    name: PersonName,
    on: Date,
    sex: Sex,
    registered_on: Date,
    registered_at: UnitRef,
    place: Option<Place>,
    ancestral_home: Option<Place>,
    ethnicity: Option<String>,
    nationality: String,
    mother: Option<Who>,
    father: Option<Who>,
    household: Option<(ResidenceFile, Relation)>,
    /// Somebody looked at the records that may be this child's.
    checked: bool,
}

impl Event for Birth {
    const FIELDS: &'static [FieldSpec] = &[
        FieldSpec::must("name", FieldKind::Name, "Họ, chữ đệm và tên khai sinh của trẻ", "The child's name"),
        FieldSpec::must("on", FieldKind::Day, "Ngày sinh", "Born on"),
        FieldSpec::must("sex", FieldKind::Choice(SEXES), "Giới tính", "Sex"),
        FieldSpec::may("mother", FieldKind::Person, "Mẹ (số định danh)", "Mother (number)"),
        FieldSpec::may("father", FieldKind::Person, "Cha (số định danh)", "Father (number)"),
        FieldSpec::must("registered_on", FieldKind::Day, "Ngày đăng ký khai sinh", "Registered on"),
        FieldSpec::must(
            "registered_at",
            FieldKind::Commune,
            "Nơi đăng ký khai sinh (tên hoặc mã xã, phường)",
            "Registered at (commune's name or code)",
        ),
        FieldSpec::may("birth_place", FieldKind::Text, "Nơi sinh", "Place of birth"),
        FieldSpec::may("home_place", FieldKind::Text, "Quê quán", "Ancestral home"),
        FieldSpec::may(
            "home_unit",
            FieldKind::Commune,
            "Quê quán (tên hoặc mã xã, phường)",
            "Ancestral home (commune's name or code)",
        ),
        FieldSpec::may("ethnicity", FieldKind::Ethnicity, "Dân tộc", "Ethnicity"),
        FieldSpec::may("nationality", FieldKind::Country, "Quốc tịch (hai chữ cái)", "Nationality (two letters)"),
        FieldSpec::may(
            "household",
            FieldKind::Household,
            "Nhập vào hộ (số hồ sơ cư trú)",
            "Joins the household (file)",
        ),
        FieldSpec::may("relation", FieldKind::Choice(RELATIONS), "Quan hệ với chủ hộ", "Relation to the head"),
        FieldSpec::may(
            "distinct",
            FieldKind::Choice(CHECKED),
            "Hồ sơ có thể trùng (chỉ chọn khi được báo)",
            "Records that may be this child's (only when told of some)",
        ),
    ];
    const PAPERS: &'static [Choice] = &[
        ("birth_note", "Giấy chứng sinh", "Notice of birth"),
        ("birth_certificate", "Giấy khai sinh", "Birth certificate"),
        ("witness", "Văn bản xác nhận của người làm chứng", "Statement of a witness"),
        ("foreign_paper", "Giấy tờ của cơ quan nước ngoài", "Paper of a foreign authority"),
    ];

    fn read(form: &mut Form<'_>) -> Option<Self> {
        let (name, on) = (form.must("name", name), form.must("on", day));
        let sex = form.must("sex", coded(Sex::from_code));
        let registered_on = form.must("registered_on", day);
        let registered_at = form.must("registered_at", commune);
        let place = form.may("birth_place", text).map(|text| Place { text, unit: None, country: "VN".to_owned() });
        let ancestral_home = form.place("home_place", "home_unit");
        let ethnicity =
            form.may("ethnicity", coded(|code| ethnicity::by_code(code).map(|group| group.code.to_owned())));
        let nationality = form.may("nationality", country).unwrap_or_else(|| "VN".to_owned());
        let (mother, father) = (form.may("mother", who), form.may("father", who));
        let joins = form.may("household", file);
        let checked = form.may("distinct", coded(|code| (code == "yes").then_some(()))).is_some();
        let relation = form.may("relation", coded(Relation::from_code)).unwrap_or(Relation::Child);
        if let (Some(born), Some(registered)) = (on, registered_on)
            && registered < born
        {
            form.fault("registered_on", Why::EndsBeforeItBegins);
        }
        Some(Self {
            name: name?,
            on: on?,
            sex: sex?,
            registered_on: registered_on?,
            registered_at: registered_at?,
            place,
            ancestral_home,
            ethnicity,
            nationality,
            mother,
            father,
            household: joins.map(|file| (file, relation)),
            checked,
        })
    }

    fn apply(&self, at: &Situation, out: &mut Outcome) -> Result<(), Refusal> {
        let birth = BirthDate::Full(self.on);
        let mut record = Record::new(self.name.clone(), birth, self.sex);
        record.mother = self.parent(at, Sex::Female, out)?;
        record.father = self.parent(at, Sex::Male, out)?;
        record.representative = record.mother.clone().or_else(|| record.father.clone());
        record.numbers = Numbers { active: at.fresh.number, ..Numbers::default() };
        record.birth_place.clone_from(&self.place);
        record.registration_place = Some(Place {
            text: self.registered_at.names_on(at.today).unwrap_or_default(),
            unit: Some(self.registered_at.clone()),
            country: "VN".to_owned(),
        });
        record.ancestral_home.clone_from(&self.ancestral_home);
        record.ethnicity.clone_from(&self.ethnicity);
        record.nationalities = vec![self.nationality.clone()];
        record.marital = Marital::Single;
        if let Some((file, relation)) = &self.household {
            let household = at.open_household("household", file)?;
            if let super::Fact::Household(place) = member_of(household, *relation) {
                record.household = place;
            }
            record.permanent = Some(Residence {
                kind: ResidenceKind::Permanent,
                address: household.address.clone(),
                from: Some(self.registered_on),
                to: None,
            });
        }
        if !at.likely().is_empty() {
            if !self.checked {
                return Err(Refusal::new("distinct", Why::LikelyThere));
            }
            out.warnings.push(Warning::LikelyThere);
        }
        if self.registered_on - self.on > Duration::days(60) {
            out.warnings.push(Warning::RegisteredLate);
        }
        out.born = Some((at.fresh.person, record));
        Ok(())
    }

    fn number_wanted(&self, at: &Situation) -> Option<NumberWanted> {
        // A synthetic population's children stay in its range of numbers.
        let parents = [&self.mother, &self.father];
        let test = parents.into_iter().flatten().filter_map(|who| at.record(at.id_of(who)?)?.numbers.active);
        NumberWanted::at(&self.registered_at, self.sex, self.on.year(), test.into_iter().any(|number| number.is_test()))
    }
}

impl Birth {
    pub(super) fn traits(&self, at: &Situation) -> Traits {
        let numbers = [&self.mother, &self.father].into_iter().flatten();
        let numbers = numbers.filter_map(|who| at.record(at.id_of(who)?)?.numbers.active);
        let household = self.household.as_ref().and_then(|(file, _)| at.by_file(file));
        let home = household.map_or(&self.registered_at, |household| &household.address.unit);
        Traits {
            name: self.name.keys(),
            birth: BirthDate::Full(self.on),
            sex: self.sex,
            cmnd9: None,
            commune: home.as_of(at.today).map_or_else(|| home.code.clone(), |found| found.unit.code.to_owned()),
            parents: numbers.map(|number| number.as_str().to_owned()).collect(),
            contacts: Vec::new(),
        }
    }

    fn parent(&self, at: &Situation, sex: Sex, out: &mut Outcome) -> Result<Option<Relative>, Refusal> {
        let (field, who) = if sex == Sex::Female { ("mother", &self.mother) } else { ("father", &self.father) };
        let Some(who) = who else { return Ok(None) };
        // A parent may have died since: a father before the birth, a mother not.
        let (parent, record) = at.find(field, who)?;
        check_parent(role_field(sex), (parent, record), (BirthDate::Full(self.on), at.fresh.person), sex)?;
        for sibling in at.children(parent) {
            self.beside(at, sibling, sex, out)?;
        }
        Ok(Some(Relative::known(parent, Tie::Ordinary)))
    }

    /// The same child twice is refused; a mother's births within nine months are unusual.
    fn beside(&self, at: &Situation, sibling: PersonId, sex: Sex, out: &mut Outcome) -> Result<(), Refusal> {
        let Some(record) = at.record(sibling) else { return Ok(()) };
        let BirthDate::Full(other) = record.birth else { return Ok(()) };
        if other == self.on && record.name.keys().tone == self.name.keys().tone {
            return Err(Refusal::new("name", Why::ChildThere));
        }
        let apart = (other - self.on).whole_days().abs();
        if sex == Sex::Female && (2..180).contains(&apart) && !out.warnings.contains(&Warning::BirthsTooNear) {
            out.warnings.push(Warning::BirthsTooNear);
        }
        Ok(())
    }
}
