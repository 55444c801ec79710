//! The operators' pages.

mod case_detail;
mod cases;
pub mod cases_view;
mod event_draft;
pub mod event_fields;
mod event_form;
pub mod event_view;
mod exports;
pub mod exports_view;
pub mod field_problems;
pub mod find;
mod flags;
pub mod flags_view;
mod handle;
mod home;
mod imports;
pub mod imports_view;
mod kept;
mod pairs;
pub mod pairs_view;
mod person;
mod proposals;
pub mod proposals_view;
mod sign_in;
mod trail;
pub mod trail_view;
mod upload;
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
        .merge(exports::routes())
        .merge(pairs::routes())
        .merge(flags::routes())
        .merge(trail::routes())
        .merge(upload::routes())
}
