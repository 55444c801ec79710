//! Administrative units with the days they hold: since 1 July 2025 two levels, 34 provinces and 3,321 communes.
//!
//! A code alone does not name a territory: survivors kept the code of one predecessor and grew. The key is (code, valid from).

use std::{collections::BTreeMap, sync::LazyLock};

use time::{Date, macros::date};

use super::number_prefix::rows;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnitKind {
    /// Thành phố trực thuộc trung ương.
    City,
    /// Tỉnh.
    Province,
    /// Phường.
    Ward,
    /// Xã.
    Commune,
    /// Đặc khu.
    SpecialZone,
}

impl UnitKind {
    pub const fn code(self) -> &'static str {
        match self {
            Self::City => "thanh_pho",
            Self::Province => "tinh",
            Self::Ward => "phuong",
            Self::Commune => "xa",
            Self::SpecialZone => "dac_khu",
        }
    }

    pub const fn is_province_level(self) -> bool {
        matches!(self, Self::City | Self::Province)
    }

    fn from_words(words: &str) -> Option<Self> {
        match words {
            "thanh_pho" => Some(Self::City),
            "tinh" => Some(Self::Province),
            "Phường" => Some(Self::Ward),
            "Xã" => Some(Self::Commune),
            "Đặc khu" => Some(Self::SpecialZone),
            _ => None,
        }
    }
}

/// One unit in one form: a new row begins when its territory, kind or name changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUnit {
    /// Two digits for a province, five for a commune; text, for the leading zeros.
    pub code: &'static str,
    pub full_name: &'static str,
    pub name: &'static str,
    pub kind: UnitKind,
    /// Code of the province a commune belongs to.
    pub province: Option<&'static str>,
    pub valid_from: Date,
    /// The first day on which it no longer holds in this form.
    pub valid_to: Option<Date>,
}

impl AdminUnit {
    pub fn holds_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }
}

/// Decision 19/2025/QĐ-TTg and Resolution 202/2025/QH15.
pub const TWO_LEVELS_SINCE: Date = date!(2025 - 07 - 01);
/// Resolution 30/2026/QH16: Đồng Nai became a centrally run city.
const DONG_NAI_CITY_SINCE: Date = date!(2026 - 04 - 30);

struct Tables {
    units: Vec<AdminUnit>,
    by_code: BTreeMap<&'static str, Vec<usize>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut units = provinces_in(include_str!("data/provinces_2025.csv"));
    units.extend(communes_in(include_str!("data/wards_2025.csv")));
    let mut by_code: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        by_code.entry(unit.code).or_default().push(at);
    }
    Tables { units, by_code }
});

fn provinces_in(table: &'static str) -> Vec<AdminUnit> {
    let mut provinces = Vec::new();
    for mut cells in rows(table) {
        let (Some(code), Some(full_name), Some(name), Some(kind)) =
            (cells.next(), cells.next(), cells.next(), cells.next().and_then(UnitKind::from_words))
        else {
            continue;
        };
        let unit =
            AdminUnit { code, full_name, name, kind, province: None, valid_from: TWO_LEVELS_SINCE, valid_to: None };
        if code == "75" {
            provinces.push(AdminUnit {
                full_name: "Tỉnh Đồng Nai",
                kind: UnitKind::Province,
                valid_to: Some(DONG_NAI_CITY_SINCE),
                ..unit.clone()
            });
            provinces.push(AdminUnit { valid_from: DONG_NAI_CITY_SINCE, ..unit });
        } else {
            provinces.push(unit);
        }
    }
    provinces
}

fn communes_in(table: &'static str) -> impl Iterator<Item = AdminUnit> {
    rows(table).filter_map(|mut cells| {
        Some(AdminUnit {
            code: cells.next()?,
            full_name: cells.next()?,
            name: cells.next()?,
            kind: UnitKind::from_words(cells.next()?)?,
            province: Some(cells.next()?),
            valid_from: TWO_LEVELS_SINCE,
            valid_to: None,
        })
    })
}

/// Every unit in every form that is known.
pub fn all() -> &'static [AdminUnit] {
    &TABLES.units
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
    all().iter().filter(move |unit| unit.province == Some(province) && unit.holds_on(day))
}

fn forms(code: &str) -> impl Iterator<Item = &'static AdminUnit> {
    TABLES.by_code.get(code).into_iter().flatten().filter_map(|at| TABLES.units.get(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Date = date!(2026 - 11 - 22);

    #[test]
    fn the_lists_are_whole() {
        assert_eq!(provinces_on(DAY).count(), 34);
        assert_eq!(provinces_on(TWO_LEVELS_SINCE).count(), 34);
        let communes: usize = provinces_on(DAY).map(|province| communes_of(province.code, DAY).count()).sum();
        assert_eq!(communes, 3_321);
        let of_kind = |kind: UnitKind| all().iter().filter(|unit| unit.kind == kind).count();
        assert_eq!(
            (of_kind(UnitKind::Ward), of_kind(UnitKind::Commune), of_kind(UnitKind::SpecialZone)),
            (687, 2_621, 13)
        );
        assert!(all().iter().all(|unit| unit.code.len() == if unit.province.is_some() { 5 } else { 2 }));
    }

    #[test]
    fn the_province_table_counts_its_communes() {
        for mut cells in rows(include_str!("data/provinces_2025.csv")) {
            let code = cells.next().unwrap();
            let count: usize = cells.nth(3).unwrap().parse().unwrap();
            assert_eq!(communes_of(code, DAY).count(), count, "{code}");
        }
    }

    #[test]
    fn dong_nai_is_a_province_and_then_a_city() {
        assert_eq!(on("75", date!(2026 - 04 - 29)).unwrap().full_name, "Tỉnh Đồng Nai");
        assert_eq!(on("75", date!(2026 - 04 - 30)).unwrap().full_name, "Thành phố Đồng Nai");
        assert_eq!(latest("75").unwrap().kind, UnitKind::City);
        assert_eq!(version("75", TWO_LEVELS_SINCE).unwrap().kind, UnitKind::Province);
        assert_eq!(provinces_on(DAY).filter(|unit| unit.kind == UnitKind::City).count(), 7);
        assert_eq!(provinces_on(TWO_LEVELS_SINCE).filter(|unit| unit.kind == UnitKind::City).count(), 6);
    }

    #[test]
    fn before_two_levels_nothing_of_this_list_holds() {
        assert_eq!(on("00004", date!(2025 - 06 - 30)), None);
        assert_eq!(on("00004", TWO_LEVELS_SINCE).unwrap().full_name, "Phường Ba Đình");
        assert_eq!(on("99999", DAY), None);
    }
}
