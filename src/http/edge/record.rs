//! One line and one sample a request, by route template: no path, no query, no address, nobody's number.

use std::time::Duration;

use axum::extract::MatchedPath;
use http::{Method, StatusCode};

use super::{Class, FailureKind, RequestId};

pub(super) struct Seen {
    pub(super) id: RequestId,
    pub(super) method: &'static str,
    pub(super) route: Option<MatchedPath>,
    pub(super) class: Class,
}

/// A method we know, so that a client cannot invent label values.
pub(super) fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}

pub(super) fn record(seen: &Seen, status: StatusCode, failure: Option<FailureKind>, took: Duration) {
    let route = seen.route.as_ref().map_or("(none)", MatchedPath::as_str);
    let labels = [
        metrics::Label::from_static_parts("method", seen.method),
        metrics::Label::new("route", route.to_owned()),
        metrics::Label::from_static_parts("status", class_of(status)),
    ];
    metrics::histogram!("http_request_duration_seconds", labels.iter()).record(took.as_secs_f64());
    if seen.class == Class::Free && status.is_success() {
        return;
    }
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let failure = failure.map(tracing::field::debug);
    tracing::info!(
        target: "access",
        request = %seen.id,
        method = seen.method,
        route,
        status = status.as_u16(),
        micros,
        failure,
        "answered"
    );
}

fn class_of(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
