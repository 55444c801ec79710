//! Finding people: what can be asked, how well a name agrees with what was typed, and why somebody was found.
//!
//! Names are found by their words without marks, in any order; marks, order and slips of the pen only rank. Nothing found
//! here identifies anybody: that is the three-way match.

mod agree;
mod words;

use serde::Serialize;
use time::Date;

pub use agree::{NameWhy, agree};
pub use words::{Vocabulary, distance, sorted};

use super::{BirthDate, NameKeys, PersonalNumber, admin_unit, household::ResidenceFile};

/// A name as somebody types it: perhaps in part, without marks, in another order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedName {
    pub keys: NameKeys,
    /// The words of `keys.plain`.
    pub words: Vec<String>,
}

/// Why a search cannot be made as it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchRefusal {
    #[error("nothing is asked for: a number, a document, a household, a name or a parent's name is needed")]
    Nothing,
    #[error("a name has at most 100 characters and ten words, and at least one letter")]
    Name,
    #[error("there is no such province or commune today")]
    Unit,
    #[error("a parent's name alone is borne by too many: add a name, a birth date or year, or a unit")]
    ParentAlone,
    #[error("the cursor is not one of this search")]
    Cursor,
}

impl TypedName {
    pub fn parse(text: &str) -> Result<Self, SearchRefusal> {
        // Cut before anything is computed: a megabyte of marks is no name.
        if text.len() > 1_000 || text.trim().chars().count() > 100 {
            return Err(SearchRefusal::Name);
        }
        let keys = NameKeys::of(text);
        let words: Vec<String> = keys.plain.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if words.is_empty() || words.len() > 10 || !keys.plain.chars().any(char::is_alphabetic) {
            return Err(SearchRefusal::Name);
        }
        Ok(Self { keys, words })
    }

    /// Whether any mark was typed: without, the marks of those found count nothing.
    pub fn is_marked(&self) -> bool {
        !self.keys.exact.is_ascii()
    }
}

/// A province, or a commune with its province, by today's codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Within {
    pub province: String,
    pub commune: Option<String>,
}

impl Within {
    /// By code; by name too, where only one unit of that day bears it ("Cao Bằng", "Phường Ba Đình").
    pub fn parse(text: &str, day: Date) -> Result<Self, SearchRefusal> {
        let text = text.trim();
        if let Some(unit) = admin_unit::on(text, day) {
            return Self::of(unit).ok_or(SearchRefusal::Unit);
        }
        let wanted = NameKeys::of(text).plain;
        let named = |unit: &&admin_unit::AdminUnit| {
            unit.holds_on(day) && [unit.full_name, unit.name].iter().any(|name| NameKeys::of(name).plain == wanted)
        };
        let all: Vec<_> = admin_unit::all().iter().filter(named).collect();
        // A province before a commune of its name.
        let provinces: Vec<_> = all.iter().filter(|unit| unit.kind.is_province_level()).collect();
        match (provinces.as_slice(), all.as_slice()) {
            ([one], _) => Self::of(one),
            ([], [one]) => Self::of(one),
            _ => None,
        }
        .ok_or(SearchRefusal::Unit)
    }

    fn of(unit: &admin_unit::AdminUnit) -> Option<Self> {
        if unit.kind.is_province_level() {
            return Some(Self { province: unit.code.to_owned(), commune: None });
        }
        Some(Self { province: unit.province?.to_owned(), commune: Some(unit.code.to_owned()) })
    }
}

/// What is asked: all that is given must agree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// A present or cancelled number, which is a card's number too.
    pub number: Option<PersonalNumber>,
    /// Số chứng minh nhân dân of nine digits.
    pub cmnd9: Option<String>,
    pub household: Option<ResidenceFile>,
    pub name: Option<TypedName>,
    /// A day, a month or a year.
    pub birth: Option<BirthDate>,
    pub within: Option<Within>,
    /// Father's or mother's.
    pub parent: Option<TypedName>,
}

impl Criteria {
    pub fn checked(self) -> Result<Self, SearchRefusal> {
        let alone = self.number.is_some() || self.cmnd9.is_some() || self.household.is_some() || self.name.is_some();
        if alone {
            return Ok(self);
        }
        if self.parent.is_none() {
            return Err(SearchRefusal::Nothing);
        }
        if self.birth.is_none() && self.within.is_none() { Err(SearchRefusal::ParentAlone) } else { Ok(self) }
    }
}

/// Why somebody was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "how")]
pub enum Why {
    Number,
    /// A cancelled number that still leads to the person.
    FormerNumber,
    Cmnd9,
    Household,
    Name(NameWhy),
    BirthDate,
    /// Only the year or month was asked, or is known.
    BirthDateInPart,
    Unit,
    Parent,
}
