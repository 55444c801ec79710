//! History in two times. An assertion says: from this day on, as far as we learned at that moment, the fact is so. Later
//! learned ones lie over earlier ones; nothing is taken back or overwritten, so that what was known on any day is what had
//! been learned by then.

use time::Date;

use super::record::Fact;
use crate::base::Timestamp;

#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    pub fact: Fact,
    /// The first day on which it is true; none: always was.
    pub from: Option<Date>,
    pub learned: Timestamp,
}

/// The fact that held on `day`, as it was known at `at`. `first` is what the record began with; assertions come as learned.
pub fn as_known<'a>(first: &'a Fact, learned: &'a [Assertion], day: Date, at: Timestamp) -> &'a Fact {
    let mut known = learned.iter().filter(|one| one.learned <= at && one.from.is_none_or(|from| from <= day));
    known.next_back().map_or(first, |one| &one.fact)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::registry::Sex;

    #[test]
    fn true_then_and_known_then_are_two_questions() {
        let (born_as, learned) = (Fact::Sex(Sex::Male), Timestamp::from_secs);
        let log =
            [Assertion { fact: Fact::Sex(Sex::Female), from: Some(date!(2026 - 03 - 01)), learned: learned(100) }];
        let ask = |day, at| as_known(&born_as, &log, day, learned(at)).clone();
        assert_eq!(ask(date!(2026 - 02 - 28), 100), Fact::Sex(Sex::Male), "not yet true");
        assert_eq!(ask(date!(2026 - 03 - 01), 99), Fact::Sex(Sex::Male), "true and not yet learned");
        assert_eq!(ask(date!(2026 - 03 - 01), 100), Fact::Sex(Sex::Female));
        let corrected =
            [log[0].clone(), Assertion { fact: Fact::Sex(Sex::Unknown), from: None, learned: learned(200) }];
        let ask = |day, at| as_known(&born_as, &corrected, day, learned(at)).clone();
        assert_eq!(ask(date!(2000 - 01 - 01), 200), Fact::Sex(Sex::Unknown), "a correction is for all time");
        assert_eq!(ask(date!(2000 - 01 - 01), 199), Fact::Sex(Sex::Male));
    }
}
