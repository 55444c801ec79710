//! Names as parents gave them: by people, sex and generation.

use std::sync::LazyLock;

use super::{
    super::{PersonName, Sex, number_prefix::rows},
    dice::{Dice, Weighted},
};

type Words = Weighted<&'static str>;

/// Middle and given names of one sex and generation.
struct Generation {
    middle: Words,
    given: Words,
}

static GENERATIONS: LazyLock<[[Generation; 3]; 2]> =
    LazyLock::new(|| ["M", "F"].map(|sex| ["1", "2", "3"].map(|generation| Generation::read(sex, generation))));

impl Generation {
    fn read(sex: &str, generation: &str) -> Self {
        let part = |wanted: &str| {
            Weighted::new(rows(include_str!("../data/given_names.csv")).filter_map(|mut cells| {
                let fits = cells.next()? == sex && cells.next()? == generation && cells.next()? == wanted;
                fits.then_some((cells.next()?, cells.next()?.parse().ok()?))
            }))
        };
        Self { middle: part("middle"), given: part("given") }
    }

    fn of(sex: Sex, birth_year: i32) -> Option<&'static Self> {
        let row = usize::from(sex == Sex::Female);
        let column = usize::from(birth_year >= 1975) + usize::from(birth_year >= 2000);
        GENERATIONS.get(row)?.get(column)
    }
}

static SURNAMES: LazyLock<Words> = LazyLock::new(|| {
    // Hundredths of a percent, to keep the rare ones.
    Weighted::new(rows(include_str!("../data/surnames.csv")).filter_map(|mut cells| {
        let (name, _ascii, percent) = (cells.next()?, cells.next()?, cells.next()?);
        Some((name, hundredths(percent)?))
    }))
});

fn hundredths(percent: &str) -> Option<u32> {
    let (whole, fraction) = percent.split_once('.').unwrap_or((percent, ""));
    let fraction: u32 = format!("{fraction:0<2.2}").parse().ok()?;
    Some(whole.parse::<u32>().ok()? * 100 + fraction)
}

/// Peoples other than the Kinh, per thousand of a province (rounded shares of the 2019 census, as weights only).
const PEOPLES: [(&str, &[(&str, u32)]); 26] = [
    ("04", &[("02", 408), ("07", 298), ("08", 101), ("09", 100)]),
    ("08", &[("08", 250), ("02", 240), ("09", 150)]),
    ("11", &[("03", 357), ("08", 380)]),
    ("12", &[("03", 310), ("08", 240), ("09", 130), ("35", 40)]),
    ("14", &[("03", 530), ("08", 150), ("06", 80)]),
    ("15", &[("08", 180), ("02", 160), ("09", 130), ("03", 60)]),
    ("19", &[("02", 170), ("07", 60), ("18", 25), ("15", 20)]),
    ("20", &[("07", 420), ("02", 360)]),
    ("22", &[("09", 50), ("02", 25)]),
    ("24", &[("07", 40), ("02", 25)]),
    ("25", &[("06", 240)]),
    ("38", &[("06", 100), ("03", 65)]),
    ("40", &[("03", 100), ("24", 20), ("29", 15), ("08", 10)]),
    ("44", &[("23", 60)]),
    ("46", &[("31", 30), ("26", 15)]),
    ("48", &[("26", 20), ("14", 15)]),
    ("51", &[("19", 80), ("14", 90), ("13", 30), ("27", 25)]),
    ("52", &[("10", 150), ("13", 75)]),
    ("56", &[("21", 80), ("17", 35)]),
    ("66", &[("12", 120), ("07", 30), ("02", 20)]),
    ("68", &[("16", 70), ("20", 20), ("28", 12), ("17", 10)]),
    ("75", &[("22", 30), ("32", 8)]),
    ("79", &[("04", 30)]),
    ("86", &[("05", 110)]),
    ("91", &[("05", 85), ("04", 15)]),
    ("92", &[("05", 110), ("04", 15)]),
];

pub(super) const KINH: &str = "01";
pub(super) const EDE: &str = "12";

pub(super) fn people(dice: &mut Dice, province: &str) -> &'static str {
    let mut drawn = dice.below(1_000);
    let shares = PEOPLES.iter().find(|(code, _)| *code == province).map_or(&[][..], |(_, shares)| shares);
    for (people, share) in shares {
        if drawn < *share {
            return people;
        }
        drawn -= share;
    }
    KINH
}

/// Family names of one people; none for those whose custom has none.
pub(super) fn family_name(dice: &mut Dice, people: &str) -> Option<&'static str> {
    let own: &[&str] = match people {
        "02" | "07" => &["Nông", "Hoàng", "Lương", "Triệu", "Hứa", "La", "Vi", "Lý", "Bế", "Đàm", "Ma", "Lục"],
        "03" | "37" => &["Lò", "Quàng", "Cầm", "Lường", "Hoàng", "Vi", "Hà", "Tòng", "Cà", "Điêu"],
        "04" => &["Trần", "Lý", "Lâm", "Vương", "Trương", "Quách", "Huỳnh", "Mã", "Âu Dương"],
        "05" => &["Thạch", "Sơn", "Kim", "Danh", "Châu", "Lâm", "Kiên"],
        "06" => &["Bùi", "Quách", "Đinh", "Hà", "Nguyễn", "Bạch"],
        "08" => &["Giàng", "Vàng", "Sùng", "Thào", "Lý", "Mùa", "Hạng", "Lầu"],
        "09" => &["Triệu", "Đặng", "Bàn", "Lý", "Phùng", "Chảo"],
        "10" => &["Ksor", "Siu", "Rmah", "Rơ Châm", "Nay", "Kpă"],
        EDE => &["Niê", "Êban", "Mlô", "Niê Kdăm", "Buôn Yă", "Ayŭn"],
        "17" => &["Thành", "Đàng", "Bá", "Hán", "Kiều", "Chế"],
        "13" | "14" | "27" => return None,
        "19" | "21" | "22" | "16" | "20" | "28" => &["Đinh", "Điểu", "Chamaléa", "Kơ Să", "Phạm", "Hồ", "Mấu"],
        _ => return SURNAMES.draw(dice),
    };
    dice.pick(own)
}

