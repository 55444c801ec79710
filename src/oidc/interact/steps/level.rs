//! The level that client, request and scopes need together; asked for once.

use super::super::{Next, Standing};
use crate::oidc::{acr::AcrLevel, authorize::Request};

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    let usable = standing.usable(request)?;
    let scopes = standing.terms.level_for(&standing.granted(request));
    let needed = [Some(standing.terms.client_floor), Some(scopes), acr(request, standing, usable)];
    let needed = needed.into_iter().flatten().max()?;
    (needed > usable).then_some(Next::StepUp(needed))
}

/// Any named level satisfies the request; when none is reached, the first one within reach is the aim.
fn acr(request: &Request, standing: &Standing, usable: AcrLevel) -> Option<AcrLevel> {
    let satisfied = request.acr.requirement().is_none_or(|lowest| lowest <= usable);
    if satisfied { None } else { request.acr.target(standing.reachable) }
}
