//! How a person is reached: the mobile number in their own name, and an e-mail address.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A Vietnamese mobile number, kept as E.164 (`+84…`). `Debug` is masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PhoneError {
    #[error("the telephone number is empty")]
    Empty,
    #[error("the telephone number holds something that is not a digit")]
    NotADigit,
    #[error("this is not a Vietnamese mobile number (ten digits from 03, 05, 07, 08 or 09, or +84 and nine)")]
    NotMobile,
}

impl PhoneNumber {
    /// Reads `0912 345 678`, `+84 912 345 678`, `84912345678`, `0084…` with spaces, dots, hyphens and brackets.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let text = text.trim();
        let (plus, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let mut digits = String::with_capacity(15);
        for letter in rest.chars() {
            match letter {
                '0'..='9' if digits.len() < 15 => digits.push(letter),
                '0'..='9' => return Err(PhoneError::NotMobile),
                ' ' | '.' | '-' | '(' | ')' | '\u{a0}' => {}
                _ => return Err(PhoneError::NotADigit),
            }
        }
        if digits.is_empty() {
            return Err(PhoneError::Empty);
        }
        let national = if plus {
            digits.strip_prefix("84")
        } else {
            digits
                .strip_prefix("0084")
                .or_else(|| digits.strip_prefix('0'))
                .or_else(|| digits.strip_prefix("84").filter(|rest| rest.len() == 9))
        };
        let national = national.ok_or(PhoneError::NotMobile)?;
        if national.len() != 9 || !national.starts_with(['3', '5', '7', '8', '9']) {
            return Err(PhoneError::NotMobile);
        }
        Ok(Self(format!("+84{national}")))
    }

    pub fn e164(&self) -> &str {
        &self.0
    }

    /// `0912345678`, as people dial it.
    pub fn national(&self) -> String {
        format!("0{}", self.0.get(3..).unwrap_or_default())
    }

    /// `••• ••• •678`: tells the holder which of their numbers it is.
    pub fn masked(&self) -> String {
        format!("••• ••• •{}", self.0.get(9..).unwrap_or_default())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneError;
    fn try_from(text: String) -> Result<Self, PhoneError> {
        Self::parse(&text)
    }
}

impl From<PhoneNumber> for String {
    fn from(phone: PhoneNumber) -> Self {
        phone.0
    }
}

/// An e-mail address: `local@domain` in ASCII, the domain in lower case. `Debug` is masked.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EmailError {
    #[error("the e-mail address is empty")]
    Empty,
    #[error("this is not an e-mail address")]
    Form,
}

impl EmailAddress {
    /// The everyday form of RFC 5321 §4.1.2: a dot-atom and a domain name; no quoted parts, no address literals.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Form)?;
        let atom = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
        };
        let label = |part: &str| {
            (1..=63).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !part.starts_with('-')
                && !part.ends_with('-')
        };
        let sound = text.len() <= 254
            && local.len() <= 64
            && local.split('.').all(atom)
            && domain.contains('.')
            && domain.split('.').all(label);
        if !sound {
            return Err(EmailError::Form);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        format!("{}•••@{domain}", local.get(..1).unwrap_or_default())
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(email: EmailAddress) -> Self {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_number_in_all_its_spellings() {
        for text in [
            "0912345678",
            "0912 345 678",
            "0912.345.678",
            "(0912) 345-678",
            "+84912345678",
            "+84 912 345 678",
            "84912345678",
            "0084912345678",
        ] {
            assert_eq!(PhoneNumber::parse(text).unwrap().e164(), "+84912345678", "{text}");
        }
        let phone = PhoneNumber::parse("0912345678").unwrap();
        assert_eq!(phone.national(), "0912345678");
        assert_eq!(phone.masked(), "••• ••• •678");
        assert_eq!(format!("{phone:?}"), "••• ••• •678");
    }

    #[test]
    fn what_is_no_mobile_number() {
        for (text, error) in [
            ("", PhoneError::Empty),
            ("+", PhoneError::Empty),
            ("0912x45678", PhoneError::NotADigit),
            ("091234567", PhoneError::NotMobile),
            ("09123456789", PhoneError::NotMobile),
            ("02838234567", PhoneError::NotMobile), // a fixed line
            ("0212345678", PhoneError::NotMobile),
            ("01234567890", PhoneError::NotMobile), // eleven digits, ended in 2018
            ("+14155550100", PhoneError::NotMobile),
            ("84912345", PhoneError::NotMobile),
            ("912345678", PhoneError::NotMobile),
        ] {
            assert_eq!(PhoneNumber::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(EmailAddress::parse(" Thu.Mau+1@Example.VN ").unwrap().as_str(), "Thu.Mau+1@example.vn");
        assert_eq!(EmailAddress::parse("thu@example.vn").unwrap().masked(), "t•••@example.vn");
        assert_eq!(EmailAddress::parse("").unwrap_err(), EmailError::Empty);
        for text in ["thu", "thu@", "@vn.vn", "thu@vn", "th u@a.vn", "thu@a..vn", "thu@-a.vn", ".t@a.vn", "a\n@b.vn"] {
            assert_eq!(EmailAddress::parse(text), Err(EmailError::Form), "{text}");
        }
        assert!(EmailAddress::parse(&format!("{}@a.vn", "x".repeat(65))).is_err());
    }

    proptest! {
        #[test]
        fn printed_numbers_are_read_again(text in "0[35789][0-9]{8}") {
            let phone = PhoneNumber::parse(&text).unwrap();
            prop_assert_eq!(phone.national(), text);
            prop_assert_eq!(PhoneNumber::parse(phone.e164()).unwrap(), phone);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = PhoneNumber::parse(&text).map(|phone| phone.masked());
            let _ = EmailAddress::parse(&text).map(|email| email.masked());
        }
    }
}
