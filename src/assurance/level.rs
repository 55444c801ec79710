//! The authentication level (mức độ xác thực điện tử) of Decree 69/2024 Art 20, computed from proofs and their ages.

use std::fmt;

use super::{
    factor::{Factor, Factors},
    proof::{Method, Proof},
};
use crate::base::{Span, Timestamp};

/// How far two machines' clocks may differ before a proof "from the future" stops counting.
const CLOCK_SKEW: Span = Span::secs(60);

/// Levels 1 to 4. There is no level 0: no proof, or a biometric alone, is no authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    One,
    Two,
    Three,
    Four,
}

impl Level {
    pub const ALL: [Self; 4] = [Self::One, Self::Two, Self::Three, Self::Four];

    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            4 => Some(Self::Four),
            _ => None,
        }
    }

    /// The table of Art 20: what a set of factors is worth. With the enrolled factors of a person it says what the
    /// person can reach.
    pub const fn of(factors: Factors) -> Option<Self> {
        let knows = factors.contains(Factor::Knowledge);
        let holds = factors.contains(Factor::Possession);
        match (knows, holds, factors.contains(Factor::Biometric)) {
            (true, true, true) => Some(Self::Four),
            (true, false, true) | (false, true, true) => Some(Self::Three),
            (true, true, false) => Some(Self::Two),
            (true, false, false) | (false, true, false) => Some(Self::One),
            (false, false, _) => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// How old a proof may be to count towards a level. Towards level 1 it counts as long as its session lives
/// ([`super::SessionPolicy`] ends that).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    two: Span,
    three: Span,
    four: Span,
}

/// `[assurance.freshness]` is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("freshness must be positive and must not grow with the level (level 2 ≥ level 3 ≥ level 4)")]
pub struct FreshnessError;

impl Freshness {
    pub fn new(two: Span, three: Span, four: Span) -> Result<Self, FreshnessError> {
        if four > Span::ZERO && three >= four && two >= three {
            Ok(Self { two, three, four })
        } else {
            Err(FreshnessError)
        }
    }

    const fn limit(&self, level: Level) -> Option<Span> {
        match level {
            Level::One => None,
            Level::Two => Some(self.two),
            Level::Three => Some(self.three),
            Level::Four => Some(self.four),
        }
    }

    fn counts(&self, proof: &Proof, level: Level, now: Timestamp) -> bool {
        let age = now.since(proof.proven_at);
        let too_early = age < Span::micros(-CLOCK_SKEW.as_micros());
        !too_early && self.limit(level).is_none_or(|limit| age <= limit)
    }
}

impl Default for Freshness {
    /// 60, 15 and 5 minutes.
    fn default() -> Self {
        Self { two: Span::minutes(60), three: Span::minutes(15), four: Span::minutes(5) }
    }
}

/// The level that these proofs are worth now.
pub fn level(proofs: &[Proof], now: Timestamp, freshness: &Freshness) -> Option<Level> {
    Level::ALL.into_iter().rev().find(|level| Level::of(fresh_factors(*level, proofs, now, freshness)) >= Some(*level))
}

/// What is still to be proven for a level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(Vec<Factors>);

impl Missing {
    pub fn is_nothing(&self) -> bool {
        self.0.first().is_some_and(|first| first.is_empty())
    }

    /// Each set would do alone, and none holds more than is needed: smallest first, biometrics last.
    pub fn alternatives(&self) -> &[Factors] {
        &self.0
    }

    /// What to ask a person for who can prove `enrolled`: the smallest set that suffices, empty when nothing is
    /// missing, `None` when this person cannot reach the level.
    pub fn within(&self, enrolled: Factors) -> Option<Factors> {
        self.0.iter().copied().find(|set| set.is_within(enrolled))
    }
}

/// Which factors are missing or stale for `level`: what a step-up asks for, never more.
pub fn missing_for(level: Level, proofs: &[Proof], now: Timestamp, freshness: &Freshness) -> Missing {
    Missing(minimal_sets(|set| Level::of(fresh_factors(level, proofs, now, freshness).union(set)) >= Some(level)))
}

/// Why a factor is asked for: so that the page can say "again" where it is again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorState {
    Fresh,
    /// Proven in this session, too long ago for this level.
    Stale,
    Never,
}

pub fn state_of(factor: Factor, level: Level, proofs: &[Proof], now: Timestamp, freshness: &Freshness) -> FactorState {
    let mut state = FactorState::Never;
    for proof in proofs.iter().filter(|proof| proof.factor() == factor) {
        if freshness.counts(proof, level, now) {
            return FactorState::Fresh;
        }
        state = FactorState::Stale;
    }
    state
}

/// What stands behind an emitted level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The oldest proof that the level counts (OIDC Core §2).
    pub auth_time: Timestamp,
    /// The methods of the counted proofs, knowledge first.
    pub methods: Vec<Method>,
}

impl Evidence {
    /// The `amr` claim: each name once, and `mfa` when the methods are different factors (RFC 8176 §2).
    pub fn amr(&self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = Vec::with_capacity(self.methods.len() + 1);
        for method in &self.methods {
            if !names.contains(&method.amr()) {
                names.push(method.amr());
            }
        }
        if self.methods.iter().map(|method| method.factor()).collect::<Factors>().len() > 1 {
            names.push("mfa");
        }
        names
    }
}

/// The proofs that `level` counts, or `None` when it is not reached. A level counts no more factors than it needs, and
/// of the sets that suffice the one proven last: a level 1 that rests on this minute's code is this minute's.
pub fn evidence(level: Level, proofs: &[Proof], now: Timestamp, freshness: &Freshness) -> Option<Evidence> {
    let newest = |factor: Factor| {
        proofs
            .iter()
            .filter(|proof| proof.factor() == factor && freshness.counts(proof, level, now))
            .max_by_key(|proof| proof.proven_at)
    };
    let mut best: Option<Evidence> = None;
    for set in minimal_sets(|set| Level::of(set) >= Some(level)) {
        let Some(counted) = set.iter().map(newest).collect::<Option<Vec<&Proof>>>() else { continue };
        let Some(auth_time) = counted.iter().map(|proof| proof.proven_at).min() else { continue };
        if best.as_ref().is_none_or(|found| auth_time > found.auth_time) {
            best = Some(Evidence { auth_time, methods: counted.iter().map(|proof| proof.method).collect() });
        }
    }
    best
}

/// The proofs made at `since` or later: what `prompt=login` (since the interaction began) and `max_age` leave standing.
pub fn proven_since(proofs: &[Proof], since: Timestamp) -> Vec<Proof> {
    proofs.iter().copied().filter(|proof| proof.proven_at >= since).collect()
}

fn fresh_factors(level: Level, proofs: &[Proof], now: Timestamp, freshness: &Freshness) -> Factors {
    proofs.iter().filter(|proof| freshness.counts(proof, level, now)).map(Proof::factor).collect()
}

/// The sets that satisfy and of which no part does.
fn minimal_sets(suffices: impl Fn(Factors) -> bool) -> Vec<Factors> {
    let mut found: Vec<Factors> = Vec::new();
    for set in Factors::EVERY_SET {
        if suffices(set) && !found.iter().any(|smaller| smaller.is_within(set)) {
            found.push(set);
        }
    }
    found
}

#[cfg(test)]
#[path = "level_tests.rs"]
mod tests;
