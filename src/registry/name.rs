//! Names as registered: one authoritative full name in Vietnamese order, and its parts where they are known.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::name_keys::{NameKeys, apostrophe, invisible, true_d};

/// Họ, chữ đệm và tên khai sinh. The full name is the truth (NFC, single spaces, as registered);
/// the parts are what the register says, or a reading of the full name. `Debug` shows nothing: a name is personal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    full: String,
    #[serde(flatten)]
    parts: NameParts,
}

#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameParts {
    /// Họ; absent for one-token names and for people whose custom knows no family name.
    pub family: Option<String>,
    /// Chữ đệm.
    pub middle: Option<String>,
    /// Tên.
    pub given: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name has more than 100 characters")]
    TooLong,
    #[error("the name was damaged by a wrong encoding")]
    BadEncoding,
    #[error("the name holds {letter:?} at character {position}, which is no letter of a name")]
    NotALetter { letter: char, position: usize },
    #[error("family, middle and given name together are not the full name")]
    PartsDisagree,
}

/// The bound of the citizen look-up message (`HoVaTen`, 100 characters).
pub const MAX_CHARS: usize = 100;
/// A decomposed letter has at most three marks of two bytes on a base of two: longer input cannot become a valid name.
const MAX_BYTES: usize = MAX_CHARS * 8;

/// Family names of several tokens, longest first.
const COMPOUND_FAMILY: [&str; 9] = [
    "công tằng tôn nữ",
    "công huyền tôn nữ",
    "huyền tôn nữ",
    "âu dương",
    "tôn thất",
    "tôn nữ",
    "rơ châm",
    "rơ lan",
    "rơ mah",
];

/// Ê Đê clans of two tokens; they stand last.
const COMPOUND_CLAN: [&str; 3] = ["niê kdăm", "buôn yă", "buôn krông"];

impl PersonName {
    /// Cleans, checks, and reads the parts from the full name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let full = clean(text)?;
        let parts = split(&full);
        Ok(Self { full, parts })
    }

    /// With the parts that the source itself gives; they must make up the full name, in either order.
    pub fn with_parts(text: &str, parts: [&str; 3]) -> Result<Self, NameError> {
        let full = clean(text)?;
        let mut cleaned = [const { None }; 3];
        for (slot, part) in cleaned.iter_mut().zip(parts) {
            if !part.trim().is_empty() {
                *slot = Some(clean(part)?);
            }
        }
        let [family, middle, given] = cleaned;
        if family.is_none() && middle.is_none() && given.is_none() {
            let parts = split(&full);
            return Ok(Self { full, parts });
        }
        let ordered = |order: [&Option<String>; 3]| {
            let joined: Vec<&str> = order.iter().filter_map(|part| part.as_deref()).collect();
            NameKeys::of(&joined.join(" ")).exact == NameKeys::of(&full).exact
        };
        if !ordered([&family, &middle, &given]) && !ordered([&given, &middle, &family]) {
            return Err(NameError::PartsDisagree);
        }
        Ok(Self { full, parts: NameParts { family, middle, given } })
    }

    /// As the record has it: checked when it came in, and read too often to be checked each time.
    pub const fn recorded(full: String, parts: NameParts) -> Self {
        Self { full, parts }
    }

    pub fn full(&self) -> &str {
        &self.full
    }
    pub const fn parts(&self) -> &NameParts {
        &self.parts
    }
    pub fn family(&self) -> Option<&str> {
        self.parts.family.as_deref()
    }
    pub fn middle(&self) -> Option<&str> {
        self.parts.middle.as_deref()
    }
    pub fn given(&self) -> Option<&str> {
        self.parts.given.as_deref()
    }
    pub fn keys(&self) -> NameKeys {
        NameKeys::of(&self.full)
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// NFC, one space between tokens, look-alike Đ replaced, nothing invisible; refuses what is not a name.
fn clean(text: &str) -> Result<String, NameError> {
    if text.len() > MAX_BYTES && text.trim().len() > MAX_BYTES {
        return Err(NameError::TooLong);
    }
    let letters: String = text.chars().filter(|letter| !invisible(*letter)).map(true_d).nfc().collect();
    let full = letters.split_whitespace().collect::<Vec<_>>().join(" ");
    if full.is_empty() {
        return Err(NameError::Empty);
    }
    let mut after_letter = false;
    for (at, letter) in full.chars().enumerate() {
        if at >= MAX_CHARS {
            return Err(NameError::TooLong);
        }
        if letter == '\u{FFFD}' {
            return Err(NameError::BadEncoding);
        }
        let fits = is_latin(letter) || (after_letter && (is_mark(letter) || joins(letter)));
        if !fits {
            return Err(NameError::NotALetter { letter, position: at + 1 });
        }
        after_letter = letter != ' ';
    }
    Ok(full)
}

/// The Latin letters: the Vietnamese ones, and those of foreign names. Look-alikes of other scripts are refused.
const fn is_latin(letter: char) -> bool {
    letter.is_ascii_alphabetic()
        || matches!(letter, '\u{00C0}'..='\u{024F}' | '\u{1E00}'..='\u{1EFF}') && !matches!(letter, '×' | '÷')
}

/// Marks that have no composed letter, as in some minority spellings.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{0300}'..='\u{036F}')
}

