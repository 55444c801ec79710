//! The whole record of a person: the fields of the Law on Identification Art 9, one table of facets.
//!
//! A facet is what changes as one, has one history and one provenance. What is derived is no facet: children and represented
//! persons are the other side of a relation, the head and the members of a household belong to the household.

pub(crate) mod iso_day;
mod parts;
mod words;

pub use parts::{
    Absence, BloodGroup, Capacity, Contacts, FormerNumber, HouseholdPlace, Marital, Numbers, Place, Relative,
    SharedDocument, Tie,
};
pub use words::words;

use serde_json::Value;

use super::{BirthDate, Card, PersonName, Residence, Sex, Vital};
use crate::base::ids::PersonId;

/// Serialises an enum by its stable code.
macro_rules! serde_by_code {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let code = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_code(&code).ok_or_else(|| serde::de::Error::custom("this code is not in the list"))
            }
        }
    };
}
pub(crate) use serde_by_code;

/// How a field is protected (Decree 356/2025).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensitivity {
    Basic,
    /// Sealed at rest, also in the history, and shown only to who may see it.
    Sensitive,
}

macro_rules! facets {
    ($($(#[$doc:meta])* $facet:ident => $field:ident: $type:ty, $code:literal, item $item:literal, $sensitivity:ident,
        $vi:literal, $en:literal;)+) => {
        /// A field of the record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Facet { $($(#[$doc])* $facet),+ }

        /// A field with its value.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Fact { $($facet($type)),+ }

        /// Everything that holds of a person.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Record { $($(#[$doc])* pub $field: $type),+ }

        impl Facet {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$facet),+];

            /// The name in storage, files and forms.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$facet => $code),+ }
            }

            /// The item of Art 9(1) of the Law on Identification; 0 for what another provision asks.
            pub const fn item(self) -> u8 {
                match self { $(Self::$facet => $item),+ }
            }

            pub const fn sensitivity(self) -> Sensitivity {
                match self { $(Self::$facet => Sensitivity::$sensitivity),+ }
            }

            /// What people call it, in Vietnamese and in English.
            pub const fn label(self) -> (&'static str, &'static str) {
                match self { $(Self::$facet => ($vi, $en)),+ }
            }
        }

        impl Fact {
            pub const fn facet(&self) -> Facet {
                match self { $(Self::$facet(_) => Facet::$facet),+ }
            }

            pub fn to_json(&self) -> Value {
                match self { $(Self::$facet(value) => serde_json::to_value(value).unwrap_or_default()),+ }
            }

            /// None when this is no value of the facet.
            pub fn from_json(facet: Facet, json: Value) -> Option<Self> {
                match facet { $(Facet::$facet => serde_json::from_value(json).ok().map(Self::$facet)),+ }
            }
        }

        impl Record {
            pub fn fact(&self, facet: Facet) -> Fact {
                match facet { $(Facet::$facet => Fact::$facet(self.$field.clone())),+ }
            }

            pub fn set(&mut self, fact: Fact) {
                match fact { $(Fact::$facet(value) => self.$field = value),+ }
            }
        }
    };
}

facets! {
    Name => name: PersonName, "name", item 1, Basic, "Họ, chữ đệm và tên khai sinh", "Birth name";
    OtherNames => other_names: Vec<String>, "other_names", item 2, Basic, "Tên gọi khác", "Other names";
    /// The present number and those that were cancelled.
    Numbers => numbers: Numbers, "numbers", item 3, Basic, "Số định danh cá nhân", "Personal number";
    Birth => birth: BirthDate, "birth", item 4, Basic, "Ngày, tháng, năm sinh", "Birth date";
    Sex => sex: Sex, "sex", item 5, Basic, "Giới tính", "Sex";
    BirthPlace => birth_place: Option<Place>, "birth_place", item 6, Basic, "Nơi sinh", "Place of birth";
    RegistrationPlace => registration_place: Option<Place>, "registration_place", item 7, Basic,
        "Nơi đăng ký khai sinh", "Place of birth registration";
    AncestralHome => ancestral_home: Option<Place>, "ancestral_home", item 8, Basic, "Quê quán", "Ancestral home";
    /// Two digits.
    Ethnicity => ethnicity: Option<String>, "ethnicity", item 9, Sensitive, "Dân tộc", "Ethnicity";
    Religion => religion: Option<String>, "religion", item 10, Sensitive, "Tôn giáo", "Religion";
    /// ISO 3166-1 alpha-2.
    Nationalities => nationalities: Vec<String>, "nationalities", item 11, Basic, "Quốc tịch", "Nationality";
    BloodGroup => blood_group: Option<BloodGroup>, "blood_group", item 12, Sensitive, "Nhóm máu", "Blood group";
    OldNumber => cmnd9: Option<String>, "cmnd9", item 13, Basic, "Số CMND 09 số", "Nine-digit number";
    Cards => cards: Vec<Card>, "cards", item 14, Basic, "Thẻ căn cước và giấy tờ", "Identity cards";
    Father => father: Option<Relative>, "father", item 15, Basic, "Cha", "Father";
    Mother => mother: Option<Relative>, "mother", item 15, Basic, "Mẹ", "Mother";
    Spouse => spouse: Option<Relative>, "spouse", item 15, Basic, "Vợ hoặc chồng", "Spouse";
    Representative => representative: Option<Relative>, "representative", item 15, Basic,
        "Người đại diện hợp pháp", "Legal representative";
    Permanent => permanent: Option<Residence>, "permanent", item 16, Basic, "Nơi thường trú", "Permanent residence";
    Temporary => temporary: Option<Residence>, "temporary", item 17, Basic, "Nơi tạm trú", "Temporary residence";
    Stay => stay: Option<Residence>, "stay", item 18, Basic, "Nơi ở hiện tại", "Present stay";
    Absence => absence: Option<Absence>, "absence", item 19, Basic, "Khai báo tạm vắng", "Declared absence";
    /// The household by its residence file, and the relation to its head (items 20, 22, 23).
    Household => household: Option<HouseholdPlace>, "household", item 20, Basic,
        "Hộ gia đình, quan hệ với chủ hộ", "Household, relation to its head";
    Marital => marital: Marital, "marital", item 21, Basic, "Tình trạng hôn nhân", "Marital status";
    Vital => vital: Vital, "vital", item 24, Basic, "Tình trạng sống, chết, mất tích", "Alive, missing or dead";
    Contacts => contacts: Contacts, "contacts", item 25, Sensitive, "Số điện thoại, thư điện tử", "Phone, e-mail";
    /// What other bodies share into the registry (Annex of Decree 58/2026).
    Shared => shared: Vec<SharedDocument>, "shared", item 26, Basic, "Thông tin khác", "Other information";
    Capacity => capacity: Capacity, "capacity", item 0, Basic, "Năng lực hành vi dân sự", "Legal capacity";
    /// The record that this one went into, when the two were one person's.
    Merged => merged: Option<PersonId>, "merged", item 0, Basic, "Đã gộp vào hồ sơ", "Merged into";
}