/// A full name; `family` is the household's for its children.
pub(super) fn full(
    dice: &mut Dice,
    people: &str,
    sex: Sex,
    birth_year: i32,
    family: Option<&'static str>,
) -> Option<PersonName> {
    let female = sex == Sex::Female;
    let generation = Generation::of(sex, birth_year)?;
    let (middle, given) = match people {
        EDE => return highland(dice, female, family),
        "13" | "14" | "27" => {
            let name = dice.pick(&["Thút", "Nguyên", "Bliu", "Thăng", "Brông", "Khăm", "Thoan", "Đim", "Xoan"])?;
            return PersonName::parse(&format!("{} {name}", if female { "Y" } else { "A" })).ok();
        }
        "08" if female => ("Thị", dice.pick(&["Mai", "Mỷ", "Dợ", "Sua", "Máy", "Dở", "Chư", "Pà", "Xía"])?),
        "08" => ("A", dice.pick(&["Páo", "Chu", "Lử", "Dính", "Sình", "Tủa", "Vảng", "Sáng", "Phử"])?),
        "05" => ("", dice.pick(&["Sô Phi", "Đa Ra", "Sóc Kha", "Sa Mon", "Sa Rây", "Thi Đa", "Rít Thi", "Phi Rum"])?),
        "01" | "04" if dice.permille(40) => ("", generation.given.draw(dice)?),
        "01" | "04" => (generation.middle.draw(dice)?, generation.given.draw(dice)?),
        _ => (if female { "Thị" } else { "Văn" }, generation.given.draw(dice)?),
    };
    let family = family.unwrap_or_default();
    let full = [family, middle, given].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(" ");
    PersonName::with_parts(&full, [family, middle, given]).ok()
}

/// "Y Đôn Niê" and "H'Hen Niê": the clan last, after a word that tells men and women apart.
pub(super) fn highland(dice: &mut Dice, female: bool, clan: Option<&'static str>) -> Option<PersonName> {
    let given = if female {
        format!("H'{}", dice.pick(&["Hen", "Linh", "Nhuận", "Mai", "Bia", "Juôn", "Uyên", "Rin", "Yar", "Loan"])?)
    } else {
        format!("Y {}", dice.pick(&["Đôn", "Wang", "Thim", "Khăm", "Blum", "Dhăm", "Suăn", "Bhăm", "Nguyên", "Krông"])?)
    };
    let clan = clan.unwrap_or("Niê");
    PersonName::with_parts(&format!("{given} {clan}"), [clan, "", &given]).ok()
}

/// A name of one token, as some Khmer and highland people have.
pub(super) fn one_token(dice: &mut Dice) -> Option<PersonName> {
    PersonName::parse(dice.pick(&["Sóc", "Thạch", "Danh", "Rơm", "Khêm", "Phal", "Sâm", "Nghĩ"])?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_generation_has_its_names() {
        for sex in [Sex::Male, Sex::Female] {
            for year in [1940, 1974, 1975, 1999, 2000, 2026] {
                let mut dice = Dice::of_stream(&super::super::dice::source(1), 0);
                let generation = Generation::of(sex, year).unwrap();
                assert!(generation.middle.draw(&mut dice).is_some() && generation.given.draw(&mut dice).is_some());
            }
        }
    }

    #[test]
    fn surnames_come_by_their_weight() {
        assert_eq!(hundredths("38.4"), Some(3_840));
        assert_eq!(hundredths("0.05"), Some(5));
        assert_eq!(hundredths("1.452"), Some(145));
        let mut dice = Dice::of_stream(&super::super::dice::source(1), 0);
        let drawn: Vec<_> = (0..10_000).filter_map(|_| family_name(&mut dice, KINH)).collect();
        let share = |name: &str| drawn.iter().filter(|drawn| **drawn == name).count();
        assert!((3_300..3_800).contains(&share("Nguyễn")), "{}", share("Nguyễn"));
        assert!((900..1_300).contains(&share("Trần")), "{}", share("Trần"));
    }

    #[test]
    fn every_people_makes_names_that_are_read_again() {
        let mut dice = Dice::of_stream(&super::super::dice::source(1), 0);
        let mut peoples: Vec<&str> =
            PEOPLES.iter().flat_map(|(_, shares)| shares.iter().map(|(code, _)| *code)).collect();
        peoples.push(KINH);
        for people in peoples {
            assert!(super::super::super::ethnicity::by_code(people).is_some(), "{people}");
            for (sex, year) in [(Sex::Male, 1950), (Sex::Female, 1990), (Sex::Female, 2015)] {
                let family = family_name(&mut dice, people);
                let name = full(&mut dice, people, sex, year, family).unwrap();
                assert_eq!(name.family(), family, "{people} {}", name.full());
                assert!(name.given().is_some(), "{people} {}", name.full());
            }
        }
    }
}
