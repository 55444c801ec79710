//! `GET /language/{tag}`: the switch on every page. It changes nothing but this browser's own cookie.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{StatusCode, Uri, header::SET_COOKIE};

use super::{cookies::Cookie, extract::Segment, lang::Switch, paths, respond, state::AppState};

/// A year: as long as a browser may be asked to keep it and less than it would (RFC 6265bis §5.5 caps at 400 days).
const KEPT_FOR: i64 = 365 * 24 * 60 * 60;

pub fn routes() -> Router<AppState> {
    Router::new().route(&format!("{}{{tag}}", paths::LANGUAGE), get(switch))
}

async fn switch(State(state): State<AppState>, Segment(tag): Segment, uri: Uri) -> Response {
    let Some(switch) = Switch::parse(&tag, uri.query().unwrap_or_default()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = respond::see_other(&switch.back);
    response.headers_mut().append(SET_COOKIE, state.cookies.set(Cookie::Lang, switch.cookie_value(), Some(KEPT_FOR)));
    response
}
