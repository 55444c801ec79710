//! The person said no, or may not be served: `access_denied`, with one description for every state of person and account, so
//! that no portal learns of a death or a lock.

use super::super::{Next, Refusal, Standing};
use crate::oidc::{
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
};

pub(super) fn decide(_: &Request, standing: &Standing) -> Option<Next> {
    let description = match standing.refusal? {
        Refusal::NotAvailable => "the account cannot be used",
        Refusal::ByPerson => "the person refused",
    };
    Some(Next::Refuse(OAuthError::new(OAuthErrorCode::AccessDenied, description)))
}
