//! The endpoints that clients call: what they sent, who they are, and the use case that answers.

mod backchannel_authentication;
mod caller;
mod device_authorization;
mod dpop;
pub mod guesses;
mod introspect;
mod par;
mod registration;
mod revoke;
mod token;
mod userinfo;

use axum::{
    Router,
    routing::{get, post},
};

use super::state::AppState;
use crate::oidc::endpoints;

/// All of them. Discovery and the JWK Set are answered before routing (`http::published`).
pub fn routes() -> Router<AppState> {
    Router::new()
        .route(endpoints::PAR, post(par::push))
        .route(endpoints::TOKEN, post(token::token))
        .route(endpoints::REVOKE, post(revoke::revoke))
        .route(endpoints::BACKCHANNEL_AUTHENTICATION, post(backchannel_authentication::backchannel_authentication))
        .route(endpoints::DEVICE_AUTHORIZATION, post(device_authorization::device_authorization))
        .route(endpoints::INTROSPECT, post(introspect::introspect))
        .merge(registration::routes())
        .route(endpoints::USERINFO, get(userinfo::by_get).post(userinfo::by_post).options(userinfo::preflight))
}
