//! The reference that a person reads out and an operator searches for.

use std::{convert::Infallible, fmt};

use axum::extract::FromRequestParts;
use http::{HeaderValue, request::Parts};

use crate::base::Entropy;

/// Crockford's alphabet: no I, L, O or U, so that a reference survives being read over the telephone.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Twelve characters, 60 random bits. Always ours: one that the client sent could repeat or lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 12]);

impl RequestId {
    pub fn generate(entropy: &Entropy) -> Self {
        let mut bits = u64::from_le_bytes(entropy.bytes());
        Self(std::array::from_fn(|_| {
            let digit = usize::try_from(bits & 31).unwrap_or(0);
            bits >>= 5;
            ALPHABET.get(digit).copied().unwrap_or(b'0')
        }))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    /// Zeros mean that the request did not come through the edge.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Self(*b"000000000000")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_use_every_bit_they_show() {
        let entropy = Entropy::counted(5);
        let ids: Vec<_> = (0..200).map(|_| RequestId::generate(&entropy)).collect();
        assert!(ids.iter().all(|id| id.as_str().len() == 12 && id.as_str().bytes().all(|b| ALPHABET.contains(&b))));
        for place in 0..12 {
            let mut seen: Vec<u8> = ids.iter().map(|id| id.0[place]).collect();
            seen.sort_unstable();
            seen.dedup();
            assert!(seen.len() > 25, "place {place} shows {} values", seen.len());
        }
    }
}
