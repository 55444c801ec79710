//! Who asks and where the answer goes. Only after this may an error be redirected (RFC 6749 §4.1.2.1).

use serde::{Deserialize, Serialize};

use super::arrival::Arrival;
use crate::{
    base::ids::ClientId,
    oidc::{client::Client, error::OAuthError, params::Params, response_mode::ResponseMode, scope::ScopeSet},
};

/// Refusals that nobody may be redirected with: the person sees a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    #[error("client_id is missing")]
    ClientIdMissing,
    #[error("client_id is repeated")]
    ClientIdRepeated,
    #[error("client_id is not registered here")]
    ClientUnknown,
    #[error("the client is disabled")]
    ClientDisabled,
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
    #[error("redirect_uri is repeated")]
    RedirectUriRepeated,
    #[error("redirect_uri is not registered for this client")]
    RedirectUriUnregistered,
}

impl PageError {
    /// For the page's technical line, and for the pushed request, which answers in JSON (RFC 9126 §2.3).
    pub fn oauth(self) -> OAuthError {
        OAuthError::invalid_request(self.to_string())
    }
}

/// Where and how the answer is delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAddress {
    /// The URI in use, byte for byte as requested, or the only one registered when none was requested.
    pub redirect_uri: String,
    /// Whether the request had it: then the token request must repeat it (RFC 6749 §4.1.3).
    pub redirect_uri_requested: bool,
    pub response_mode: ResponseMode,
    pub state: Option<String>,
}

/// A request of a known client that asks for its answer at one of the client's own addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    pub client_id: ClientId,
    pub address: ReturnAddress,
    pub(super) params: Params,
    pub(super) arrival: Arrival,
}

impl Addressed {
    /// Which client to look up.
    pub fn client_id(params: &Params) -> Result<ClientId, PageError> {
        match params.one("client_id") {
            Ok(Some(id)) => Ok(ClientId::from(id)),
            Ok(None) => Err(PageError::ClientIdMissing),
            Err(_) => Err(PageError::ClientIdRepeated),
        }
    }

    /// `client` is the one that [`Addressed::client_id`] names. A response mode that we don't have, and a repeated one, are
    /// reported to the client by the checks; until then its answers travel in the query, the default of the code flow. So
    /// does a repeated `state`: an error without any is better than one with the wrong one.
    pub fn resolve(params: Params, client: &Client) -> Result<Self, PageError> {
        let client_id = Self::client_id(&params)?;
        let requested = params.one("redirect_uri").map_err(|_| PageError::RedirectUriRepeated)?;
        let redirect_uri = match requested {
            Some(uri) if client.matches_redirect_uri(uri) => uri.to_owned(),
            Some(_) => return Err(PageError::RedirectUriUnregistered),
            None => only_registered(&params, client)?,
        };
        let address = ReturnAddress {
            redirect_uri,
            redirect_uri_requested: requested.is_some(),
            response_mode: params.one("response_mode").ok().flatten().and_then(ResponseMode::parse).unwrap_or_default(),
            state: params.one("state").ok().flatten().map(str::to_owned),
        };
        Ok(Self { client_id, address, params, arrival: Arrival::default() })
    }

    /// Says how it came, where that was not by the browser and in the open.
    #[must_use]
    pub fn arrived(self, arrival: Arrival) -> Self {
        Self { arrival, ..self }
    }
}

/// RFC 6749 §3.1.2.3 lets a client with one full URI leave it out; OpenID Connect Core §3.1.2.1 requires it.
fn only_registered(params: &Params, client: &Client) -> Result<String, PageError> {
    let is_openid = params.all("scope").any(|text| ScopeSet::parse(text).is_ok_and(|scopes| scopes.contains("openid")));
    match client.redirect_uris.as_slice() {
        [only] if !is_openid => Ok(only.to_string()),
        _ => Err(PageError::RedirectUriMissing),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::oidc::client::RegisteredBy;

    fn client(uris: &[&str]) -> Client {
        Client::register(&json!({ "redirect_uris": uris }), RegisteredBy::Operator).unwrap()
    }

    fn resolve(query: &str, uris: &[&str]) -> Result<ReturnAddress, PageError> {
        Addressed::resolve(Params::parse(query.as_bytes()).unwrap(), &client(uris)).map(|addressed| addressed.address)
    }

    const CB: &str = "https://rp.example/cb";
    const OTHER: &str = "https://rp.example/other";

    #[test]
    fn what_stays_a_page() {
        use PageError as E;
        for (query, error) in [
            ("", E::ClientIdMissing),
            ("client_id=", E::ClientIdMissing),
            ("client_id=a&client_id=a", E::ClientIdRepeated),
            (
                "client_id=a&redirect_uri=https://rp.example/cb&redirect_uri=https://rp.example/cb",
                E::RedirectUriRepeated,
            ),
            ("client_id=a&redirect_uri=https://evil.example/cb", E::RedirectUriUnregistered),
            ("client_id=a&redirect_uri=https://rp.example/CB", E::RedirectUriUnregistered),
            ("client_id=a&scope=openid", E::RedirectUriMissing),
            ("client_id=a&scope=profile+openid", E::RedirectUriMissing),
            ("client_id=a&scope=x&scope=openid", E::RedirectUriMissing),
        ] {
            assert_eq!(resolve(query, &[CB]), Err(error), "{query}");
        }
        assert_eq!(resolve("client_id=a&scope=profile", &[CB, OTHER]), Err(E::RedirectUriMissing));
    }

    #[test]
    fn a_single_registered_uri_may_be_left_out_without_openid() {
        let address = resolve("client_id=a&scope=profile", &[CB]).unwrap();
        assert_eq!((address.redirect_uri.as_str(), address.redirect_uri_requested), (CB, false));
        let address = resolve("client_id=a&scope=profile&redirect_uri=https%3A%2F%2Frp.example%2Fother", &[CB, OTHER]);
        let address = address.unwrap();
        assert_eq!((address.redirect_uri.as_str(), address.redirect_uri_requested), (OTHER, true));
    }

    #[test]
    fn mode_and_state_are_resolved_and_fall_back() {
        let of = |more: &str| resolve(&format!("client_id=a&redirect_uri={CB}&{more}"), &[CB]).unwrap();
        assert_eq!(of("response_mode=form_post&state=s%26").response_mode, ResponseMode::FormPost);
        assert_eq!(of("response_mode=form_post&state=s%26").state.as_deref(), Some("s&"));
        for odd in
            ["response_mode=web_message", "response_mode=form_post&response_mode=form_post", "state=a&state=b", ""]
        {
            assert_eq!((of(odd).response_mode, of(odd).state), (ResponseMode::Query, None), "{odd}");
        }
    }

    #[test]
    fn a_page_error_has_a_json_form() {
        assert_eq!(
            PageError::RedirectUriUnregistered.oauth().to_string(),
            "invalid_request: redirect_uri is not registered for this client"
        );
    }

    proptest! {
        /// Whatever is asked, the answer goes to a registered URI or nowhere.
        #[test]
        fn never_addresses_a_foreign_uri(uri in ".{0,40}", scope in "[a-z ]{0,12}") {
            let params = Params::from_pairs([("client_id", "a"), ("redirect_uri", &uri), ("scope", &scope)]);
            if let Ok(addressed) = Addressed::resolve(params, &client(&[CB])) {
                prop_assert_eq!(addressed.address.redirect_uri, CB);
            }
        }
    }
}
