//! The values of facets that have no room of their own.

use serde::{Deserialize, Serialize};
use time::Date;

use super::{iso_day, serde_by_code};
use crate::{
    base::ids::{HouseholdId, PersonId},
    registry::{
        PersonalNumber, UnitRef,
        household::{Relation, ResidenceFile},
    },
};

/// A place in or outside the country, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// As the papers have it.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitRef>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
}

/// The numbers of a person: a cancelled one keeps leading to them (Decree 70/2024 Art 11, 12).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    pub active: Option<PersonalNumber>,
    /// The last day on which the active one was in use: its holder died.
    #[serde(with = "iso_day::option", default)]
    pub closed_on: Option<Date>,
    #[serde(default)]
    pub former: Vec<FormerNumber>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerNumber {
    pub number: PersonalNumber,
    /// Why it was cancelled, as far as it is known.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(with = "iso_day::option", default)]
    pub cancelled_on: Option<Date>,
}

/// Another person, by who they are in the registry or as the papers name them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relative {
    #[serde(default)]
    pub person: Option<PersonId>,
    /// As the source named them, when they are not in the registry.
    #[serde(default)]
    pub number: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub tie: Tie,
}

impl Relative {
    pub const fn known(person: PersonId, tie: Tie) -> Self {
        Self { person: Some(person), number: None, name: None, tie }
    }

    pub fn is(&self, person: PersonId) -> bool {
        self.person == Some(person)
    }
}

/// By what somebody became a relative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tie {
    /// By birth, marriage or law: nothing to add.
    #[default]
    Ordinary,
    Adoption,
    /// Nhận cha, mẹ, con, or a court's judgment.
    Recognition,
    /// Giám hộ.
    Guardianship,
}

/// A row of codes with the enum's variants.
macro_rules! coded {
    ($name:ident { $($variant:ident => $code:literal),+ $(,)? }) => {
        impl $name {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.code() == code)
            }
        }

        serde_by_code!($name);
    };
}

coded!(Tie {
    Ordinary => "ordinary", Adoption => "adoption", Recognition => "recognition", Guardianship => "guardianship"
});

/// Tạm vắng (Law on Residence Art 31).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absence {
    #[serde(with = "iso_day")]
    pub from: Date,
    #[serde(with = "iso_day::option", default)]
    pub to: Option<Date>,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HouseholdPlace {
    pub household: HouseholdId,
    pub file: ResidenceFile,
    pub relation: Relation,
}

/// Tình trạng hôn nhân, with the codes of QCVN 109:2017/BTTTT.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Marital {
    #[default]
    Unknown,
    Single,
    Married,
    DivorcedOrWidowed,
}

coded!(Marital {
    Unknown => "unknown", Single => "single", Married => "married", DivorcedOrWidowed => "divorced_or_widowed"
});

/// Năng lực hành vi dân sự, as a court decided; being a minor is computed from the birth date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Capacity {
    #[default]
    Full,
    /// Mất năng lực hành vi dân sự (Civil Code Art 22).
    Lost,
    /// Có khó khăn trong nhận thức, làm chủ hành vi (Art 23).
    Difficulty,
    /// Hạn chế năng lực hành vi dân sự (Art 24).
    Limited,
}

coded!(Capacity { Full => "full", Lost => "lost", Difficulty => "difficulty", Limited => "limited" });

/// Nhóm máu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BloodGroup {
    A,
    B,
    Ab,
    O,
}

coded!(BloodGroup { A => "A", B => "B", Ab => "AB", O => "O" });

/// E.164 and an address with its domain in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    #[serde(default)]
    pub phone: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

/// A verified document or datum that another body shares (Decree 58/2026, Annex).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedDocument {
    pub kind: String,
    pub reference: String,
    pub issuer: String,
    #[serde(with = "iso_day")]
    pub as_of: Date,
}
