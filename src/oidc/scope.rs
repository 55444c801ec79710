//! Scopes: the grammar of RFC 6749 §3.3, and which registry claims each one opens at which floor.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    acr::AcrLevel,
    error::{OAuthError, OAuthErrorCode},
};

/// A set of scope tokens in the order in which they were first named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ScopeSet(Vec<String>);

/// A character that no scope token may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope is a list of tokens separated by spaces, without quotes, backslashes and characters outside ASCII")]
pub struct ScopeSyntax;

impl From<ScopeSyntax> for OAuthError {
    fn from(error: ScopeSyntax) -> Self {
        Self::new(OAuthErrorCode::InvalidScope, error.to_string())
    }
}

impl ScopeSet {
    /// `scope-token = 1*( %x21 / %x23-5B / %x5D-7E )` (RFC 6749 §3.3). Doubled and trailing spaces, which libraries
    /// send, mean nothing.
    pub fn parse(text: &str) -> Result<Self, ScopeSyntax> {
        let mut set = Self::default();
        for token in text.split(' ').filter(|token| !token.is_empty()) {
            if !token.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)) {
                return Err(ScopeSyntax);
            }
            set.insert(token);
        }
        Ok(set)
    }

    /// The standard scopes: what a client gets that registered none, and the most that one which registered itself may
    /// have.
    pub fn standard() -> Self {
        SCOPES.iter().filter(|scope| scope.origin == Origin::Standard).map(|scope| scope.name).collect()
    }

    fn insert(&mut self, token: &str) {
        if !self.contains(token) {
            self.0.push(token.to_owned());
        }
    }

    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|own| own == token)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_subset(&self, of: &Self) -> bool {
        self.iter().all(|token| of.contains(token))
    }

    /// Those tokens that satisfy the condition, in the same order.
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.iter().filter(|token| keep(token)).map(str::to_owned).collect())
    }

    /// The claims that these scopes open (OpenID Connect Core §5.4), each once.
    pub fn claims(&self) -> impl Iterator<Item = &'static str> {
        self.iter().filter_map(Scope::find).flat_map(|scope| scope.claims.iter().copied())
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    /// For tokens that are known to be tokens: ours, or parsed ones.
    fn from_iter<I: IntoIterator<Item = &'a str>>(tokens: I) -> Self {
        let mut set = Self::default();
        for token in tokens {
            set.insert(token);
        }
        set
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<ScopeSet> for String {
    fn from(set: ScopeSet) -> Self {
        set.to_string()
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = ScopeSyntax;
    fn try_from(text: String) -> Result<Self, ScopeSyntax> {
        Self::parse(&text)
    }
}

/// How the person was proofed (mức độ tài khoản, Decree 69/2024 Art 7). Never mixed with the authentication level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountLevel {
    #[serde(rename = "01")]
    One,
    #[serde(rename = "02")]
    Two,
}

impl AccountLevel {
    /// The value of the claim `account_level`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "01",
            Self::Two => "02",
        }
    }
}

/// What the law calls the data behind a scope (Law 91/2025 on personal data protection).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataClass {
    /// No data of the registry.
    Protocol,
    Basic,
    /// Explicit consent for each purpose, also where the law is silent.
    Sensitive,
}

/// Who defined a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// OpenID Connect Core §5.4, §11.
    Standard,
    /// The population database (Law on Identification Art 9).
    Registry,
}

/// The least that a session must be for a scope to be granted in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    pub account: AccountLevel,
    pub authentication: AcrLevel,
}

impl Floor {
    /// Both scales, each at the higher of the two.
    #[must_use]
    pub fn raised_to(self, other: Self) -> Self {
        Self { account: self.account.max(other.account), authentication: self.authentication.max(other.authentication) }
    }

    pub const LOWEST: Self = Self { account: AccountLevel::One, authentication: AcrLevel::One };
    pub const REGISTRY: Self = Self { account: AccountLevel::Two, authentication: AcrLevel::Two };
    const PRIVATE: Self = Self { account: AccountLevel::Two, authentication: AcrLevel::Three };
}

/// One row of the scope table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    pub name: &'static str,
    pub claims: &'static [&'static str],
    /// As built in; a deployment may raise it.
    pub floor: Floor,
    pub class: DataClass,
    pub origin: Origin,
}

