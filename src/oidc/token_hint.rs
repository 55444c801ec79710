//! `token_type_hint` of revocation and introspection (RFC 7009 §2.1, RFC 7662 §2.1).

use super::{error::OAuthError, params::Params};

/// The registered values. Another value is ignored, as both RFCs allow: it is a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenTypeHint {
    AccessToken,
    RefreshToken,
}

impl TokenTypeHint {
    pub fn parse(params: &Params) -> Result<Option<Self>, OAuthError> {
        Ok(match params.one("token_type_hint")? {
            Some("access_token") => Some(Self::AccessToken),
            Some("refresh_token") => Some(Self::RefreshToken),
            _ => None,
        })
    }
}
