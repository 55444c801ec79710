//! The answer of the authorization endpoint (RFC 6749 §4.1.2, §4.1.2.1, RFC 9207).

use super::addressed::ReturnAddress;
use crate::oidc::{
    error::OAuthError,
    response_mode::{Carrier, fragment_location, query_location},
};

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    Code(&'a str),
    Error(&'a OAuthError),
}

/// How it leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// 303 to this URI.
    Redirect { location: String },
    /// A page with a form that posts these fields there (Form Post Response Mode §2).
    FormPost { action: String, fields: Vec<(&'static str, String)> },
}

impl ReturnAddress {
    /// `iss` stands in codes and errors alike, so that a client with several providers can tell them apart (RFC 9207 §2).
    pub fn fields(&self, answer: Answer<'_>, issuer: &str) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&'static str, String)> = match answer {
            Answer::Code(code) => vec![("code", code.to_owned())],
            Answer::Error(error) => {
                vec![("error", error.code.as_str().to_owned()), ("error_description", error.description().to_owned())]
            }
        };
        fields.extend(self.state.iter().map(|state| ("state", state.clone())));
        fields.push(("iss", issuer.to_owned()));
        fields
    }

    /// Sends these fields, or the one that a signed response is, in the way that was asked for.
    pub fn carry(&self, fields: Vec<(&'static str, String)>) -> Delivery {
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match self.response_mode.carrier() {
            Carrier::Query => Delivery::Redirect { location: query_location(&self.redirect_uri, &pairs) },
            Carrier::Fragment => Delivery::Redirect { location: fragment_location(&self.redirect_uri, &pairs) },
            Carrier::Form => Delivery::FormPost { action: self.redirect_uri.clone(), fields },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{error::OAuthErrorCode, response_mode::ResponseMode};

    fn address(response_mode: ResponseMode, state: Option<&str>) -> ReturnAddress {
        ReturnAddress {
            redirect_uri: "https://rp.example/cb?a=1".to_owned(),
            redirect_uri_requested: true,
            response_mode,
            state: state.map(str::to_owned),
        }
    }

    fn deliver(mode: ResponseMode, answer: Answer<'_>, state: Option<&str>) -> Delivery {
        let address = address(mode, state);
        address.carry(address.fields(answer, "https://id.example"))
    }

    #[test]
    fn codes_and_errors_travel_with_state_and_iss() {
        let denied = OAuthError::new(OAuthErrorCode::AccessDenied, "the person refused");
        let location = |text: &str| Delivery::Redirect { location: format!("https://rp.example/cb?a=1{text}") };
        assert_eq!(
            deliver(ResponseMode::Query, Answer::Code("c+1"), Some("x y")),
            location("&code=c%2B1&state=x+y&iss=https%3A%2F%2Fid.example")
        );
        assert_eq!(
            deliver(ResponseMode::Query, Answer::Error(&denied), None),
            location("&error=access_denied&error_description=the+person+refused&iss=https%3A%2F%2Fid.example")
        );
        assert_eq!(
            deliver(ResponseMode::Fragment, Answer::Code("c"), Some("s")),
            location("#code=c&state=s&iss=https%3A%2F%2Fid.example")
        );
        let fields = vec![
            ("error", "access_denied".to_owned()),
            ("error_description", "the person refused".to_owned()),
            ("state", "s".to_owned()),
            ("iss", "https://id.example".to_owned()),
        ];
        assert_eq!(
            deliver(ResponseMode::FormPost, Answer::Error(&denied), Some("s")),
            Delivery::FormPost { action: "https://rp.example/cb?a=1".to_owned(), fields }
        );
    }
}
