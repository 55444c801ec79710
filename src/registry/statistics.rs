//! Counts without persons: cells that are small enough to point at somebody are withheld, and so is what would give them
//! away by subtraction.

use serde::Serialize;

/// One cell of a table: what it counts, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The values of the dimensions, in the table's order.
    pub key: Vec<String>,
    pub people: i64,
}

/// A published cell: None is withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    pub key: Vec<String>,
    pub people: Option<i64>,
}

/// What may be published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    pub cells: Vec<Cell>,
    /// Everybody, withheld with the cells when it would give the only withheld one away and nothing else can hide it.
    pub total: Option<i64>,
    /// For each dimension the sums over all others, with the same rule.
    pub margins: Vec<Vec<Cell>>,
}

/// Fewer people than this are nobody's to count.
pub const SMALLEST: i64 = 5;
/// What is published is a multiple of this. A table withholds what would give a small cell away within it; two tables of other
/// dimensions, or of other days, could still be subtracted from each other.
pub const ROUNDED_TO: i64 = 5;

/// To the nearest multiple; nobody stays nobody.
const fn rounded(people: i64) -> i64 {
    (people + ROUNDED_TO / 2) / ROUNDED_TO * ROUNDED_TO
}

/// Age bands of ten years, as of a day.
pub fn age_band(age: i32) -> String {
    match age {
        ..0 => "0-9".to_owned(),
        100.. => "100+".to_owned(),
        age => {
            let low = age / 10 * 10;
            format!("{low}-{}", low + 9)
        }
    }
}

impl Table {
    /// Primary suppression: cells of 1 to 4. Complementary: in every line (the cells that share all but one value) with
    /// exactly one withheld cell, the smallest other one is withheld too, until no line has one alone.
    pub fn of(counted: &[Counted], dimensions: usize) -> Self {
        let mut hidden: Vec<bool> = counted.iter().map(|cell| is_small(cell.people)).collect();
        loop {
            let mut changed = false;
            for dimension in 0..dimensions {
                changed |= hide_lines(counted, &mut hidden, dimension);
            }
            if !changed {
                break;
            }
        }
        let margins: Vec<Vec<Cell>> = (0..dimensions).map(|dimension| margin(counted, &hidden, dimension)).collect();
        let all: i64 = counted.iter().map(|cell| cell.people).sum();
        // A table of one dimension has the total as its only line: one withheld cell alone is its difference.
        let alone = hidden.iter().filter(|hidden| **hidden).count() == 1;
        let total = (!is_small(all) && !alone).then_some(rounded(all));
        let cells = counted
            .iter()
            .zip(&hidden)
            .map(|(cell, hidden)| Cell { key: cell.key.clone(), people: (!hidden).then_some(rounded(cell.people)) })
            .collect();
        Self { cells, total, margins }
    }
}

const fn is_small(people: i64) -> bool {
    people > 0 && people < SMALLEST
}

/// The key without one dimension: the name of a line along it.
fn line(cell: &Counted, dimension: usize) -> Vec<&str> {
    cell.key.iter().enumerate().filter(|(at, _)| *at != dimension).map(|(_, value)| value.as_str()).collect()
}

fn hide_lines(counted: &[Counted], hidden: &mut [bool], dimension: usize) -> bool {
    let mut lines: std::collections::BTreeMap<Vec<&str>, Vec<usize>> = std::collections::BTreeMap::new();
    for (at, cell) in counted.iter().enumerate() {
        lines.entry(line(cell, dimension)).or_default().push(at);
    }
    let mut changed = false;
    for members in lines.values() {
        let withheld = members.iter().filter(|at| hidden.get(**at) == Some(&true)).count();
        if withheld != 1 {
            continue;
        }
        let people = |at: usize| counted.get(at).map_or(0, |cell| cell.people);
        // An empty cell hides nothing: what is subtracted would still be the small one.
        let open = members.iter().copied().filter(|at| hidden.get(*at) == Some(&false) && people(*at) > 0);
        if let Some(at) = open.min_by_key(|at| people(*at))
            && let Some(slot) = hidden.get_mut(at)
        {
            *slot = true;
            changed = true;
        }
    }
    changed
}

