//! Token revocation (RFC 7009). An unknown, foreign or dead token is answered 200 like a living one (§2.2): only a failed
//! write may look different.

use super::{error::OAuthError, params::Params, token_hint::TokenTypeHint};
use crate::base::Secret;

/// §2.1.
#[derive(Clone, Debug)]
pub struct RevocationRequest {
    pub token: Secret,
    /// Only where to look first: a wrong hint must not hide the token (§2.1).
    pub hint: Option<TokenTypeHint>,
}

impl RevocationRequest {
    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        let hint = TokenTypeHint::parse(params)?;
        Ok(Self { token: Secret::new(params.required("token")?), hint })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::error::OAuthErrorCode;

    #[test]
    fn the_token_is_required_and_the_hint_is_not() {
        type Read<'a> = Result<(&'a str, Option<TokenTypeHint>), OAuthErrorCode>;
        let table: &[(&str, Read<'_>)] = &[
            ("token=t", Ok(("t", None))),
            ("token=t&token_type_hint=refresh_token", Ok(("t", Some(TokenTypeHint::RefreshToken)))),
            ("token=t&token_type_hint=access_token", Ok(("t", Some(TokenTypeHint::AccessToken)))),
            ("token=t&token_type_hint=saml", Ok(("t", None))),
            ("", Err(OAuthErrorCode::InvalidRequest)),
            ("token=", Err(OAuthErrorCode::InvalidRequest)),
            ("token=t&token=t", Err(OAuthErrorCode::InvalidRequest)),
            ("token=t&token_type_hint=a&token_type_hint=a", Err(OAuthErrorCode::InvalidRequest)),
        ];
        for (form, expected) in table {
            let read = RevocationRequest::parse(&Params::parse(form.as_bytes()).unwrap());
            let read = read.as_ref().map(|request| (request.token.reveal(), request.hint)).map_err(|error| error.code);
            assert_eq!(read, *expected, "{form}");
        }
    }
}
