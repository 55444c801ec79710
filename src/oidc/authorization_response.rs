//! The authorization endpoint's answer to the client, code or error (RFC 6749 §4.1.2, §4.1.2.1), with the issuer's name
//! in it (RFC 9207), as a redirect or as a form that the browser posts.

use super::{
    error::OAuthError,
    response_mode::{ResponseMode, query_location},
};
use crate::base::Secret;

/// What travels; where to is decided by [`Self::deliver`], whose caller has matched the redirect URI to the client.
#[derive(Clone, Debug)]
pub struct AuthorizationResponse {
    fields: Vec<(&'static str, Secret)>,
}

/// How the answer leaves.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// 303 to this address (RFC 9700 §4.12: never 307, which would post the person's password on).
    Redirect(Secret),
    /// A page with a form that posts these fields to `action` (OAuth 2.0 Form Post Response Mode §2).
    FormPost { action: String, fields: Vec<(&'static str, Secret)> },
}

impl AuthorizationResponse {
    pub fn code(code: &Secret, state: Option<&str>, issuer: &str) -> Self {
        Self::with(vec![("code", code.clone())], state, issuer)
    }

    pub fn error(error: &OAuthError, state: Option<&str>, issuer: &str) -> Self {
        let mut fields = vec![("error", Secret::new(error.code.as_str()))];
        // RFC 6749 §4.1.2.1: optional, and without a text it would be an empty parameter.
        if !error.description().is_empty() {
            fields.push(("error_description", Secret::new(error.description())));
        }
        Self::with(fields, state, issuer)
    }

    /// `state` as it was sent (RFC 6749 §4.1.2); `iss` in every answer, errors too (RFC 9207 §2).
    fn with(mut fields: Vec<(&'static str, Secret)>, state: Option<&str>, issuer: &str) -> Self {
        fields.extend(state.map(|state| ("state", Secret::new(state))));
        fields.push(("iss", Secret::new(issuer)));
        Self { fields }
    }

    pub fn deliver(self, redirect_uri: &str, mode: ResponseMode) -> Delivery {
        match mode {
            ResponseMode::Query => {
                let pairs: Vec<(&str, &str)> =
                    self.fields.iter().map(|(name, value)| (*name, value.reveal())).collect();
                Delivery::Redirect(Secret::new(query_location(redirect_uri, &pairs)))
            }
            ResponseMode::FormPost => Delivery::FormPost { action: redirect_uri.to_owned(), fields: self.fields },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::error::OAuthErrorCode;

    const ISSUER: &str = "https://dinhdanh.example";

    fn redirect(response: AuthorizationResponse, uri: &str) -> String {
        match response.deliver(uri, ResponseMode::Query) {
            Delivery::Redirect(location) => location.reveal().to_owned(),
            Delivery::FormPost { .. } => panic!("a form"),
        }
    }

    fn form(response: AuthorizationResponse, uri: &str) -> (String, Vec<(&'static str, String)>) {
        match response.deliver(uri, ResponseMode::FormPost) {
            Delivery::Redirect(_) => panic!("a redirect"),
            Delivery::FormPost { action, fields } => {
                (action, fields.into_iter().map(|(name, value)| (name, value.reveal().to_owned())).collect())
            }
        }
    }

    #[test]
    fn answers_by_redirect() {
        let code = Secret::new("ddc_1");
        let denied = OAuthError::new(OAuthErrorCode::AccessDenied, "the person refused");
        let table = [
            (
                AuthorizationResponse::code(&code, Some("a b&c"), ISSUER),
                "https://p.example/cb",
                "https://p.example/cb?code=ddc_1&state=a+b%26c&iss=https%3A%2F%2Fdinhdanh.example",
            ),
            (
                AuthorizationResponse::code(&code, None, ISSUER),
                "https://p.example/cb?tenant=%31&x",
                "https://p.example/cb?tenant=%31&x&code=ddc_1&iss=https%3A%2F%2Fdinhdanh.example",
            ),
            (
                AuthorizationResponse::error(&denied, Some("s"), ISSUER),
                "vn.example.app:/cb",
                "vn.example.app:/cb?error=access_denied&error_description=the+person+refused&state=s&iss=https%3A%2F%2Fdinhdanh.example",
            ),
            (
                AuthorizationResponse::error(&OAuthError::new(OAuthErrorCode::LoginRequired, ""), None, ISSUER),
                "https://p.example/cb",
                "https://p.example/cb?error=login_required&iss=https%3A%2F%2Fdinhdanh.example",
            ),
        ];
        for (response, uri, expected) in table {
            assert_eq!(redirect(response, uri), expected);
        }
    }

    #[test]
    fn answers_by_form() {
        let code = Secret::new("ddc_1");
        let (action, fields) =
            form(AuthorizationResponse::code(&code, Some("a b&c"), ISSUER), "https://p.example/cb?x=1");
        assert_eq!(action, "https://p.example/cb?x=1");
        let expected = [("code", "ddc_1"), ("state", "a b&c"), ("iss", ISSUER)];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
        let denied = OAuthError::new(OAuthErrorCode::AccessDenied, "no");
        let (_, fields) = form(AuthorizationResponse::error(&denied, None, ISSUER), "https://p.example/cb");
        let expected = [("error", "access_denied"), ("error_description", "no"), ("iss", ISSUER)];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn the_code_is_not_printed() {
        let response = AuthorizationResponse::code(&Secret::new("sesame"), None, ISSUER);
        assert!(!format!("{response:?}").contains("sesame"));
        assert!(!format!("{:?}", response.deliver("https://p.example", ResponseMode::Query)).contains("sesame"));
    }

    proptest! {
        #[test]
        fn the_client_reads_what_was_meant(state in "[^\0]{0,60}", code in "[ -~]{1,30}") {
            let response = AuthorizationResponse::code(&Secret::new(code.clone()), Some(&state), ISSUER);
            let location = url::Url::parse(&redirect(response, "https://p.example/cb?x=1")).unwrap();
            let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
            let expected = [("x", "1"), ("code", &code), ("state", &state), ("iss", ISSUER)];
            prop_assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
            prop_assert_eq!(location.host_str(), Some("p.example"));
            prop_assert!(location.fragment().is_none());
        }
    }
}
