//! Which passwords may be chosen: long enough, not common, not about the person. No rules of composition
//! (NIST SP 800-63B-4 §3.1.1.2): a long plain sentence is welcome.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use super::password::{MAX_BYTES, MAX_CHARACTERS};
use crate::base::Secret;

pub const MIN_CHARACTERS: usize = 12;

/// Why a password may not be chosen; the page says it in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsuitable {
    TooShort,
    TooLong,
    /// Among the passwords that are tried first everywhere, alone or with a few digits around it.
    Common,
    /// A short piece over and over, or one run along the keyboard or alphabet.
    Repetitive,
    /// Little but the person's own number, name or birth date.
    Personal,
}

/// Sorted by byte; see `data/README.md`.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("data/common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

const RUNS: [&str; 5] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertyuiop",
    "1qaz2wsx3edc4rfv5tgb",
];

/// `personal`: the texts about the person that must not make up the password (number, name, birth date in its spellings).
pub fn check(password: &Secret, personal: &[&str]) -> Result<(), Unsuitable> {
    let text = password.reveal();
    if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARACTERS {
        return Err(Unsuitable::TooLong);
    }
    if text.nfkc().count() < MIN_CHARACTERS {
        return Err(Unsuitable::TooShort);
    }
    let folded = fold(text);
    if is_repetitive(&folded) {
        return Err(Unsuitable::Repetitive);
    }
    if is_common(&folded) {
        return Err(Unsuitable::Common);
    }
    if is_personal(&folded, personal) {
        return Err(Unsuitable::Personal);
    }
    Ok(())
}

/// Lower case without marks and spaces: how an attacker's list is folded too.
fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c) && !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect()
}

fn is_listed(text: &str) -> bool {
    COMMON.binary_search(&text).is_ok()
}

/// The whole, or its core without the digits and signs around it when they are fewer than the core or the core is short.
fn is_common(folded: &str) -> bool {
    if is_listed(folded) {
        return true;
    }
    let core = folded.trim_matches(|c: char| !c.is_alphabetic());
    let around = folded.chars().count() - core.chars().count();
    is_listed(core) && around <= core.chars().count().max(6)
}

fn is_repetitive(folded: &str) -> bool {
    let chars: Vec<char> = folded.chars().collect();
    let repeats = (1..=chars.len() / 2)
        .filter(|period| *period <= 5)
        .any(|period| chars.iter().zip(chars.iter().skip(period)).all(|(a, b)| a == b));
    let reversed: String = chars.iter().rev().collect();
    repeats || RUNS.iter().any(|run| run.repeat(2).contains(folded) || run.repeat(2).contains(&reversed))
}

/// What is left when the person's own texts are taken out must stand by itself.
fn is_personal(folded: &str, personal: &[&str]) -> bool {
    let mut rest = folded.to_owned();
    let mut taken = false;
    for text in personal.iter().map(|text| fold(text)).filter(|text| text.chars().count() >= 4) {
        if rest.contains(&text) {
            rest = rest.replace(&text, "");
            taken = true;
        }
    }
    taken && rest.chars().count() < MIN_CHARACTERS - 4
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Result<(), Unsuitable> {
        check(&Secret::new(text), &["900085000001", "Nguyễn Văn Thử", "1985", "05031985"])
    }

    #[test]
    fn the_list_is_sorted_and_long() {
        assert!(COMMON.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(COMMON.len() > 3_000, "{}", COMMON.len());
    }

    #[test]
    fn sentences_are_welcome_and_what_everybody_tries_is_not() {
        for good in
            ["mèo nhà tôi thích cá kho", "con sông quê 4 mùa", "Tr0ng-vườn-có-3-cây", "xkcd horse staple battery"]
        {
            assert_eq!(verdict(good), Ok(()), "{good}");
        }
        let table = [
            ("ngắn quá", Unsuitable::TooShort),
            ("", Unsuitable::TooShort),
            ("aaaaaaaaaaaa", Unsuitable::Repetitive),
            ("abcabcabcabcabc", Unsuitable::Repetitive),
            ("abcdefghijklmn", Unsuitable::Repetitive),
            ("987654321098", Unsuitable::Repetitive),
            ("Mật khẩu 123456", Unsuitable::Common),
            ("emyeuanhnhieulam", Unsuitable::Common),
            ("password1234!", Unsuitable::Common),
            ("qwerty123456", Unsuitable::Common),
            ("900085000001", Unsuitable::Personal),
            ("NguyenVanThu1985", Unsuitable::Personal),
            ("nguyễn văn thử!!", Unsuitable::Personal),
        ];
        for (text, why) in table {
            assert_eq!(verdict(text), Err(why), "{text}");
        }
        assert_eq!(verdict(&"ab c".repeat(40)), Err(Unsuitable::TooLong));
    }
}
