//! Administrative units with the days they hold: three levels with 63 provinces and 10,035 communes until 1 July 2025, two
//! levels with 34 and 3,321 since, and what changed on 30 April 2026.
//!
//! A code alone does not name a territory: survivors kept the code of one predecessor and grew. The key is (code, valid from).

mod called;
mod succession;
mod tables;

use time::{Date, macros::date};

pub use called::commune_called;
pub use succession::{AsOf, Successors, as_of, successors};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// Thành phố trực thuộc trung ương.
    City,
    /// Tỉnh.
    Province,
    /// Quận, huyện, thị xã, thành phố thuộc tỉnh: the level that ended on 1 July 2025.
    District,
    /// Phường.
    Ward,
    /// Xã.
    Commune,
    /// Thị trấn, until 1 July 2025.
    Township,
    /// Đặc khu.
    SpecialZone,
}

impl UnitKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::City => "thanh_pho",
            Self::Province => "tinh",
            Self::District => "cap_huyen",
            Self::Ward => "phuong",
            Self::Commune => "xa",
            Self::Township => "thi_tran",
            Self::SpecialZone => "dac_khu",
        }
    }

    pub const fn is_province_level(self) -> bool {
        matches!(self, Self::City | Self::Province)
    }

    pub const fn is_commune_level(self) -> bool {
        matches!(self, Self::Ward | Self::Commune | Self::Township | Self::SpecialZone)
    }
}

/// One unit in one form: a new row begins when its territory, kind or name changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUnit {
    /// Two digits for a province, three for a district, five for a commune; text, for the leading zeros.
    pub code: &'static str,
    pub full_name: &'static str,
    pub name: &'static str,
    pub kind: UnitKind,
    /// Code of the province a commune or district belongs to.
    pub province: Option<&'static str>,
    /// Code of the district a commune belonged to.
    pub district: Option<&'static str>,
    pub valid_from: Date,
    /// The first day on which it no longer holds in this form.
    pub valid_to: Option<Date>,
}

impl AdminUnit {
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// "Phường Ba Đình, Thành phố Hà Nội", or with its district while there were districts.
    pub fn in_full(&self) -> String {
        let within = |code: Option<&'static str>| code.and_then(|code| on(code, self.valid_from));
        let above = [within(self.district), within(self.province)];
        above.into_iter().flatten().fold(self.full_name.to_owned(), |text, unit| text + ", " + unit.full_name)
    }
}

/// Decision 19/2025/QĐ-TTg and Resolution 202/2025/QH15.
pub const TWO_LEVELS_SINCE: Date = date!(2025 - 07 - 01);
/// Since Hà Tây became part of Hà Nội there were 63 provinces. The older list is that of 30 June 2025; the mergers of
/// communes between the two days are not in it, so that an address of then names the commune it was in at the end.
pub const THREE_LEVELS_SINCE: Date = date!(2008 - 08 - 01);

/// Every unit in every form that is known.
pub fn all() -> &'static [AdminUnit] {
    tables::units()
}

/// The unit that a code named on a day.
pub fn on(code: &str, day: Date) -> Option<&'static AdminUnit> {
    forms(code).find(|unit| unit.holds_on(day))
}

/// The latest form of a unit, whatever the day.
pub fn latest(code: &str) -> Option<&'static AdminUnit> {
    forms(code).max_by_key(|unit| unit.valid_from)
}

/// The form that began exactly on a day: what a stored reference names.
pub fn version(code: &str, valid_from: Date) -> Option<&'static AdminUnit> {
    forms(code).find(|unit| unit.valid_from == valid_from)
}

pub fn provinces_on(day: Date) -> impl Iterator<Item = &'static AdminUnit> {
    all().iter().filter(move |unit| unit.kind.is_province_level() && unit.holds_on(day))
}

pub fn communes_of(province: &str, day: Date) -> impl Iterator<Item = &'static AdminUnit> {
    all()
        .iter()
        .filter(move |unit| unit.kind.is_commune_level() && unit.province == Some(province) && unit.holds_on(day))
}

fn forms(code: &str) -> impl Iterator<Item = &'static AdminUnit> {
    tables::forms(code)
}

#[cfg(test)]
mod tests;
