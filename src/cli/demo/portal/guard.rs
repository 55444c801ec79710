//! What surrounds every route: the portal answers under its own name only, takes forms from its own pages only, and tells
//! the browser to hold the pages to that.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use super::{Portal, browser::see_other, pages, words::Rejected};

pub(super) async fn guard(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if !is_own_host(&portal, &request) {
        // Under another name cookies, redirect URIs and the same-origin rule would all be off (and DNS could be rebound).
        if is_read { see_other(&portal.origin, None) } else { StatusCode::MISDIRECTED_REQUEST.into_response() }
    } else if !is_read && is_cross_site(&portal, request.headers()) {
        pages::rejected(&portal, request.headers(), Rejected::OtherSite)
    } else {
        next.run(request).await
    };
    dress(&portal, response.headers_mut());
    response
}

fn is_own_host(portal: &Portal, request: &Request) -> bool {
    let named = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().authority().map(http::uri::Authority::as_str));
    host.is_some_and(|host| host.eq_ignore_ascii_case(&portal.authority))
}

/// Servers (the provider's back channel) send neither header; browsers send at least one with every form.
fn is_cross_site(portal: &Portal, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    // An opaque origin (`null`) tells nothing; the Lax cookie then decides.
    headers.get(ORIGIN).is_some_and(|origin| origin != "null" && origin != portal.origin.as_str())
}

fn dress(portal: &Portal, headers: &mut HeaderMap) {
    // Chromium holds the whole chain of redirects after a form to `form-action`, so the provider is in it.
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' {}",
        portal.issuer_origin
    );
    if let Ok(policy) = HeaderValue::try_from(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