impl Facet {
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.code() == code)
    }
}

impl Record {
    /// A person of whom nothing is known but these.
    pub fn new(name: PersonName, birth: BirthDate, sex: Sex) -> Self {
        Self {
            name,
            other_names: Vec::new(),
            numbers: Numbers::default(),
            birth,
            sex,
            birth_place: None,
            registration_place: None,
            ancestral_home: None,
            ethnicity: None,
            religion: None,
            nationalities: vec!["VN".to_owned()],
            blood_group: None,
            cmnd9: None,
            cards: Vec::new(),
            father: None,
            mother: None,
            spouse: None,
            representative: None,
            permanent: None,
            temporary: None,
            stay: None,
            absence: None,
            household: None,
            marital: Marital::Unknown,
            vital: Vital::Alive,
            contacts: Contacts::default(),
            shared: Vec::new(),
            capacity: Capacity::Full,
            merged: None,
        }
    }

    pub fn is_dead(&self) -> bool {
        matches!(self.vital, Vital::Dead(_) | Vital::DeadDeclared(_))
    }

    /// The facets in which two states of a record differ.
    pub fn differing(&self, other: &Self) -> impl Iterator<Item = Facet> {
        Facet::ALL.into_iter().filter(|facet| self.fact(*facet) != other.fact(*facet))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::registry::{Address, PersonalNumber, ResidenceKind, UnitRef};

    #[test]
    fn the_table_covers_article_9() {
        for item in 1..=26 {
            // 22 and 23 come with the household of item 20.
            assert!(matches!(item, 22 | 23) || Facet::ALL.iter().any(|facet| facet.item() == item), "item {item}");
        }
        for facet in Facet::ALL {
            assert_eq!(Facet::from_code(facet.code()), Some(facet));
        }
        let sealed: Vec<_> =
            Facet::ALL.iter().filter(|facet| facet.sensitivity() == Sensitivity::Sensitive).map(|f| f.code()).collect();
        assert_eq!(sealed, ["ethnicity", "religion", "blood_group", "contacts"]);
    }

    #[test]
    fn every_fact_comes_back_from_its_json() {
        let name = PersonName::parse("Nguyễn Văn Thử").unwrap();
        let mut record = Record::new(name, BirthDate::parse("1985-03").unwrap(), Sex::Male);
        record.numbers.active = Some(PersonalNumber::parse("900085000001").unwrap());
        record.vital = Vital::Dead(Some(date!(2026 - 05 - 01)));
        let unit = UnitRef::commune_on("00004", date!(2026 - 11 - 22)).unwrap();
        let address = Address::new("Số 1", unit, None).unwrap();
        record.permanent =
            Some(Residence { kind: ResidenceKind::Permanent, address, from: Some(date!(2020 - 02 - 29)), to: None });
        let mut again = Record::new(PersonName::parse("Ai").unwrap(), BirthDate::Year(1900), Sex::Unknown);
        for facet in Facet::ALL {
            let json = record.fact(facet).to_json();
            again.set(Fact::from_json(facet, json).unwrap());
        }
        assert_eq!(again, record);
        assert_eq!(record.fact(Facet::Permanent).to_json()["from"], "2020-02-29");
        assert_eq!(Fact::from_json(Facet::Sex, "neither".into()), None);
        assert_eq!(record.differing(&again).count(), 0);
    }
}
