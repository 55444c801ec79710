//! Addresses: a line, a dated unit, and what the papers said at registration.

use thiserror::Error;
use time::Date;

use super::admin_unit::{self, AdminUnit};

/// Names one form of a commune: its code and the day this form began.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UnitRef {
    pub code: String,
    pub valid_from: Date,
}

#[derive(Clone, PartialEq, Eq, Debug)]
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
        if unit.kind.is_province_level() {
            return Err(AddressError::NotACommune);
        }
        Ok(Self { code: unit.code.to_owned(), valid_from: unit.valid_from })
    }

    pub fn unit(&self) -> Option<&'static AdminUnit> {
        admin_unit::version(&self.code, self.valid_from)
    }

    /// "Phường Ba Đình, Thành phố Hà Nội" as of `day`.
    pub fn names_on(&self, day: Date) -> Option<String> {
        let commune = self.unit()?;
        let province = admin_unit::on(commune.province?, day)?;
        Some(format!("{}, {}", commune.full_name, province.full_name))
    }
}

impl Address {
    pub fn new(line: &str, unit: UnitRef, as_registered: Option<&str>) -> Result<Self, AddressError> {
        let as_registered = as_registered.map(str::trim).filter(|text| !text.is_empty());
        Ok(Self { line: clean(line)?, unit, as_registered: as_registered.map(clean).transpose()? })
    }

    pub fn in_full_on(&self, day: Date) -> String {
        match self.unit.names_on(day) {
            Some(names) if self.line.is_empty() => names,
            Some(names) => format!("{}, {names}", self.line),
            None => self.line.clone(),
        }
    }
}

fn clean(line: &str) -> Result<String, AddressError> {
    use unicode_normalization::UnicodeNormalization;

    let line = line.trim();
    if line.len() > MAX_LINE * 8 {
        return Err(AddressError::LineTooLong);
    }
    let line: String = line.nfc().collect();
    if line.chars().any(char::is_control) {
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
    fn what_is_no_address() {
        assert_eq!(UnitRef::commune_on("01", DAY), Err(AddressError::NotACommune));
        assert_eq!(UnitRef::commune_on("00005", DAY), Err(AddressError::NoSuchUnit));
        assert_eq!(UnitRef::commune_on("00004", date!(2020 - 01 - 01)), Err(AddressError::NoSuchUnit));
        let unit = UnitRef::commune_on("00004", DAY).unwrap();
        assert_eq!(Address::new(&"ố".repeat(251), unit.clone(), None), Err(AddressError::LineTooLong));
        assert_eq!(Address::new(&"ố".repeat(1_000_000), unit.clone(), None), Err(AddressError::LineTooLong));
        assert_eq!(Address::new("Số 1\nPhố", unit, None), Err(AddressError::LineControl));
    }
}
