//! `prompt=login` and an exceeded `max_age` (OpenID Connect Core §3.1.2.1): none of the proofs that count is there yet.

use super::super::{Next, Standing};
use crate::oidc::authorize::Request;

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    standing.usable(request).is_none().then_some(Next::Login)
}
