//! Whose form is this? Ours, in this browser: by the synchroniser token, and by what the browser says of its origin.

use http::{HeaderMap, header::ORIGIN};

use super::Visitor;
use crate::{http::state::AppState, oidc::params::Params};

/// A form of another site, or one without this browser's token: nothing of it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignForm;

/// Makes and checks the tokens of one purpose (an interaction, a session, a registration).
pub struct FormGuard<'a> {
    pub state: &'a AppState,
    pub purpose: &'a [u8],
}

impl FormGuard<'_> {
    /// The `csrf` field of a page.
    pub fn token(&self, visitor: &Visitor) -> String {
        self.state.provider.secrets.codes.form_token(&visitor.cookie, self.purpose)
    }

    pub fn check(&self, visitor: &Visitor, headers: &HeaderMap, form: &Params) -> Result<(), ForeignForm> {
        self.check_token(visitor, headers, form.one("csrf").ok().flatten().unwrap_or_default())
    }

    /// `Origin: null` counts as absent; then `Sec-Fetch-Site` and the token decide (`docs/decisions`, browser rules).
    pub fn check_token(&self, visitor: &Visitor, headers: &HeaderMap, token: &str) -> Result<(), ForeignForm> {
        let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let origin_fits = match value(ORIGIN.as_str()) {
            Some("null") | None => true,
            Some(origin) => origin == self.state.origin,
        };
        let site_fits = matches!(value("sec-fetch-site"), None | Some("same-origin" | "none"));
        let token_fits = !visitor.cookie.is_empty()
            && self.state.provider.secrets.codes.is_form_token(&visitor.cookie, self.purpose, token);
        if origin_fits && site_fits && token_fits { Ok(()) } else { Err(ForeignForm) }
    }
}
