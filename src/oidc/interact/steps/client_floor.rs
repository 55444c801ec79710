//! The client's own floor is out of this person's reach.

use super::super::{Next, Standing};
use crate::oidc::{
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn decide(_: &Request, standing: &Standing) -> Option<Next> {
    (standing.terms.client_floor > standing.reachable).then(|| {
        Next::Refuse(OAuthError::new(
            OAuthErrorCode::UnmetAuthenticationRequirements,
            format!("the client requires {}, which this person cannot reach", standing.terms.client_floor),
        ))
    })
}
