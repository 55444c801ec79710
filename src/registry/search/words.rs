//! The words of names: their order, their vocabulary, and how far two are apart.

/// The words of a key without marks, in the order of their bytes: the same for every order in which they are typed.
pub fn sorted(plain: &str) -> String {
    let mut words: Vec<&str> = plain.split(' ').filter(|word| !word.is_empty()).collect();
    words.sort_unstable();
    words.join(" ")
}

/// How many letters were left out, put in, replaced or swapped; `None` beyond `most` (optimal string alignment).
pub fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &y) in b.iter().enumerate() {
            let at = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(&y) && b.get(j - 1) == Some(&x);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        if row.iter().min().is_none_or(|least| *least > most) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|found| *found <= most)
}

/// One slip in a short word, two in a longer one.
pub(super) fn slips(word: &str) -> usize {
    if word.chars().count() < 5 { 1 } else { 2 }
}

/// The words that names of the registry are made of, the most used first.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary(Vec<String>);

/// Words that stand for a typed one, beyond which nobody looks.
const MOST_FOR_ONE: usize = 6;
const MOST_COMPLETIONS: usize = 40;
const MOST_NEAR: usize = 400;
/// Words that may be missing: nearly every name is made of these.
const MOST_MISSING: usize = 1_500;

impl Vocabulary {
    pub const fn new(words: Vec<String>) -> Self {
        Self(words)
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }

    /// Words within the slips of this one, the nearest first, with how far; without the word itself.
    fn near(&self, word: &str) -> Vec<(&str, usize)> {
        let most = slips(word);
        let mut found: Vec<(&str, usize)> = self
            .0
            .iter()
            .filter(|own| own.as_str() != word)
            .filter_map(|own| Some((own.as_str(), distance(own, word, most)?)))
            .collect();
        found.sort_by_key(|(_, distance)| *distance);
        found.truncate(MOST_FOR_ONE);
        found
    }

    /// Keys of names that have one word more than was typed, or whose last word was typed in part.
    pub fn completed(&self, words: &[String]) -> Vec<String> {
        let Some((last, rest)) = words.split_last() else { return Vec::new() };
        let mut keys: Vec<String> = self
            .0
            .iter()
            .take(MOST_MISSING)
            .map(|word| key(words.iter().map(String::as_str).chain([word.as_str()])))
            .collect();
        let longer = self.0.iter().filter(|own| own.starts_with(last.as_str()) && *own != last);
        keys.extend(
            longer.take(MOST_COMPLETIONS).map(|own| key(rest.iter().map(String::as_str).chain([own.as_str()]))),
        );
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Keys of names in which one or two words differ by a slip, or a space was forgotten or put in; the nearest first.
    pub fn misspelt(&self, words: &[String]) -> Vec<String> {
        let near: Vec<Vec<(&str, usize)>> = words.iter().map(|word| self.near(word)).collect();
        let with = |changes: &[(usize, &str)]| {
            let changed = |at: usize| changes.iter().find(|(place, _)| *place == at).map(|(_, word)| *word);
            key(words.iter().enumerate().map(|(at, word)| changed(at).unwrap_or(word)))
        };
        let mut keys: Vec<(usize, String)> = Vec::new();
        for (first, options) in near.iter().enumerate() {
            for (word, far) in options {
                keys.push((*far, with(&[(first, word)])));
                for (second, others) in near.iter().enumerate().skip(first + 1) {
                    keys.extend(
                        others.iter().map(|(other, more)| (far + more, with(&[(first, word), (second, other)]))),
                    );
                }
            }
        }
        keys.extend(self.respaced(words).into_iter().map(|key| (1, key)));
        keys.sort();
        keys.dedup_by(|a, b| a.1 == b.1);
        keys.truncate(MOST_NEAR);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// "nguyenvan hoa" and "nguyen van ho a".
    fn respaced(&self, words: &[String]) -> Vec<String> {
        let mut keys = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let rest = |skip: usize| words.iter().take(at).chain(words.iter().skip(at + skip)).map(String::as_str);
            for cut in word.char_indices().map(|(cut, _)| cut).skip(1) {
                let (head, tail) = word.split_at(cut);
                if self.has(head) && self.has(tail) {
                    keys.push(key(rest(1).chain([head, tail])));
                }
            }
            if let Some(next) = words.get(at + 1) {
                let joined = format!("{word}{next}");
                if self.has(&joined) {
                    keys.push(key(rest(2).chain([joined.as_str()])));
                }
            }
        }
        keys
    }
}

fn key<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn slips_are_counted() {
        for (a, b, apart) in [
            ("hoa", "hoa", Some(0)),
            ("hoa", "hao", Some(1)),
            ("hoa", "hoan", Some(1)),
            ("nguyen", "nguyeen", Some(1)),
            ("nguyen", "ngyuen", Some(1)),
            ("nguyen", "nguen", Some(1)),
            ("nguyen", "ngyen", Some(1)),
            ("trung", "chung", Some(2)),
            ("my", "mi", Some(1)),
            ("hoa", "lan", None),
            ("a", "abcdef", None),
        ] {
            assert_eq!(distance(a, b, 2), apart, "{a} {b}");
        }
    }

    #[test]
    fn keys_of_what_may_have_been_meant() {
        let vocabulary = Vocabulary::new(words("nguyen van hoa thi hung hong hoan"));
        assert_eq!(sorted("nguyen van hoa"), "hoa nguyen van");
        let near = vocabulary.misspelt(&words("ngyuen van hoa"));
        assert_eq!(near.first().map(String::as_str), Some("hoa nguyen van"));
        assert!(near.contains(&"hoan nguyen van".to_owned()));
        let completed = vocabulary.completed(&words("nguyen ho"));
        assert!(completed.contains(&"hong nguyen".to_owned()), "the last word typed in part");
        assert!(vocabulary.completed(&words("nguyen hoa")).contains(&"hoa nguyen van".to_owned()), "one word left out");
        assert!(vocabulary.misspelt(&words("nguyenvan hoa")).contains(&"hoa nguyen van".to_owned()));
        assert!(vocabulary.misspelt(&words("nguyen van ho a")).contains(&"hoa nguyen van".to_owned()));
    }

    proptest! {
        #[test]
        fn the_distance_is_a_mirror_and_zero_only_for_the_same(a in "[a-d]{0,6}", b in "[a-d]{0,6}") {
            prop_assert_eq!(distance(&a, &b, 9), distance(&b, &a, 9));
            prop_assert_eq!(distance(&a, &b, 9) == Some(0), a == b);
        }

        #[test]
        fn no_words_panic(typed in proptest::collection::vec("[a-zđ]{1,9}", 1..10)) {
            let vocabulary = Vocabulary::new(words("nguyen van hoa thi"));
            let _ = (vocabulary.completed(&typed), vocabulary.misspelt(&typed));
        }
    }
}
