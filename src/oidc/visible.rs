//! Text of a client's that a person will read: it must not change how what stands around it is read.

/// Marks and overrides of writing direction (Unicode UAX #9): with them a text can be made to read as another.
pub const fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether somebody can be shown a text as it is.
pub fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || is_direction_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_plain_and_what_turns_it_around_is_not() {
        for plain in ["", "Hồ sơ 4711", "Nguyễn Văn Thử", "1.004203", "a – b", "\u{0301}"] {
            assert!(is_plain(plain), "{plain:?}");
        }
        for turned in ["a\u{202E}b", "\u{2066}a", "a\u{200F}", "a\nb", "a\0", "\u{85}"] {
            assert!(!is_plain(turned), "{turned:?}");
        }
    }
}
