//! Recovery codes: ten, printed once, each good for one sign-in in the place of the lost device.
//!
//! A code has 80 bits: enough against guessing at the door, too few for a plain digest. Of a stolen table with the codes of
//! a whole country some would be found (2^80 divided by as many codes as there are). Stored keyed and bound to their
//! account they are of no use without the key-encryption key, at no cost (ASVS 5.0 6.5.2 asks for as much).

use super::{
    code_key::{CodeKey, CodePurpose},
    digest::Digest,
};
use crate::base::{Entropy, Secret, ids::AccountId};

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
pub fn digest_of(key: &CodeKey, account: AccountId, typed: &str) -> Option<Digest> {
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
    (canonical.len() == CHARACTERS).then(|| key.keyed(CodePurpose::Recovery, account.0.as_bytes(), &canonical))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::{base::Timestamp, crypto::derive::Kek};

    fn key(byte: u8) -> CodeKey {
        CodeKey::new(&Kek::from_bytes(&[byte; 32]))
    }

    fn account(seed: u64) -> AccountId {
        AccountId::generate(&Entropy::counted(seed), Timestamp::from_secs(1))
    }

    fn digest(typed: &str) -> Option<Digest> {
        digest_of(&key(1), account(1), typed)
    }

    #[test]
    fn a_code_is_known_again_however_it_was_copied() {
        let entropy = Entropy::counted(5);
        let code = generate(&entropy);
        let stored = digest(code.reveal()).unwrap();
        assert_eq!(code.reveal().len(), 19);
        for typed in [
            code.reveal().to_lowercase(),
            code.reveal().replace('-', ""),
            code.reveal().replace('-', " "),
            code.reveal().replace('0', "o").replace('1', "l"),
            format!(" {} ", code.reveal()),
        ] {
            assert!(digest(&typed).is_some_and(|found| found.matches(&stored)), "{typed}");
        }
        assert!(!digest(generate(&entropy).reveal()).unwrap().matches(&stored));
    }

    #[test]
    fn a_digest_is_of_one_account_under_one_key() {
        let code = "K3MN-8PQR-0123-ABCD";
        assert_ne!(digest_of(&key(1), account(2), code), digest(code));
        assert_ne!(digest_of(&key(2), account(1), code), digest(code));
    }

    #[test]
    fn what_is_no_code_has_no_digest() {
        for typed in ["", "0000", "0000-0000-0000-000", "0000-0000-0000-00000", "0000-0000-0000-000U", &"0".repeat(65)]
        {
            assert!(digest(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn codes_differ_and_use_the_whole_alphabet_evenly() {
        let entropy = Entropy::counted(2);
        let codes: HashSet<String> = (0..400).map(|_| generate(&entropy).reveal().to_owned()).collect();
        assert_eq!(codes.len(), 400);
        let many: String = codes.into_iter().collect();
        for character in ALPHABET {
            let count = many.bytes().filter(|byte| byte == character).count();
            assert!((120..=300).contains(&count), "{count} of {}", char::from(*character));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_not_without_panic(typed in "\\PC{0,70}") {
            let _digest = digest(&typed);
        }
    }
}
