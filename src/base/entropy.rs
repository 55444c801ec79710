//! Randomness is passed in. Production holds the operating system's; tests hold a counted stream that repeats.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use uuid::Uuid;

use super::Timestamp;

/// A source of unguessable bytes.
#[derive(Clone)]
pub struct Entropy(Source);

#[derive(Clone)]
enum Source {
    System(fn(&mut [u8])),
    Counted(Arc<AtomicU64>),
}

impl Entropy {
    /// `fill` is the crypto floor's generator (`crypto::random::fill`); this floor knows no library for it.
    pub fn system(fill: fn(&mut [u8])) -> Self {
        Self(Source::System(fill))
    }

    /// A stream that repeats for the same seed: for tests and nothing else.
    pub fn counted(seed: u64) -> Self {
        Self(Source::Counted(Arc::new(AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)))))
    }

    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.0 {
            Source::System(fill) => fill(bytes),
            Source::Counted(state) => {
                for chunk in bytes.chunks_mut(8) {
                    let word = split_mix(state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::SeqCst));
                    for (byte, value) in chunk.iter_mut().zip(word.to_le_bytes()) {
                        *byte = value;
                    }
                }
            }
        }
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// UUID version 7 (RFC 9562 §5.7): ordered by time, so that indexes grow at one end. Never shown as a `sub`.
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }

    /// A number below `bound`, without bias (rejection sampling).
    pub fn below(&self, bound: u32) -> u32 {
        let bound = bound.max(1);
        let zone = u32::MAX - (u32::MAX % bound);
        loop {
            let word = u32::from_le_bytes(self.bytes());
            if word < zone {
                return word % bound;
            }
        }
    }
}

/// One step of `SplitMix64`.
const fn split_mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_stream_repeats_for_its_seed_and_differs_for_another() {
        let (a, b, c) = (Entropy::counted(7), Entropy::counted(7), Entropy::counted(8));
        assert_eq!(a.bytes::<33>(), b.bytes::<33>());
        assert_ne!(a.bytes::<33>(), c.bytes::<33>());
    }

    #[test]
    fn uuids_are_version_7_and_sort_by_time() {
        let entropy = Entropy::counted(1);
        let early = entropy.uuid(Timestamp::from_secs(1_000));
        let late = entropy.uuid(Timestamp::from_secs(2_000));
        assert_eq!(early.get_version_num(), 7);
        assert!(early < late);
    }

    #[test]
    fn below_stays_below() {
        let entropy = Entropy::counted(3);
        assert!((0..1_000).all(|_| entropy.below(10) < 10));
        assert_eq!(entropy.below(1), 0);
        assert_eq!(entropy.below(0), 0);
    }
}
