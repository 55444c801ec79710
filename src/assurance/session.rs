//! How long a single sign-on session lives.

use crate::base::{Span, Timestamp};

/// `[session]`: 30 minutes without a request, 12 hours in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    idle: Span,
    absolute: Span,
}

/// `[session]` is not usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a session's idle time must be at least two minutes and at most its absolute life")]
pub struct SessionPolicyError;

/// What the policy says of a session now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStanding {
    /// Alive until then, if nothing more is heard.
    Live { until: Timestamp },
    /// Nothing was heard for too long.
    Idle,
    /// Its whole life is over.
    Over,
}

/// A request is written down when the last one written is this old, so that reading a page costs no commit.
const RECORDING: Span = Span::minutes(1);

impl SessionPolicy {
    pub fn new(idle: Span, absolute: Span) -> Result<Self, SessionPolicyError> {
        if idle >= Span::minutes(2) && absolute >= idle { Ok(Self { idle, absolute }) } else { Err(SessionPolicyError) }
    }

    pub fn standing(&self, began: Timestamp, last_seen: Timestamp, now: Timestamp) -> SessionStanding {
        if now.since(began) >= self.absolute {
            SessionStanding::Over
        } else if now.since(last_seen) >= self.idle {
            SessionStanding::Idle
        } else {
            SessionStanding::Live { until: (last_seen + self.idle).min(began + self.absolute) }
        }
    }

    /// Whether this request is worth a write of `last_seen`. The idle time therefore runs from a moment up to a minute
    /// before the last request: it is never longer than configured.
    pub fn is_worth_recording(&self, last_seen: Timestamp, now: Timestamp) -> bool {
        now.since(last_seen) >= RECORDING
    }

    /// The end that no activity moves: what a cookie or a bound refresh token may say.
    pub fn end(&self, began: Timestamp) -> Timestamp {
        began + self.absolute
    }
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self { idle: Span::minutes(30), absolute: Span::hours(12) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BEGAN: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn thirty_minutes_of_silence_or_twelve_hours_end_it() {
        let policy = SessionPolicy::default();
        let at = |seen, now| policy.standing(BEGAN, BEGAN + seen, BEGAN + now);
        let just_before = |span: Span| Span::micros(span.as_micros() - 1);
        assert_eq!(
            at(Span::ZERO, just_before(Span::minutes(30))),
            SessionStanding::Live { until: BEGAN + Span::minutes(30) }
        );
        assert_eq!(at(Span::ZERO, Span::minutes(30)), SessionStanding::Idle);
        let busy = Span::hours(12);
        assert_eq!(at(just_before(busy), just_before(busy)), SessionStanding::Live { until: BEGAN + busy });
        assert_eq!(at(just_before(busy), busy), SessionStanding::Over);
    }

    #[test]
    fn a_policy_that_ends_before_it_begins_is_refused() {
        assert!(SessionPolicy::new(Span::minutes(30), Span::hours(12)).is_ok());
        assert_eq!(SessionPolicy::new(Span::hours(2), Span::hours(1)), Err(SessionPolicyError));
        assert_eq!(SessionPolicy::new(Span::minutes(1), Span::hours(1)), Err(SessionPolicyError));
    }

    #[test]
    fn a_request_is_recorded_once_a_minute() {
        let policy = SessionPolicy::default();
        assert!(!policy.is_worth_recording(BEGAN, BEGAN + Span::secs(59)));
        assert!(policy.is_worth_recording(BEGAN, BEGAN + Span::secs(60)));
    }

    proptest! {
        #[test]
        fn what_ended_stays_ended(seen in 0..50_000_i64, now in 0..50_000_i64, more in 0..50_000_i64) {
            let policy = SessionPolicy::default();
            let at = |now| policy.standing(BEGAN, BEGAN + Span::secs(seen), BEGAN + Span::secs(now));
            if !matches!(at(now), SessionStanding::Live { .. }) {
                let live = matches!(at(now + more), SessionStanding::Live { .. });
                prop_assert!(!live);
            }
            if let SessionStanding::Live { until } = at(now) {
                prop_assert!(until <= policy.end(BEGAN));
                prop_assert!(until > BEGAN + Span::secs(now));
            }
        }
    }
}
