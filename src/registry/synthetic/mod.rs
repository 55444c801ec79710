//! People who never lived: a believable population that streams, the same for the same seed.
//!
//! Every household is drawn from its own stream of the seed, so memory stays flat and the first N people are the same
//! whatever the count. Personal numbers carry the prefixes 900–999, telephones area codes that were never given out,
//! so that neither can be anybody's.

mod dice;
mod edge;
mod family;
mod names;
mod papers;
mod places;

use std::collections::VecDeque;

use rand_chacha::ChaCha8Rng;
use thiserror::Error;
use time::{Date, macros::date};
use unicode_normalization::UnicodeNormalization;

pub use edge::Edge;

use super::{Field, PersonRecord, SourceRow};
use dice::Dice;

/// What is drawn. The day is a setting and not the clock's, or tomorrow's people would differ from today's.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub seed: u64,
    pub count: u64,
    /// The day on which everybody is as old, and every card as good, as the records say.
    pub as_of: Date,
}

/// Every test number of every sex and year would be used up beyond this.
pub const MOST: u64 = 100_000_000;

/// The day that is used when none is given.
pub const USUAL_DAY: Date = date!(2026 - 11 - 01);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("at most 100,000,000 people can be generated: there are no more test numbers")]
pub struct TooMany;

/// The stream of people, household after household.
#[derive(Debug)]
pub struct Synthetic {
    settings: Settings,
    source: ChaCha8Rng,
    household: u64,
    given_out: u64,
    /// How many were drawn, the rest of the last household included.
    drawn: u64,
    waiting: VecDeque<SyntheticPerson>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntheticPerson {
    pub record: PersonRecord,
    /// What is unusual about this person: one in fifty is there to be stumbled over.
    pub edge: Option<Edge>,
}

impl Synthetic {
    pub fn new(settings: Settings) -> Result<Self, TooMany> {
        if settings.count > MOST {
            return Err(TooMany);
        }
        Ok(Self {
            settings,
            source: dice::source(settings.seed),
            household: 0,
            given_out: 0,
            drawn: 0,
            waiting: VecDeque::with_capacity(8),
        })
    }
}

impl Iterator for Synthetic {
    type Item = SyntheticPerson;

    fn next(&mut self) -> Option<SyntheticPerson> {
        if self.given_out >= self.settings.count {
            return None;
        }
        if self.waiting.is_empty() {
            let mut dice = Dice::of_stream(&self.source, self.household);
            let people = papers::household(&mut dice, &self.settings, self.household, self.drawn);
            self.household += 1;
            self.drawn += u64::try_from(people.len()).unwrap_or(0);
            self.waiting.extend(people);
        }
        self.given_out += 1;
        self.waiting.pop_front()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.settings.count - self.given_out).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl SyntheticPerson {
    /// The person as a file has them: some files are not in NFC, and import has to cope.
    pub fn row(&self) -> SourceRow<'_> {
        let mut row = SourceRow::of(&self.record);
        if self.edge == Some(Edge::DecomposedName) {
            for field in [Field::FullName, Field::FamilyName, Field::MiddleName, Field::GivenName] {
                let decomposed: String = row.get(field).nfd().collect();
                row.set(field, decomposed);
            }
        }
        row
    }
}

#[cfg(test)]
mod tests;
