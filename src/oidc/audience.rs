//! `aud` (RFC 7519 §4.1.3): one string, or an array of them.

use serde::{Deserialize, Serialize};

/// Written as a plain string when there is one member, as most verifiers expect it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    pub fn one(member: impl Into<String>) -> Self {
        Self::One(member.into())
    }

    /// `None` for nobody.
    pub fn several(mut members: Vec<String>) -> Option<Self> {
        match members.len() {
            0 => None,
            1 => members.pop().map(Self::One),
            _ => Some(Self::Many(members)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::One(only) => std::slice::from_ref(only),
            Self::Many(all) => all.as_slice(),
        };
        all.iter().map(String::as_str)
    }

    /// Case-sensitive, octet for octet (RFC 7519 §4.1.3).
    pub fn contains(&self, member: &str) -> bool {
        match self {
            Self::One(only) => only == member,
            Self::Many(all) => all.iter().any(|each| each == member),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_compared_octet_for_octet() {
        let one: Audience = serde_json::from_str(r#""https://a.example""#).unwrap();
        let many: Audience = serde_json::from_str(r#"["https://b.example","https://a.example"]"#).unwrap();
        for audience in [&one, &many] {
            assert!(audience.contains("https://a.example"));
            assert!(!audience.contains("https://A.example"));
            assert!(!audience.contains("https://a.example/"));
            assert!(!audience.contains(""));
        }
        assert_eq!(serde_json::to_string(&one).unwrap(), r#""https://a.example""#);
        assert!(serde_json::from_str::<Audience>("7").is_err());
        assert!(serde_json::from_str::<Audience>(r#"["a",7]"#).is_err());
    }
}
