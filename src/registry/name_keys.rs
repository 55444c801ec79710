//! Three keys of a name, and how far two names agree.
//!
//! The same person is "Hòa" in one register and "Hoà" in another, and forms are filled in capitals or without marks at all.
//! Stored names stay as registered; only the keys are compared.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Computed from a name in NFC; each is coarser than the one before. `Debug` shows nothing: a key is as personal as the name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NameKeys {
    /// Lower case, single spaces, one form of apostrophe.
    pub exact: String,
    /// Per syllable the letters without tone mark, then the tone's digit: `hòa` and `hoà` are both `hoa1`; ă â ê ô ơ ư đ stay.
    pub tone: String,
    /// Without any mark, `đ` as `d`, apostrophes and hyphens as spaces: for search, never for identification.
    pub plain: String,
}

/// How far two names agree, best last, so that levels compare by `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NameLevel {
    None,
    Plain,
    Tone,
    Exact,
}

impl NameLevel {
    /// Names that agree only without their marks belong to different people too often ("Hoa", "Hòa", "Hóa").
    pub fn identifies(self) -> bool {
        self >= Self::Tone
    }
}

impl fmt::Debug for NameKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NameKeys(…)")
    }
}

impl NameKeys {
    pub fn of(name: &str) -> Self {
        let exact = fold(name);
        let tone = join(exact.split(' ').map(tone_key));
        let plain = plain_key(&exact);
        Self { exact, tone, plain }
    }

    pub fn compare(&self, other: &Self) -> NameLevel {
        if self.exact == other.exact {
            NameLevel::Exact
        } else if self.tone == other.tone {
            NameLevel::Tone
        } else if self.plain == other.plain {
            NameLevel::Plain
        } else {
            NameLevel::None
        }
    }
}

/// Letters that look like Đ and đ but are of other alphabets (eth, African D); they have been seen in real files.
pub(super) const fn true_d(letter: char) -> char {
    match letter {
        '\u{00D0}' | '\u{0189}' => 'Đ',
        '\u{00F0}' | '\u{0256}' => 'đ',
        other => other,
    }
}

/// Every sign that keyboards produce for the apostrophe of "H'Hen".
pub(super) const fn apostrophe(letter: char) -> char {
    match letter {
        '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{02B9}' | '\u{00B4}' | '\u{0060}' | '\u{2032}' => '\'',
        other => other,
    }
}

/// What pasted text carries without showing it.
pub(super) const fn invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}

/// What controls a text or is not seen in it: control characters, marks that turn the direction of what follows
/// (Unicode TR 36 §2), and letters without a form.
pub(crate) fn is_unseen(letter: char) -> bool {
    invisible(letter)
        || letter.is_control()
        || matches!(letter, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2061}'..='\u{206F}')
}

fn fold(name: &str) -> String {
    let visible: String = name.chars().filter(|letter| !invisible(*letter)).map(true_d).nfc().map(apostrophe).collect();
    // Lower-casing some foreign capitals leaves a loose mark behind: composed again, so that keys are fixed points.
    let lower: String = visible.to_lowercase().nfc().collect();
    join(lower.split_whitespace().map(str::to_owned))
}

fn tone_key(syllable: &str) -> String {
    let mut tones = String::new();
    let mut letters: String = syllable
        .nfd()
        .filter(|letter| {
            let tone = match letter {
                '\u{0300}' => '1', // huyền
                '\u{0301}' => '2', // sắc
                '\u{0303}' => '3', // ngã
                '\u{0309}' => '4', // hỏi
                '\u{0323}' => '5', // nặng
                _ => return true,
            };
            tones.push(tone);
            false
        })
        .nfc()
        .collect();
    if tones.is_empty() && !letters.is_empty() {
        tones.push('0'); // ngang
    }
    letters.push_str(&tones);
    letters
}

