//! What an event is made of as text: the fields of its form, the members of its message, and their reading.

use std::collections::BTreeMap;

use time::{Date, Duration};

use super::{Refusal, Why};
use crate::{
    base::ids::PersonId,
    registry::{
        Address, BirthDate, EmailAddress, PersonName, PersonalNumber, PhoneNumber, UnitRef, admin_unit,
        birth::BirthDateError,
        household::ResidenceFile,
        name_keys::{invisible, is_unseen},
        record::{Place, iso_day},
    },
};

/// The texts of an event by field: what a form posts, a file has in a row, a message in its members.
pub type Values = BTreeMap<String, String>;

/// A choice: its code and its name in Vietnamese and English.
pub type Choice = (&'static str, &'static str, &'static str);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A personal number, also a cancelled one, or the registry's own id.
    Person,
    /// A residence file of a household that is there.
    Household,
    /// A residence file number that is not in use yet.
    NewHousehold,
    Day,
    /// A day, a month or a year.
    BirthDate,
    Name,
    Text,
    Choice(&'static [Choice]),
    /// The code of a commune.
    Commune,
    /// Two capital letters.
    Country,
    /// The two digits of an ethnic group.
    Ethnicity,
    Phone,
    Email,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldSpec {
    pub name: &'static str,
    pub kind: FieldKind,
    pub required: bool,
    pub vi: &'static str,
    pub en: &'static str,
}

impl FieldSpec {
    pub(super) const fn must(name: &'static str, kind: FieldKind, vi: &'static str, en: &'static str) -> Self {
        Self { name, kind, required: true, vi, en }
    }

    pub(super) const fn may(name: &'static str, kind: FieldKind, vi: &'static str, en: &'static str) -> Self {
        Self { name, kind, required: false, vi, en }
    }
}

/// A person as an event names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Number(PersonalNumber),
    Id(PersonId),
}

impl Who {
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        PersonalNumber::parse(text).map(Self::Number).ok().or_else(|| text.parse().map(Self::Id).ok())
    }

    pub fn as_text(&self) -> String {
        match self {
            Self::Number(number) => number.as_str().to_owned(),
            Self::Id(id) => id.to_string(),
        }
    }
}

/// A form being read; every fault is found and named by its field.
pub(super) struct Form<'a> {
    values: &'a Values,
    pub(super) today: Date,
    pub(super) faults: Vec<Refusal>,
}

/// More than anybody types, less than what would hurt.
pub(super) const MOST_CHARS: usize = 250;

impl<'a> Form<'a> {
    pub(super) const fn new(values: &'a Values, today: Date) -> Self {
        Self { values, today, faults: Vec::new() }
    }

    fn cell(&self, field: &str) -> Option<&'a str> {
        self.values.get(field).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    pub(super) fn fault(&mut self, field: &'static str, why: Why) {
        self.faults.push(Refusal::new(field, why));
    }

    /// An empty field is a fault of its own; a filled one is read.
    pub(super) fn must<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&str, Date) -> Result<T, Why>,
    ) -> Option<T> {
        if self.cell(field).is_none() {
            self.fault(field, Why::Missing);
        }
        self.may(field, read)
    }

    pub(super) fn may<T>(&mut self, field: &'static str, read: impl FnOnce(&str, Date) -> Result<T, Why>) -> Option<T> {
        let text = self.cell(field)?;
        // A name has its own bound; nothing else is longer than a line of an address.
        if text.len() > MOST_CHARS * 8 || text.chars().count() > MOST_CHARS {
            self.fault(field, Why::TooLong);
            return None;
        }
        match read(text, self.today) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fault(field, why);
                None
            }
        }
    }

    /// Line and commune of an address as of `day`.
    pub(super) fn address(&mut self, day: Date) -> Option<Address> {
        let line = self.may("line", text).unwrap_or_default();
        let unit = self.must("unit", |code, _| commune(code, day))?;
        match Address::new(&line, unit, None) {
            Ok(address) => Some(address),
            Err(_) => {
                self.fault("line", Why::Unreadable);
                None
            }
        }
    }

    /// A place named by a text, by a commune's code, or by both.
    pub(super) fn place(&mut self, text_field: &'static str, unit_field: &'static str) -> Option<Place> {
        let text = self.may(text_field, text);
        let unit = self.may(unit_field, commune);
        let text = match (&text, &unit) {
            (None, None) => return None,
            (Some(text), _) => text.clone(),
            (None, Some(unit)) => unit.names_on(self.today).unwrap_or_default(),
        };
        Some(Place { text, unit, country: "VN".to_owned() })
    }
}

