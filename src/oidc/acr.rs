//! The authentication level (mức độ xác thực điện tử, Decree 69/2024 Art 20) as the protocol speaks of it: `acr` values,
//! lists of them in requests, and which value an answer carries.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Levels 1 to 4; the text form is the same in every deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "&'static str", try_from = "String")]
pub enum AcrLevel {
    One,
    Two,
    Three,
    Four,
}

impl AcrLevel {
    pub const ALL: [Self; 4] = [Self::One, Self::Two, Self::Three, Self::Four];

    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }

    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::One),
            2 => Some(Self::Two),
            3 => Some(Self::Three),
            4 => Some(Self::Four),
            _ => None,
        }
    }

    /// The value of the `acr` claim.
    pub const fn uri(self) -> &'static str {
        match self {
            Self::One => "urn:vn:xacthuc:1",
            Self::Two => "urn:vn:xacthuc:2",
            Self::Three => "urn:vn:xacthuc:3",
            Self::Four => "urn:vn:xacthuc:4",
        }
    }

    /// The name that older portals send; understood, neither advertised nor emitted.
    const fn alias(self) -> &'static str {
        match self {
            Self::One => "LoA1",
            Self::Two => "LoA2",
            Self::Three => "LoA3",
            Self::Four => "LoA4",
        }
    }

    /// The level that a requested value names; `None` for a value that we do not know.
    pub fn parse(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.uri() == value || level.alias() == value)
    }
}

impl fmt::Display for AcrLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri())
    }
}

impl From<AcrLevel> for &'static str {
    fn from(level: AcrLevel) -> Self {
        level.uri()
    }
}

/// Not the name of an authentication level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an authentication level: use urn:vn:xacthuc:1 to urn:vn:xacthuc:4")]
pub struct UnknownAcr;

impl TryFrom<String> for AcrLevel {
    type Error = UnknownAcr;
    fn try_from(value: String) -> Result<Self, UnknownAcr> {
        Self::parse(&value).ok_or(UnknownAcr)
    }
}

/// How hard a request insists on its values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Insistence {
    /// `acr_values`, `default_acr_values`, or a claim that is not essential (OpenID Connect Core §3.1.2.1).
    #[default]
    Voluntary,
    /// An essential `acr` claim: no other value will do (OpenID Connect Core §5.5.1.1).
    Essential,
}

/// The levels that a request named, in its order of preference, unknown names left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcrRequest {
    named: Vec<AcrLevel>,
    insistence: Insistence,
}

/// An essential request whose every value is unknown here: `unmet_authentication_requirements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of the essential acr values is known")]
pub struct NoneKnown;

