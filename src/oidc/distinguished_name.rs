//! Subject names of certificates: the text of RFC 4514, and when two are the same.

use std::fmt;

/// Attribute types by their short names (RFC 4514 §3, and those that certificates of organisations carry).
const KEYWORDS: &[(&str, &str)] = &[
    ("CN", "2.5.4.3"),
    ("SN", "2.5.4.4"),
    ("SERIALNUMBER", "2.5.4.5"),
    ("C", "2.5.4.6"),
    ("L", "2.5.4.7"),
    ("ST", "2.5.4.8"),
    ("STREET", "2.5.4.9"),
    ("O", "2.5.4.10"),
    ("OU", "2.5.4.11"),
    ("TITLE", "2.5.4.12"),
    ("BUSINESSCATEGORY", "2.5.4.15"),
    ("POSTALCODE", "2.5.4.17"),
    ("GN", "2.5.4.42"),
    ("ORGANIZATIONIDENTIFIER", "2.5.4.97"),
    ("UID", "0.9.2342.19200300.100.1.1"),
    ("DC", "0.9.2342.19200300.100.1.25"),
    ("EMAILADDRESS", "1.2.840.113549.1.9.1"),
    ("E", "1.2.840.113549.1.9.1"),
];

/// A name in a form in which equal names are equal: the relative names in the order of RFC 4514 §2.1 (the most specific
/// first), each a set of attribute types and values, values without regard to case and repeated spaces (RFC 4517 §4.2.11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DistinguishedName(Vec<Vec<(String, String)>>);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("is empty")]
    Empty,
    #[error("has a part that is not TYPE=value (RFC 4514)")]
    NoPair,
    #[error("has an attribute type that is neither known nor a dotted number")]
    Type,
    #[error("has a value that RFC 4514 does not allow")]
    Value,
}

impl DistinguishedName {
    /// From the parts of a certificate, in the order in which they stand there: the least specific first. A value of
    /// `None` is no text; the name then equals none that is written.
    pub fn from_certificate(parts: Vec<Vec<(String, Option<String>)>>) -> Self {
        let part = |attributes: Vec<(String, Option<String>)>| {
            let mut part: Vec<_> = attributes
                .into_iter()
                .map(|(oid, value)| (oid, value.map_or_else(|| "\u{0}".to_owned(), |value| prepared(&value))))
                .collect();
            part.sort();
            part
        };
        Self(parts.into_iter().rev().map(part).collect())
    }

    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() {
            return Err(NameError::Empty);
        }
        split(text, ',')?.into_iter().map(relative).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for DistinguishedName {
    /// For the log: which attributes it has, not their values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<&str> = self.0.iter().flatten().map(|(oid, _)| oid.as_str()).collect();
        f.write_str(&types.join(","))
    }
}

fn relative(text: &str) -> Result<Vec<(String, String)>, NameError> {
    let mut pairs = split(text, '+')?
        .into_iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or(NameError::NoPair)?;
            Ok((attribute_type(name.trim())?, prepared(&value_of(value)?)))
        })
        .collect::<Result<Vec<_>, NameError>>()?;
    pairs.sort();
    Ok(pairs)
}

/// At separators that are not escaped.
fn split(text: &str, separator: char) -> Result<Vec<&str>, NameError> {
    let (mut parts, mut start, mut escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == separator {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + c.len_utf8();
        }
    }
    if escaped {
        return Err(NameError::Value);
    }
    parts.push(text.get(start..).unwrap_or_default());
    Ok(parts)
}

fn attribute_type(name: &str) -> Result<String, NameError> {
    let keyword = KEYWORDS.iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(name));
    if let Some((_, oid)) = keyword {
        return Ok((*oid).to_owned());
    }
    let dotted = name.split('.').all(|arc| !arc.is_empty() && arc.bytes().all(|byte| byte.is_ascii_digit()));
    if dotted && name.contains('.') { Ok(name.to_owned()) } else { Err(NameError::Type) }
}

/// RFC 4514 §2.4: `#` and the BER in hexadecimal, or a text with escapes.
fn value_of(text: &str) -> Result<String, NameError> {
    let text = text.trim_start_matches(' ');
    if let Some(digits) = text.strip_prefix('#') {
        return ber_text(digits.trim_end_matches(' '));
    }
    let (mut bytes, mut kept) = (Vec::with_capacity(text.len()), 0);
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'\\' => {
                let (first, after) = rest.split_first().ok_or(NameError::Value)?;
                if b" \"#+,;<=>\\".contains(first) {
                    bytes.push(*first);
                    rest = after;
                } else {
                    let (digits, after) = rest.split_at_checked(2).ok_or(NameError::Value)?;
                    bytes.push(hex(digits)?);
                    rest = after;
                }
                kept = bytes.len();
            }
            b'"' | b';' | b'<' | b'>' | 0 => return Err(NameError::Value),
            b' ' => bytes.push(b' '),
            other => {
                bytes.push(*other);
                kept = bytes.len();
            }
        }
    }
    // Spaces at the end count only when they are escaped.
    bytes.truncate(kept);
    written(bytes)
}

