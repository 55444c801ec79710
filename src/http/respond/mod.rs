//! How outcomes become answers: OAuth errors as the RFCs have them, faults with a reference and nothing else.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{
    Extensions, HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_TYPE, LOCATION, PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value, json};

use super::{
    edge::RequestId,
    errors::view::{BrokenRule, ErrorPage, WentWrong},
    extract::Visitor,
    lang::{Choice, Wishes},
    state::AppState,
};
use crate::{
    base::{Fault, fault::FaultKind},
    oidc::error::{Endpoint, OAuthError},
    store::cache::Allowance,
};

/// JSON that holds tokens or claims: never stored (RFC 6749 §5.1).
pub fn json(status: StatusCode, body: Vec<u8>) -> Response {
    let is_empty = body.is_empty();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Nothing is no JSON.
    if !is_empty {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// A signed or encrypted answer of this media type (OIDC Core §5.3.2, RFC 9701 §5).
pub fn jwt(media_type: &'static str, token: String) -> Response {
    let mut response = json(StatusCode::OK, token.into_bytes());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

pub fn json_object(document: &Map<String, Value>) -> Response {
    json(StatusCode::OK, serde_json::to_vec(document).unwrap_or_default())
}

/// RFC 6749 §5.2, with the status that the endpoint gives this code.
pub fn oauth(error: &OAuthError, endpoint: Endpoint, www_authenticate: Option<&str>) -> Response {
    let status = StatusCode::from_u16(error.status(endpoint)).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({"error": error.code.as_str(), "error_description": error.description()});
    let mut response = json(status, body.to_string().into_bytes());
    if let Some(value) = www_authenticate.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn is_passing(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry)
}

/// Logged once, here, within the request's span; the client learns whether to come back.
pub fn fault_json(fault: &Fault) -> Response {
    let (status, code) = if is_passing(fault) {
        tracing::warn!(%fault, "answered 503");
        (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
    } else {
        tracing::error!(%fault, "answered 500");
        (StatusCode::INTERNAL_SERVER_ERROR, "server_error")
    };
    let body = json!({"error": code, "error_description": "something went wrong on our side; nothing was changed"});
    let mut response = json(status, body.to_string().into_bytes());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// The same for a person before a browser.
pub fn fault_page(state: &AppState, headers: &HeaderMap, extensions: &Extensions, fault: &Fault) -> Response {
    let accept_language = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let choice = Choice::of(&Wishes { accept_language, ..Wishes::default() });
    let reference = extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default();
    page(state, choice, what_went_wrong(fault), reference, None)
}

/// The same, where the visitor is known already.
pub fn fault_for(state: &AppState, visitor: &Visitor, fault: &Fault) -> Response {
    page(state, visitor.choice(None), what_went_wrong(fault), visitor.request_id.clone(), None)
}

fn what_went_wrong(fault: &Fault) -> WentWrong {
    if is_passing(fault) {
        tracing::warn!(%fault, "answered 503");
        WentWrong::Overloaded { retry_after: 2 }
    } else {
        tracing::error!(%fault, "answered 500");
        WentWrong::Ours
    }
}

/// Spends one of the network's allowance for forms of people who are not signed in; the answer when there is none left.
pub async fn too_many(state: &AppState, visitor: &Visitor) -> Option<Response> {
    if visitor.browser.session.is_some() {
        return None;
    }
    too_many_forms(state, visitor).await
}

/// The same, whoever is signed in.
pub async fn too_many_forms(state: &AppState, visitor: &Visitor) -> Option<Response> {
    let key = format!("anonymous:{}", visitor.network);
    match state.provider.cache.spend(&key, state.provider.settings.anonymous_posts, visitor.now()).await {
        Allowance::Allowed => None,
        Allowance::Wait(span) => {
            let retry_after = u32::try_from(span.as_secs() + 1).unwrap_or(u32::MAX);
            let what = WentWrong::TooManyRequests { retry_after };
            Some(page(state, visitor.choice(None), what, visitor.request_id.clone(), None))
        }
    }
}

/// An error page.
pub fn page(
    state: &AppState,
    choice: Choice,
    what: WentWrong,
    reference: String,
    rule: Option<BrokenRule>,
) -> Response {
    let frame = state.frame(choice, "/".to_owned(), String::new());
    ErrorPage { what, reference, rule }.render(&frame).into_response()
}

/// An error page of the console: its way back is the desk.
pub fn desk_page(state: &AppState, visitor: &Visitor, what: WentWrong) -> Response {
    let frame = state.frame(visitor.choice(None), super::paths::CONSOLE.to_owned(), String::new());
    ErrorPage { what, reference: visitor.request_id.clone(), rule: None }.render(&frame).into_response()
}

/// 303: what follows a form is fetched (RFC 9700 §4.12: never 307).
pub fn see_other(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::try_from(location) {
        Ok(value) => {
            response.headers_mut().insert(LOCATION, value);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
