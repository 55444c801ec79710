//! A client asks whether the person has answered (RFC 8628 §3.5, CIBA Core §11): not too often, and each time it comes too
//! early it has to wait longer.

use crate::{
    base::{Span, Timestamp},
    store::decoupled::Polling,
};

/// Between two polls, as it is told at the beginning.
pub const INTERVAL: Span = Span::secs(5);
/// "the interval MUST be increased by 5 seconds for this and all subsequent requests" (RFC 8628 §3.5).
const SLOWER: Span = Span::secs(5);
/// Nobody is made to wait longer than that.
const SLOWEST: Span = Span::secs(60);
/// The network is not a clock: a second early is in time.
const GRACE: Span = Span::secs(1);

/// Whether a poll came in its time, and how the next one is measured.
pub fn poll(polling: Polling, now: Timestamp) -> (Pace, Polling) {
    let early = polling.polled_at.is_some_and(|last| now + GRACE < last + Span::secs(polling.interval_s));
    let interval_s =
        if early { (polling.interval_s + SLOWER.as_secs()).min(SLOWEST.as_secs()) } else { polling.interval_s };
    (if early { Pace::TooFast } else { Pace::Right }, Polling { interval_s, polled_at: Some(now) })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Right,
    TooFast,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_early_waits_longer_each_time() {
        use Pace::{Right, TooFast};

        let start = Timestamp::from_secs(1_000);
        let mut polling = Polling { interval_s: 5, polled_at: None };
        let mut seen = Vec::new();
        for after in [0, 1, 5, 14, 19, 23] {
            let (pace, next) = poll(polling, start + Span::secs(after));
            seen.push((pace, next.interval_s));
            polling = next;
        }
        // 4 s are 5 s on a network; 9 s are not 15 s.
        assert_eq!(seen, [(Right, 5), (TooFast, 10), (TooFast, 15), (TooFast, 20), (TooFast, 25), (TooFast, 30)]);
        let (pace, next) = poll(polling, start + Span::secs(23 + 29));
        assert_eq!((pace, next.interval_s), (Right, 30));
        let mut fast = next;
        for _ in 0..20 {
            fast = poll(fast, start + Span::secs(53)).1;
        }
        assert_eq!(fast.interval_s, 60);
    }
}