/// The content of a BER character string: UTF8String, PrintableString, IA5String.
fn ber_text(digits: &str) -> Result<String, NameError> {
    let bytes = digits.as_bytes().chunks(2).map(hex).collect::<Result<Vec<u8>, _>>()?;
    let [tag, length, content @ ..] = bytes.as_slice() else { return Err(NameError::Value) };
    if ![0x0c, 0x13, 0x16].contains(tag) || *length >= 0x80 || usize::from(*length) != content.len() {
        return Err(NameError::Value);
    }
    written(content.to_vec())
}

/// A text; NUL stands for what is none ([`DistinguishedName::from_certificate`]) and is nobody's to write.
fn written(bytes: Vec<u8>) -> Result<String, NameError> {
    if bytes.contains(&0) {
        return Err(NameError::Value);
    }
    String::from_utf8(bytes).map_err(|_| NameError::Value)
}

fn hex(digits: &[u8]) -> Result<u8, NameError> {
    let [high, low] = digits else { return Err(NameError::Value) };
    let digit = |byte: u8| char::from(byte).to_digit(16).ok_or(NameError::Value);
    u8::try_from(digit(*high)? << 4 | digit(*low)?).map_err(|_| NameError::Value)
}

/// RFC 4518 in short: case folded, spaces at the ends gone, several of them one.
fn prepared(value: &str) -> String {
    value.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<DistinguishedName, NameError> {
        DistinguishedName::parse(text)
    }

    #[test]
    fn names_that_are_the_same_in_other_words() {
        let of_certificate = DistinguishedName::from_certificate(vec![
            vec![("2.5.4.6".to_owned(), Some("VN".to_owned()))],
            vec![("2.5.4.10".to_owned(), Some("Ngân hàng, Thử".to_owned()))],
            vec![
                ("2.5.4.3".to_owned(), Some("client  one".to_owned())),
                ("0.9.2342.19200300.100.1.1".to_owned(), Some("7".to_owned())),
            ],
        ]);
        for text in [
            r"CN=client one+UID=7,O=Ngân hàng\, Thử,C=VN",
            r"UID=7+CN=Client One,o=ngân hàng\2C thử,c=vn",
            r"cn = client one + uid = 7 , O = Ngân hàng\, Thử , C = VN",
            r"2.5.4.3=client one+UID=7,O=Ng\C3\A2n hàng\, Thử,2.5.4.6=#1302564E",
        ] {
            assert_eq!(parse(text).unwrap(), of_certificate, "{text}");
        }
        for text in [
            r"C=VN,O=Ngân hàng\, Thử,CN=client one+UID=7",
            "CN=client one+UID=7",
            r"CN=client one,UID=7,O=Ngân hàng\, Thử,C=VN",
            r"CN=client one+UID=7,O=Ngân hàng\, Thử,C=VN,C=VN",
            r"CN=client two+UID=7,O=Ngân hàng\, Thử,C=VN",
        ] {
            assert_ne!(parse(text).unwrap(), of_certificate, "{text}");
        }
    }

    /// RFC 4514 §4.
    #[test]
    fn the_examples_of_the_specification() {
        for text in [
            "UID=jsmith,DC=example,DC=net",
            "OU=Sales+CN=J.  Smith,DC=example,DC=net",
            r#"CN=James \"Jim\" Smith\, III,DC=example,DC=net"#,
            r"CN=Before\0dAfter,DC=example,DC=net",
            "1.3.6.1.4.1.1466.0=#0C0248 69".replace(' ', "").as_str(),
            r"CN=Lu\C4\8Di\C4\87",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert_eq!(parse(r"CN=Lu\C4\8Di\C4\87"), parse("CN=Lučić"));
        assert_eq!(parse("1.2.3=#0C024869"), parse("1.2.3=hi"));
    }

    #[test]
    fn what_is_no_name_is_told() {
        use NameError as E;
        for (text, error) in [
            ("", E::Empty),
            ("  ", E::Empty),
            ("portal", E::NoPair),
            ("CN=a,", E::NoPair),
            ("CN=a,,C=VN", E::NoPair),
            ("XYZ=a", E::Type),
            ("2.=a", E::Type),
            ("25=a", E::Type),
            (r"CN=a\", E::Value),
            (r"CN=a\x", E::Value),
            (r"CN=\ff", E::Value),
            (r#"CN="a""#, E::Value),
            ("CN=a;O=b", E::Value),
            ("CN=#zz", E::Value),
            ("CN=#0C0548", E::Value),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_text_equals_nothing_written() {
        let odd = DistinguishedName::from_certificate(vec![vec![("2.5.4.3".to_owned(), None)]]);
        for text in ["CN=", r"CN=\00", "CN=x"] {
            assert_ne!(parse(text).ok(), Some(odd.clone()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,60}") {
            let _ = parse(&text);
        }
    }
}
