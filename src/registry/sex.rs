//! Sex as the registry codes it.

use serde::{Deserialize, Serialize};

/// Giới tính.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    #[default]
    Unknown,
    Male,
    Female,
}

impl Sex {
    pub const ALL: [Self; 3] = [Self::Unknown, Self::Male, Self::Female];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Male => "male",
            Self::Female => "female",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sex| sex.code() == code)
    }

    /// The value of the `gender` claim (OpenID Connect Core §5.1); nothing is claimed when nothing is known.
    pub const fn claim(self) -> Option<&'static str> {
        match self {
            Self::Unknown => None,
            Self::Male => Some("male"),
            Self::Female => Some("female"),
        }
    }

    /// Reads what files contain: the digit of the citizen look-up message (0, 1, 2), the English word, the Vietnamese word or the letter of a travel document.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "0" | "unknown" | "" => Some(Self::Unknown),
            "1" | "male" | "m" | "nam" => Some(Self::Male),
            "2" | "female" | "f" | "nữ" | "nu" => Some(Self::Female),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_words_lead_back() {
        for sex in Sex::ALL {
            assert_eq!(Sex::from_code(sex.code()), Some(sex));
            assert_eq!(Sex::parse(sex.code()), Some(sex));
        }
        assert_eq!(Sex::parse("NỮ"), Some(Sex::Female));
        assert_eq!(Sex::parse("Nam"), Some(Sex::Male));
        assert_eq!(Sex::parse("2"), Some(Sex::Female));
        assert_eq!(Sex::parse("3"), None);
        assert_eq!(Sex::from_code("3"), None);
        assert_eq!(Sex::Unknown.claim(), None);
    }
}
