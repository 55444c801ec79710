//! Ethnic groups (dân tộc) by their two-digit code: sensitive data under Decree 356/2025.

use std::sync::LazyLock;

use super::number_prefix::rows;

#[derive(Debug)]
pub struct EthnicGroup {
    /// 01–54, 55 foreigner, 56 unknown.
    pub code: &'static str,
    pub name: &'static str,
    /// Only for weighing the synthetic population; none for the two special values.
    pub weight: u32,
}

static GROUPS: LazyLock<Vec<EthnicGroup>> = LazyLock::new(|| {
    rows(include_str!("data/ethnic_groups.csv"))
        .filter_map(|mut cells| {
            let (code, _listed, name) = (cells.next()?, cells.next()?, cells.next()?);
            Some(EthnicGroup { code, name, weight: cells.next()?.parse().unwrap_or(0) })
        })
        .collect()
});

pub fn all() -> &'static [EthnicGroup] {
    &GROUPS
}

pub fn by_code(code: &str) -> Option<&'static EthnicGroup> {
    GROUPS.iter().find(|group| group.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole() {
        assert_eq!(all().len(), 56);
        assert_eq!(by_code("12").map(|group| group.name), Some("Ê Đê"));
        assert_eq!(by_code("56").map(|group| group.weight), Some(0));
        assert!(by_code("57").is_none());
        assert!(by_code("1").is_none());
    }
}
