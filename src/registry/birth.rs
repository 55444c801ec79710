//! Dates of birth, which the registry knows to the day, to the month or only to the year.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Date, Month};

/// Ngày, tháng, năm sinh. Older records know the year alone, some the year and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BirthDate {
    Full(Date),
    YearMonth { year: i32, month: Month },
    Year(i32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    Day,
    Month,
    Year,
}

impl Precision {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Day, Self::Month, Self::Year].into_iter().find(|precision| precision.code() == code)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BirthDateError {
    #[error("the birth date is empty")]
    Empty,
    #[error("the birth date is not written as YYYY-MM-DD, YYYY-MM, YYYY or DD/MM/YYYY")]
    Form,
    #[error("there is no such day in the calendar")]
    NoSuchDay,
    #[error("the birth date lies in the future")]
    Future,
    #[error("the birth date lies more than 130 years back")]
    TooLongAgo,
}

/// How a stated birth date stands to the recorded one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthMatch {
    Same,
    /// The record knows less than was stated, and what it knows agrees.
    AsFarAsRecorded,
    /// Less was stated than the record knows, and what was stated agrees.
    AsFarAsStated,
    Different,
}

/// Nobody on record has lived longer than 122 years; beyond this it is a slip of the pen.
const LONGEST_LIFE: i32 = 130;

impl BirthDate {
    /// Reads `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, and day first as people in Việt Nam write it: with slashes, points, dashes or
    /// gaps (`5/3/1985`, `05.03.1985`, `05-03-1985`, `03/1985`).
    pub fn parse(text: &str) -> Result<Self, BirthDateError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(BirthDateError::Empty);
        }
        let mut parts: Vec<&str> = text.split(['/', '.', '-', ' ']).collect();
        // One kind of mark, and only dashes after a year.
        let marks = text.chars().filter(|letter| !letter.is_ascii_digit());
        let first = marks.clone().next();
        if marks.clone().any(|mark| Some(mark) != first) {
            return Err(BirthDateError::Form);
        }
        let year_first = parts.first().is_some_and(|part| part.len() == 4);
        if year_first && parts.len() > 1 && first != Some('-') {
            return Err(BirthDateError::Form);
        }
        if !year_first {
            parts.reverse();
        }
        let year = parts.first().filter(|year| year.len() == 4).ok_or(BirthDateError::Form)?;
        let year = i32::from(digits(year)?);
        match parts.get(1..).unwrap_or_default() {
            [] => Ok(Self::Year(year)),
            [month] => Ok(Self::YearMonth { year, month: month_of(month)? }),
            [month, day] => {
                let day = u8::try_from(digits(day)?).map_err(|_| BirthDateError::NoSuchDay)?;
                Date::from_calendar_date(year, month_of(month)?, day)
                    .map(Self::Full)
                    .map_err(|_| BirthDateError::NoSuchDay)
            }
            _ => Err(BirthDateError::Form),
        }
    }

    /// Refuses what no living or recorded person can have: a birth after `today`, or more than 130 years before it.
    pub fn plausible_on(self, today: Date) -> Result<Self, BirthDateError> {
        if self.earliest() > today {
            return Err(BirthDateError::Future);
        }
        if self.year() < today.year() - LONGEST_LIFE {
            return Err(BirthDateError::TooLongAgo);
        }
        Ok(self)
    }

    /// A stored date: the first possible day, and how much of it is known.
    pub const fn from_stored(day: Date, precision: Precision) -> Self {
        match precision {
            Precision::Day => Self::Full(day),
            Precision::Month => Self::YearMonth { year: day.year(), month: day.month() },
            Precision::Year => Self::Year(day.year()),
        }
    }

    pub const fn year(self) -> i32 {
        match self {
            Self::Full(date) => date.year(),
            Self::YearMonth { year, .. } | Self::Year(year) => year,
        }
    }

    pub const fn precision(self) -> Precision {
        match self {
            Self::Full(_) => Precision::Day,
            Self::YearMonth { .. } => Precision::Month,
            Self::Year(_) => Precision::Year,
        }
    }

    /// The first day that this date can mean.
    pub fn earliest(self) -> Date {
        match self {
            Self::Full(date) => date,
            Self::YearMonth { year, month } => day_in(year, month, 1),
            Self::Year(year) => day_in(year, Month::January, 1),
        }
    }

    /// The last day that this date can mean: by it ages are counted, so that nobody is taken for older than they may be.
    pub fn latest(self) -> Date {
        match self {
            Self::Full(date) => date,
            Self::YearMonth { year, month } => day_in(year, month, month.length(year)),
            Self::Year(year) => day_in(year, Month::December, 31),
        }
    }

    /// Completed years on `day`; negative before birth.
    pub fn age_on(self, day: Date) -> i32 {
        let born = self.latest();
        let years = day.year() - born.year();
        if day < anniversary(born, years) { years - 1 } else { years }
    }

    /// The day on which `years` are completed.
    pub fn birthday(self, years: i32) -> Date {
        anniversary(self.latest(), years)
    }

    pub fn compare(recorded: Self, stated: Self) -> BirthMatch {
        if recorded == stated {
            return BirthMatch::Same;
        }
        let (outer, inner, answer) = if recorded.width() > stated.width() {
            (recorded, stated, BirthMatch::AsFarAsRecorded)
        } else {
            (stated, recorded, BirthMatch::AsFarAsStated)
        };
        let within = outer.earliest() <= inner.earliest() && inner.latest() <= outer.latest();
        if within && outer.width() > inner.width() { answer } else { BirthMatch::Different }
    }

    const fn width(self) -> u8 {
        match self {
            Self::Full(_) => 0,
            Self::YearMonth { .. } => 1,
            Self::Year(_) => 2,
        }
    }
}