pub(super) fn who(text: &str, _: Date) -> Result<Who, Why> {
    Who::parse(text).ok_or(Why::Unreadable)
}

pub(super) fn file(text: &str, _: Date) -> Result<ResidenceFile, Why> {
    ResidenceFile::parse(text).map_err(|_| Why::Unreadable)
}

/// A day that has come.
pub(super) fn day(text: &str, today: Date) -> Result<Date, Why> {
    let day = any_day(text, today)?;
    if day > today { Err(Why::Future) } else { Ok(day) }
}

/// A day, also in the future: until when something is meant to last.
pub(super) fn any_day(text: &str, today: Date) -> Result<Date, Why> {
    match BirthDate::parse(text) {
        Ok(BirthDate::Full(day)) if day < today - Duration::days(130 * 366) => Err(Why::TooLongAgo),
        Ok(BirthDate::Full(day)) => Ok(day),
        Err(BirthDateError::NoSuchDay) => Err(Why::NoSuchDay),
        _ => Err(Why::Unreadable),
    }
}

pub(super) fn birth_date(text: &str, today: Date) -> Result<BirthDate, Why> {
    BirthDate::parse(text).and_then(|birth| birth.plausible_on(today)).map_err(|error| match error {
        BirthDateError::Future => Why::Future,
        BirthDateError::TooLongAgo => Why::TooLongAgo,
        BirthDateError::NoSuchDay => Why::NoSuchDay,
        BirthDateError::Empty | BirthDateError::Form => Why::Unreadable,
    })
}

pub(super) fn name(text: &str, _: Date) -> Result<PersonName, Why> {
    PersonName::parse(text).map_err(|_| Why::NotAName)
}

/// One line, in NFC, without what controls it or is not seen.
pub(super) fn text(text: &str, _: Date) -> Result<String, Why> {
    use unicode_normalization::UnicodeNormalization as _;

    // A decider reads it: what is not seen is left out as in a name, and nothing turns the direction of the rest.
    let text: String = text.chars().filter(|letter| !invisible(*letter)).nfc().collect();
    if text.chars().any(is_unseen) { Err(Why::Unreadable) } else { Ok(text) }
}

pub(super) fn commune(code: &str, day: Date) -> Result<UnitRef, Why> {
    // An event of before the two levels names the unit as it is now.
    let day = day.max(admin_unit::TWO_LEVELS_SINCE);
    let unit = admin_unit::commune_called(code, day).ok_or(Why::NoSuchUnit)?;
    UnitRef::commune_on(unit.code, day).map_err(|_| Why::NoSuchUnit)
}

pub(super) fn country(text: &str, _: Date) -> Result<String, Why> {
    let sound = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if sound { Ok(text.to_owned()) } else { Err(Why::Unreadable) }
}

pub(super) fn phone(text: &str, _: Date) -> Result<String, Why> {
    PhoneNumber::parse(text).map(|phone| phone.e164().to_owned()).map_err(|_| Why::NotAPhone)
}

pub(super) fn email(text: &str, _: Date) -> Result<String, Why> {
    EmailAddress::parse(text).map(|email| email.as_str().to_owned()).map_err(|_| Why::NotAnEmail)
}

/// One of a list, by its code.
pub(super) fn coded<T>(from_code: impl Fn(&str) -> Option<T>) -> impl FnOnce(&str, Date) -> Result<T, Why> {
    move |text, _| from_code(text).ok_or(Why::NotInList)
}

/// A stored day (`YYYY-MM-DD`), for who reads an event again.
pub fn stored_day(text: &str) -> Option<Date> {
    iso_day::read(text)
}
