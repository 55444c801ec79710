//! The operators' pages.

mod case_detail;
mod cases;
mod event_form;
pub mod find;
mod handle;
mod home;
mod imports;
mod pairs;
pub mod pairs_view;
mod person;
mod proposals;
mod sign_in;
pub mod view;

use axum::Router;

use super::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .merge(home::routes())
        .merge(sign_in::routes())
        .merge(find::routes())
        .merge(person::routes())
        .merge(event_form::routes())
        .merge(proposals::routes())
        .merge(cases::routes())
        .merge(imports::routes())
        .merge(pairs::routes())
}
