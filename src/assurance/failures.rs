//! What follows from wrong passwords, wrong codes and codes sent: pure decisions from counters that the database keeps
//! (as JSON: a field may be added, none may change its meaning).
//!
//! A delay falls first on the pair (account, network) and only then on the account everywhere, so that a stranger at
//! one network cannot lock a person out (ASVS 5.0 6.1.1): what that network tries while it is delayed is not counted
//! against the account. Counters are of the account, not of the name that was typed, so that an alias gives no new
//! tries (CVE-2025-24806). An attempt during a delay is answered without a look at the password and counts nothing.

use serde::{Deserialize, Serialize};

use crate::base::{Span, Timestamp};

/// Whether an attempt may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// Not before then.
    Wait {
        until: Timestamp,
    },
    /// Not any more: this interaction is over.
    Ended,
}

/// What is remembered of failures under one key. All zero is "none".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Failures within the window that began at `window_began`.
    pub recent: u32,
    pub window_began: Timestamp,
    /// Failures since the last success.
    pub consecutive: u32,
    pub last_failure: Timestamp,
    pub blocked_until: Timestamp,
}

impl Tally {
    /// The delay that the last failure cost; each doubles the next.
    fn delay(&self) -> Span {
        self.blocked_until.since(self.last_failure).max(Span::ZERO)
    }
}

/// How many failures one key is allowed, and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// This many failures within `window` begin the delays…
    pub burst: u32,
    pub window: Span,
    /// …and so do this many since the last success, however slowly they came.
    pub in_all: u32,
    pub first_delay: Span,
    pub longest_delay: Span,
    /// After so long without a failure everything is forgotten.
    pub forgotten_after: Span,
}

impl Throttle {
    /// One account tried from one network: five failures in a minute, then 30 seconds, doubling to 15 minutes.
    pub const NEAR: Self = Self {
        burst: 5,
        window: Span::secs(60),
        in_all: 15,
        first_delay: Span::secs(30),
        longest_delay: Span::minutes(15),
        forgotten_after: Span::hours(24),
    };

    /// One account tried from everywhere: what only many networks together can reach. 100 failures in a row is the
    /// limit of NIST SP 800-63B §3.2.2.
    pub const EVERYWHERE: Self = Self {
        burst: 20,
        window: Span::secs(60),
        in_all: 100,
        first_delay: Span::secs(30),
        longest_delay: Span::minutes(15),
        forgotten_after: Span::hours(24),
    };

    /// A second factor: ten wrong codes in a row cost ten minutes, and so does each one after them.
    pub const CODES: Self = Self {
        burst: 10,
        window: Span::minutes(10),
        in_all: 10,
        first_delay: Span::minutes(10),
        longest_delay: Span::minutes(10),
        forgotten_after: Span::hours(24),
    };

    /// Attempts to register one number from one network: five in ten minutes, then a minute, doubling to 15 minutes.
    /// Every attempt counts, matched or not: nobody learns from it which numbers exist.
    pub const REGISTER: Self = Self {
        burst: 5,
        window: Span::minutes(10),
        in_all: 15,
        first_delay: Span::minutes(1),
        longest_delay: Span::minutes(15),
        forgotten_after: Span::hours(6),
    };

    /// Attempts to register anybody from one network. A phone network's many customers share an address.
    pub const REGISTER_NETWORK: Self = Self {
        burst: 200,
        window: Span::minutes(10),
        in_all: u32::MAX,
        first_delay: Span::minutes(1),
        longest_delay: Span::minutes(5),
        forgotten_after: Span::minutes(30),
    };

    /// Codes of devices that were none, typed by one signed-in person (RFC 8628 §5.1). A right one forgives nothing: who
    /// guesses could bring one of their own.
    pub const USER_CODES: Self = Self {
        burst: 10,
        window: Span::minutes(10),
        in_all: 30,
        first_delay: Span::minutes(1),
        longest_delay: Span::minutes(15),
        forgotten_after: Span::hours(6),
    };

    /// The same from one network, by who is not signed in.
    pub const USER_CODES_NETWORK: Self = Self {
        burst: 100,
        window: Span::minutes(10),
        in_all: u32::MAX,
        first_delay: Span::minutes(1),
        longest_delay: Span::minutes(5),
        forgotten_after: Span::minutes(30),
    };

