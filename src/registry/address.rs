//! Addresses: a line, a dated unit, and what the papers said at registration.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use super::{
    admin_unit::{self, AdminUnit, AsOf},
    name_keys::{invisible, is_unseen},
    record::iso_day,
};

/// Names one form of a commune: its code and the day this form began.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UnitRef {
    pub code: String,
    #[serde(with = "iso_day")]
    pub valid_from: Date,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Address {
    /// House, street, hamlet.
    pub line: String,
    pub unit: UnitRef,
    /// The address as first registered, when a boundary change has moved it since: shown beside the present one.
    pub as_registered: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressError {
    #[error("there is no commune with this code on that day")]
    NoSuchUnit,
    #[error("this code names a province; an address needs the commune")]
    NotACommune,
    #[error("the address line has more than 250 characters")]
    LineTooLong,
    #[error("the address line holds control characters")]
    LineControl,
}

const MAX_LINE: usize = 250;

impl UnitRef {
    /// The form of a commune that holds on `day`.
    pub fn commune_on(code: &str, day: Date) -> Result<Self, AddressError> {
        let unit = admin_unit::on(code.trim(), day).ok_or(AddressError::NoSuchUnit)?;
        if !unit.kind.is_commune_level() {
            return Err(AddressError::NotACommune);
        }
        Ok(Self { code: unit.code.to_owned(), valid_from: unit.valid_from })
    }

    pub fn unit(&self) -> Option<&'static AdminUnit> {
        admin_unit::version(&self.code, self.valid_from)
    }

    /// The unit as it is called on `day`, through every change between.
    pub fn as_of(&self, day: Date) -> Option<AsOf> {
        admin_unit::as_of(self.unit()?, day)
    }

    /// "Phường Ba Đình, Thành phố Hà Nội" as of `day`; in its own form where that day's is not known.
    pub fn names_on(&self, day: Date) -> Option<String> {
        let own = self.unit()?;
        let Some(found) = admin_unit::as_of(own, day) else { return Some(own.in_full()) };
        let province = found.unit.province.and_then(|code| admin_unit::on(code, day));
        let district = found.unit.district.and_then(|code| admin_unit::on(code, day));
        let above = [district, province].into_iter().flatten();
        Some(above.fold(found.unit.full_name.to_owned(), |text, unit| text + ", " + unit.full_name))
    }
}

/// An address as of a day, beside the form in which it was registered where they differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    pub text: String,
    pub unit: Option<&'static AdminUnit>,
    /// Units that it may lie in as well: its commune was divided, and only the hamlet tells.
    pub others: Vec<&'static AdminUnit>,
    pub as_registered: Option<String>,
}

impl Address {
    pub fn new(line: &str, unit: UnitRef, as_registered: Option<&str>) -> Result<Self, AddressError> {
        let as_registered = as_registered.map(str::trim).filter(|text| !text.is_empty());
        Ok(Self { line: clean(line)?, unit, as_registered: as_registered.map(clean).transpose()? })
    }

    pub fn in_full_on(&self, day: Date) -> String {
        self.unit.names_on(day).map_or_else(|| self.line.clone(), |names| self.with(&names))
    }

    /// Nothing is registered again because a boundary moved: old and new stand side by side (Resolution 190/2025/QH15
    /// Art 10).
    pub fn shown_on(&self, day: Date) -> Shown {
        let own = self.unit.unit();
        let found = own.and_then(|unit| admin_unit::as_of(unit, day));
        let text = self.in_full_on(day);
        let first = self.as_registered.clone().or_else(|| Some(self.with(&own?.in_full())));
        let (unit, others) = found.map_or((own, Vec::new()), |found| (Some(found.unit), found.others));
        Shown { as_registered: first.filter(|first| *first != text), text, unit, others }
    }

    fn with(&self, names: &str) -> String {
        if self.line.is_empty() { names.to_owned() } else { format!("{}, {names}", self.line) }
    }
}

