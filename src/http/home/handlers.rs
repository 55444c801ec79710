//! `GET /`.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};

use super::view::{Registration, WelcomePage};
use crate::{
    flows::sessions::name_of,
    http::{extract::Visitor, frame::Phrase, paths, respond, state::AppState},
};

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::HOME, get(welcome))
}

async fn welcome(State(state): State<AppState>, visitor: Visitor) -> Response {
    let signed_in = match &visitor.browser.session {
        Some(found) => match name_of(&state.provider, found).await {
            Ok(name) => Some(Phrase::vi(name)),
            Err(fault) => return respond::fault_for(&state, &visitor, &fault),
        },
        None => None,
    };
    let page = WelcomePage { signed_in, registration: Registration::Open };
    page.render(&state.frame(visitor.choice(None), visitor.here, String::new())).into_response()
}