    pub fn decide(&self, tally: &Tally, now: Timestamp) -> Decision {
        if tally.blocked_until > now { Decision::Wait { until: tally.blocked_until } } else { Decision::Allowed }
    }

    /// The tally after one more failure that was allowed to happen.
    #[must_use]
    pub fn after_failure(&self, tally: &Tally, now: Timestamp) -> Tally {
        let known = if now.since(tally.last_failure) >= self.forgotten_after { Tally::default() } else { *tally };
        let in_window = known.recent > 0 && now.since(known.window_began) < self.window;
        let mut next = Tally {
            recent: if in_window { known.recent.saturating_add(1) } else { 1 },
            window_began: if in_window { known.window_began } else { now },
            consecutive: known.consecutive.saturating_add(1),
            last_failure: now,
            ..known
        };
        let last_delay = known.delay();
        if last_delay > Span::ZERO {
            next.blocked_until = now + (Span::micros(last_delay.as_micros().saturating_mul(2))).min(self.longest_delay);
        } else if next.recent >= self.burst || next.consecutive >= self.in_all {
            next.blocked_until = now + self.first_delay;
        }
        next
    }
}

/// The two tallies of a password: of the account at this network, and of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordTallies {
    pub near: Tally,
    pub everywhere: Tally,
}

impl PasswordTallies {
    pub fn decide(&self, now: Timestamp) -> Decision {
        match (Throttle::NEAR.decide(&self.near, now), Throttle::EVERYWHERE.decide(&self.everywhere, now)) {
            (Decision::Allowed, everywhere) => everywhere,
            (near, Decision::Allowed) => near,
            (Decision::Wait { until: near }, Decision::Wait { until: everywhere }) => {
                Decision::Wait { until: near.max(everywhere) }
            }
            (_, ended) => ended,
        }
    }

    /// A network that is being delayed adds nothing to the account's own tally: alone it can never lock the person out.
    #[must_use]
    pub fn after_failure(&self, now: Timestamp) -> Self {
        let near = Throttle::NEAR.after_failure(&self.near, now);
        let delayed_before = self.near.delay() > Span::ZERO && near.consecutive > 1;
        let everywhere =
            if delayed_before { self.everywhere } else { Throttle::EVERYWHERE.after_failure(&self.everywhere, now) };
        Self { near, everywhere }
    }

    /// A right password clears both.
    #[must_use]
    pub fn after_success(&self) -> Self {
        Self::default()
    }
}

/// Wrong codes in one interaction before it ends: a new sign-in begins with the password.
pub const CODES_PER_INTERACTION: u32 = 5;

/// Whether a second-factor code may be tried: `wrong_here` counts within this interaction, `tally` for the factor
/// ([`Throttle::CODES`]), apart from the password's, so that a stranger cannot block the person's device.
pub fn decide_code(wrong_here: u32, tally: &Tally, now: Timestamp) -> Decision {
    if wrong_here >= CODES_PER_INTERACTION { Decision::Ended } else { Throttle::CODES.decide(tally, now) }
}

/// Codes sent to one number: two in ten seconds, ten in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Sends {
    pub today: u32,
    pub day_began: Timestamp,
    pub last: Timestamp,
    /// The next may go then: ten seconds after the last but one.
    pub blocked_until: Timestamp,
}

impl Sends {
    const BURST: Span = Span::secs(10);
    const DAY: Span = Span::hours(24);
    const PER_DAY: u32 = 10;

    pub fn decide(&self, now: Timestamp) -> Decision {
        if self.in_day(now) && self.today >= Self::PER_DAY {
            return Decision::Wait { until: self.day_began + Self::DAY };
        }
        if self.blocked_until > now { Decision::Wait { until: self.blocked_until } } else { Decision::Allowed }
    }

    #[must_use]
    pub fn after_send(&self, now: Timestamp) -> Self {
        let same_day = self.in_day(now);
        Self {
            today: if same_day { self.today.saturating_add(1) } else { 1 },
            day_began: if same_day { self.day_began } else { now },
            last: now,
            blocked_until: if self.today > 0 { self.last + Self::BURST } else { now },
        }
    }

    fn in_day(&self, now: Timestamp) -> bool {
        self.today > 0 && now.since(self.day_began) < Self::DAY
    }
}

#[cfg(test)]
#[path = "failures_tests.rs"]
mod tests;
