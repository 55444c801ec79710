//! A page as an answer: its status and every header that a page of ours carries.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::{
    Frame,
    csp::{self, FormTarget},
};
use crate::http::lang::Lang;

/// Features that no page of ours uses; a passkey prompt will need its own exception.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
                           microphone=(), midi=(), payment=(), usb=()";

/// How much of our address the next page learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Referrer {
    /// Only our own pages.
    #[default]
    SameOrigin,
    /// The form_post page: a portal's `Origin` check must see who posts.
    StrictOrigin,
}

/// Whether a window that opened this page may keep hold of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Opener {
    #[default]
    Severed,
    /// A portal that opens the authorization endpoint in a popup hears from its own page at the end (`window.opener`): one
    /// severed page on the way would cut it off for good (docs/decisions/0012).
    Kept,
}

/// A rendered page. Made by a view's `render`; a handler adds cookies by `(headers, html)` as with any axum response.
#[derive(Debug)]
pub struct Html {
    pub status: StatusCode,
    pub lang: Lang,
    pub body: String,
    pub referrer: Referrer,
    pub opener: Opener,
    pub form_targets: Vec<FormTarget>,
    pub framed: Vec<FormTarget>,
    /// Seconds after which the same request may succeed (429, 503).
    pub retry_after: Option<u32>,
}

impl Html {
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    fn headers(&self) -> HeaderMap {
        const FIXED: [(HeaderName, &str); 6] = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (HeaderName::from_static("permissions-policy"), PERMISSIONS),
        ];
        let mut headers = HeaderMap::with_capacity(FIXED.len() + 4);
        for (name, value) in FIXED {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let opener = match self.opener {
            Opener::Severed => "same-origin",
            Opener::Kept => "unsafe-none",
        };
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static(opener));
        let referrer = match self.referrer {
            Referrer::SameOrigin => "same-origin",
            Referrer::StrictOrigin => "strict-origin",
        };
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static(referrer));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(self.lang.tag()));
        // A `FormTarget` is printable ASCII, so the first form always fits a header.
        let policy = HeaderValue::try_from(csp::policy(&self.form_targets, &self.framed));
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            policy.unwrap_or_else(|_| {
                HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
            }),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        headers
    }
}

/// Renders a document into the answer that `page!` returns.
pub(crate) fn page(frame: &Frame, document: &impl Template) -> Html {
    let (status, body) = match document.render() {
        Ok(body) => (StatusCode::OK, body),
        // Writing to a String cannot fail and our templates raise nothing; should one, no half page goes out.
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
    };
    Html {
        status,
        lang: frame.lang(),
        body,
        referrer: Referrer::SameOrigin,
        opener: if frame.portal.is_some() { Opener::Kept } else { Opener::Severed },
        form_targets: frame.form_targets.clone(),
        framed: frame.framed.clone(),
        retry_after: None,
    }
}

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        let headers = self.headers();
        (self.status, headers, self.body).into_response()
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn page() -> Html {
        let target = FormTarget::of(&Url::parse("https://portal.example.vn/cb").unwrap()).unwrap();
        Html {
            status: StatusCode::OK,
            lang: Lang::Vi,
            body: "x".to_owned(),
            referrer: Referrer::SameOrigin,
            opener: Opener::Severed,
            form_targets: vec![target],
            framed: Vec::new(),
            retry_after: None,
        }
    }

    #[test]
    fn a_page_is_never_stored_framed_or_sniffed() {
        let response = page().into_response();
        let mut lines: Vec<_> =
            response.headers().iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_portals_window_keeps_hold_of_the_pages_it_opened() {
        let policy =
            |html: Html| html.into_response().headers()["cross-origin-opener-policy"].to_str().unwrap().to_owned();
        assert_eq!(policy(page()), "same-origin");
        assert_eq!(policy(Html { opener: Opener::Kept, ..page() }), "unsafe-none");
    }

    #[test]
    fn the_form_post_page_names_its_origin_and_an_overloaded_one_its_delay() {
        let html = Html { referrer: Referrer::StrictOrigin, retry_after: Some(30), ..page() };
        let response = html.with_status(StatusCode::SERVICE_UNAVAILABLE).into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::REFERRER_POLICY], "strict-origin");
        assert_eq!(response.headers()[header::RETRY_AFTER], "30");
    }
}
