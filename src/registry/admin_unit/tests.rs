use std::collections::BTreeSet;

use super::*;
use crate::registry::number_prefix::rows;

const DAY: Date = date!(2026 - 11 - 22);
const BEFORE: Date = date!(2025 - 06 - 30);
const CITY_SINCE: Date = date!(2026 - 04 - 30);

fn communes_on(day: Date) -> impl Iterator<Item = &'static AdminUnit> {
    all().iter().filter(move |unit| unit.kind.is_commune_level() && unit.holds_on(day))
}

fn of_kinds(day: Date) -> [usize; 4] {
    [UnitKind::Ward, UnitKind::Commune, UnitKind::SpecialZone, UnitKind::Township]
        .map(|kind| communes_on(day).filter(|unit| unit.kind == kind).count())
}

#[test]
fn the_lists_are_whole_on_each_day() {
    assert_eq!((provinces_on(BEFORE).count(), communes_on(BEFORE).count()), (63, 10_035));
    assert_eq!(all().iter().filter(|unit| unit.kind == UnitKind::District).count(), 696);
    for day in [TWO_LEVELS_SINCE, CITY_SINCE, DAY] {
        assert_eq!((provinces_on(day).count(), communes_on(day).count()), (34, 3_321), "{day}");
    }
    assert_eq!(of_kinds(BEFORE), [1_726, 7_692, 0, 617]);
    assert_eq!(of_kinds(date!(2026 - 04 - 29)), [687, 2_621, 13, 0]);
    assert_eq!(of_kinds(CITY_SINCE), [697, 2_611, 13, 0]);
    let length = |kind: UnitKind| match kind {
        UnitKind::City | UnitKind::Province => 2,
        UnitKind::District => 3,
        _ => 5,
    };
    assert!(all().iter().all(|unit| unit.code.len() == length(unit.kind)));
}

#[test]
fn at_most_one_form_of_a_code_holds_on_a_day() {
    let codes: BTreeSet<_> = all().iter().map(|unit| unit.code).collect();
    for day in [BEFORE, TWO_LEVELS_SINCE, date!(2026 - 04 - 29), CITY_SINCE, DAY] {
        for code in &codes {
            assert!(forms(code).filter(|unit| unit.holds_on(day)).count() <= 1, "{code} {day}");
        }
    }
}

#[test]
fn the_province_table_counts_its_communes() {
    for mut cells in rows(include_str!("../data/provinces_2025.csv")) {
        let code = cells.next().unwrap();
        let count: usize = cells.nth(3).unwrap().parse().unwrap();
        assert_eq!(communes_of(code, DAY).count(), count, "{code}");
    }
}

#[test]
fn dong_nai_is_a_province_and_then_a_city_with_ten_more_wards() {
    assert_eq!(on("75", date!(2026 - 04 - 29)).unwrap().full_name, "Tỉnh Đồng Nai");
    assert_eq!(on("75", CITY_SINCE).unwrap().full_name, "Thành phố Đồng Nai");
    assert_eq!(latest("75").unwrap().kind, UnitKind::City);
    assert_eq!(version("75", TWO_LEVELS_SINCE).unwrap().kind, UnitKind::Province);
    for (day, cities) in [(BEFORE, 6), (TWO_LEVELS_SINCE, 6), (DAY, 7)] {
        assert_eq!(provinces_on(day).filter(|unit| unit.kind == UnitKind::City).count(), cities, "{day}");
    }
    let wards = |day| communes_of("75", day).filter(|unit| unit.kind == UnitKind::Ward).count();
    assert_eq!((wards(date!(2026 - 04 - 29)), wards(CITY_SINCE)), (23, 33));
    assert_eq!(on("26368", CITY_SINCE).unwrap().in_full(), "Phường Long Thành, Thành phố Đồng Nai");
    assert_eq!(version("26368", TWO_LEVELS_SINCE).unwrap().in_full(), "Xã Long Thành, Tỉnh Đồng Nai");
}

#[test]
fn one_code_is_two_territories() {
    assert_eq!(on("00004", BEFORE).unwrap().in_full(), "Phường Trúc Bạch, Quận Ba Đình, Thành phố Hà Nội");
    assert_eq!(on("00004", TWO_LEVELS_SINCE).unwrap().in_full(), "Phường Ba Đình, Thành phố Hà Nội");
    assert_eq!(on("15", BEFORE).unwrap().full_name, "Tỉnh Yên Bái");
    assert_eq!(on("15", DAY).unwrap().full_name, "Tỉnh Lào Cai");
    assert_eq!(on("00004", date!(2008 - 07 - 31)), None);
    assert_eq!(on("99999", DAY), None);
}

#[test]
fn every_old_commune_leads_to_units_of_today_and_every_new_one_comes_from_somewhere() {
    let mut reached = BTreeSet::new();
    let mut divided = 0;
    for unit in communes_on(BEFORE) {
        let today = as_of(unit, DAY).unwrap_or_else(|| panic!("{} leads nowhere", unit.in_full()));
        assert!(today.unit.holds_on(DAY) && today.others.iter().all(|other| other.holds_on(DAY)));
        divided += usize::from(!today.is_certain());
        reached.extend(today.others.iter().chain([&today.unit]).map(|unit| unit.code));
    }
    assert_eq!(divided, 471);
    let islands = ["318", "471", "498", "536", "755"];
    reached.extend(islands.map(|code| as_of(on(code, BEFORE).unwrap(), DAY).unwrap().unit.code));
    assert_eq!(reached.len(), 3_321);
    assert!(provinces_on(BEFORE).all(|unit| as_of(unit, DAY).is_some_and(|today| today.unit.holds_on(DAY))));
}

#[test]
fn forms_change_into_each_other_both_ways_as_far_as_it_is_known() {
    let old = on("00001", BEFORE).unwrap();
    assert_eq!(as_of(old, DAY).unwrap().unit.full_name, "Phường Hồng Hà");
    assert_eq!(as_of(old, BEFORE).unwrap().unit, old);
    let ward = on("26368", DAY).unwrap();
    let commune = as_of(ward, date!(2026 - 01 - 01)).unwrap().unit;
    assert_eq!((commune.kind, as_of(commune, DAY).unwrap().unit), (UnitKind::Commune, ward));
    // Hồng Hà was put together from many.
    assert_eq!(as_of(on("00097", DAY).unwrap(), BEFORE), None);
    // Cao Bằng and Huế were not touched; Tuyên Quang took Hà Giang in.
    let was = |code: &str| as_of(on(code, DAY).unwrap(), BEFORE).map(|was| was.unit.full_name);
    assert_eq!([was("04"), was("46"), was("08")], [Some("Tỉnh Cao Bằng"), Some("Thành phố Huế"), None]);
    // The level of districts ended.
    assert_eq!(as_of(on("001", BEFORE).unwrap(), DAY), None);
}
