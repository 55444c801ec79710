//! What may be lost: soft limits, counted per network. In this process's memory, or in Redis where replicas share it.
//!
//! Redis gone or slow means this process counts alone; nobody sees an error, and nothing gets weaker that matters: the hard
//! limits are counters in the record ([`super::failures`]).

mod memory;
mod shared;

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use memory::Memory;
use shared::Shared;

use crate::base::{Fault, Span, Timestamp};

/// So many in so long, evenly refilled, all at once if need be (GCRA).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub burst: u32,
    pub per: Span,
}

impl Rate {
    /// What one costs in time.
    fn interval(self) -> i64 {
        (self.per.as_micros() / i64::from(self.burst.max(1))).max(1)
    }

    /// How far ahead of now the theoretical arrival time may run.
    fn tolerance(self) -> i64 {
        self.interval().saturating_mul(i64::from(self.burst.max(1)))
    }
}

/// Whether there is room, or when there is again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    Allowed,
    Wait(Span),
}

/// GCRA's one step: the stored theoretical arrival time, and what becomes of it.
fn step(stored: i64, now: i64, rate: Rate) -> (Allowance, i64) {
    let next = stored.max(now).saturating_add(rate.interval());
    let ahead = next.saturating_sub(now);
    if ahead > rate.tolerance() {
        (Allowance::Wait(Span::micros(ahead - rate.tolerance())), stored)
    } else {
        (Allowance::Allowed, next)
    }
}

pub struct Cache {
    memory: Memory,
    shared: Option<Shared>,
    /// Until then Redis is not asked again: a breaker, so that a hanging one costs its budget once in a while only.
    not_before: AtomicI64,
}

/// How long Redis is left alone after it failed.
const PAUSE: Span = Span::secs(2);

impl Cache {
    pub fn in_memory() -> Self {
        Self { memory: Memory::default(), shared: None, not_before: AtomicI64::new(0) }
    }

    /// Connects lazily: a Redis that is not there yet stops nobody.
    pub fn with_redis(url: &str, budget: Duration) -> Result<Self, Fault> {
        Ok(Self { shared: Some(Shared::new(url, budget)?), ..Self::in_memory() })
    }

    /// Spends one of `key`'s allowance.
    pub async fn spend(&self, key: &str, rate: Rate, now: Timestamp) -> Allowance {
        if let Some(shared) = &self.shared
            && now.micros() >= self.not_before.load(Ordering::Relaxed)
        {
            match shared.spend(key, rate, now).await {
                Ok(allowance) => return allowance,
                Err(error) => {
                    metrics::counter!("dinhdanh_redis_failures_total").increment(1);
                    tracing::warn!(%error, "Redis does not answer; soft limits are this process's own for now");
                    self.not_before.store((now + PAUSE).micros(), Ordering::Relaxed);
                }
            }
        }
        self.memory.spend(key, rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, per: Span::secs(30) };
    const NOW: i64 = 1_800_000_000_000_000;

    #[test]
    fn a_burst_is_allowed_and_then_one_an_interval() {
        let mut stored = 0;
        for _ in 0..3 {
            let (allowance, next) = step(stored, NOW, RATE);
            assert_eq!(allowance, Allowance::Allowed);
            stored = next;
        }
        assert_eq!(step(stored, NOW, RATE), (Allowance::Wait(Span::secs(10)), stored));
        assert_eq!(step(stored, NOW + 9_999_999, RATE).0, Allowance::Wait(Span::micros(1)));
        assert_eq!(step(stored, NOW + 10_000_000, RATE).0, Allowance::Allowed);
        assert_eq!(step(stored, NOW + 60_000_000, RATE).1, NOW + 70_000_000);
    }

    #[tokio::test]
    async fn keys_are_counted_apart_and_forgotten_when_full_again() {
        let cache = Cache::in_memory();
        let at = |secs: i64| Timestamp::from_micros(NOW) + Span::secs(secs);
        for _ in 0..3 {
            assert_eq!(cache.spend("a", RATE, at(0)).await, Allowance::Allowed);
        }
        assert!(matches!(cache.spend("a", RATE, at(0)).await, Allowance::Wait(_)));
        assert_eq!(cache.spend("b", RATE, at(0)).await, Allowance::Allowed);
        assert_eq!(cache.spend("a", RATE, at(31)).await, Allowance::Allowed);
    }
}
