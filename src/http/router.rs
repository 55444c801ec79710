//! Every route of the service, area by area.

use axum::{Router, middleware::from_fn_with_state};

use super::{
    account, api, assets, authorize, check_session, console, device, home, language, logout, oidc, register, sign_in,
    state::AppState,
};

/// Without health and metrics, which live outside the state.
pub fn routes(state: AppState) -> Router {
    Router::new()
        .merge(oidc::routes().route_layer(from_fn_with_state(state.clone(), oidc::guesses::limit)))
        .merge(authorize::handlers::routes())
        .merge(sign_in::handlers::routes())
        .merge(device::handlers::routes())
        .merge(register::routes())
        .merge(account::routes())
        .merge(api::registry::routes())
        .merge(console::routes())
        .merge(home::routes())
        .merge(language::routes())
        .merge(logout::routes())
        .merge(check_session::routes())
        .merge(assets::router())
        .with_state(state)
}
