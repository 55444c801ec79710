//! `/api/registry/v1`: what state systems ask of the registry. The document at `openapi.json` is the contract; a test holds
//! the routes to it.

mod body;
mod call;
mod changes;
mod events;
mod handlers;
mod kinds;
mod problem;

use axum::{
    Router,
    routing::{get, post},
};

use crate::http::state::AppState;

pub const BASE: &str = "/api/registry/v1";

/// The contract, by hand: OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("openapi.json");

pub fn routes() -> Router<AppState> {
    let under = |path: &str| format!("{BASE}{path}");
    Router::new()
        .route(&under("/verify"), post(handlers::verify))
        .route(&under("/look-up"), post(handlers::look_up))
        .route(&under("/predicates"), post(handlers::predicates))
        .route(&under("/household"), post(handlers::household))
        .route(&under("/statistics"), get(handlers::counts))
        .route(&under("/events"), post(events::tell))
        .route(&under("/events/{source_id}"), get(events::told))
        .route(&under("/event-kinds"), get(kinds::kinds))
        .route(&under("/changes"), get(changes::read))
        .route(&under("/openapi.json"), get(handlers::openapi))
}
