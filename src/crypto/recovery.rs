//! Recovery codes: ten, printed once, each good for one sign-in in the place of the lost device.
//!
//! A code has 80 bits, so a digest of it is safe to store (an argon2 hash would cost ten hashes a try and protect nothing).

use super::digest::{Digest, sha256_of};
use crate::base::{Entropy, Secret};

pub const HOW_MANY: usize = 10;
/// Crockford's base32: no I, L, O, U that could be misread from paper.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARACTERS: usize = 16;

/// `XXXX-XXXX-XXXX-XXXX`.
pub fn generate(entropy: &Entropy) -> Secret {
    let mut text = String::with_capacity(CHARACTERS + 3);
    for (at, byte) in entropy.bytes::<CHARACTERS>().into_iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(ALPHABET.get(usize::from(byte % 32)).copied().map_or('0', char::from));
    }
    Secret::new(text)
}

/// The stored form of a typed code: case, spaces and hyphens do not matter, misread letters are read as meant. `None` for
/// what cannot be a code.
pub fn digest_of(typed: &str) -> Option<Digest> {
    if typed.len() > 64 {
        return None;
    }
    let mut canonical = Vec::with_capacity(CHARACTERS);
    for c in typed.chars().filter(|c| !matches!(c, '-' | ' ' | '\u{a0}' | '\u{2013}')) {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        let byte = u8::try_from(c).ok().filter(|byte| ALPHABET.contains(byte))?;
        canonical.push(byte);
    }
    (canonical.len() == CHARACTERS).then(|| sha256_of(&[b"dinhdanh/recovery/v1", &canonical]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_again_however_it_was_copied() {
        let entropy = Entropy::counted(5);
        let code = generate(&entropy);
        let digest = digest_of(code.reveal()).unwrap();
        assert_eq!(code.reveal().len(), 19);
        for typed in [
            code.reveal().to_lowercase(),
            code.reveal().replace('-', ""),
            code.reveal().replace('-', " "),
            code.reveal().replace('0', "o").replace('1', "l"),
            format!(" {} ", code.reveal()),
        ] {
            assert!(digest_of(&typed).is_some_and(|found| found.matches(&digest)), "{typed}");
        }
        assert!(!digest_of(generate(&entropy).reveal()).unwrap().matches(&digest));
    }

    #[test]
    fn what_is_no_code_has_no_digest() {
        for typed in ["", "0000", "0000-0000-0000-000", "0000-0000-0000-00000", "0000-0000-0000-000U", &"0".repeat(65)]
        {
            assert!(digest_of(typed).is_none(), "{typed}");
        }
    }
}