fn digits(text: &str) -> Result<u16, BirthDateError> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BirthDateError::Form);
    }
    text.parse().map_err(|_| BirthDateError::Form)
}

fn month_of(text: &str) -> Result<Month, BirthDateError> {
    u8::try_from(digits(text)?).ok().and_then(|month| Month::try_from(month).ok()).ok_or(BirthDateError::NoSuchDay)
}

/// Years come from four digits, so that the calendar always has the day.
fn day_in(year: i32, month: Month, day: u8) -> Date {
    Date::from_calendar_date(year, month, day).unwrap_or(Date::MIN)
}

/// 29 February has its anniversary on the last day of February in common years.
fn anniversary(born: Date, years: i32) -> Date {
    let year = born.year().saturating_add(years);
    let day = born.day().min(born.month().length(year));
    Date::from_calendar_date(year, born.month(), day).unwrap_or(if years < 0 { Date::MIN } else { Date::MAX })
}

impl fmt::Display for BirthDate {
    /// ISO 8601 to the precision that is known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(date) => write!(f, "{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()),
            Self::YearMonth { year, month } => write!(f, "{year:04}-{:02}", u8::from(*month)),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl FromStr for BirthDate {
    type Err = BirthDateError;
    fn from_str(text: &str) -> Result<Self, BirthDateError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for BirthDate {
    type Error = BirthDateError;
    fn try_from(text: String) -> Result<Self, BirthDateError> {
        Self::parse(&text)
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        date.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    fn born(text: &str) -> BirthDate {
        BirthDate::parse(text).unwrap()
    }

    #[test]
    fn forms_that_are_read() {
        for (text, iso) in [
            ("1985-03-05", "1985-03-05"),
            ("5/3/1985", "1985-03-05"),
            ("05/03/1985", "1985-03-05"),
            ("3/1985", "1985-03"),
            ("05.03.1985", "1985-03-05"),
            ("5-3-1985", "1985-03-05"),
            ("05 03 1985", "1985-03-05"),
            ("03-1985", "1985-03"),
            ("1985-03", "1985-03"),
            (" 1985 ", "1985"),
            ("29/02/2024", "2024-02-29"),
        ] {
            assert_eq!(born(text).to_string(), iso, "{text}");
        }
    }

    #[test]
    fn forms_that_are_refused() {
        for (text, error) in [
            ("", BirthDateError::Empty),
            ("85", BirthDateError::Form),
            ("05031985", BirthDateError::Form),
            ("1985-3-5-1", BirthDateError::Form),
            ("1985/03/05", BirthDateError::Form),
            ("05/03-1985", BirthDateError::Form),
            ("5//1985", BirthDateError::Form),
            ("05-03-85", BirthDateError::Form),
            ("1985-aa-05", BirthDateError::Form),
            ("-1985", BirthDateError::Form),
            ("1985-02-29", BirthDateError::NoSuchDay),
            ("1985-13-01", BirthDateError::NoSuchDay),
            ("1985-00", BirthDateError::NoSuchDay),
            ("31/04/1985", BirthDateError::NoSuchDay),
        ] {
            assert_eq!(BirthDate::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn the_future_and_the_distant_past_are_implausible() {
        let today = date!(2026 - 11 - 22);
        assert_eq!(born("2026-11-22").plausible_on(today), Ok(born("2026-11-22")));
        assert_eq!(born("2026-11-23").plausible_on(today), Err(BirthDateError::Future));
        assert_eq!(born("2026").plausible_on(today), Ok(born("2026")));
        assert_eq!(born("2027").plausible_on(today), Err(BirthDateError::Future));
        assert_eq!(born("1896").plausible_on(today), Ok(born("1896")));
        assert_eq!(born("1895-12-31").plausible_on(today), Err(BirthDateError::TooLongAgo));
    }

    #[test]
    fn what_was_stated_against_what_is_recorded() {
        use BirthMatch::{AsFarAsRecorded, AsFarAsStated, Different, Same};
        for (recorded, stated, expected) in [
            ("1985-03-05", "1985-03-05", Same),
            ("1985", "1985", Same),
            ("1985", "1985-03-05", AsFarAsRecorded),
            ("1985", "1985-03", AsFarAsRecorded),
            ("1985-03", "1985-03-31", AsFarAsRecorded),
            ("1985-03-05", "1985", AsFarAsStated),
            ("1985-03-05", "1985-03", AsFarAsStated),
            ("1985-03", "1985", AsFarAsStated),
            ("1985-03-05", "1985-05-03", Different),
            ("1985-03-05", "1986", Different),
            ("1985-03", "1985-04-01", Different),
            ("1985", "1984-12-31", Different),
            ("1985-03", "1985-04", Different),
        ] {
            assert_eq!(BirthDate::compare(born(recorded), born(stated)), expected, "{recorded} {stated}");
        }
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(born("2012-11-22").age_on(date!(2026 - 11 - 21)), 13);
        assert_eq!(born("2012-11-22").age_on(date!(2026 - 11 - 22)), 14);
        assert_eq!(born("2012").age_on(date!(2026 - 12 - 30)), 13);
        assert_eq!(born("2000-02-29").birthday(25), date!(2025 - 02 - 28));
        assert_eq!(born("2000-02-29").birthday(40), date!(2040 - 02 - 29));
        assert_eq!(born("2030").age_on(date!(2026 - 12 - 30)), -5);
    }

    fn any_birth() -> impl Strategy<Value = BirthDate> {
        (1_900_i32..2_100, 1_u16..=365, 0_u8..3).prop_map(|(year, day, kind)| {
            let date = Date::from_ordinal_date(year, day).unwrap();
            match kind {
                0 => BirthDate::Full(date),
                1 => BirthDate::YearMonth { year, month: date.month() },
                _ => BirthDate::Year(year),
            }
        })
    }

    proptest! {
        #[test]
        fn print_and_parse_are_inverse(birth in any_birth()) {
            prop_assert_eq!(BirthDate::parse(&birth.to_string()).unwrap(), birth);
            prop_assert!(birth.earliest() <= birth.latest());
            let precision = Precision::from_code(birth.precision().code()).unwrap();
            prop_assert_eq!(BirthDate::from_stored(birth.earliest(), precision), birth);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            if let Ok(birth) = BirthDate::parse(&text) {
                let _ = (birth.age_on(Date::MAX), birth.birthday(9_000), birth.plausible_on(Date::MIN));
            }
        }

        #[test]
        fn comparison_is_a_mirror(a in any_birth(), b in any_birth()) {
            let mirrored = match BirthDate::compare(b, a) {
                BirthMatch::AsFarAsRecorded => BirthMatch::AsFarAsStated,
                BirthMatch::AsFarAsStated => BirthMatch::AsFarAsRecorded,
                other => other,
            };
            prop_assert_eq!(BirthDate::compare(a, b), mirrored);
        }

        #[test]
        fn a_birthday_completes_its_years(birth in any_birth(), years in 0_i32..100) {
            let day = birth.birthday(years);
            prop_assert_eq!(birth.age_on(day), years);
            prop_assert_eq!(birth.age_on(day.previous_day().unwrap()), years - 1);
        }
    }
}
