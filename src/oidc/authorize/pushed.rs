//! Pushed authorization requests (RFC 9126): the client brings its parameters itself and gets a reference for the browser.

use serde::{Deserialize, Serialize};

use super::arrival::Arrival;
use crate::{base::Span, oidc::params::Params};

/// Of the references that we give (RFC 9126 §2.2); what follows is the token.
const URN: &str = "urn:ietf:params:oauth:request_uri:";

/// Parameters of client authentication, which are no part of the request that is kept (RFC 9126 §2.1).
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// What is kept of a pushed request. The checks ran when it was pushed and run again when it is opened: the client's
/// registration may have changed meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushedRequest {
    pub params: Params,
    pub arrival: Arrival,
}

/// The endpoint's answer, with status 201 (RFC 9126 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushedResponse {
    pub request_uri: String,
    pub expires_in: i64,
}

impl PushedResponse {
    pub fn new(token: &str, lifetime: Span) -> Self {
        Self { request_uri: format!("{URN}{token}"), expires_in: lifetime.as_secs() }
    }
}

/// Whether a `request_uri` is one that this service gave, by its form.
pub fn is_pushed_uri(request_uri: &str) -> bool {
    request_uri.starts_with(URN)
}

/// The token of such a reference.
pub fn pushed_token(request_uri: &str) -> Option<&str> {
    request_uri.strip_prefix(URN)
}

impl Params {
    /// The authorization request in the form that a client posted: without its credentials, and with `client_id` also where
    /// only its authentication names the client.
    #[must_use]
    pub fn as_pushed(&self, client_id: &str) -> Self {
        let own = self.iter().filter(|(name, _)| !CREDENTIALS.contains(name));
        let is_named = self.iter().any(|(name, value)| name == "client_id" && !value.is_empty());
        let named = (!is_named).then_some(("client_id", client_id));
        Self::from_pairs(own.filter(|(name, _)| is_named || *name != "client_id").chain(named))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::authorize::{Form, Way};

    #[test]
    fn the_reference_is_a_urn_of_the_token() {
        let response = PushedResponse::new("ddp_x", Span::secs(90));
        assert_eq!(
            (response.request_uri.as_str(), response.expires_in),
            ("urn:ietf:params:oauth:request_uri:ddp_x", 90)
        );
        assert!(is_pushed_uri(&response.request_uri));
        assert_eq!(pushed_token(&response.request_uri), Some("ddp_x"));
        for other in
            ["https://rp.example/r", "urn:ietf:params:oauth:request_uri", "URN:ietf:params:oauth:request_uri:x", ""]
        {
            assert!(!is_pushed_uri(other) && pushed_token(other).is_none(), "{other}");
        }
    }

    #[test]
    fn credentials_are_not_kept_and_the_client_is_always_named() {
        let pushed = |form: &str| Params::parse(form.as_bytes()).unwrap().as_pushed("portal").encode();
        let table = [
            (
                "scope=openid&client_secret=s&client_assertion=a&client_assertion_type=t",
                "scope=openid&client_id=portal",
            ),
            ("client_id=portal&scope=openid", "client_id=portal&scope=openid"),
            ("client_id=&scope=openid", "scope=openid&client_id=portal"),
            // What is wrong stays wrong, for the checks.
            ("client_id=a&client_id=b", "client_id=a&client_id=b"),
            ("state=1&state=2", "state=1&state=2&client_id=portal"),
        ];
        for (form, kept) in table {
            assert_eq!(pushed(form), kept, "{form}");
        }
    }

    #[test]
    fn what_is_kept_is_read_back() {
        let params = Params::parse(b"scope=openid&resource=a&resource=b").unwrap();
        let kept = PushedRequest { params, arrival: Arrival { way: Way::Pushed, form: Form::Signed } };
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<PushedRequest>(&json).unwrap(), kept);
    }
}
