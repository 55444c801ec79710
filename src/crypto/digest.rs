//! SHA-256 and comparison in constant time.

use std::fmt;

use aws_lc_rs::{constant_time, digest};

/// A SHA-256 value: what is stored in place of a secret of 128 bits or more.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From a stored column; `None` when it has another length.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether two digests are equal, in a time that does not tell where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }
}

/// Digests of secrets are no secrets, but a log line has no use for one whole.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "Digest({first:02x}{second:02x}…)")
    }
}

pub fn sha256(bytes: &[u8]) -> Digest {
    sha256_of(&[bytes])
}

/// The digest of the parts, one after the other: the caller sees to it that they cannot be cut differently.
pub fn sha256_of(parts: &[&[u8]]) -> Digest {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    // SHA-256 has 32 bytes; a slice of another length would leave zeros, which the vectors below would show.
    Digest(context.finish().as_ref().try_into().unwrap_or_default())
}

/// SHA-256 of what comes in pieces: a file.
pub struct Sha256(digest::Context);

impl Sha256 {
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub fn finish(self) -> [u8; 32] {
        self.0.finish().as_ref().try_into().unwrap_or_default()
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// Equal length and content, compared in constant time. The length is not hidden.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(digest: &Digest) -> String {
        let nibble = |n: u8| char::from_digit(u32::from(n), 16).unwrap();
        digest.as_bytes().iter().flat_map(|byte| [nibble(byte >> 4), nibble(byte & 15)]).collect()
    }

    /// FIPS 180-4's examples.
    #[test]
    fn sha256_of_known_texts() {
        assert_eq!(hex(&sha256(b"abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(hex(&sha256(b"")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(sha256_of(&[b"a", b"", b"bc"]), sha256(b"abc"));
    }

    #[test]
    fn pieces_digest_like_the_whole() {
        let mut pieces = Sha256::new();
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(pieces.finish(), *sha256(b"abc").as_bytes());
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd"));
        assert!(!same(b"abc", b"ab"));
        assert!(!sha256(b"a").matches(&sha256(b"b")));
    }

    #[test]
    fn a_digest_is_not_printed_whole() {
        assert_eq!(format!("{:?}", sha256(b"abc")), "Digest(ba78…)");
        assert_eq!(Digest::from_slice(&[0; 31]), None);
    }
}
