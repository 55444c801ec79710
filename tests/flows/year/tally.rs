//! What came of a random year.

use std::collections::BTreeMap;

use dinhdanh::registry::civil_event::Kind;

/// What came of the year's work.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub recorded: BTreeMap<&'static str, u32>,
    pub refused: u32,
    /// Two at once of the same person: one of them looked at a record that was not there any more.
    pub sent_back: u32,
}

impl Tally {
    pub fn written(&self) -> u32 {
        self.recorded.values().sum()
    }

    pub fn and(mut self, other: &Self) -> Self {
        for (kind, recorded) in &other.recorded {
            *self.recorded.entry(*kind).or_default() += recorded;
        }
        self.refused += other.refused;
        self.sent_back += other.sent_back;
        self
    }

    /// Prints what happened and what the year had; fails where little did.
    pub fn report(&self, most: u32) {
        let missing: Vec<_> =
            Kind::ALL.iter().map(|kind| kind.code()).filter(|kind| !self.recorded.contains_key(kind)).collect();
        println!("{} kinds: {:?}", self.recorded.len(), self.recorded);
        assert!(self.recorded.len() > 25, "a village where little happens: no {missing:?}");
        assert!(most < 20_000 || missing.is_empty(), "a year without {missing:?}");
    }
}
