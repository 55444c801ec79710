//! The personal identification number (số định danh cá nhân): twelve digits, kept as text, without a check digit.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Sex, number_prefix::Prefix};
use crate::base::typed::plain_digits;

/// Twelve digits set by the population database (Law on Identification Art 12).
///
/// What the digits say about sex, birth year and place is a *hint*: a holder may keep the number after either was
/// corrected (Decree 70/2024 Art 11(8)). It has no `Display` and its `Debug` is masked, so that it reaches no log by accident.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonalNumber([u8; 12]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NumberError {
    #[error("the personal number is empty")]
    Empty,
    #[error("the personal number has {0} digits instead of 12")]
    Length(usize),
    #[error("the personal number holds something that is not a digit at character {0}")]
    NotADigit(usize),
}

/// What the digits suggest. Never the truth about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberHint {
    /// Where the birth was registered, read with the 63 provinces of before 1 July 2025.
    pub prefix: Prefix,
    pub sex: Sex,
    pub birth_year: i32,
}

impl PersonalNumber {
    /// Spaces between the digits are how people write it; anything else is refused.
    pub fn parse(text: &str) -> Result<Self, NumberError> {
        let mut digits = [0; 12];
        let mut count = 0;
        for (at, letter) in text.chars().enumerate() {
            if letter.is_whitespace() {
                continue;
            }
            let digit = u8::try_from(letter).ok().filter(u8::is_ascii_digit).ok_or(NumberError::NotADigit(at + 1))?;
            if let Some(slot) = digits.get_mut(count) {
                *slot = digit;
            }
            count += 1;
        }
        match count {
            0 => Err(NumberError::Empty),
            12 => Ok(Self(digits)),
            other => Err(NumberError::Length(other)),
        }
    }

    /// As people type and paste it: dots, hyphens and wide digits too. Of files, [`Self::parse`] is the form.
    pub fn typed(text: &str) -> Result<Self, NumberError> {
        Self::parse(&plain_digits(text))
    }

    /// Puts a number together from its parts; `serial` counts only in its last six digits.
    ///
    /// None when the year is outside 1900–2399 or the sex is unknown: the fourth digit codes both (Decree 137/2015 Art 13).
    pub fn compose(prefix: u16, sex: Sex, birth_year: i32, serial: u32) -> Option<Self> {
        let century = u32::try_from(birth_year.checked_sub(1900)?).ok()? / 100;
        let odd = match sex {
            Sex::Male => 0,
            Sex::Female => 1,
            Sex::Unknown => return None,
        };
        let fourth = century * 2 + odd;
        if fourth > 9 || prefix > 999 {
            return None;
        }
        let text = format!("{prefix:03}{fourth}{:02}{:06}", birth_year.rem_euclid(100), serial % 1_000_000);
        Self::parse(&text).ok()
    }

