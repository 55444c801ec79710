//! Every scope asked for has a floor that this person cannot reach: nothing is left to grant.

use super::super::{Next, Standing};
use crate::oidc::{
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    standing.granted(request).scopes.is_empty().then(|| {
        Next::Refuse(OAuthError::new(
            OAuthErrorCode::UnmetAuthenticationRequirements,
            "no scope of the request can be granted at a level within this person's reach",
        ))
    })
}
