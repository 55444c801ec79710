//! The frame in which a relying party asks whether the sign-in that it knows is still the browser's (OpenID Connect Session
//! Management 1.0 §3). The one page of ours that any site may frame: it shows nothing, takes no form, and answers a message with one
//! word.

use std::sync::LazyLock;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::state::AppState;
use crate::{crypto::digest::sha256, oidc::endpoints};

const SCRIPT: &str = include_str!("check_session.js");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "<!doctype html><html lang=\"vi\"><meta charset=\"utf-8\"><title>Định Danh</title><script>{SCRIPT}</script></html>"
    )
});

/// This one script, by its digest, and anybody around it.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let digest = STANDARD.encode(sha256(SCRIPT.as_bytes()).as_bytes());
    format!("default-src 'none'; script-src 'sha256-{digest}'; frame-ancestors *; base-uri 'none'; form-action 'none'")
});

pub fn routes() -> Router<AppState> {
    Router::new().route(endpoints::CHECK_SESSION, get(frame))
}

async fn frame(State(state): State<AppState>) -> Response {
    // Without https no browser gives the frame its cookie, and so it is not offered.
    if !state.cookies.are_secure() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let policy =
        HeaderValue::try_from(POLICY.as_str()).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
    ];
    (headers, PAGE.as_str()).into_response()
}