const fn standard(name: &'static str, claims: &'static [&'static str], floor: Floor, class: DataClass) -> Scope {
    Scope { name, claims, floor, class, origin: Origin::Standard }
}

const fn registry(name: &'static str, claims: &'static [&'static str], floor: Floor, class: DataClass) -> Scope {
    Scope { name, claims, floor, class, origin: Origin::Registry }
}

/// Every scope with a meaning here. A claim stands in exactly one row, so that its floor is one.
pub const SCOPES: &[Scope] = &[
    standard(
        "openid",
        &["sub", "acr", "amr", "auth_time", "account_level", "account_type"],
        Floor::LOWEST,
        DataClass::Protocol,
    ),
    standard(
        "profile",
        &[
            "name",
            "family_name",
            "middle_name",
            "given_name",
            "birthdate",
            "birthdate_precision",
            "gender",
            "nationalities",
            "updated_at",
        ],
        Floor::LOWEST,
        DataClass::Basic,
    ),
    standard("email", &["email", "email_verified"], Floor::LOWEST, DataClass::Basic),
    standard("phone", &["phone_number", "phone_number_verified"], Floor::LOWEST, DataClass::Basic),
    standard("address", &["address", "residence"], Floor::REGISTRY, DataClass::Basic),
    standard("offline_access", &[], Floor::LOWEST, DataClass::Protocol),
    registry("vn_id", &["id_number", "previous_id_numbers", "cmnd9"], Floor::REGISTRY, DataClass::Basic),
    registry("vn_card", &["card"], Floor::REGISTRY, DataClass::Basic),
    registry(
        "vn_birth",
        &["place_of_birth", "birth_registration_place", "que_quan"],
        Floor::REGISTRY,
        DataClass::Basic,
    ),
    registry(
        "vn_family",
        &["parents", "spouse", "children", "representative", "household"],
        Floor::PRIVATE,
        DataClass::Basic,
    ),
    registry("vn_civil", &["marital_status", "life_status"], Floor::REGISTRY, DataClass::Basic),
    // Answers in the place of data, by the name of the claim (`oidc::predicate`).
    registry(
        "vn_check",
        &["age_over_14", "age_over_16", "age_over_18", "age_over_60", "alive"],
        Floor::LOWEST,
        DataClass::Basic,
    ),
    registry("vn_match", &["resident_in", "same_person_as"], Floor::REGISTRY, DataClass::Basic),
    registry("vn_sensitive", &["ethnicity", "religion", "blood_group"], Floor::PRIVATE, DataClass::Sensitive),
];

impl Scope {
    pub fn find(name: &str) -> Option<&'static Self> {
        SCOPES.iter().find(|scope| scope.name == name)
    }

    /// The scope whose floor and permission decide about a claim that is asked for by name. A language tag
    /// (`name#vi`, OpenID Connect Core §5.2) and what a question asks about (`resident_in:01`) change nothing about it.
    pub fn of_claim(claim: &str) -> Option<&'static Self> {
        let name = claim.split(['#', ':']).next().unwrap_or_default();
        SCOPES.iter().find(|scope| scope.claims.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_order_and_drops_repetitions() {
        let set = ScopeSet::parse("openid  profile openid vn_id ").unwrap();
        assert_eq!(set.to_string(), "openid profile vn_id");
        assert_eq!(set.len(), 3);
        assert!(set.contains("vn_id") && !set.contains("vn") && !set.contains("OPENID"));
        assert!(ScopeSet::parse("").unwrap().is_empty());
    }

    #[test]
    fn refuses_what_is_no_token() {
        for text in ["a\"b", "a\\b", "a\tb", "họ", "a\u{0}", "\u{7f}", "a\nb"] {
            assert_eq!(ScopeSet::parse(text), Err(ScopeSyntax), "{text:?}");
        }
        assert_eq!(OAuthError::from(ScopeSyntax).code, OAuthErrorCode::InvalidScope);
    }

    #[test]
    fn floors_of_the_table() {
        use AccountLevel as A;
        use AcrLevel as L;
        for (name, account, authentication, class) in [
            ("openid", A::One, L::One, DataClass::Protocol),
            ("profile", A::One, L::One, DataClass::Basic),
            ("email", A::One, L::One, DataClass::Basic),
            ("phone", A::One, L::One, DataClass::Basic),
            ("offline_access", A::One, L::One, DataClass::Protocol),
            ("address", A::Two, L::Two, DataClass::Basic),
            ("vn_id", A::Two, L::Two, DataClass::Basic),
            ("vn_card", A::Two, L::Two, DataClass::Basic),
            ("vn_birth", A::Two, L::Two, DataClass::Basic),
            ("vn_civil", A::Two, L::Two, DataClass::Basic),
            ("vn_family", A::Two, L::Three, DataClass::Basic),
            ("vn_check", A::One, L::One, DataClass::Basic),
            ("vn_match", A::Two, L::Two, DataClass::Basic),
            ("vn_sensitive", A::Two, L::Three, DataClass::Sensitive),
        ] {
            let scope = Scope::find(name).expect(name);
            assert_eq!((scope.floor, scope.class), (Floor { account, authentication }, class), "{name}");
        }
        assert_eq!(SCOPES.len(), 14);
    }

    #[test]
    fn a_claim_belongs_to_one_scope() {
        let mut seen = HashSet::new();
        for scope in SCOPES {
            for claim in scope.claims {
                assert!(seen.insert(claim), "{claim} twice");
                assert_eq!(Scope::of_claim(claim), Some(scope));
            }
        }
        assert_eq!(Scope::of_claim("name#vi").map(|scope| scope.name), Some("profile"));
        assert_eq!(Scope::of_claim("nickname"), None);
        assert_eq!(Scope::of_claim(""), None);
    }

    #[test]
    fn standard_scopes_and_claims_of_a_set() {
        assert_eq!(ScopeSet::standard().to_string(), "openid profile email phone address offline_access");
        let set = ScopeSet::parse("email unknown vn_card").unwrap();
        assert_eq!(set.claims().collect::<Vec<_>>(), ["email", "email_verified", "card"]);
        assert_eq!(set.filtered(|token| token != "email").to_string(), "unknown vn_card");
        assert!(set.filtered(|token| token == "email").is_subset(&ScopeSet::standard()));
        assert!(!set.is_subset(&ScopeSet::standard()));
    }

    proptest! {
        #[test]
        fn parse_and_print_are_inverse(text in "[ -~]{0,60}") {
            if let Ok(set) = ScopeSet::parse(&text) {
                prop_assert_eq!(ScopeSet::parse(&set.to_string()).unwrap(), set.clone());
                let json = serde_json::to_string(&set).unwrap();
                prop_assert_eq!(serde_json::from_str::<ScopeSet>(&json).unwrap(), set);
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = ScopeSet::parse(&text);
            let _ = Scope::of_claim(&text);
        }
    }
}
