//! How well a recorded name agrees with a typed one, with a score that orders hits.

use serde::Serialize;

use super::{TypedName, distance, sorted, words::slips};
use crate::registry::NameKeys;

/// The best way in which a name agrees, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameWhy {
    Exact,
    /// But for the place of a tone mark or the capitals.
    Tone,
    /// Nothing but letters was typed, and they agree.
    WithoutMarks,
    /// The letters agree and the marks do not ("Hòa", "Hóa").
    OtherMarks,
    /// The words in another order.
    Order,
    /// The name begins as it was typed.
    Beginning,
    /// Words were left out, or the last was typed in part.
    Part,
    /// With a slip of the pen or of the keyboard.
    Near,
}

/// None when the name has nothing to do with what was typed. The score is out of 100.
pub fn agree(typed: &TypedName, recorded: &NameKeys) -> Option<(NameWhy, u8)> {
    if typed.keys.exact == recorded.exact {
        return Some((NameWhy::Exact, 100));
    }
    if typed.keys.tone == recorded.tone {
        return Some((NameWhy::Tone, 98));
    }
    if typed.keys.plain == recorded.plain {
        return Some(if typed.is_marked() { (NameWhy::OtherMarks, 84) } else { (NameWhy::WithoutMarks, 94) });
    }
    if sorted(&typed.keys.plain) == sorted(&recorded.plain) {
        let same_marks = !typed.is_marked() || sorted(&typed.keys.tone) == sorted(&recorded.tone);
        return Some((NameWhy::Order, if same_marks { 88 } else { 80 }));
    }
    if recorded.plain.starts_with(&typed.keys.plain) {
        return Some((NameWhy::Beginning, if recorded.tone_begins(typed) { 78 } else { 74 }));
    }
    let own: Vec<&str> = recorded.plain.split(' ').collect();
    if let Some(missing) = part(&typed.words, &own) {
        let missing = u8::try_from(missing).unwrap_or(u8::MAX);
        return Some((NameWhy::Part, 70_u8.saturating_sub(missing.saturating_mul(6)).max(20)));
    }
    let apart = u8::try_from(near(&typed.words, &own)?).unwrap_or(u8::MAX);
    Some((NameWhy::Near, 72_u8.saturating_sub(apart.saturating_mul(8)).max(10)))
}

impl NameKeys {
    fn tone_begins(&self, typed: &TypedName) -> bool {
        !typed.is_marked() || self.exact.starts_with(&typed.keys.exact)
    }
}

/// Every typed word is one of the name's, the last at least its beginning: how many words and rests of words are missing.
fn part(typed: &[String], own: &[&str]) -> Option<usize> {
    let mut left: Vec<&str> = own.to_vec();
    let (last, rest) = typed.split_last()?;
    for word in rest {
        let at = left.iter().position(|own| own == word)?;
        left.remove(at);
    }
    let at = left.iter().position(|own| own == last).or_else(|| left.iter().position(|own| own.starts_with(last)))?;
    let unfinished = usize::from(left.get(at).is_some_and(|own| own != last));
    Some(left.len() - 1 + unfinished)
}

/// The slips between the words in the order that has the fewest, none with more than its share; spaces count as one.
fn near(typed: &[String], own: &[&str]) -> Option<usize> {
    if typed.concat() == own.concat() {
        return Some(1);
    }
    if typed.len() != own.len() {
        return respaced(typed, own);
    }
    let mut left: Vec<&str> = own.to_vec();
    let mut total = 0;
    // Words that agree first, so that a near one does not take their place.
    let (same, other): (Vec<&String>, Vec<&String>) = typed.iter().partition(|word| own.contains(&word.as_str()));
    for word in same.into_iter().chain(other) {
        let best =
            left.iter().enumerate().filter_map(|(at, own)| Some((distance(word, own, slips(word))?, at))).min()?;
        total += best.0;
        left.remove(best.1);
    }
    (total <= 4).then_some(total)
}

/// The same letters with a space more or fewer, in any order of the words.
fn respaced(typed: &[String], own: &[&str]) -> Option<usize> {
    let letters = |words: &mut dyn Iterator<Item = &str>| {
        let mut letters: Vec<char> = words.flat_map(str::chars).collect();
        letters.sort_unstable();
        letters
    };
    let same = letters(&mut typed.iter().map(String::as_str)) == letters(&mut own.iter().copied());
    (typed.len().abs_diff(own.len()) == 1 && same).then_some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_agreeing() {
        use NameWhy::{Beginning, Exact, Near, Order, OtherMarks, Part, Tone, WithoutMarks};
        for (typed, recorded, why) in [
            ("Nguyễn Văn Hòa", "NGUYỄN VĂN HÒA", Some(Exact)),
            ("Nguye\u{302}\u{303}n Va\u{306}n Ho\u{300}a", "Nguyễn Văn Hòa", Some(Exact)),
            ("Nguyễn Văn Hoà", "Nguyễn Văn Hòa", Some(Tone)),
            ("nguyen van hoa", "Nguyễn Văn Hòa", Some(WithoutMarks)),
            ("Dang Thi Dao", "Đặng Thị Đào", Some(WithoutMarks)),
            ("Nguyễn Văn Hóa", "Nguyễn Văn Hòa", Some(OtherMarks)),
            ("Hòa Nguyễn Văn", "Nguyễn Văn Hòa", Some(Order)),
            ("nguyen van h", "Nguyễn Văn Hòa", Some(Beginning)),
            ("nguyen hoa", "Nguyễn Văn Hòa", Some(Part)),
            ("hoa ngu", "Nguyễn Văn Hòa", Some(Part)),
            ("ngyuen van hoa", "Nguyễn Văn Hòa", Some(Near)),
            ("nguyen van hao", "Nguyễn Văn Hòa", Some(Near)),
            ("nguyenvan hoa", "Nguyễn Văn Hòa", Some(Near)),
            ("hhen nie", "H'Hen Niê", Some(Near)),
            ("h hen nie", "H'Hen Niê", Some(WithoutMarks)),
            ("ton nu mau", "Tôn Nữ Mẫu", Some(WithoutMarks)),
            ("le thi mai", "Nguyễn Văn Hòa", None),
            ("nguyen van lam", "Nguyễn Văn Hòa", None),
        ] {
            let found = agree(&TypedName::parse(typed).unwrap(), &NameKeys::of(recorded));
            assert_eq!(found.map(|(why, _)| why), why, "{typed} / {recorded}");
        }
    }

    #[test]
    fn better_agreement_has_a_higher_score() {
        let score = |typed: &str| agree(&TypedName::parse(typed).unwrap(), &NameKeys::of("Nguyễn Văn Hòa")).unwrap().1;
        let typed = [
            "Nguyễn Văn Hòa",
            "Nguyễn Văn Hoà",
            "nguyen van hoa",
            "Hòa Nguyễn Văn",
            "Nguyễn Văn Hóa",
            "nguyen van h",
            "nguyen hoa",
        ];
        let scores: Vec<u8> = typed.iter().map(|typed| score(typed)).collect();
        assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for typed in ["", "  ", "...", "123", &"a".repeat(101), &"ễ".repeat(1_000_000), "a b c d e f g h i k l"] {
            assert!(TypedName::parse(typed).is_err(), "{typed:.20}");
        }
    }
}
