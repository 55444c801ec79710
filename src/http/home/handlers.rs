//! `GET /`.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::view::{Registration, WelcomePage};
use crate::{
    flows::{CitizenRegistration, sessions::name_of},
    http::{extract::Visitor, frame::Phrase, paths, respond, state::AppState},
};

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::HOME, get(welcome))
}

async fn welcome(State(state): State<AppState>, visitor: Visitor, headers: HeaderMap) -> Response {
    let signed_in = match &visitor.browser.session {
        Some(found) => match name_of(&state.provider, found).await {
            Ok(name) => Some(Phrase::vi(name)),
            Err(fault) => return respond::fault_for(&state, &visitor, &fault),
        },
        None => None,
    };
    let registration = match state.provider.settings.citizen_registration {
        CitizenRegistration::Open { .. } => Registration::Open,
        CitizenRegistration::Closed => Registration::Closed,
    };
    let page = WelcomePage { signed_in, registration };
    let frame = state.frame(visitor.choice(None), visitor.here.clone(), String::new());
    let mut response = page.render(&frame).into_response();
    visitor.forget_dead_session(&state, &headers, &mut response).await;
    response
}
