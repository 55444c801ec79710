//! How many people a batch of an import takes: as many as the aim allows, and few while somebody else writes.

use std::time::Duration;

use crate::store::Engine;

/// How large a batch may grow, and how long it should take.
pub(super) struct Pace {
    least: usize,
    most: usize,
    /// Alone on the database.
    aim: Duration,
    /// While others write: SQLite's one writer serves them in between.
    aim_in_company: Duration,
    /// So many batches after somebody else wrote, company is over.
    patience: u32,
    company: u32,
    seen: i64,
}

impl Pace {
    pub(super) const fn on(engine: Engine) -> Self {
        let (least, most, aim, aim_in_company) = match engine {
            Engine::Sqlite => (50, 10_000, Duration::from_millis(300), Duration::from_millis(20)),
            Engine::Postgres => (500, 5_000, Duration::from_millis(500), Duration::from_millis(500)),
        };
        Self { least, most, aim, aim_in_company, patience: 200, company: 0, seen: 0 }
    }

    pub(super) const fn start(&self) -> usize {
        self.least * 4
    }

    /// The next batch's size, towards the aim by half of the way, from what the last batch took.
    pub(super) fn next(&mut self, people: usize, took: Duration, size: usize, changes_of_others: i64) -> usize {
        let others_wrote = self.seen != 0 && self.seen != changes_of_others;
        self.seen = changes_of_others;
        self.company = if others_wrote { self.patience } else { self.company.saturating_sub(1) };
        let aim = if self.company > 0 { self.aim_in_company } else { self.aim };
        let each = took / u32::try_from(people.max(1)).unwrap_or(u32::MAX);
        let fitting = aim.as_micros() / each.as_micros().max(1);
        let fitting = usize::try_from(fitting).unwrap_or(self.most);
        // Down at once, up by steps: somebody may be waiting.
        let next = if fitting < size { fitting } else { usize::midpoint(size, fitting) };
        next.clamp(self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Duration = Duration::from_micros(100);

    /// Batches that take 100 µs a person; `others` is what the database says before each.
    fn sizes(pace: &mut Pace, others: impl Iterator<Item = i64>) -> Vec<usize> {
        let mut size = pace.start();
        others
            .map(|seen| {
                let people = u32::try_from(size).unwrap();
                size = pace.next(size, EACH * people, size, seen);
                size
            })
            .collect()
    }

    #[test]
    fn alone_it_grows_to_the_aim() {
        let sizes = sizes(&mut Pace::on(Engine::Sqlite), std::iter::repeat_n(1, 20));
        assert!(sizes.is_sorted(), "{sizes:?}");
        assert!((2_900..=3_000).contains(sizes.last().unwrap()), "{sizes:?}");
    }

    #[test]
    fn in_company_it_shrinks_at_once_and_grows_again_when_it_is_alone() {
        let mut pace = Pace::on(Engine::Sqlite);
        let sizes = sizes(&mut pace, std::iter::repeat_n(1, 20).chain(std::iter::repeat_n(2, 220)));
        assert_eq!(sizes[20], 200, "20 ms at 100 µs each");
        assert!(sizes[21..219].iter().all(|size| *size == 200), "{sizes:?}");
        assert!(*sizes.last().unwrap() > 2_900, "{sizes:?}");
    }

    #[test]
    fn no_measure_breaks_its_bounds() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let mut pace = Pace::on(engine);
            let (least, most) = (pace.least, pace.most);
            assert_eq!(pace.next(1, Duration::from_secs(100), least, 0), least);
            assert_eq!(pace.next(0, Duration::ZERO, most, 0), most);
        }
    }
}
