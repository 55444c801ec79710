//! Sealing at rest, and finding what is sealed.
//!
//! A sealed value is `version ‖ nonce ‖ ciphertext ‖ tag`, AES-256-GCM-SIV (RFC 8452: a repeated nonce tells no more
//! than that two plaintexts were equal). The place it lies in, table, column and row, is authenticated with it: moved
//! to another row it does not open.

use aws_lc_rs::{
    aead::{AES_256_GCM_SIV, Aad, LessSafeKey, Nonce, UnboundKey},
    hmac,
};

use super::{
    derive::{Kek, Label},
    digest::Digest,
};
use crate::base::{Entropy, SecretBytes};

const VERSION: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Where a sealed value lies.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    /// The row's key, as bytes.
    pub row: &'a [u8],
}

impl Place<'_> {
    /// Each part with its length before it, so that no two places have one form.
    fn aad(&self) -> Vec<u8> {
        let mut aad = Vec::with_capacity(24 + self.table.len() + self.column.len() + self.row.len());
        for part in [self.table.as_bytes(), self.column.as_bytes(), self.row] {
            aad.extend_from_slice(&(part.len() as u64).to_be_bytes());
            aad.extend_from_slice(part);
        }
        aad
    }
}

/// A value that could not be sealed or opened. Names no place: the caller knows which row it asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("sealed under key version {0}, which this process does not hold: check DINHDANH_KEK_FILE")]
    UnknownVersion(u8),
    #[error("too short to be a sealed value")]
    Truncated,
    #[error("does not open here: changed, moved from another place, or sealed under another key-encryption key")]
    DoesNotOpen,
    #[error("could not be sealed")]
    NotSealed,
}

/// Seals and opens with the key derived for it.
pub struct Sealer(LessSafeKey);

impl Sealer {
    pub fn new(kek: &Kek) -> Self {
        Self::with_key(&kek.derive(Label::Seal))
    }

    fn with_key(key: &SecretBytes) -> Self {
        match UnboundKey::new(&AES_256_GCM_SIV, key.reveal()) {
            Ok(key) => Self(LessSafeKey::new(key)),
            // Only a key of another length is refused, and HKDF gave this one 32 bytes.
            Err(_) => std::process::abort(),
        }
    }

    pub fn seal(&self, place: Place<'_>, plaintext: &[u8], entropy: &Entropy) -> Result<Vec<u8>, SealError> {
        let nonce: [u8; NONCE] = entropy.bytes();
        let mut sealed = Vec::with_capacity(1 + NONCE + plaintext.len() + TAG);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let (_, in_place) = sealed.split_at_mut_checked(1 + NONCE).ok_or(SealError::NotSealed)?;
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place.aad()), in_place)
            .map_err(|_| SealError::NotSealed)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretBytes, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Truncated)?;
        if *version != VERSION {
            return Err(SealError::UnknownVersion(*version));
        }
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Truncated)?;
        if ciphertext.len() < TAG {
            return Err(SealError::Truncated);
        }
        let mut plaintext = ciphertext.to_vec();
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place.aad()), &mut plaintext)
            .map(|plain| plain.len())
            .map_err(|_| SealError::DoesNotOpen)?;
        plaintext.truncate(opened);
        Ok(SecretBytes::new(plaintext))
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer(…)")
    }
}

/// A keyed digest by which a row is found without opening any: one key for each column, so that equal values in two
/// columns cannot be seen to be equal.
pub struct BlindIndex(hmac::Key);

impl BlindIndex {
    /// `column` is `table.column`.
    pub fn new(kek: &Kek, column: &'static str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, kek.derive(Label::BlindIndex(column)).reveal()))
    }

    /// Of a value in its normal form: two spellings of one telephone number have two indexes.
    pub fn of(&self, value: &[u8]) -> Digest {
        keyed_digest(&self.0, &[value])
    }
}

impl std::fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BlindIndex(…)")
    }
}

/// HMAC-SHA-256 of the parts, one after the other.
pub(super) fn keyed_digest(key: &hmac::Key, parts: &[&[u8]]) -> Digest {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(part);
    }
    Digest::from_bytes(context.sign().as_ref().try_into().unwrap_or_default())
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
