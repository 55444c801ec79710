//! Where a person lives, by the forms of the Law on Residence 68/2020/QH14.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use super::{Address, BirthDate, record::iso_day};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResidenceKind {
    /// Thường trú: at most one at a time.
    Permanent,
    /// Tạm trú: at most one at a time, two years at most, renewable.
    Temporary,
    /// Nơi ở hiện tại, where neither exists (Art 19).
    Current,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Residence {
    pub kind: ResidenceKind,
    pub address: Address,
    #[serde(with = "iso_day::option", default)]
    pub from: Option<Date>,
    /// The last day.
    #[serde(with = "iso_day::option", default)]
    pub to: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResidenceError {
    #[error("the residence ends before it begins")]
    Backwards,
    #[error("a temporary residence has a first and a last day")]
    TemporaryOpen,
    #[error("a temporary residence lasts two years at most")]
    TemporaryTooLong,
}

impl ResidenceKind {
    pub const ALL: [Self; 3] = [Self::Permanent, Self::Temporary, Self::Current];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Permanent => "thuong_tru",
            Self::Temporary => "tam_tru",
            Self::Current => "hien_tai",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl Residence {
    pub fn new(
        kind: ResidenceKind,
        address: Address,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<Self, ResidenceError> {
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(ResidenceError::Backwards);
        }
        if kind == ResidenceKind::Temporary {
            let (Some(from), Some(to)) = (from, to) else { return Err(ResidenceError::TemporaryOpen) };
            if to > BirthDate::Full(from).birthday(2) {
                return Err(ResidenceError::TemporaryTooLong);
            }
        }
        Ok(Self { kind, address, from, to })
    }

    pub fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Nơi cư trú as printed on the card: permanent, else temporary, else current (Circular 17/2024 Art 4).
    pub fn of_record(all: &[Self], day: Date) -> Option<&Self> {
        all.iter().filter(|residence| residence.holds_on(day)).min_by_key(|residence| residence.kind)
    }
}

super::record::serde_by_code!(ResidenceKind);

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::registry::UnitRef;

    const DAY: Date = date!(2026 - 11 - 22);

    fn residence(kind: ResidenceKind, from: Option<Date>, to: Option<Date>) -> Result<Residence, ResidenceError> {
        let unit = UnitRef::commune_on("00004", DAY).unwrap();
        Residence::new(kind, Address::new("Số 1", unit, None).unwrap(), from, to)
    }

    #[test]
    fn temporary_residence_is_bounded() {
        let from = date!(2024 - 02 - 29);
        let until = |to| residence(ResidenceKind::Temporary, Some(from), Some(to));
        assert!(until(date!(2026 - 02 - 28)).is_ok());
        assert_eq!(until(date!(2026 - 03 - 01)), Err(ResidenceError::TemporaryTooLong));
        assert_eq!(until(date!(2024 - 02 - 28)), Err(ResidenceError::Backwards));
        assert_eq!(residence(ResidenceKind::Temporary, Some(from), None), Err(ResidenceError::TemporaryOpen));
        assert!(residence(ResidenceKind::Permanent, None, None).is_ok());
    }

    #[test]
    fn the_residence_of_record_is_the_strongest_that_holds() {
        let ended = residence(ResidenceKind::Permanent, None, Some(date!(2026 - 11 - 21))).unwrap();
        let temporary =
            residence(ResidenceKind::Temporary, Some(date!(2026 - 01 - 01)), Some(date!(2027 - 01 - 01))).unwrap();
        let current = residence(ResidenceKind::Current, None, None).unwrap();
        let all = [current.clone(), ended.clone(), temporary.clone()];
        assert_eq!(Residence::of_record(&all, DAY), Some(&temporary));
        assert_eq!(Residence::of_record(&all, date!(2026 - 11 - 21)), Some(&ended));
        assert_eq!(Residence::of_record(&all, date!(2027 - 01 - 02)), Some(&current));
        assert_eq!(Residence::of_record(&[], DAY), None);
    }
}
