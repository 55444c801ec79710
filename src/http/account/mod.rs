//! The person's own pages: sessions and portals, means of authentication.

mod agreements;
mod device;
mod home;
mod lock;
mod means;
mod own;
mod password;
mod qr;
mod second_factor;
mod uses;
pub mod view;

use axum::Router;

use super::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .merge(home::routes())
        .merge(means::routes())
        .merge(password::routes())
        .merge(lock::routes())
        .merge(uses::routes())
        .merge(agreements::routes())
}
