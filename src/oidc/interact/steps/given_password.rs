//! A password that was handed over is replaced at the first sign-in: until then somebody else may know it (ASVS 5.0 6.4.1).

use super::super::{Next, Standing, standing::Password};
use crate::oidc::authorize::Request;

pub(super) fn decide(_: &Request, standing: &Standing) -> Option<Next> {
    (standing.password == Password::Given).then_some(Next::NewPassword)
}
