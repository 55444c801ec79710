//! Households (hộ gia đình): a head, members, one residence file.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Quan hệ với chủ hộ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    Head,
    Spouse,
    Child,
    Parent,
    Grandparent,
    Grandchild,
    Sibling,
    Ward,
    Lodger,
    Other,
}

impl Relation {
    pub const ALL: [Self; 10] = [
        Self::Head,
        Self::Spouse,
        Self::Child,
        Self::Parent,
        Self::Grandparent,
        Self::Grandchild,
        Self::Sibling,
        Self::Ward,
        Self::Lodger,
        Self::Other,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Spouse => "spouse",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Grandparent => "grandparent",
            Self::Grandchild => "grandchild",
            Self::Sibling => "sibling",
            Self::Ward => "ward",
            Self::Lodger => "lodger",
            Self::Other => "other",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| relation.code() == code)
    }
}

/// Số hồ sơ cư trú: the key of a household.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResidenceFile(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a residence file number has 1 to 40 letters, digits, dots, hyphens or slashes")]
pub struct ResidenceFileError;

impl ResidenceFile {
    pub fn parse(text: &str) -> Result<Self, ResidenceFileError> {
        let text = text.trim();
        let sound = (1..=40).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-/".contains(&byte));
        if sound { Ok(Self(text.to_owned())) } else { Err(ResidenceFileError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ResidenceFile {
    type Error = ResidenceFileError;
    fn try_from(text: String) -> Result<Self, ResidenceFileError> {
        Self::parse(&text)
    }
}

impl From<ResidenceFile> for String {
    fn from(file: ResidenceFile) -> Self {
        file.0
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub file: ResidenceFile,
    pub relation: Relation,
}

super::record::serde_by_code!(Relation);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_lead_back() {
        assert!(Relation::ALL.into_iter().all(|relation| Relation::from_code(relation.code()) == Some(relation)));
    }

    #[test]
    fn file_numbers() {
        assert_eq!(ResidenceFile::parse(" TEST-01/0000001 ").unwrap().as_str(), "TEST-01/0000001");
        assert!(ResidenceFile::parse("").is_err());
        assert!(ResidenceFile::parse("=1+1").is_err());
        assert!(ResidenceFile::parse(&"1".repeat(41)).is_err());
    }
}