impl AcrRequest {
    /// Unknown values are ignored. When none is known, a voluntary request has no effect, an essential one that named
    /// any value cannot be met.
    pub fn new<'a>(values: impl IntoIterator<Item = &'a str>, insistence: Insistence) -> Result<Self, NoneKnown> {
        let mut named = Vec::new();
        let mut any = false;
        for value in values {
            any = true;
            if let Some(level) = AcrLevel::parse(value).filter(|level| !named.contains(level)) {
                named.push(level);
            }
        }
        if any && named.is_empty() && insistence == Insistence::Essential {
            return Err(NoneKnown);
        }
        Ok(Self { named, insistence })
    }

    pub fn named(&self) -> &[AcrLevel] {
        &self.named
    }

    pub const fn is_essential(&self) -> bool {
        matches!(self.insistence, Insistence::Essential)
    }

    /// Values mean "at least", so the lowest named one is what satisfies the request.
    pub fn requirement(&self) -> Option<AcrLevel> {
        self.named.iter().copied().min()
    }

    /// What to bring the person to: the first named level within their reach.
    pub fn target(&self, reachable: AcrLevel) -> Option<AcrLevel> {
        self.named.iter().copied().find(|level| *level <= reachable)
    }

    /// The value to emit: the highest named one not above the level reached, so that a request with values gets one of
    /// its own; the level reached when there is none.
    pub fn emitted(&self, reached: AcrLevel) -> AcrLevel {
        self.named.iter().copied().filter(|level| *level <= reached).max().unwrap_or(reached)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AcrLevel::*, *};

    fn voluntary(values: &str) -> AcrRequest {
        AcrRequest::new(values.split(' '), Insistence::Voluntary).unwrap()
    }

    #[test]
    fn values_and_aliases_parse_and_only_values_are_printed() {
        for (text, level) in [
            ("urn:vn:xacthuc:1", Some(One)),
            ("urn:vn:xacthuc:2", Some(Two)),
            ("urn:vn:xacthuc:3", Some(Three)),
            ("urn:vn:xacthuc:4", Some(Four)),
            ("LoA1", Some(One)),
            ("LoA4", Some(Four)),
            ("loa1", None),
            ("urn:vn:xacthuc:5", None),
            ("urn:vn:xacthuc:0", None),
            ("URN:vn:xacthuc:1", None),
            ("1", None),
            ("", None),
        ] {
            assert_eq!(AcrLevel::parse(text), level, "{text}");
        }
        for level in AcrLevel::ALL {
            assert_eq!(serde_json::to_value(level).unwrap(), level.uri());
            assert_eq!(serde_json::from_value::<AcrLevel>(level.uri().into()).unwrap(), level);
            assert_eq!(AcrLevel::from_number(level.number()), Some(level));
        }
        assert_eq!(AcrLevel::from_number(0), None);
    }

    #[test]
    fn the_lowest_known_is_required_and_the_first_reachable_is_the_target() {
        // (values, reach, requirement, target)
        let table = [
            ("urn:vn:xacthuc:3 urn:vn:xacthuc:2", Two, Some(Two), Some(Two)),
            ("urn:vn:xacthuc:3 urn:vn:xacthuc:2", Four, Some(Two), Some(Three)),
            ("urn:vn:xacthuc:1 LoA2", Four, Some(One), Some(One)),
            ("unknown LoA3", Two, Some(Three), None),
            ("unknown other", Four, None, None),
        ];
        for (values, reach, requirement, target) in table {
            let request = voluntary(values);
            assert_eq!(request.requirement(), requirement, "{values}");
            assert_eq!(request.target(reach), target, "{values}");
        }
    }

    #[test]
    fn emits_a_named_value_where_one_fits() {
        let table = [
            ("urn:vn:xacthuc:2", Four, Two),
            ("LoA1 LoA2 LoA4", Three, Two),
            ("urn:vn:xacthuc:1 urn:vn:xacthuc:3", Two, One),
            ("urn:vn:xacthuc:3", Two, Two),
            ("unknown", Three, Three),
        ];
        for (values, reached, emitted) in table {
            assert_eq!(voluntary(values).emitted(reached), emitted, "{values} at {reached}");
        }
        assert_eq!(AcrRequest::default().emitted(Two), Two);
    }

    #[test]
    fn unknown_values_fail_only_an_essential_request_that_named_some() {
        assert_eq!(AcrRequest::new(["x"], Insistence::Essential), Err(NoneKnown));
        assert!(AcrRequest::new(["x", "LoA2"], Insistence::Essential).is_ok());
        assert!(AcrRequest::new(["x"], Insistence::Voluntary).is_ok());
        // `{"essential": true}` alone asks for the claim, not for a level.
        assert!(AcrRequest::new([], Insistence::Essential).is_ok());
    }

    proptest! {
        #[test]
        fn never_emits_above_the_level_reached(numbers in proptest::collection::vec(0u8..7, 0..6), reached in 1u8..5) {
            let texts: Vec<String> = numbers.iter().map(|n| format!("urn:vn:xacthuc:{n}")).collect();
            let request = AcrRequest::new(texts.iter().map(String::as_str), Insistence::Voluntary).unwrap();
            let reached = AcrLevel::from_number(reached).unwrap();
            let emitted = request.emitted(reached);
            prop_assert!(emitted <= reached);
            if request.requirement().is_some_and(|needed| needed <= reached) {
                prop_assert!(request.named().contains(&emitted));
            }
            let json = serde_json::to_string(&request).unwrap();
            prop_assert_eq!(serde_json::from_str::<AcrRequest>(&json).unwrap(), request);
        }

        #[test]
        fn parsing_never_panics(text in any::<String>()) {
            let _ = AcrRequest::new(text.split(' '), Insistence::Essential);
        }
    }
}
