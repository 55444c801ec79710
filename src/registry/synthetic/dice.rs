//! Draws from a seeded stream.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use time::{Date, Duration};

/// One household's draws.
pub(super) struct Dice(ChaCha8Rng);

pub(super) fn source(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

impl Dice {
    pub(super) fn of_stream(source: &ChaCha8Rng, stream: u64) -> Self {
        let mut rng = source.clone();
        rng.set_stream(stream);
        Self(rng)
    }

    /// Below `bound`; the bias of the multiplication is far below what a population can show.
    pub(super) fn below(&mut self, bound: u32) -> u32 {
        let scaled = (u64::from(self.0.next_u32()) * u64::from(bound.max(1))) >> 32;
        u32::try_from(scaled).unwrap_or(0)
    }

    /// From `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i32, high: i32) -> i32 {
        let width = u32::try_from(high.saturating_sub(low)).unwrap_or(0).saturating_add(1);
        low.saturating_add(i32::try_from(self.below(width)).unwrap_or(0))
    }

    pub(super) fn permille(&mut self, chance: u32) -> bool {
        self.below(1_000) < chance
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let bound = u32::try_from(items.len()).ok().filter(|bound| *bound > 0)?;
        items.get(usize::try_from(self.below(bound)).ok()?).copied()
    }

    /// A day from `low` to `high`, both included; `low` when they are the wrong way round.
    pub(super) fn day(&mut self, low: Date, high: Date) -> Date {
        let days = (high - low).whole_days();
        let Ok(days) = u32::try_from(days) else { return low };
        low.checked_add(Duration::days(i64::from(self.below(days.saturating_add(1))))).unwrap_or(low)
    }
}

/// Items with weights.
pub(super) struct Weighted<T> {
    items: Vec<T>,
    /// Running sums, so that a draw is a binary search.
    sums: Vec<u32>,
}

impl<T: Copy> Weighted<T> {
    pub(super) fn new(entries: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut weighted = Self { items: Vec::new(), sums: Vec::new() };
        let mut sum = 0_u32;
        for (item, weight) in entries {
            sum = sum.saturating_add(weight);
            weighted.items.push(item);
            weighted.sums.push(sum);
        }
        weighted
    }

    pub(super) fn draw(&self, dice: &mut Dice) -> Option<T> {
        let drawn = dice.below(*self.sums.last()?);
        self.items.get(self.sums.partition_point(|sum| *sum <= drawn)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_repeat_and_differ() {
        let (one, two) = (source(1), source(2));
        let draws = |source: &ChaCha8Rng, stream: u64| {
            let mut dice = Dice::of_stream(source, stream);
            (0..8).map(|_| dice.below(u32::MAX)).collect::<Vec<_>>()
        };
        assert_eq!(draws(&one, 7), draws(&one, 7));
        assert_ne!(draws(&one, 7), draws(&one, 8));
        assert_ne!(draws(&one, 7), draws(&two, 7));
    }

    #[test]
    fn weights_are_kept() {
        let table = Weighted::new([('a', 1), ('b', 0), ('c', 3)]);
        let mut dice = Dice::of_stream(&source(1), 0);
        let drawn: Vec<_> = (0..4_000).filter_map(|_| table.draw(&mut dice)).collect();
        let share = |item: char| drawn.iter().filter(|drawn| **drawn == item).count();
        assert_eq!(share('b'), 0);
        assert!((2_850..3_150).contains(&share('c')), "{}", share('c'));
        assert!(Weighted::<char>::new([]).draw(&mut dice).is_none());
    }

    #[test]
    fn bounds_are_included() {
        let mut dice = Dice::of_stream(&source(1), 0);
        let drawn: std::collections::BTreeSet<_> = (0..200).map(|_| dice.between(-1, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-1, 0, 1, 2]);
        let (low, high) = (time::macros::date!(2026 - 01 - 01), time::macros::date!(2026 - 01 - 02));
        assert!((0..50).any(|_| dice.day(low, high) == high));
        assert_eq!(dice.day(high, low), high);
    }
}
