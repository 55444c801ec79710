//! Somebody must be signed in, and be the person that the request is about (OpenID Connect Core §3.1.2.1 `id_token_hint`,
//! §5.5.1 `sub`). Who signed in for this very request and is still another person ends it.

use super::super::{Next, Presence, Standing};
use crate::oidc::{
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn decide(_: &Request, standing: &Standing) -> Option<Next> {
    match standing.presence {
        Presence::Present => None,
        Presence::AnotherPerson if standing.reached_since_start.is_some() => Some(Next::Refuse(OAuthError::new(
            OAuthErrorCode::LoginRequired,
            "another person signed in than the request is about",
        ))),
        Presence::Absent | Presence::AnotherPerson => Some(Next::Login),
    }
}
