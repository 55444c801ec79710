//! What a unit became, and what it was: the way from one day's form to another's.

use std::{collections::BTreeMap, sync::LazyLock};

use time::Date;

use super::{AdminUnit, TWO_LEVELS_SINCE, forms, on};
use crate::registry::number_prefix::{Prefix, rows};

/// Old communes (and island districts, which had none) with the new ones they are in, the usual one first.
struct Crosswalk {
    forth: BTreeMap<&'static str, Vec<&'static str>>,
    /// Only old communes that went into the new one whole.
    back: BTreeMap<&'static str, Vec<&'static str>>,
}

static CROSSWALK: LazyLock<Crosswalk> = LazyLock::new(|| {
    let mut forth: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for mut cells in rows(include_str!("../data/crosswalk_2025.csv")) {
        let (Some(old), Some(new), Some(usual)) = (cells.next(), cells.next(), cells.next()) else { continue };
        let targets = forth.entry(old).or_default();
        if usual == "1" {
            targets.insert(0, new);
        } else {
            targets.push(new);
        }
    }
    let mut back: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (old, new) in &forth {
        for new in new {
            back.entry(new).or_default().push(old);
        }
    }
    Crosswalk { forth, back }
});

/// The units into which one went when its form ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successors {
    /// The only one, or the one that most addresses went to.
    pub usual: &'static AdminUnit,
    /// Where the unit was divided: an address needs its hamlet to know.
    pub others: Vec<&'static AdminUnit>,
}

/// A unit as of another day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf {
    pub unit: &'static AdminUnit,
    /// Other units it may be, where one on the way was divided.
    pub others: Vec<&'static AdminUnit>,
}

impl AsOf {
    pub fn is_certain(&self) -> bool {
        self.others.is_empty()
    }
}

/// What a unit became when this form ended; None while it holds, and for districts, whose level ended.
pub fn successors(unit: &AdminUnit) -> Option<Successors> {
    let end = unit.valid_to?;
    if end != TWO_LEVELS_SINCE {
        return Some(Successors { usual: on(unit.code, end)?, others: Vec::new() });
    }
    if unit.kind.is_province_level() {
        let Prefix::Province(was) = Prefix::of(unit.code.parse().ok()?) else { return None };
        return Some(Successors { usual: on(was.merged_into, end)?, others: Vec::new() });
    }
    let mut new = CROSSWALK.forth.get(unit.code)?.iter().filter_map(|code| on(code, end));
    Some(Successors { usual: new.next()?, others: new.collect() })
}

/// The unit in the form it had or has on `day`; None where nothing is known of it: before its list begins, or backwards
/// over a merger, since the new unit does not tell which of the old ones an address was in.
pub fn as_of(unit: &'static AdminUnit, day: Date) -> Option<AsOf> {
    let mut found = AsOf { unit, others: Vec::new() };
    while found.unit.valid_to.is_some_and(|end| end <= day) {
        let next = successors(found.unit)?;
        found.unit = next.usual;
        found.others.extend(next.others);
    }
    while found.unit.valid_from > day {
        found.unit = predecessor(found.unit)?;
    }
    // A part of a divided unit may have changed its form since.
    let others = found.others.into_iter().filter_map(|other| as_of(other, day)).map(|other| other.unit);
    Some(AsOf { unit: found.unit, others: others.collect() })
}

fn predecessor(unit: &AdminUnit) -> Option<&'static AdminUnit> {
    if unit.valid_from != TWO_LEVELS_SINCE {
        return forms(unit.code).find(|form| form.valid_to == Some(unit.valid_from));
    }
    let day = TWO_LEVELS_SINCE.previous_day()?;
    if unit.kind.is_province_level() {
        return on(unit.code, day).filter(|was| provinces_into(unit.code) == 1 && was.kind.is_province_level());
    }
    match CROSSWALK.back.get(unit.code)?.as_slice() {
        [only] => on(only, day),
        _ => None,
    }
}

fn provinces_into(code: &str) -> usize {
    let merged = |unit: &&AdminUnit| {
        let digits = unit.code.parse().ok();
        matches!(digits.map(Prefix::of), Some(Prefix::Province(was)) if was.merged_into == code)
    };
    TWO_LEVELS_SINCE.previous_day().map_or(0, |day| super::provinces_on(day).filter(merged).count())
}
