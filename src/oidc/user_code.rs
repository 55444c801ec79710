//! The code that a person reads on a device and types elsewhere (RFC 8628 §6.1).

use std::fmt;

use crate::base::Entropy;

/// Consonants only: no word comes up by chance, no letter is taken for a digit (RFC 8628 §6.1).
const ALPHABET: [char; 20] =
    ['B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Z'];
/// 20^8 is 34 bits: with the limits on typing, a guess hits nothing (RFC 8628 §5.1).
const LETTERS: usize = 8;
/// In groups of so many, as people read it out.
const GROUP: usize = 4;

/// Eight letters; shown with a hyphen in the middle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    pub fn generate(entropy: &Entropy) -> Self {
        let size = u32::try_from(ALPHABET.len()).unwrap_or(1);
        let letter = || usize::try_from(entropy.below(size)).ok().and_then(|at| ALPHABET.get(at)).copied();
        Self((0..LETTERS).filter_map(|_| letter()).collect())
    }

    /// As a person typed it: case does not matter, nor what stands between the letters (RFC 8628 §6.1).
    pub fn parse(typed: &str) -> Option<Self> {
        let letters: String = typed
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .take(LETTERS + 1)
            .collect();
        let fits = letters.len() == LETTERS && letters.chars().all(|letter| ALPHABET.contains(&letter));
        fits.then_some(Self(letters))
    }

    /// Without the hyphen: what is stored, as a keyed digest.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at_checked(GROUP).unwrap_or((&self.0, ""));
        write!(f, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_read_as_people_type_it() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        assert_eq!((code.letters(), code.to_string().as_str()), ("WDJBMJHT", "WDJB-MJHT"));
        for typed in ["wdjbmjht", " wdjb mjht ", "WDJB–MJHT", "w-d-j-b-m-j-h-t", "Wdjb_Mjht."] {
            assert_eq!(UserCode::parse(typed), Some(code.clone()), "{typed}");
        }
        for wrong in ["", "WDJB", "WDJB-MJH", "WDJB-MJHTT", "WDJB-MJHA", "WDJB-MJH0", "ＷDJBMJHT"] {
            assert_eq!(UserCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_letter_comes_up() {
        let entropy = Entropy::counted(1);
        let seen: std::collections::BTreeSet<char> =
            (0..200).flat_map(|_| UserCode::generate(&entropy).0.chars().collect::<Vec<_>>()).collect();
        assert_eq!(seen.len(), ALPHABET.len());
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(seed in any::<u64>()) {
            let code = UserCode::generate(&Entropy::counted(seed));
            prop_assert_eq!(UserCode::parse(&code.to_string().to_lowercase()), Some(code));
        }

        #[test]
        fn nothing_makes_it_panic(typed in any::<String>()) {
            if let Some(code) = UserCode::parse(&typed) {
                prop_assert_eq!(code.letters().len(), LETTERS);
            }
        }
    }
}
