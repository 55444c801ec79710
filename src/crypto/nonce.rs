//! Nonces that the service hands out and recognises without storing them (RFC 9449 §8): a MAC over the time, under a key
//! that every replica derives. A proof made in advance does not know what they will be.

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    derive::{Kek, Label},
    digest,
};
use crate::base::{Span, Timestamp};

/// A nonce is given out for so long, and taken for as long again; each answer carries the present one (RFC 9449 §8.2).
const PERIOD: Span = Span::minutes(1);

pub struct NonceKey(hmac::Key);

impl NonceKey {
    pub fn new(kek: &Kek) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, kek.derive(Label::DpopNonce).reveal()))
    }

    /// What clients are to use now.
    pub fn current(&self, now: Timestamp) -> String {
        self.of(period(now))
    }

    /// The present nonce, or the one before it.
    pub fn is_good(&self, nonce: &str, now: Timestamp) -> bool {
        let at = period(now);
        [at, at - 1].iter().any(|period| digest::same(self.of(*period).as_bytes(), nonce.as_bytes()))
    }

    fn of(&self, period: i64) -> String {
        let tag = hmac::sign(&self.0, &period.to_be_bytes());
        // 128 bits: nobody guesses one in two minutes.
        URL_SAFE_NO_PAD.encode(tag.as_ref().get(..16).unwrap_or_default())
    }
}

fn period(now: Timestamp) -> i64 {
    now.secs().div_euclid(PERIOD.as_secs())
}

impl std::fmt::Debug for NonceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NonceKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_for_one_period_more_and_only_under_its_key() {
        let [ours, other] = [[1; 32], [2; 32]].map(|bytes| NonceKey::new(&Kek::from_bytes(&bytes)));
        let start = Timestamp::from_secs(1_795_366_800);
        assert_eq!(start.secs() % PERIOD.as_secs(), 0);
        let nonce = ours.current(start);
        assert_eq!(nonce.len(), 22);
        for (after, good) in [(0, true), (59, true), (60, true), (119, true), (120, false), (-1, false)] {
            assert_eq!(ours.is_good(&nonce, start + Span::secs(after)), good, "{after}");
        }
        assert_eq!(ours.current(start + Span::secs(59)), nonce);
        assert_ne!(ours.current(start + Span::secs(60)), nonce);
        assert!(!other.is_good(&nonce, start) && !ours.is_good("", start) && !ours.is_good(&nonce[1..], start));
    }
}
