//! The first three digits of a personal number: where the birth was registered.

use std::sync::LazyLock;

/// Read with the table of Circular 07/2016/TT-BCA. Since 1 July 2025 seven two-digit province codes name other
/// territories (015 is Yên Bái, while 15 is now Lào Cai), so this table and no later one decodes a number;
/// which prefix births since then carry is not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefix {
    Province(&'static ProvincePrefix),
    Country(&'static CountryPrefix),
    /// 900–999: in no table, so only made-up people carry them.
    Test(u16),
    Unknown(u16),
}

#[derive(Debug, PartialEq, Eq)]
pub struct ProvincePrefix {
    pub digits: u16,
    /// The province's name before 1 July 2025.
    pub name: &'static str,
    /// Code of the province it is part of since.
    pub merged_into: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct CountryPrefix {
    pub digits: u16,
    pub name_vi: &'static str,
    /// ISO 3166-1 alpha-2.
    pub alpha2: &'static str,
}

static PROVINCES: LazyLock<Vec<ProvincePrefix>> = LazyLock::new(|| {
    rows(include_str!("data/id_province_codes.csv"))
        .filter_map(|mut cells| {
            Some(ProvincePrefix {
                digits: cells.next()?.parse().ok()?,
                name: cells.next()?,
                merged_into: cells.next()?,
            })
        })
        .collect()
});

static COUNTRIES: LazyLock<Vec<CountryPrefix>> = LazyLock::new(|| {
    rows(include_str!("data/id_country_codes.csv"))
        .filter_map(|mut cells| {
            Some(CountryPrefix { digits: cells.next()?.parse().ok()?, name_vi: cells.next()?, alpha2: cells.next()? })
        })
        .collect()
});

impl Prefix {
    pub fn of(digits: u16) -> Self {
        if (900..1000).contains(&digits) {
            return Self::Test(digits);
        }
        if let Some(province) = PROVINCES.iter().find(|row| row.digits == digits) {
            return Self::Province(province);
        }
        COUNTRIES.iter().find(|row| row.digits == digits).map_or(Self::Unknown(digits), Self::Country)
    }
}

/// Rows of an embedded table without its header. The files hold no quoted cells before the columns that are read.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = std::str::Split<'static, char>> {
    table.lines().skip(1).filter(|line| !line.is_empty()).map(|line| line.split(','))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        assert_eq!(PROVINCES.len(), 63);
        assert_eq!(COUNTRIES.len(), 195);
        assert!(COUNTRIES.iter().all(|row| row.alpha2.len() == 2), "a quoted cell shifted the columns");
    }

    #[test]
    fn reused_codes_keep_their_old_meaning() {
        let Prefix::Province(yen_bai) = Prefix::of(15) else { panic!("015 is a province") };
        assert_eq!((yen_bai.name, yen_bai.merged_into), ("Yên Bái", "15"));
        let Prefix::Province(long_an) = Prefix::of(80) else { panic!("080 is a province") };
        assert_eq!((long_an.name, long_an.merged_into), ("Long An", "80"));
    }

    #[test]
    fn the_cross_check_provinces_are_where_they_belong() {
        for (digits, name) in [(1, "Hà Nội"), (48, "Đà Nẵng"), (79, "Hồ Chí Minh"), (92, "Cần Thơ")] {
            assert!(matches!(Prefix::of(digits), Prefix::Province(row) if row.name == name), "{digits:03}");
        }
        assert!(matches!(Prefix::of(174), Prefix::Country(row) if row.alpha2 == "KR"));
        assert_eq!(Prefix::of(999), Prefix::Test(999));
        assert_eq!(Prefix::of(97), Prefix::Unknown(97));
        assert_eq!(Prefix::of(300), Prefix::Unknown(300));
    }
}