fn plain_key(exact: &str) -> String {
    let bare: String = exact
        .nfd()
        .filter(|letter| !is_combining_mark(*letter))
        .map(|letter| match letter {
            'đ' => 'd',
            '\'' | '-' | '.' | '\u{2010}' | '\u{2011}' => ' ',
            other => other,
        })
        .collect();
    join(bare.split_whitespace().map(str::to_owned))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn level(a: &str, b: &str) -> NameLevel {
        NameKeys::of(a).compare(&NameKeys::of(b))
    }

    #[test]
    fn the_shared_vectors_hold() {
        let all: serde_json::Value = serde_json::from_str(include_str!("data/test_vectors.json")).unwrap();
        let folds = all["fold"].as_array().unwrap();
        assert_eq!(folds.len(), 8);
        for vector in folds {
            let keys = NameKeys::of(vector["in"].as_str().unwrap());
            assert_eq!(keys.plain, vector["ascii"].as_str().unwrap());
            assert_eq!(keys.tone, vector["tonekey"].as_str().unwrap());
        }
        let pairs = all["tone_pairs"].as_array().unwrap();
        assert_eq!(pairs.len(), 15);
        for pair in pairs {
            for initial in ["", "h", "th", "Kh"] {
                let old = format!("{initial}{}", pair["old"].as_str().unwrap());
                let new = format!("{initial}{}", pair["new"].as_str().unwrap());
                assert_eq!(level(&old, &new), NameLevel::Tone, "{old} {new}");
                assert_eq!(level(&old.to_uppercase(), &new), NameLevel::Tone, "{old} {new}");
            }
        }
    }

    #[test]
    fn levels_between_names() {
        use NameLevel::{Exact, None, Plain, Tone};
        for (a, b, expected) in [
            ("Nguyễn Văn Hòa", "NGUYỄN VĂN HÒA", Exact),
            ("Nguyễn Văn Hòa", "  nguyễn\u{a0}văn  hòa ", Exact),
            ("Nguyễn Văn Hòa", "Nguye\u{302}\u{303}n Va\u{306}n Ho\u{300}a", Exact),
            ("H'Hen Niê", "H’HEN NIÊ", Exact),
            ("Đặng Thị Ðào", "Đặng Thị Đào", Exact),
            ("Nguyễn Văn Hòa", "Nguyễn Văn Hoà", Tone),
            ("Lê Thúy", "LÊ THUÝ", Tone),
            ("Nguyễn Văn Hòa", "Nguyen Van Hoa", Plain),
            ("Nguyễn Văn Hòa", "Nguyễn Văn Hóa", Plain),
            ("Nguyễn Văn Dũng", "Nguyễn Văn Đúng", Plain),
            ("H'Hen Niê", "H Hen Nie", Plain),
            ("Nguyễn Văn Hòa", "Nguyễn Hòa", None),
            ("Nguyễn Văn Hòa", "Hòa Nguyễn Văn", None),
            ("Trần Thử", "Trần Thơ", None),
        ] {
            assert_eq!(level(a, b), expected, "{a} / {b}");
        }
    }

    #[test]
    fn only_tone_and_exact_identify() {
        let identifying: Vec<_> = [NameLevel::None, NameLevel::Plain, NameLevel::Tone, NameLevel::Exact]
            .into_iter()
            .filter(|level| level.identifies())
            .collect();
        assert_eq!(identifying, [NameLevel::Tone, NameLevel::Exact]);
    }

    proptest! {
        #[test]
        fn keys_of_any_text_are_fixed_points_and_nested(a in any::<String>(), b in any::<String>()) {
            let (x, y) = (NameKeys::of(&a), NameKeys::of(&b));
            prop_assert!(NameKeys::of(&x.exact) == x);
            prop_assert!(x.exact != y.exact || x.tone == y.tone);
            prop_assert!(x.tone != y.tone || x.plain == y.plain);
            prop_assert_eq!(x.compare(&y), y.compare(&x));
        }

        #[test]
        fn normal_form_and_case_never_matter(name in "[A-Za-zÀ-ỹĐđ]{1,8}( [A-Za-zÀ-ỹĐđ]{1,8}){0,4}") {
            let decomposed: String = name.nfd().collect();
            prop_assert_eq!(level(&name, &decomposed), NameLevel::Exact);
        }
    }
}
