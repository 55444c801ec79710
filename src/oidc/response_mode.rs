//! How the answer of the authorization endpoint travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth
//! 2.0 Form Post Response Mode).

use serde::{Deserialize, Serialize};

/// `fragment` is the default of no flow offered here and would put codes where scripts read them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// The default of the code flow (Multiple Response Types §2.1).
    #[default]
    Query,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

/// The redirect URI with the answer's parameters added to its query. A query that the URI has stays as it is, byte for
/// byte (RFC 6749 §3.1.2).
pub fn query_location(redirect_uri: &str, pairs: &[(&str, &str)]) -> String {
    let joint = match redirect_uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{redirect_uri}{joint}{query}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::params::Params;

    #[test]
    fn the_two_modes() {
        assert_eq!(ResponseMode::parse("query"), Some(ResponseMode::Query));
        assert_eq!(ResponseMode::parse("form_post"), Some(ResponseMode::FormPost));
        for name in ["fragment", "Query", "", "form_post.jwt", "web_message"] {
            assert_eq!(ResponseMode::parse(name), None, "{name}");
        }
        assert_eq!(ResponseMode::default(), ResponseMode::Query);
        assert_eq!(serde_json::to_value(ResponseMode::FormPost).unwrap(), "form_post");
    }

    #[test]
    fn the_query_of_a_redirect_uri_is_kept() {
        let answer = [("code", "a b"), ("state", "x&y=1#z")];
        let tail = "code=a+b&state=x%26y%3D1%23z";
        for (uri, expected) in [
            ("https://rp.example/cb", format!("https://rp.example/cb?{tail}")),
            ("https://rp.example/cb?", format!("https://rp.example/cb?{tail}")),
            ("https://rp.example/cb?a=%41", format!("https://rp.example/cb?a=%41&{tail}")),
            ("https://rp.example/cb?a=1&", format!("https://rp.example/cb?a=1&{tail}")),
            ("vn.example.app:/cb", format!("vn.example.app:/cb?{tail}")),
        ] {
            assert_eq!(query_location(uri, &answer), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_added_is_read_back(state in "[^\0]{1,40}", iss in "[^\0]{1,20}") {
            let location = query_location("https://rp.example/cb", &[("state", &state), ("iss", &iss)]);
            prop_assert!(location.is_ascii() && !location.contains('#'));
            let query = location.split_once('?').unwrap().1;
            let params = Params::parse(query.as_bytes()).unwrap();
            prop_assert_eq!(params.one("state").unwrap(), Some(state.as_str()));
            prop_assert_eq!(params.one("iss").unwrap(), Some(iss.as_str()));
        }
    }
}
