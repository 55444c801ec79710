//! Numbers and codes as people type and paste them: with spaces, dots or hyphens between the digits, in wide digits from an
//! input method, with marks that nobody sees from a message or a contact card.

/// The text with plain digits, and without what people write between digits. Anything else stays, for the reader to refuse.
pub fn plain_digits(text: &str) -> String {
    text.chars().filter(|letter| !stands_between(*letter)).map(narrow).collect()
}

/// Six digits, whatever was written between them; `Err` says whether there was anything at all.
pub fn six_digits(text: &str) -> Result<String, NotSix> {
    let digits = plain_digits(text);
    match digits.len() {
        0 => Err(NotSix::Nothing),
        6 if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(digits),
        _ => Err(NotSix::Other),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSix {
    Nothing,
    Other,
}

const fn stands_between(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(letter, '.' | '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
        // Joiners, marks of direction, the byte order mark: pasted along, never seen.
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Fullwidth digits (U+FF10 to U+FF19) as plain ones.
fn narrow(letter: char) -> char {
    match letter {
        '０'..='９' => char::from_digit(u32::from(letter) - u32::from('０'), 10).unwrap_or(letter),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_read() {
        for typed in [
            "001085000001",
            " 001 085\u{a0}000\u{202f}001\n",
            "001.085.000.001",
            "001-085–000‑001",
            "\u{202d}001085000001\u{202c}",
            "\u{feff}001\u{200b}085000001",
            "００１０８５０００００１",
        ] {
            assert_eq!(plain_digits(typed), "001085000001", "{typed:?}");
        }
        assert_eq!(plain_digits("+84 (91) 234.5678"), "+84(91)2345678");
        assert_eq!(plain_digits("00108500000l"), "00108500000l", "a letter is not a digit");
    }

    #[test]
    fn six_digits_and_nothing_else() {
        for typed in ["123456", "123 456", " 123-456 ", "１２３ ４５６"] {
            assert_eq!(six_digits(typed).as_deref(), Ok("123456"), "{typed:?}");
        }
        for typed in ["", "  ", "\u{200b}"] {
            assert_eq!(six_digits(typed), Err(NotSix::Nothing), "{typed:?}");
        }
        for typed in ["12345", "1234567", "12345a", "١٢٣٤٥٦", "Mã: 123456"] {
            assert_eq!(six_digits(typed), Err(NotSix::Other), "{typed:?}");
        }
    }
}
