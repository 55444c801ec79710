//! The operators' pages.

mod home;
mod sign_in;
pub mod view;

use axum::Router;

use super::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().merge(home::routes()).merge(sign_in::routes())
}
