//! An essential `acr` none of whose values is within reach is a failed authentication (OpenID Connect Core §5.5.1.1). A
//! voluntary one has no effect then: the level that is reached is returned.

use super::super::{Next, Standing};
use crate::oidc::{
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    let lowest = request.acr.requirement()?;
    (request.acr.is_essential() && lowest > standing.reachable).then(|| {
        Next::Refuse(OAuthError::new(
            OAuthErrorCode::UnmetAuthenticationRequirements,
            format!("the request requires {lowest}, which this person cannot reach"),
        ))
    })
}
