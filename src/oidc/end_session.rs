//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0): a client sends the person here to sign out.

use super::{error::OAuthError, id_token::IdToken, params::Params, response_mode::query_location};
use crate::base::{Secret, ids::ClientId};

/// §2. Every parameter is optional; GET and POST mean the same.
#[derive(Clone, Debug, Default)]
pub struct EndSessionRequest {
    /// Not yet verified: see [`IdToken::from_hint`].
    pub id_token_hint: Option<Secret>,
    pub logout_hint: Option<String>,
    pub client_id: Option<ClientId>,
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    /// Language tags in order of preference.
    pub ui_locales: Vec<String>,
}

impl EndSessionRequest {
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        let text = |name| params.one(name).map(|value| value.map(str::to_owned));
        let locales = params.one("ui_locales")?.unwrap_or_default();
        Ok(Self {
            id_token_hint: params.one("id_token_hint")?.map(Secret::new),
            logout_hint: text("logout_hint")?,
            client_id: params.one("client_id")?.map(ClientId::from),
            post_logout_redirect_uri: text("post_logout_redirect_uri")?,
            state: text("state")?,
            ui_locales: locales.split(' ').filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        })
    }

    /// The client that asks: the one the hint was issued to, else the one named. §2: when both are there, they must be
    /// the same. `hint` is the verified `id_token_hint`.
    pub fn client<'a>(&'a self, hint: Option<&'a IdToken>) -> Result<Option<&'a ClientId>, OAuthError> {
        match (hint.map(|hint| &hint.aud), self.client_id.as_ref()) {
            (Some(issued_to), Some(named)) if issued_to != named => {
                Err(OAuthError::invalid_request("client_id is not the client that the id_token_hint was issued to"))
            }
            (issued_to, named) => Ok(issued_to.or(named)),
        }
    }

    /// Where to send the browser afterwards, with `state` (§3). §3 forbids it for an address that is not exactly one of
    /// the client's `post_logout_redirect_uris`; the person then stays on our page.
    pub fn redirect(&self, registered: &[String]) -> Option<String> {
        let uri = self.post_logout_redirect_uri.as_deref()?;
        if !registered.iter().any(|own| own == uri) {
            return None;
        }
        Some(match &self.state {
            Some(state) => query_location(uri, &[("state", state)]),
            None => uri.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        base::Timestamp,
        oidc::{error::OAuthErrorCode, id_token::ExtraClaims},
    };

    fn parse(query: &str) -> Result<EndSessionRequest, OAuthError> {
        EndSessionRequest::parse(&Params::parse(query.as_bytes()).unwrap())
    }

    fn hint_for(client: &str) -> IdToken {
        IdToken {
            iss: "https://dinhdanh.example".to_owned(),
            sub: "a1".to_owned(),
            aud: ClientId::from(client),
            exp: Timestamp::from_secs(2),
            iat: Timestamp::from_secs(1),
            auth_time: Timestamp::from_secs(1),
            nonce: None,
            acr: "urn:vn:xacthuc:1".to_owned(),
            amr: Vec::new(),
            azp: None,
            at_hash: None,
            sid: None,
            account_level: None,
            account_type: None,
            claims: ExtraClaims::default(),
        }
    }

    #[test]
    fn every_parameter_is_optional_and_single() {
        let bare = parse("").unwrap();
        assert!(bare.id_token_hint.is_none() && bare.client_id.is_none() && bare.ui_locales.is_empty());
        let full = parse(concat!(
            "id_token_hint=a.b.c&logout_hint=s1&client_id=portal&post_logout_redirect_uri=https%3A%2F%2Fp.example%2Fbye",
            "&state=x%26y&ui_locales=vi++en-GB"
        ))
        .unwrap();
        assert_eq!(full.id_token_hint.as_ref().map(Secret::reveal), Some("a.b.c"));
        assert_eq!(full.logout_hint.as_deref(), Some("s1"));
        assert_eq!(full.client_id, Some(ClientId::from("portal")));
        assert_eq!(full.post_logout_redirect_uri.as_deref(), Some("https://p.example/bye"));
        assert_eq!(full.state.as_deref(), Some("x&y"));
        assert_eq!(full.ui_locales, ["vi", "en-GB"]);
        for name in ["id_token_hint", "logout_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"] {
            let error = parse(&format!("{name}=a&{name}=a")).expect_err(name);
            assert_eq!(error.code, OAuthErrorCode::InvalidRequest, "{name}");
        }
    }

    #[test]
    fn hint_and_client_id_name_the_same_client() {
        let (portal, hint) = (ClientId::from("portal"), hint_for("portal"));
        assert_eq!(parse("").unwrap().client(None), Ok(None));
        assert_eq!(parse("client_id=portal").unwrap().client(None), Ok(Some(&portal)));
        assert_eq!(parse("").unwrap().client(Some(&hint)), Ok(Some(&portal)));
        assert_eq!(parse("client_id=portal").unwrap().client(Some(&hint)), Ok(Some(&portal)));
        let other = parse("client_id=other").unwrap();
        assert_eq!(other.client(Some(&hint)).map_err(|error| error.code), Err(OAuthErrorCode::InvalidRequest));
    }

    #[test]
    fn only_a_registered_address_is_redirected_to() {
        let registered = ["https://p.example/bye".to_owned(), "https://p.example/bye?lang=vi".to_owned()];
        let table = [
            ("", None),
            ("state=s", None),
            ("post_logout_redirect_uri=https://p.example/bye", Some("https://p.example/bye")),
            (
                "post_logout_redirect_uri=https://p.example/bye&state=a%26b+c",
                Some("https://p.example/bye?state=a%26b+c"),
            ),
            (
                "post_logout_redirect_uri=https://p.example/bye?lang%3Dvi&state=s",
                Some("https://p.example/bye?lang=vi&state=s"),
            ),
            ("post_logout_redirect_uri=https://p.example/bye/", None),
            ("post_logout_redirect_uri=https://P.example/bye", None),
            ("post_logout_redirect_uri=https://p.example:443/bye", None),
            ("post_logout_redirect_uri=https://p.example/bye?lang%3Den", None),
            ("post_logout_redirect_uri=https://p.example/bye%23f", None),
        ];
        for (query, expected) in table {
            assert_eq!(parse(query).unwrap().redirect(&registered).as_deref(), expected, "{query}");
        }
        assert_eq!(parse("post_logout_redirect_uri=https://p.example/bye").unwrap().redirect(&[]), None);
    }

    proptest! {
        #[test]
        fn the_state_comes_back_as_it_was(state in "[^\0]{1,40}") {
            let uri = "https://p.example/bye".to_owned();
            let request = EndSessionRequest {
                post_logout_redirect_uri: Some(uri.clone()),
                state: Some(state.clone()),
                ..EndSessionRequest::default()
            };
            let target = url::Url::parse(&request.redirect(&[uri]).unwrap()).unwrap();
            let pairs: Vec<(String, String)> = target.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, vec![("state".to_owned(), state)]);
        }
    }
}