const fn joins(letter: char) -> bool {
    matches!(apostrophe(letter), ' ' | '\'' | '-' | '.' | '\u{2010}' | '\u{2011}')
}

/// A reading of a full name: first token family, last token given, the rest middle; compound family names first,
/// and names of the Central Highlands, where a person marker leads and the clan comes last ("Y Đôn Niê", "H'Hen Niê").
fn split(full: &str) -> NameParts {
    let tokens: Vec<&str> = full.split(' ').collect();
    if let Some(parts) = highland(&tokens) {
        return parts;
    }
    let [first, .., last] = tokens.as_slice() else {
        return NameParts { given: Some(full.to_owned()), ..NameParts::default() };
    };
    let compound = COMPOUND_FAMILY.iter().map(|name| name.split(' ').count()).find(|count| {
        let head = tokens.get(..*count).unwrap_or_default().join(" ").to_lowercase();
        tokens.len() > *count && COMPOUND_FAMILY.contains(&head.as_str())
    });
    let (family, rest) = match compound {
        Some(count) => (tokens.get(..count).unwrap_or_default().join(" "), tokens.get(count..)),
        None => ((*first).to_owned(), tokens.get(1..)),
    };
    let middle = rest.and_then(|rest| rest.split_last()).map(|(_, middle)| middle.join(" "));
    NameParts {
        family: Some(family),
        middle: middle.filter(|middle| !middle.is_empty()),
        given: Some((*last).to_owned()),
    }
}

