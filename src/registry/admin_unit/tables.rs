//! The embedded tables, read once.

use std::{collections::BTreeMap, sync::LazyLock};

use time::{Date, macros::format_description};

use super::{AdminUnit, THREE_LEVELS_SINCE, TWO_LEVELS_SINCE, UnitKind};
use crate::registry::number_prefix::rows;

struct Tables {
    units: Vec<AdminUnit>,
    by_code: BTreeMap<&'static str, Vec<usize>>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut units = of_three_levels();
    units.extend(provinces_in(include_str!("../data/provinces_2025.csv")));
    units.extend(communes_in(include_str!("../data/wards_2025.csv")));
    for change in rows(include_str!("../data/unit_changes.csv")).filter_map(Change::read) {
        change.put_into(&mut units);
    }
    let mut by_code: BTreeMap<&'static str, Vec<usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        by_code.entry(unit.code).or_default().push(at);
    }
    Tables { units, by_code }
});

pub(super) fn units() -> &'static [AdminUnit] {
    &TABLES.units
}

pub(super) fn forms(code: &str) -> impl Iterator<Item = &'static AdminUnit> {
    TABLES.by_code.get(code).into_iter().flatten().filter_map(|at| TABLES.units.get(*at))
}

/// "Phường Ba Đình" is a ward of the name "Ba Đình".
fn kind_of(full_name: &'static str) -> Option<(UnitKind, &'static str)> {
    [
        ("Thành phố ", UnitKind::City),
        ("Tỉnh ", UnitKind::Province),
        ("Phường ", UnitKind::Ward),
        ("Xã ", UnitKind::Commune),
        ("Thị trấn ", UnitKind::Township),
        ("Đặc khu ", UnitKind::SpecialZone),
    ]
    .into_iter()
    .find_map(|(words, kind)| Some((kind, full_name.strip_prefix(words)?)))
}

/// Until 1 July 2025.
fn of_three_levels() -> Vec<AdminUnit> {
    let unit = |code, full_name, kind, name, province, district| AdminUnit {
        code,
        full_name,
        name,
        kind,
        province,
        district,
        valid_from: THREE_LEVELS_SINCE,
        valid_to: Some(TWO_LEVELS_SINCE),
    };
    let mut units = Vec::with_capacity(14_200);
    for mut cells in rows(include_str!("../data/provinces_2024.csv")) {
        let (Some(code), Some(full_name)) = (cells.next(), cells.next()) else { continue };
        let Some((kind, name)) = kind_of(full_name) else { continue };
        units.push(unit(code, full_name, kind, name, None, None));
    }
    let mut province_of = BTreeMap::new();
    for mut cells in rows(include_str!("../data/districts_2024.csv")) {
        let (Some(code), Some(full_name), Some(province)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let name = full_name
            .strip_prefix("Thành phố ")
            .or_else(|| full_name.strip_prefix("Thị xã "))
            .or_else(|| full_name.strip_prefix("Quận "))
            .or_else(|| full_name.strip_prefix("Huyện "))
            .unwrap_or(full_name);
        province_of.insert(code, province);
        units.push(unit(code, full_name, UnitKind::District, name, Some(province), None));
    }
    for mut cells in rows(include_str!("../data/communes_2024.csv")) {
        let (Some(code), Some(full_name), Some(district)) = (cells.next(), cells.next(), cells.next()) else {
            continue;
        };
        let (Some((kind, name)), Some(province)) = (kind_of(full_name), province_of.get(district)) else { continue };
        units.push(unit(code, full_name, kind, name, Some(province), Some(district)));
    }
    units
}

fn provinces_in(table: &'static str) -> impl Iterator<Item = AdminUnit> {
    rows(table).filter_map(|mut cells| {
        let (code, full_name) = (cells.next()?, cells.next()?);
        let (kind, name) = kind_of(full_name)?;
        Some(since_2025(code, full_name, kind, name, None))
    })
}

fn communes_in(table: &'static str) -> impl Iterator<Item = AdminUnit> {
    rows(table).filter_map(|mut cells| {
        let (code, full_name) = (cells.next()?, cells.next()?);
        let (kind, name) = kind_of(full_name)?;
        Some(since_2025(code, full_name, kind, name, Some(cells.nth(2)?)))
    })
}

const fn since_2025(
    code: &'static str,
    full_name: &'static str,
    kind: UnitKind,
    name: &'static str,
    province: Option<&'static str>,
) -> AdminUnit {
    AdminUnit { code, full_name, name, kind, province, district: None, valid_from: TWO_LEVELS_SINCE, valid_to: None }
}

/// A unit that kept its code and territory and became of another kind or name.
struct Change {
    code: &'static str,
    full_name: &'static str,
    on: Date,
}

impl Change {
    fn read(mut cells: std::str::Split<'static, char>) -> Option<Self> {
        let (code, full_name) = (cells.next()?, cells.next()?);
        let on = Date::parse(cells.next()?, format_description!("[year]-[month]-[day]")).ok()?;
        Some(Self { code, full_name, on })
    }

    /// Behind the form that it ends, so that the lists stay in the order of their codes.
    fn put_into(self, units: &mut Vec<AdminUnit>) {
        let Some((kind, name)) = kind_of(self.full_name) else { return };
        let Some(at) = units.iter().rposition(|unit| unit.code == self.code) else { return };
        let Some(last) = units.get_mut(at) else { return };
        last.valid_to = Some(self.on);
        let (full_name, valid_from) = (self.full_name, self.on);
        let next = AdminUnit { full_name, kind, name, valid_from, valid_to: None, ..last.clone() };
        units.insert(at + 1, next);
    }
}