/// One line, in NFC, with nothing in it that is not seen.
pub(super) fn clean(line: &str) -> Result<String, AddressError> {
    use unicode_normalization::UnicodeNormalization;

    let line = line.trim();
    if line.len() > MAX_LINE * 8 {
        return Err(AddressError::LineTooLong);
    }
    let line: String = line.chars().filter(|letter| !invisible(*letter)).nfc().collect();
    if line.chars().any(is_unseen) {
        return Err(AddressError::LineControl);
    }
    if line.chars().count() > MAX_LINE {
        return Err(AddressError::LineTooLong);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const DAY: Date = date!(2026 - 11 - 22);

    #[test]
    fn an_address_reads_as_on_an_envelope() {
        let unit = UnitRef::commune_on("00004", DAY).unwrap();
        let address = Address::new(" Số 1, Phố Thử ", unit.clone(), Some(" ")).unwrap();
        assert_eq!(address.in_full_on(DAY), "Số 1, Phố Thử, Phường Ba Đình, Thành phố Hà Nội");
        assert_eq!(address.as_registered, None);
        assert_eq!(Address::new("", unit, None).unwrap().in_full_on(DAY), "Phường Ba Đình, Thành phố Hà Nội");
    }

    #[test]
    fn an_address_of_then_is_shown_as_of_any_day() {
        let then = date!(2015 - 03 - 01);
        let address = Address::new("Số 1", UnitRef::commune_on("00001", then).unwrap(), None).unwrap();
        let old = "Số 1, Phường Phúc Xá, Quận Ba Đình, Thành phố Hà Nội";
        assert_eq!(address.in_full_on(then), old);
        let shown = address.shown_on(DAY);
        assert_eq!(shown.text, "Số 1, Phường Hồng Hà, Thành phố Hà Nội");
        assert_eq!((shown.as_registered.as_deref(), shown.others.len()), (Some(old), 0));
        assert_eq!(address.shown_on(then).as_registered, None);
        // Before the list begins the registered form stands.
        assert_eq!(address.in_full_on(date!(1999 - 01 - 01)), old);
    }

    #[test]
    fn the_parts_of_a_divided_commune_are_named() {
        let unit = UnitRef::commune_on("00007", date!(2025 - 06 - 30)).unwrap();
        let shown = Address::new("Tổ 3", unit, None).unwrap().shown_on(DAY);
        assert_eq!(shown.text, "Tổ 3, Phường Ngọc Hà, Thành phố Hà Nội");
        assert_eq!(shown.others.iter().map(|unit| unit.full_name).collect::<Vec<_>>(), ["Phường Giảng Võ"]);
    }

    #[test]
    fn a_commune_that_became_a_ward_is_shown_by_the_day() {
        let address = Address::new("Ấp 2", UnitRef::commune_on("26368", date!(2025 - 12 - 31)).unwrap(), None).unwrap();
        assert_eq!(address.in_full_on(date!(2026 - 04 - 29)), "Ấp 2, Xã Long Thành, Tỉnh Đồng Nai");
        assert_eq!(address.in_full_on(date!(2026 - 04 - 30)), "Ấp 2, Phường Long Thành, Thành phố Đồng Nai");
    }

    #[test]
    fn what_is_no_address() {
        assert_eq!(UnitRef::commune_on("01", DAY), Err(AddressError::NotACommune));
        assert_eq!(UnitRef::commune_on("00005", DAY), Err(AddressError::NoSuchUnit));
        assert_eq!(UnitRef::commune_on("001", date!(2020 - 01 - 01)), Err(AddressError::NotACommune));
        assert_eq!(UnitRef::commune_on("00004", date!(2008 - 01 - 01)), Err(AddressError::NoSuchUnit));
        let unit = UnitRef::commune_on("00004", DAY).unwrap();
        assert_eq!(Address::new(&"ố".repeat(251), unit.clone(), None), Err(AddressError::LineTooLong));
        assert_eq!(Address::new(&"ố".repeat(1_000_000), unit.clone(), None), Err(AddressError::LineTooLong));
        assert_eq!(Address::new("Số 1\nPhố", unit, None), Err(AddressError::LineControl));
    }
}
