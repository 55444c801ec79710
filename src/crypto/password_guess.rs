//! How hard a password is to guess for somebody who knows what people choose.
//!
//! A list of whole passwords would miss `matkhau2026!` for having only `matkhau2025!`. So a password is read as a row
//! of pieces, common words, runs of neighbouring keys, years, dates, single characters, each with the number of guesses
//! that it costs, and the cheapest reading counts (the idea of zxcvbn, Wheeler 2016). With the lists in `data/`,
//! their endings, doublings and substitutions, that refuses far more than the 3,000 commonest passwords that ASVS 5.0
//! 6.2.4 asks for, and asks for no digit, capital or sign of anybody.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A hundredth of a power of ten guesses.
type Cost = u32;

/// Below 10^8 guesses a password is called easy.
const ENOUGH: Cost = 800;

const DIGIT: Cost = 100;
const LETTER: Cost = 142;
const SIGN: Cost = 150;
/// A character outside ASCII that is no Latin letter: a list of these would be long.
const FOREIGN: Cost = 300;
const RUN: Cost = 200;
const YEAR: Cost = 200;
const SHORT_DATE: Cost = 400;
const LONG_DATE: Cost = 450;
const OWN_WORD: Cost = 100;
/// For writing a word with digits and signs in the place of letters.
const DISGUISE: Cost = 50;
/// One of some tens of thousands.
const LISTED_PASSWORD: Cost = 400;

/// Stands for any character that has no plain form: two of it need not be the same.
pub(super) const OTHER: u8 = 1;

const ROWS: [&[u8]; 4] = [b"qwertyuiop", b"asdfghjkl", b"zxcvbnm", b"1234567890"];

static WORDS: LazyLock<HashMap<&'static [u8], Cost>> = LazyLock::new(|| {
    let lines = include_str!("data/common_words.txt").lines().filter(|line| !line.starts_with('#'));
    let mut words = HashMap::new();
    for (rank, word) in lines.flat_map(str::split_ascii_whitespace).enumerate() {
        let cost = match rank {
            0..30 => 100,
            30..100 => 180,
            100..300 => 240,
            300..1_000 => 290,
            _ => 320,
        };
        words.entry(word.as_bytes()).or_insert(cost);
    }
    words
});

/// Whole passwords that are tried first everywhere, sorted by byte; see `data/README.md`.
static LISTED: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("data/common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

const LONGEST_WORD: usize = 32;

/// Lower case, without accents (`Đường` is `duong`) and without what people put between words.
pub(super) fn squeezed(text: &str) -> impl Iterator<Item = char> {
    text.nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '_' | '.' | ',' | '/'))
}

/// The same in ASCII.
pub(super) fn plain(text: &str) -> Vec<u8> {
    squeezed(text)
        .map(|c| match c {
            'đ' => b'd',
            c => u8::try_from(c).ok().filter(u8::is_ascii_graphic).unwrap_or(OTHER),
        })
        .collect()
}

/// Whether somebody who knows these words of the person's own would find it early.
pub(super) fn is_easy(plain: &[u8], own_words: &[Vec<u8>]) -> bool {
    guesses(plain, own_words) < ENOUGH
}

/// The cheapest way to read the text from left to right.
fn guesses(text: &[u8], own_words: &[Vec<u8>]) -> Cost {
    let readings = [text.to_vec(), undisguised(text, b'i'), undisguised(text, b'l')];
    let mut cheapest: Vec<Cost> = vec![0];
    for end in 1..=text.len() {
        let mut best = Cost::MAX;
        for start in 0..end {
            let (Some(so_far), Some(piece)) = (cheapest.get(start), text.get(start..end)) else { continue };
            let mut cost = piece_cost(piece);
            for (disguised, reading) in readings.iter().enumerate() {
                let word = reading.get(start..end).and_then(|word| word_cost(word, own_words));
                let extra = if disguised == 0 { 0 } else { DISGUISE };
                cost = cost.min(word.map_or(Cost::MAX, |word| word.saturating_add(extra)));
            }
            best = best.min(so_far.saturating_add(cost));
        }
        cheapest.push(best);
    }
    cheapest.last().copied().unwrap_or(0)
}

fn word_cost(word: &[u8], own_words: &[Vec<u8>]) -> Option<Cost> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    if own_words.iter().any(|own| own == word) {
        return Some(OWN_WORD);
    }
    let listed = || LISTED.binary_search_by(|listed| listed.as_bytes().cmp(word)).ok().map(|_| LISTED_PASSWORD);
    WORDS.get(word).copied().or_else(listed)
}

/// The cost of a piece that is no word, or the highest there is when it is not one piece.
fn piece_cost(piece: &[u8]) -> Cost {
    let single = match piece {
        [OTHER] => FOREIGN,
        [c] if c.is_ascii_digit() => DIGIT,
        [c] if c.is_ascii_lowercase() => LETTER,
        [_] => SIGN,
        _ => Cost::MAX,
    };
    let run = if piece.len() >= 3 && is_run(piece) { RUN } else { Cost::MAX };
    single.min(run).min(date_cost(piece))
}

/// Each character is followed by itself, its neighbour in the alphabet, or its neighbour on the keyboard.
pub(super) fn is_run(piece: &[u8]) -> bool {
    piece.windows(2).all(|pair| match pair {
        [OTHER, _] => false,
        [a, b] => a.abs_diff(*b) <= 1 || are_neighbours(*a, *b),
        _ => false,
    })
}

fn are_neighbours(a: u8, b: u8) -> bool {
    ROWS.iter().any(|row| {
        let at = |c: u8| row.iter().position(|key| *key == c);
        at(a).zip(at(b)).is_some_and(|(a, b)| a.abs_diff(b) == 1)
    })
}

fn date_cost(piece: &[u8]) -> Cost {
    if !piece.iter().all(u8::is_ascii_digit) {
        return Cost::MAX;
    }
    let number = |range: std::ops::Range<usize>| {
        piece.get(range).unwrap_or_default().iter().fold(0_u32, |n, digit| n * 10 + u32::from(digit - b'0'))
    };
    let (day, month, year) = (1..=31_u32, 1..=12_u32, 1_900..=2_039_u32);
    match piece.len() {
        4 if year.contains(&number(0..4)) => YEAR,
        6 if day.contains(&number(0..2)) && month.contains(&number(2..4)) => SHORT_DATE,
        6 if month.contains(&number(2..4)) && day.contains(&number(4..6)) => SHORT_DATE,
        8 if day.contains(&number(0..2)) && month.contains(&number(2..4)) && year.contains(&number(4..8)) => LONG_DATE,
        8 if month.contains(&number(0..2)) && day.contains(&number(2..4)) && year.contains(&number(4..8)) => LONG_DATE,
        8 if year.contains(&number(0..4)) && month.contains(&number(4..6)) && day.contains(&number(6..8)) => LONG_DATE,
        _ => Cost::MAX,
    }
}

/// What `p@$$w0rd` stands for; a 1 is an i or an l.
fn undisguised(text: &[u8], one: u8) -> Vec<u8> {
    text.iter()
        .map(|c| match c {
            b'0' => b'o',
            b'1' | b'!' | b'|' => one,
            b'3' => b'e',
            b'4' | b'@' => b'a',
            b'5' | b'$' => b's',
            b'7' | b'+' => b't',
            b'8' => b'b',
            other => *other,
        })
        .collect()
}

#[cfg(test)]
#[path = "password_guess_tests.rs"]
mod tests;
