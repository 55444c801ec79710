//! The `prompt` parameter (OpenID Connect Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// What the relying party wants to be shown, or not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page at all: an answer or an error.
    None,
    /// Prove everything again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the person choose the account.
    SelectAccount,
}

impl Prompt {
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// The values of one request; `none` never stands beside another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompts(Vec<Prompt>);

impl Prompts {
    /// A value that we do not know is refused rather than ignored: the request would not get what it relies on
    /// (Initiating User Registration via OpenID Connect 1.0 §4.1 asks for the same).
    pub fn parse(text: &str) -> Result<Self, OAuthError> {
        let mut prompts = Vec::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let Some(prompt) = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == word) else {
                return Err(OAuthError::invalid_request(format!("prompt does not know the value {word}")));
            };
            if !prompts.contains(&prompt) {
                prompts.push(prompt);
            }
        }
        // OpenID Connect Core §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
        if prompts.len() > 1 && prompts.contains(&Prompt::None) {
            return Err(OAuthError::invalid_request("prompt=none cannot be combined with another value"));
        }
        Ok(Self(prompts))
    }

    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::error::OAuthErrorCode;

    #[test]
    fn values_combine_except_none() {
        let both = Prompts::parse("login consent login").unwrap();
        assert!(both.contains(Prompt::Login) && both.contains(Prompt::Consent) && !both.contains(Prompt::None));
        assert!(Prompts::parse("none").unwrap().contains(Prompt::None));
        assert_eq!(Prompts::parse("").unwrap(), Prompts::default());
        for text in ["none login", "consent none", "create", "Login", "login,consent", "none none x"] {
            assert_eq!(Prompts::parse(text).unwrap_err().code, OAuthErrorCode::InvalidRequest, "{text}");
        }
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["login","consent"]"#);
    }

    proptest! {
        #[test]
        fn none_stands_alone(words in proptest::collection::vec(0usize..4, 0..6)) {
            let text = words.iter().map(|&at| Prompt::ALL[at].as_str()).collect::<Vec<_>>().join(" ");
            match Prompts::parse(&text) {
                Ok(prompts) => prop_assert!(!prompts.contains(Prompt::None) || words.iter().all(|&at| at == 0)),
                Err(_) => prop_assert!(words.contains(&0) && words.iter().any(|&at| at != 0)),
            }
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = Prompts::parse(&text);
        }
    }
}
