//! The three kinds of factor (yếu tố xác thực) and sets of them.

use std::fmt;

/// What a proof shows: something known, held, or of the body (Decree 69/2024 Art 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Factor {
    /// Biết: a password, a secret code.
    Knowledge,
    /// Sở hữu: a device, a card, a number in one's own name.
    Possession,
    /// Sinh trắc: face, fingerprint, voice, iris.
    Biometric,
}

impl Factor {
    pub const ALL: [Self; 3] = [Self::Knowledge, Self::Possession, Self::Biometric];

    const fn bit(self) -> u8 {
        match self {
            Self::Knowledge => 1,
            Self::Possession => 2,
            Self::Biometric => 4,
        }
    }
}

/// A set of factors. Two proofs of one kind are one factor: a password and a PIN are not "two different factors".
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factors(u8);

impl Factors {
    pub const NONE: Self = Self(0);
    pub const ALL: Self = Self(7);

    /// The eight sets there are, smaller ones first; among equals those without a biometric first.
    pub const EVERY_SET: [Self; 8] = [Self(0), Self(1), Self(2), Self(4), Self(3), Self(5), Self(6), Self(7)];

    pub const fn of(factor: Factor) -> Self {
        Self(factor.bit())
    }

    pub const fn with(self, factor: Factor) -> Self {
        Self(self.0 | factor.bit())
    }

    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub const fn contains(self, factor: Factor) -> bool {
        self.0 & factor.bit() != 0
    }

    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// In the order in which a person is asked: knowledge, possession, biometric.
    pub fn iter(self) -> impl Iterator<Item = Factor> {
        Factor::ALL.into_iter().filter(move |factor| self.contains(*factor))
    }
}

impl FromIterator<Factor> for Factors {
    fn from_iter<I: IntoIterator<Item = Factor>>(factors: I) -> Self {
        factors.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Factors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eight_sets_are_all_different_and_sorted_by_size() {
        let mut seen: Vec<_> = Factors::EVERY_SET.to_vec();
        assert!(seen.windows(2).all(|pair| pair[0].len() <= pair[1].len()));
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn a_set_holds_each_factor_once() {
        let set: Factors = [Factor::Knowledge, Factor::Knowledge, Factor::Biometric].into_iter().collect();
        assert_eq!(set.len(), 2);
        assert!(set.contains(Factor::Biometric) && !set.contains(Factor::Possession));
        assert_eq!(set.without(Factors::of(Factor::Knowledge)), Factors::of(Factor::Biometric));
        assert!(set.is_within(Factors::ALL) && !Factors::ALL.is_within(set));
    }
}
