//! How the answer of the authorization endpoint travels (OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth
//! 2.0 Form Post Response Mode, JARM §2.3).

use serde::{Deserialize, Serialize};

/// `fragment` may be asked for (Multiple Response Types §2.1) and is the default of no flow offered here: it puts codes where
/// scripts read them, which PKCE makes bearable and profiles forbid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// The default of the code flow (Multiple Response Types §2.1).
    #[default]
    Query,
    Fragment,
    FormPost,
    /// Also what `jwt` means for the code flow (JARM §2.3.4).
    QueryJwt,
    FragmentJwt,
    FormPostJwt,
}

/// Which part of the browser's request carries the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Query,
    Fragment,
    Form,
}

/// JARM §2.3.4: the signed form of the response type's default mode.
const JWT: &str = "jwt";

impl ResponseMode {
    pub const ALL: [Self; 6] =
        [Self::Query, Self::Fragment, Self::FormPost, Self::QueryJwt, Self::FragmentJwt, Self::FormPostJwt];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FragmentJwt => "fragment.jwt",
            Self::FormPostJwt => "form_post.jwt",
        }
    }

    /// Every name that may be asked for, as discovery lists them.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.map(Self::as_str).into_iter().chain([JWT]).collect()
    }

    pub fn parse(name: &str) -> Option<Self> {
        if name == JWT {
            return Some(Self::QueryJwt);
        }
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// Whether the answer is a JWT (JARM).
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FragmentJwt | Self::FormPostJwt)
    }

    pub const fn carrier(self) -> Carrier {
        match self {
            Self::Query | Self::QueryJwt => Carrier::Query,
            Self::Fragment | Self::FragmentJwt => Carrier::Fragment,
            Self::FormPost | Self::FormPostJwt => Carrier::Form,
        }
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
    format!("{redirect_uri}{joint}{}", encoded(pairs))
}

/// The same as its fragment; a registered redirect URI has none of its own.
pub fn fragment_location(redirect_uri: &str, pairs: &[(&str, &str)]) -> String {
    format!("{redirect_uri}#{}", encoded(pairs))
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::params::Params;

    #[test]
    fn the_modes() {
        assert_eq!(
            ResponseMode::names(),
            ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt", "jwt"]
        );
        for mode in ResponseMode::ALL {
            assert_eq!(ResponseMode::parse(mode.as_str()), Some(mode));
            assert_eq!(mode.is_signed(), mode.as_str().split_once('.').is_some_and(|(_, form)| form == "jwt"));
            let stored = serde_json::to_value(mode).unwrap();
            assert_eq!(serde_json::from_value::<ResponseMode>(stored).unwrap(), mode);
        }
        assert_eq!(ResponseMode::parse("jwt"), Some(ResponseMode::QueryJwt));
        for name in ["Query", "", "web_message", ".jwt", "JWT"] {
            assert_eq!(ResponseMode::parse(name), None, "{name}");
        }
        assert_eq!(ResponseMode::default(), ResponseMode::Query);
        // Interactions that were stored before there were more modes.
        assert_eq!(serde_json::to_value(ResponseMode::FormPost).unwrap(), "form_post");
        assert_eq!(serde_json::to_value(ResponseMode::Query).unwrap(), "query");
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
        let fragment = fragment_location("https://rp.example/cb?a=%41", &answer);
        assert_eq!(fragment, format!("https://rp.example/cb?a=%41#{tail}"));
    }

    proptest! {
        #[test]
        fn what_is_added_is_read_back(state in "[^\0]{1,40}", iss in "[^\0]{1,20}") {
            let pairs = [("state", state.as_str()), ("iss", iss.as_str())];
            let query = query_location("https://rp.example/cb", &pairs);
            let fragment = fragment_location("https://rp.example/cb", &pairs);
            prop_assert!(query.is_ascii() && !query.contains('#'));
            prop_assert!(fragment.is_ascii() && fragment.matches('#').count() == 1);
            for added in [query.split_once('?').unwrap().1, fragment.split_once('#').unwrap().1] {
                let params = Params::parse(added.as_bytes()).unwrap();
                prop_assert_eq!(params.one("state").unwrap(), Some(state.as_str()));
                prop_assert_eq!(params.one("iss").unwrap(), Some(iss.as_str()));
            }
        }
    }
}
