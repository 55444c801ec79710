//! Opaque tokens: random, typed, revealed once, stored as a digest.
//!
//! The text is `dd<kind>_`, the payload in base64url, and six characters of checksum. The prefix lets a secret scanner
//! know a leak for what it is (`dd[a-z]_[A-Za-z0-9_-]{49}`), the checksum lets it be sure; neither is a defence. A
//! code in the place of a session cookie fails on its prefix before any table is asked (CVE-2026-4282), and every
//! token has exactly one text: what is cut, padded, case-folded or flipped is refused (CVE-2026-27840).

use std::marker::PhantomData;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::digest::{Digest, sha256, sha256_of};
use crate::base::{Entropy, Secret, SecretBytes};

/// What a token is for: the type parameter of [`OpaqueToken`].
pub trait Kind: kind::Sealed {
    /// `dd`, one letter, `_`.
    const PREFIX: &'static str;
}

/// The kinds there are; none can be added outside.
pub mod kind {
    use super::Kind;

    pub trait Sealed {}

    macro_rules! kinds {
        ($($(#[$doc:meta])* $name:ident $prefix:literal),+ $(,)?) => {$(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}
            impl Sealed for $name {}
            impl Kind for $name {
                const PREFIX: &'static str = $prefix;
            }
        )+};
    }

    kinds! {
        /// An authorization code (RFC 6749 §4.1.2).
        Code "ddc_",
        /// The cookie of a single sign-on session.
        SessionCookie "dds_",
        /// The cookie that binds a sign-in under way to its browser.
        InteractionCookie "ddi_",
        /// The cookie of an operator's session.
        OperatorCookie "ddo_",
        /// A client secret that we made.
        ClientSecret "ddk_",
        /// The reference of a pushed authorization request (RFC 9126 §2.2).
        Par "ddp_",
        /// What lets a client register itself (RFC 7591 §3).
        InitialAccess "ddn_",
        /// What lets a client read, change and delete its registration (RFC 7592 §1.2).
        RegistrationAccess "ddg_",
        /// What a device polls with (RFC 8628 §3.2).
        DeviceCode "ddd_",
        /// A backchannel authentication request (CIBA Core §7.3).
        AuthReqId "ddq_",
    }
}

/// Random bytes of a token: 256 bits, so that a plain digest of it is safe to store.
const PAYLOAD: usize = 32;
/// Characters of the checksum: 36 bits.
const CHECKSUM: usize = 6;
/// The length of every token of this module.
const LENGTH: usize = 4 + (PAYLOAD * 8).div_ceil(6) + CHECKSUM;

/// A text that is no token of the kind that was expected. Which rule it broke is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed token of this kind")]
pub struct Malformed;

/// A token in the hand: either just made, or just received. Never stored; has no `Debug` that shows it.
pub struct OpaqueToken<K> {
    text: Secret,
    kind: PhantomData<K>,
}

impl<K: Kind> OpaqueToken<K> {
    pub fn generate(entropy: &Entropy) -> Self {
        let payload = SecretBytes::new(entropy.bytes::<PAYLOAD>().to_vec());
        Self { text: Secret::new(encode(K::PREFIX, payload.reveal())), kind: PhantomData }
    }

    /// Takes only the one text that [`Self::generate`] gives for some payload; the text's length is the payload's.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() != LENGTH {
            return Err(Malformed);
        }
        decode(K::PREFIX, text)?;
        Ok(Self { text: Secret::new(text), kind: PhantomData })
    }

    /// What is stored and looked up: of the whole text, so that a prefix belongs to it.
    pub fn digest(&self) -> Digest {
        digest_of_text(self.text.reveal())
    }

    /// The text, for its one receiver.
    pub fn reveal(self) -> Secret {
        self.text
    }
}

impl<K> std::fmt::Debug for OpaqueToken<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpaqueToken(…)")
    }
}

/// The stored form of a secret text of 128 bits or more, ours or one that a client brought with it.
pub fn digest_of_text(text: &str) -> Digest {
    sha256(text.as_bytes())
}

/// `prefix ‖ base64url(payload) ‖ checksum`.
pub(super) fn encode(prefix: &str, payload: &[u8]) -> String {
    let mut text = String::with_capacity(prefix.len() + (payload.len() * 8).div_ceil(6) + CHECKSUM);
    text.push_str(prefix);
    URL_SAFE_NO_PAD.encode_string(payload, &mut text);
    let checksum = checksum(&text);
    text.push_str(&checksum);
    text
}

/// The payload of a text that [`encode`] wrote with this prefix, whatever its length.
pub(super) fn decode(prefix: &str, text: &str) -> Result<SecretBytes, Malformed> {
    let body_length = text.len().checked_sub(CHECKSUM).ok_or(Malformed)?;
    let (body, given) = text.split_at_checked(body_length).ok_or(Malformed)?;
    let payload = body.strip_prefix(prefix).ok_or(Malformed)?;
    if checksum(body) != given {
        return Err(Malformed);
    }
    // The engine takes no padding and no stray bits in the last character, so that a payload has one text only.
    URL_SAFE_NO_PAD.decode(payload).map(SecretBytes::new).map_err(|_| Malformed)
}

fn checksum(body: &str) -> String {
    let digest = sha256_of(&[b"dinhdanh token checksum/v1:", body.as_bytes()]);
    let mut text = URL_SAFE_NO_PAD.encode(digest.as_bytes());
    text.truncate(CHECKSUM);
    text
}

#[cfg(test)]
#[path = "opaque_tests.rs"]
mod tests;
