//! Bytes as hexadecimal text.

use std::fmt::Write as _;

/// Two small letters a byte.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _never = write!(text, "{byte:02x}");
        text
    })
}

/// The bytes of such a text, in capitals too; `None` for anything else.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |letter: &u8| char::from(*letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.last()?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(hex(&[0, 0x0f, 0xa9, 0xff]), "000fa9ff");
        assert_eq!(unhex("000fA9fF"), Some(vec![0, 0x0f, 0xa9, 0xff]));
        assert_eq!((hex(&[]), unhex("")), (String::new(), Some(Vec::new())));
        for odd in ["0", "0g", "+1", " 0", "00 ", "é", "0x10"] {
            assert_eq!(unhex(odd), None, "{odd}");
        }
    }
}
