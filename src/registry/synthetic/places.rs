//! Where synthetic people live: real communes of today, by the size of their province, with made-up doors.

use std::sync::LazyLock;

use time::Date;

use super::{
    super::{
        Address, UnitRef,
        admin_unit::{self, AdminUnit, TWO_LEVELS_SINCE, UnitKind},
    },
    dice::{Dice, Weighted},
};

/// Provinces with their people in thousands (rounded, as the merger resolution of 2025 gives them): weights only.
const PROVINCES: [(&str, u32); 34] = [
    ("01", 8_808),
    ("04", 574),
    ("08", 1_866),
    ("11", 674),
    ("12", 513),
    ("14", 1_405),
    ("15", 1_779),
    ("19", 1_800),
    ("20", 881),
    ("22", 1_498),
    ("24", 3_619),
    ("25", 4_023),
    ("31", 4_664),
    ("33", 3_567),
    ("37", 4_412),
    ("38", 4_324),
    ("40", 3_832),
    ("42", 1_623),
    ("44", 1_870),
    ("46", 1_432),
    ("48", 3_066),
    ("51", 2_162),
    ("52", 3_583),
    ("56", 2_243),
    ("66", 3_346),
    ("68", 3_873),
    ("75", 4_491),
    ("79", 14_003),
    ("80", 3_254),
    ("82", 4_371),
    ("86", 4_257),
    ("91", 4_952),
    ("92", 4_199),
    ("96", 2_606),
];

struct Province {
    code: &'static str,
    communes: Weighted<&'static AdminUnit>,
}

static ALL: LazyLock<Vec<Province>> = LazyLock::new(|| {
    PROVINCES
        .iter()
        .map(|(code, _)| Province {
            code,
            communes: Weighted::new(
                admin_unit::communes_of(code, Date::MAX)
                    .map(|unit| (unit, if unit.kind == UnitKind::Ward { 3 } else { 2 })),
            ),
        })
        .collect()
});

static BY_SIZE: LazyLock<Weighted<usize>> =
    LazyLock::new(|| Weighted::new(PROVINCES.iter().enumerate().map(|(at, (_, people))| (at, *people))));

/// Where work is: most of those who live away from home went there.
static WORK: LazyLock<Weighted<&'static str>> =
    LazyLock::new(|| Weighted::new([("79", 45), ("01", 25), ("75", 12), ("24", 10), ("31", 8)]));

/// A commune divided in 2025 among several new ones: its people cannot tell theirs from the old code alone.
pub(super) struct SplitCommune {
    pub(super) was: String,
    pub(super) usual_new: &'static str,
}

static SPLIT: LazyLock<Vec<SplitCommune>> = LazyLock::new(|| {
    let divided = |unit: &AdminUnit| {
        let new = admin_unit::successors(unit).filter(|new| !new.others.is_empty())?;
        Some(SplitCommune { was: unit.in_full(), usual_new: new.usual.code })
    };
    let old = admin_unit::all().iter().filter(|unit| unit.valid_to == Some(TWO_LEVELS_SINCE));
    old.filter(|unit| unit.kind.is_commune_level()).filter_map(divided).collect()
});

const STREETS: [&str; 24] = [
    "Trần Phú",
    "Lê Lợi",
    "Nguyễn Huệ",
    "Hùng Vương",
    "Quang Trung",
    "Lý Thường Kiệt",
    "Hai Bà Trưng",
    "Ngô Quyền",
    "Phan Bội Châu",
    "Phan Chu Trinh",
    "Bà Triệu",
    "Lê Duẩn",
    "Trần Hưng Đạo",
    "Nguyễn Trãi",
    "Nguyễn Du",
    "Hoa Mẫu",
    "Cây Thử",
    "Bến Mẫu",
    "Đinh Tiên Hoàng",
    "Lê Hồng Phong",
    "Nguyễn Công Trứ",
    "Chu Văn An",
    "Tô Hiến Thành",
    "Mạc Thử",
];

/// Code of a province and a commune in it.
pub(super) fn home(dice: &mut Dice) -> Option<(&'static str, &'static AdminUnit)> {
    let province = ALL.get(BY_SIZE.draw(dice)?)?;
    Some((province.code, province.communes.draw(dice)?))
}

pub(super) fn away(dice: &mut Dice) -> Option<&'static AdminUnit> {
    let code = WORK.draw(dice)?;
    ALL.iter().find(|province| province.code == code)?.communes.draw(dice)
}

pub(super) fn split_commune(dice: &mut Dice) -> Option<&'static SplitCommune> {
    let at = dice.below(u32::try_from(SPLIT.len()).ok()?);
    SPLIT.get(usize::try_from(at).ok()?)
}

pub(super) fn line(dice: &mut Dice, unit: &AdminUnit) -> String {
    let south = unit.province.is_some_and(|code| code >= "75");
    if unit.kind == UnitKind::Ward {
        let street = dice.pick(&STREETS).unwrap_or("Mẫu");
        let (house, group) = (dice.below(380) + 1, dice.below(24) + 1);
        let group_word = if south { "Khu phố" } else { "Tổ dân phố" };
        format!("Số {house} đường {street}, {group_word} {group}")
    } else {
        format!("{} {}", if south { "Ấp" } else { "Thôn" }, dice.below(16) + 1)
    }
}

pub(super) fn address(line: &str, code: &str, as_registered: Option<&str>, today: Date) -> Option<Address> {
    Address::new(line, UnitRef::commune_on(code, today).ok()?, as_registered).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_province_has_a_weight_and_communes() {
        let codes: Vec<_> = admin_unit::provinces_on(Date::MAX).map(|unit| unit.code).collect();
        assert_eq!(codes, PROVINCES.map(|(code, _)| code));
        let mut dice = Dice::of_stream(&super::super::dice::source(1), 0);
        assert!(ALL.iter().all(|province| province.communes.draw(&mut dice).is_some()));
    }

    #[test]
    fn split_communes_lead_to_communes_of_today() {
        assert_eq!(SPLIT.len(), 471);
        assert!(SPLIT.iter().all(|split| admin_unit::on(split.usual_new, Date::MAX).is_some()));
    }
}