    pub fn as_str(&self) -> &str {
        // Only ASCII digits are ever stored.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// `001 085 000 001`, the form pages show.
    pub fn grouped(&self) -> String {
        let mut out = String::with_capacity(15);
        for (at, digit) in self.as_str().chars().enumerate() {
            if at > 0 && at % 3 == 0 {
                out.push(' ');
            }
            out.push(digit);
        }
        out
    }

    /// `••• ••• ••• 001`: enough for the holder to recognise it, too little for anybody else.
    pub fn masked(&self) -> String {
        format!("••• ••• ••• {}", self.as_str().get(9..).unwrap_or_default())
    }

    /// Prefixes 900–999 belong to no province and no country: only synthetic people carry them.
    pub fn is_test(&self) -> bool {
        matches!(self.prefix(), Prefix::Test(_))
    }

    pub fn prefix(&self) -> Prefix {
        Prefix::of(self.number_at(0..3))
    }

    pub fn hint(&self) -> NumberHint {
        let fourth = i32::from(self.number_at(3..4));
        let sex = if fourth % 2 == 0 { Sex::Male } else { Sex::Female };
        NumberHint {
            prefix: self.prefix(),
            sex,
            birth_year: 1900 + 100 * (fourth / 2) + i32::from(self.number_at(4..6)),
        }
    }

    /// Does the record disagree with what the digits suggest? For a warning, never for a refusal.
    pub fn disagrees_with(&self, sex: Sex, birth_year: i32) -> bool {
        let hint = self.hint();
        hint.birth_year != birth_year || (sex != Sex::Unknown && hint.sex != sex)
    }

    fn number_at(&self, range: std::ops::Range<usize>) -> u16 {
        self.0.get(range).unwrap_or_default().iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
    }
}

impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl FromStr for PersonalNumber {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PersonalNumber {
    type Error = NumberError;
    fn try_from(text: String) -> Result<Self, NumberError> {
        Self::parse(&text)
    }
}

impl From<PersonalNumber> for String {
    fn from(number: PersonalNumber) -> Self {
        number.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vectors() -> Vec<serde_json::Value> {
        let all: serde_json::Value = serde_json::from_str(include_str!("data/test_vectors.json")).unwrap();
        all["id_number"].as_array().unwrap().clone()
    }

    #[test]
    fn the_shared_vectors_hold() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 12);
        for vector in vectors {
            let input = vector["input"].as_str().unwrap();
            let errors: Vec<_> = vector["errors"].as_array().unwrap().iter().map(|e| e.as_str().unwrap()).collect();
            let parsed = PersonalNumber::parse(input);
            assert_eq!(parsed.is_err(), errors.contains(&"format"), "{input}");
            let Ok(number) = parsed else { continue };
            let hint = number.hint();
            assert_eq!(hint.birth_year, i32::try_from(vector["birth_year"].as_i64().unwrap()).unwrap(), "{input}");
            assert_eq!(hint.sex.claim(), vector["sex"].as_str(), "{input}");
            let kind = match hint.prefix {
                Prefix::Province(_) => "province",
                Prefix::Country(_) => "country",
                Prefix::Test(_) => "test",
                Prefix::Unknown(_) => "unknown",
            };
            assert_eq!(kind, vector["prefix_kind"].as_str().unwrap(), "{input}");
            assert_eq!(kind == "unknown", errors.contains(&"unknown_prefix"), "{input}");
            assert_eq!(hint.birth_year > 2026, errors.contains(&"birth_year_in_future"), "{input}");
        }
    }

    #[test]
    fn people_write_it_with_spaces_and_get_groups_back() {
        let number = PersonalNumber::parse(" 001 085\u{a0}000 001 ").unwrap();
        assert_eq!(number.as_str(), "001085000001");
        assert_eq!(number.grouped(), "001 085 000 001");
        assert_eq!(number.masked(), "••• ••• ••• 001");
        assert_eq!(format!("{number:?}"), "••• ••• ••• 001");
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        assert_eq!(PersonalNumber::parse("  "), Err(NumberError::Empty));
        assert_eq!(PersonalNumber::parse("00108500000"), Err(NumberError::Length(11)));
        assert_eq!(PersonalNumber::parse("0010850000011"), Err(NumberError::Length(13)));
        assert_eq!(PersonalNumber::parse("00108500000a"), Err(NumberError::NotADigit(12)));
        // Arabic-Indic and full-width digits are not what a card carries.
        assert_eq!(PersonalNumber::parse("٠٠١٠٨٥٠٠٠٠٠١"), Err(NumberError::NotADigit(1)));
    }

    #[test]
    fn disagreement_is_seen_in_either_digit_group() {
        let number = PersonalNumber::parse("079192000002").unwrap();
        assert!(!number.disagrees_with(Sex::Female, 1992));
        assert!(!number.disagrees_with(Sex::Unknown, 1992));
        assert!(number.disagrees_with(Sex::Male, 1992));
        assert!(number.disagrees_with(Sex::Female, 1993));
    }

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(text in "[0-9]{12}") {
            let number = PersonalNumber::parse(&text).unwrap();
            prop_assert_eq!(number.as_str(), text.as_str());
            prop_assert_eq!(PersonalNumber::parse(&number.grouped()).unwrap(), number);
            prop_assert_eq!(serde_json::from_str::<PersonalNumber>(&serde_json::to_string(&number).unwrap()).unwrap(), number);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = PersonalNumber::parse(&text).map(|number| (number.hint(), number.masked()));
        }

        #[test]
        fn what_is_composed_is_hinted(prefix in 0_u16..1000, female: bool, year in 1900_i32..2400, serial in 0_u32..2_000_000) {
            let sex = if female { Sex::Female } else { Sex::Male };
            let number = PersonalNumber::compose(prefix, sex, year, serial).unwrap();
            prop_assert!(!number.disagrees_with(sex, year));
            prop_assert_eq!(number.is_test(), prefix >= 900);
        }

        #[test]
        fn what_cannot_be_coded_is_not_composed(year in prop_oneof![-3000_i32..1900, 2400_i32..9999]) {
            prop_assert!(PersonalNumber::compose(1, Sex::Male, year, 0).is_none());
        }
    }
}