/// Sums for each value of one dimension, withheld where the sum is small or has one withheld cell only.
fn margin(counted: &[Counted], hidden: &[bool], dimension: usize) -> Vec<Cell> {
    let mut sums: std::collections::BTreeMap<&str, (i64, usize)> = std::collections::BTreeMap::new();
    for (cell, hidden) in counted.iter().zip(hidden) {
        let Some(value) = cell.key.get(dimension) else { continue };
        let sum = sums.entry(value).or_default();
        sum.0 += cell.people;
        sum.1 += usize::from(*hidden);
    }
    sums.into_iter()
        .map(|(value, (people, withheld))| Cell {
            key: vec![value.to_owned()],
            people: (withheld != 1 && !is_small(people)).then_some(rounded(people)),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(key: &[&str], people: i64) -> Counted {
        Counted { key: key.iter().map(|value| (*value).to_owned()).collect(), people }
    }

    #[test]
    fn small_cells_are_withheld_with_a_companion() {
        let table = Table::of(&[cell(&["a"], 3), cell(&["b"], 40), cell(&["c"], 9), cell(&["d"], 0)], 1);
        let shown: Vec<_> = table.cells.iter().map(|cell| cell.people).collect();
        assert_eq!(shown, [None, Some(40), None, Some(0)]);
        assert_eq!(table.total, Some(50));
        let open = Table::of(&[cell(&["a"], 5), cell(&["b"], 40)], 1);
        assert!(open.cells.iter().all(|cell| cell.people.is_some()));
        let alone = Table::of(&[cell(&["a"], 4)], 1);
        assert_eq!((alone.cells[0].people, alone.total), (None, None));
    }

    #[test]
    fn rows_and_columns_give_nothing_away() {
        let grid = [cell(&["x", "m"], 2), cell(&["x", "f"], 50), cell(&["y", "m"], 30), cell(&["y", "f"], 70)];
        let table = Table::of(&grid, 2);
        // The small one, its row's, its column's, and so the fourth.
        assert!(table.cells.iter().all(|cell| cell.people.is_none()));
        assert_eq!(table.total, Some(150));
        assert_eq!(table.margins[0].iter().map(|cell| cell.people).collect::<Vec<_>>(), [Some(50), Some(100)]);
    }

    /// By commune alone the three of b hide behind c; by commune and sex c is shown, because others are the smaller ones there.
    #[test]
    fn two_tables_subtracted_from_each_other_give_no_small_cell() {
        let people = [("b", 2, 1), ("c", 8, 7), ("a", 5, 20), ("d", 20, 5)];
        let by_commune: Vec<Counted> = people.iter().map(|(unit, men, women)| cell(&[unit], men + women)).collect();
        let by_sex_too: Vec<Counted> = people
            .iter()
            .flat_map(|(unit, men, women)| [cell(&[unit, "m"], *men), cell(&[unit, "f"], *women)])
            .collect();
        let (coarse, fine) = (Table::of(&by_commune, 1), Table::of(&by_sex_too, 2));
        let of_c: Vec<_> = fine.cells.iter().filter(|cell| cell.key[0] == "c").filter_map(|cell| cell.people).collect();
        assert_eq!((coarse.cells[0].people, coarse.cells[1].people, of_c.len()), (None, None, 2));
        let others = coarse.cells.iter().filter_map(|cell| cell.people).sum::<i64>() + of_c.iter().sum::<i64>();
        assert_ne!(coarse.total.unwrap() - others, 3, "what is left is not how many there are");
    }

    #[test]
    fn counts_are_rounded_to_the_nearest_five() {
        assert_eq!([0, 5, 7, 8, 12, 13, 1_000_003].map(rounded), [0, 5, 5, 10, 10, 15, 1_000_005]);
    }

    #[test]
    fn bands_are_of_ten_years() {
        assert_eq!(
            [0, 9, 10, 64, 99, 100, 117].map(age_band),
            ["0-9", "0-9", "10-19", "60-69", "90-99", "100+", "100+"]
        );
    }

    proptest! {
        #[test]
        fn no_line_has_one_withheld_cell_among_filled_ones(people in proptest::collection::vec(0_i64..40, 12)) {
            let counted: Vec<Counted> = people.iter().enumerate()
                .map(|(at, people)| cell(&[&(at / 4).to_string(), &(at % 4).to_string()], *people)).collect();
            let table = Table::of(&counted, 2);
            prop_assert!(table.cells.iter().zip(&counted).all(|(cell, own)| cell.people.is_none() || !is_small(own.people)));
            for dimension in 0..2 {
                for value in counted.iter().map(|own| line(own, dimension)) {
                    let of_line: Vec<usize> = (0..counted.len()).filter(|at| line(&counted[*at], dimension) == value).collect();
                    let withheld = of_line.iter().filter(|at| table.cells[**at].people.is_none()).count();
                    let filled = of_line.iter().filter(|at| counted[**at].people > 0).count();
                    prop_assert!(withheld != 1 || filled == 1);
                }
            }
        }
    }
}