fn highland(tokens: &[&str]) -> Option<NameParts> {
    let (first, rest) = tokens.split_first()?;
    let marker = first.to_lowercase();
    let female = marker.strip_prefix('h').and_then(|tail| tail.chars().next()).is_some_and(|c| apostrophe(c) == '\'');
    let person_marker = female || marker == "y" || marker == "a";
    // Before a Kinh family name there is no marker: "A" and "Y" stand first only in highland names.
    if !person_marker || rest.is_empty() {
        return None;
    }
    // "Y Nguyên" and "A Thút" are a marker and a name, without a clan.
    if !female && rest.len() == 1 {
        return Some(NameParts { given: Some(tokens.join(" ")), ..NameParts::default() });
    }
    let clan = match rest {
        [.., a, b] if COMPOUND_CLAN.contains(&format!("{a} {b}").to_lowercase().as_str()) => 2,
        _ => 1,
    };
    let at = tokens.len().checked_sub(clan)?;
    let (given, family) = tokens.split_at_checked(at)?;
    Some(NameParts { family: Some(family.join(" ")), middle: None, given: Some(given.join(" ")) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_read_as_the_custom_is() {
        for (full, family, middle, given) in [
            ("Nguyễn Văn Thử", Some("Nguyễn"), Some("Văn"), Some("Thử")),
            ("Trần Mẫu", Some("Trần"), None, Some("Mẫu")),
            ("Lê Thị Ngọc Mẫu", Some("Lê"), Some("Thị Ngọc"), Some("Mẫu")),
            ("Tôn Nữ Thị Mẫu", Some("Tôn Nữ"), Some("Thị"), Some("Mẫu")),
            ("CÔNG TẰNG TÔN NỮ MẪU", Some("CÔNG TẰNG TÔN NỮ"), None, Some("MẪU")),
            ("Tôn Nữ", Some("Tôn"), None, Some("Nữ")),
            ("Âu Dương Thử", Some("Âu Dương"), None, Some("Thử")),
            ("Rơ Châm Thử", Some("Rơ Châm"), None, Some("Thử")),
            ("Y Đôn Niê", Some("Niê"), None, Some("Y Đôn")),
            ("Y Thử Niê Kdăm", Some("Niê Kdăm"), None, Some("Y Thử")),
            ("H'Hen Niê", Some("Niê"), None, Some("H'Hen")),
            ("H’Mẫu Êban", Some("Êban"), None, Some("H’Mẫu")),
            ("A Thút", None, None, Some("A Thút")),
            ("Sóc", None, None, Some("Sóc")),
            ("H'Hen", None, None, Some("H'Hen")),
        ] {
            let name = PersonName::parse(full).unwrap();
            assert_eq!((name.family(), name.middle(), name.given()), (family, middle, given), "{full}");
            assert_eq!(name.full(), full);
        }
    }

    #[test]
    fn stored_form_is_nfc_with_single_spaces_and_the_true_d() {
        for (text, full) in [
            ("  Nguye\u{302}\u{303}n\u{a0} Va\u{306}n\tThu\u{309} ", "Nguyễn Văn Thủ"),
            ("\u{D0}ặng Thị \u{D0}ào", "Đặng Thị Đào"),
            ("L\u{EA} V\u{0103}n \u{F0}ức", "Lê Văn đức"),
            ("Nguy\u{200B}ễn Thử\u{FEFF}", "Nguyễn Thử"),
            ("Hoà", "Hoà"),
            ("Hòa", "Hòa"),
        ] {
            assert_eq!(PersonName::parse(text).unwrap().full(), full);
        }
    }

    #[test]
    fn refusals_say_what_and_where() {
        let refused = |text: &str| PersonName::parse(text).unwrap_err();
        assert_eq!(refused(" \u{200B} "), NameError::Empty);
        assert_eq!(refused("Nguyễn Văn 3"), NameError::NotALetter { letter: '3', position: 12 });
        assert_eq!(refused("=cmd()"), NameError::NotALetter { letter: '=', position: 1 });
        assert_eq!(refused("'Thử"), NameError::NotALetter { letter: '\'', position: 1 });
        assert_eq!(refused("Nguyễn\u{0}"), NameError::NotALetter { letter: '\0', position: 7 });
        assert_eq!(refused("Nguyễn \u{202E}Thử"), NameError::NotALetter { letter: '\u{202E}', position: 8 });
        // Cyrillic "а" and a decoding accident.
        assert_eq!(refused("Trần Vаn"), NameError::NotALetter { letter: 'а', position: 7 });
        assert_eq!(refused("Nguy\u{FFFD}n"), NameError::BadEncoding);
        assert_eq!(refused("Nguyá»…n"), NameError::NotALetter { letter: '»', position: 6 });
        assert_eq!(refused(&"a".repeat(101)), NameError::TooLong);
        assert_eq!(refused(&"ễ".repeat(1_000_000)), NameError::TooLong);
        assert!(PersonName::parse(&"ễ".nfd().collect::<String>().repeat(100)).is_ok());
        assert_eq!(format!("{:?}", PersonName::parse("Trần Mẫu").unwrap()), "PersonName(…)");
    }

    #[test]
    fn given_parts_must_make_up_the_name() {
        let name = PersonName::with_parts("Y Đôn Niê", ["Niê", "", "Y Đôn"]).unwrap();
        assert_eq!((name.family(), name.given()), (Some("Niê"), Some("Y Đôn")));
        let name = PersonName::with_parts("Nguyễn Văn Thử", ["", "", ""]).unwrap();
        assert_eq!(name.family(), Some("Nguyễn"));
        let kept = PersonName::with_parts("Hoàng Phủ Thử", ["Hoàng Phủ", "", "Thử"]).unwrap();
        assert_eq!(kept.family(), Some("Hoàng Phủ"));
        let wrong = PersonName::with_parts("Nguyễn Văn Thử", ["Nguyễn", "Thị", "Thử"]);
        assert_eq!(wrong.unwrap_err(), NameError::PartsDisagree);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_kept_is_stable(text in any::<String>()) {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert!(name.full().chars().count() <= MAX_CHARS);
                let again = PersonName::parse(name.full()).unwrap();
                prop_assert_eq!(again.full(), name.full());
            }
        }

        #[test]
        fn parts_make_up_the_name_again(text in "(H'|Y |A )?[A-ZĐÔÂƠ][a-zàáảãạêểệôơưđ]{0,5}( [A-ZĐÔÂƠ][a-zàáảãạêểệôơưđ]{0,5}){0,4}") {
            let name = PersonName::parse(&text).unwrap();
            let parts = [name.family(), name.middle(), name.given()].map(Option::unwrap_or_default);
            prop_assert!(PersonName::with_parts(name.full(), parts).is_ok(), "{:?}", parts);
        }
    }
}
