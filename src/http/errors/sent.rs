//! What a portal sent, as its developer may see it again in a demonstration: whole where it is of the protocol, and only its length
//! where it may be a secret or somebody's data. A page is photographed and sent around.

use crate::oidc::params::Params;

/// More than any request needs; a page of them helps nobody.
const MOST: usize = 40;
const LONGEST: usize = 300;

/// Parameters whose values are of the protocol alone. What is not among them is masked: nobody knows what a portal puts there.
const PLAIN: [&str; 18] = [
    "acr_values",
    "client_assertion_type",
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "display",
    "dpop_jkt",
    "max_age",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "ui_locales",
    "claims_locales",
];

/// A reference of ours opens a pushed request for whoever has it.
const REFERENCE: &str = "urn:ietf:params:oauth:request_uri:";

/// One parameter, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub name: String,
    pub value: Shown,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    Whole(String),
    /// Only how many characters it has.
    Masked(usize),
}

impl Sent {
    pub fn of(params: &Params) -> Vec<Self> {
        params.iter().take(MOST).map(|(name, value)| Self::one(name, value)).collect()
    }

    fn one(name: &str, value: &str) -> Self {
        let length = value.chars().count();
        let is_plain = PLAIN.contains(&name) && length <= LONGEST && !value.starts_with(REFERENCE);
        let value = if is_plain { Shown::Whole(value.to_owned()) } else { Shown::Masked(length) };
        Self { name: name.chars().take(60).collect(), value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_or_somebodys_is_masked() {
        let params = Params::from_pairs([
            ("client_id", "portal"),
            ("redirect_uri", "https://portal.example/cb"),
            ("login_hint", "001085000001"),
            ("state", "sesame"),
            ("request", "a.b.c"),
            ("client_secret", "sesame"),
            ("id_token_hint", "a.b.c"),
            ("claims", "{\"userinfo\":{\"same_person_as\":{\"value\":{}}}}"),
            ("authorization_details", "[]"),
            ("request_uri", "urn:ietf:params:oauth:request_uri:sesame"),
            ("whatever", "Nguyễn Văn Thử"),
        ]);
        let shown = Sent::of(&params);
        let whole: Vec<_> = shown.iter().filter(|sent| matches!(sent.value, Shown::Whole(_))).collect();
        assert_eq!(whole.iter().map(|sent| sent.name.as_str()).collect::<Vec<_>>(), ["client_id", "redirect_uri"]);
        assert_eq!(shown[10].value, Shown::Masked(14));
        assert!(!format!("{shown:?}").contains("sesame") && !format!("{shown:?}").contains("001085"));
        let many = Params::from_pairs((0..100).map(|n| (format!("p{n}"), String::new())));
        assert_eq!(Sent::of(&many).len(), MOST);
        let long = Params::from_pairs([("redirect_uri", "x".repeat(LONGEST + 1))]);
        assert_eq!(Sent::of(&long)[0].value, Shown::Masked(LONGEST + 1));
    }
}
