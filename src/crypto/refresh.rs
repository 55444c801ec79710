//! Refresh tokens, derived instead of stored.
//!
//! `ddr_` ‖ base64url(family ‖ generation ‖ HMAC-SHA-256(key, family ‖ generation)) ‖ checksum. The database keeps one
//! number per family, the current generation: no token can be found in it, and an answer that was lost on its way can
//! be given again because the successor can be derived again. Order is a counter and never a time: two rotations within
//! one second stay in order (keycloak#50999).

use aws_lc_rs::hmac;
use uuid::Uuid;

use super::{
    derive::{Kek, Label},
    opaque::{self, Malformed},
    seal::keyed_digest,
};
use crate::base::{Secret, ids::GrantId};

const PREFIX: &str = "ddr_";
/// `ddr_` and 56 bytes in base64url and the checksum.
const LENGTH: usize = 4 + 75 + 6;

/// The key under which refresh tokens are made and known again.
pub struct RefreshKey(hmac::Key);

/// A refresh token that we made: whose family it is of, and which of its tokens. Whether it is the current one, the
/// store knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshClaim {
    pub family: GrantId,
    /// Counts from 0; never negative.
    pub generation: i64,
}

impl RefreshKey {
    pub fn new(kek: &Kek) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, kek.derive(Label::Refresh).reveal()))
    }

    /// The token of this family's generation: always the same text.
    pub fn token(&self, family: GrantId, generation: i64) -> Secret {
        let counter = generation.to_be_bytes();
        let tag = keyed_digest(&self.0, &[family.0.as_bytes(), &counter]);
        let payload = [family.0.as_bytes().as_slice(), &counter, tag.as_bytes()].concat();
        Secret::new(opaque::encode(PREFIX, &payload))
    }

    /// Takes only what [`Self::token`] gives; the tag is compared in constant time.
    pub fn verify(&self, text: &str) -> Result<RefreshClaim, Malformed> {
        if text.len() != LENGTH {
            return Err(Malformed);
        }
        let payload = opaque::decode(PREFIX, text)?;
        let (family, rest) = payload.reveal().split_first_chunk::<16>().ok_or(Malformed)?;
        let (counter, tag) = rest.split_first_chunk::<8>().ok_or(Malformed)?;
        hmac::verify(&self.0, &[family.as_slice(), counter].concat(), tag).map_err(|_| Malformed)?;
        let generation = i64::from_be_bytes(*counter);
        if generation < 0 {
            return Err(Malformed);
        }
        Ok(RefreshClaim { family: GrantId(Uuid::from_bytes(*family)), generation })
    }
}

impl std::fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        base::{Entropy, Timestamp},
        crypto::opaque::{OpaqueToken, kind},
    };

    fn key(byte: u8) -> RefreshKey {
        RefreshKey::new(&Kek::from_bytes(&[byte; 32]))
    }

    fn grant(seed: u64) -> GrantId {
        GrantId::generate(&Entropy::counted(seed), Timestamp::from_secs(1_800_000_000))
    }

    #[test]
    fn a_token_can_be_made_again_and_says_its_family_and_generation() {
        let token = key(1).token(grant(1), 3);
        assert_eq!(token.reveal(), key(1).token(grant(1), 3).reveal());
        assert_eq!(token.reveal().len(), LENGTH);
        let claim = key(1).verify(token.reveal()).unwrap();
        assert_eq!(claim, RefreshClaim { family: grant(1), generation: 3 });
        assert_ne!(token.reveal(), key(1).token(grant(1), 4).reveal());
        assert_ne!(token.reveal(), key(1).token(grant(2), 3).reveal());
    }

    #[test]
    fn another_key_knows_it_not() {
        assert_eq!(key(2).verify(key(1).token(grant(1), 3).reveal()), Err(Malformed));
    }

    #[test]
    fn every_cut_and_flip_is_refused() {
        let text = key(1).token(grant(1), 3).reveal().to_owned();
        for at in 0..text.len() {
            assert!(key(1).verify(&text[..at]).is_err());
            for bit in 0..7 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                assert!(key(1).verify(&String::from_utf8(bytes).unwrap()).is_err(), "bit {bit} of character {at}");
            }
        }
        for variant in [format!("{text}="), format!("{text} "), text.to_uppercase(), text.to_lowercase()] {
            assert!(key(1).verify(&variant).is_err());
        }
    }

    /// With a right checksum, so that the tag alone must refuse: another generation, another family, a shorter tag.
    #[test]
    fn a_forged_payload_is_refused_by_its_tag() {
        let text = key(1).token(grant(1), 3).reveal().to_owned();
        let payload = opaque::decode(PREFIX, &text).unwrap().reveal().to_vec();
        for at in 0..payload.len() {
            let mut forged = payload.clone();
            forged[at] ^= 1;
            assert!(key(1).verify(&opaque::encode(PREFIX, &forged)).is_err(), "byte {at}");
        }
        for length in 0..payload.len() {
            assert!(key(1).verify(&opaque::encode(PREFIX, &payload[..length])).is_err());
        }
        assert!(key(1).verify(key(1).token(grant(1), -1).reveal()).is_err(), "a negative generation");
    }

    #[test]
    fn it_is_no_other_kind_of_token_and_none_is_it() {
        let text = key(1).token(grant(1), 3).reveal().to_owned();
        assert!(OpaqueToken::<kind::Code>::parse(&text).is_err());
        let code = OpaqueToken::<kind::Code>::generate(&Entropy::counted(1)).reveal();
        assert!(key(1).verify(code.reveal()).is_err());
    }

    proptest! {
        #[test]
        fn every_generation_reads_back(generation in 0..i64::MAX, seed in any::<u64>()) {
            let token = key(5).token(grant(seed), generation);
            prop_assert_eq!(key(5).verify(token.reveal()), Ok(RefreshClaim { family: grant(seed), generation }));
        }

        #[test]
        fn anything_else_is_refused_without_panic(text in "\\PC{0,100}") {
            prop_assert!(key(5).verify(&text).is_err());
        }
    }
}
