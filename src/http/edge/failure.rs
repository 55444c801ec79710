//! When no handler answered: what went wrong, told in the form the client reads, with the reference and nothing else.

use std::any::Any;

use axum::{
    extract::Request,
    http::{HeaderMap, Version},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, RETRY_AFTER},
};
use http_body::Body as _;
use serde_json::json;

use super::{Class, RequestId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    NotFound,
    MethodNotAllowed,
    /// The body has more bytes than its endpoint takes.
    TooLarge,
    /// The same of a file, and as many bytes as it may have.
    FileTooLarge {
        most: u64,
    },
    /// The body did not come in its time.
    SlowBody,
    /// All places of the class are taken.
    Busy,
    /// The answer was not ready in its time.
    Slow,
    Panicked,
}

impl FailureKind {
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge | Self::FileTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Busy | Self::Slow => StatusCode::SERVICE_UNAVAILABLE,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// RFC 6749 §5.2 and §4.1.2.1, for clients that read nothing else.
    pub const fn oauth_code(self) -> &'static str {
        match self {
            Self::Busy | Self::Slow => "temporarily_unavailable",
            Self::Panicked => "server_error",
            _ => "invalid_request",
        }
    }

    /// In English, for machines and their engineers.
    pub const fn description(self) -> &'static str {
        match self {
            Self::NotFound => "there is nothing at this path",
            Self::MethodNotAllowed => "this path does not take this method; the Allow header lists those it takes",
            Self::TooLarge | Self::FileTooLarge { .. } => "the body is larger than this endpoint takes",
            Self::SlowBody => "the body did not arrive in time",
            Self::Busy => "the service is busy; try again shortly",
            Self::Slow => "the answer was not ready in time; try again shortly",
            Self::Panicked => "something went wrong on our side",
        }
    }

    /// After these the rest of the connection cannot be trusted to be a request.
    pub(super) fn ends_connection(self) -> bool {
        matches!(self, Self::TooLarge | Self::FileTooLarge { .. } | Self::SlowBody)
    }

    /// The router's own answers have a status and nothing to read.
    pub(super) fn of_bare(response: &Response) -> Option<Self> {
        if !response.body().is_end_stream() || response.headers().contains_key(CONTENT_TYPE) {
            return None;
        }
        match response.status() {
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            _ => None,
        }
    }

    /// Logs what is known of the panic. A formatted message may hold somebody's data; a literal cannot.
    pub(super) fn panicked(panic: &(dyn Any + Send)) -> Self {
        let message = panic.downcast_ref::<&'static str>().copied().unwrap_or("(formatted message withheld)");
        tracing::error!(message, "a handler panicked");
        Self::Panicked
    }
}

/// What the failure's drawer gets to know.
#[derive(Clone, Debug)]
pub struct Failure {
    pub kind: FailureKind,
    pub reference: RequestId,
    pub reader: Reader,
    /// A person's `Accept-Language` and `Cookie`, for the language of the page.
    pub wishes: HeaderMap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A person before a browser.
    Person,
    /// A client at a protocol endpoint: RFC 6749's JSON.
    Client,
    /// Any other program: RFC 9457 problem details.
    Program,
}

/// Taken from the request before it is consumed.
pub(super) struct Asked {
    pub(super) id: RequestId,
    /// `Connection` exists only in HTTP/1.
    pub(super) may_close: bool,
    reader: Reader,
    wishes: HeaderMap,
}

impl Asked {
    pub(super) fn of(request: &Request, id: RequestId, class: Class) -> Self {
        let reader = match class {
            Class::Token => Reader::Client,
            _ if accepts_pages(request.headers()) => Reader::Person,
            _ => Reader::Program,
        };
        let may_close = request.version() <= Version::HTTP_11;
        Self { id, may_close, reader, wishes: wishes(reader, request.headers()) }
    }

    pub(super) fn failure(&self, kind: FailureKind) -> Failure {
        Failure { kind, reference: self.id, reader: self.reader, wishes: self.wishes.clone() }
    }
}

fn accepts_pages(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|value| value.to_str().is_ok_and(|text| text.contains("text/html")))
}

fn wishes(reader: Reader, headers: &HeaderMap) -> HeaderMap {
    let mut wishes = HeaderMap::new();
    if reader == Reader::Person {
        for name in [ACCEPT_LANGUAGE, COOKIE] {
            for value in headers.get_all(&name) {
                wishes.append(name.clone(), value.clone());
            }
        }
    }
    wishes
}

fn prefers_english(headers: &HeaderMap) -> bool {
    let languages = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    languages
        .split(',')
        .map(str::trim)
        .find(|tag| tag.starts_with("vi") || tag.starts_with("en"))
        .is_some_and(|tag| tag.starts_with("en"))
}

/// The answer without templates: what the edge gives until the pages set their own, and what they fall back to.
pub fn plain(failure: &Failure) -> Response {
    let Failure { kind, reference, reader, ref wishes } = *failure;
    let status = kind.status();
    let (content_type, body) = match reader {
        Reader::Person => ("text/html; charset=utf-8", page(kind, reference, prefers_english(wishes))),
        Reader::Client => (
            "application/json",
            json!({
                "error": kind.oauth_code(),
                "error_description": format!("{} (reference {reference})", kind.description()),
            })
            .to_string(),
        ),
        Reader::Program => (
            "application/problem+json",
            json!({
                "type": "about:blank",
                "title": status.canonical_reason().unwrap_or_default(),
                "status": status.as_u16(),
                "detail": kind.description(),
                "reference": reference.as_str(),
            })
            .to_string(),
        ),
    };
    let mut response = (status, [(CONTENT_TYPE, content_type)], body).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// Nothing of the request is in it, so nothing needs escaping.
fn page(kind: FailureKind, reference: RequestId, english: bool) -> String {
    let vietnamese = match kind {
        FailureKind::NotFound => "Không tìm thấy trang này",
        FailureKind::MethodNotAllowed => "Trang này không nhận yêu cầu như vậy",
        FailureKind::TooLarge | FailureKind::FileTooLarge { .. } => "Dữ liệu gửi lên quá lớn",
        FailureKind::SlowBody => "Dữ liệu gửi lên quá chậm. Vui lòng thử lại",
        FailureKind::Busy | FailureKind::Slow => "Hệ thống đang bận. Vui lòng thử lại sau ít phút",
        FailureKind::Panicked => "Hệ thống gặp lỗi. Vui lòng thử lại sau",
    };
    let (language, text, label) =
        if english { ("en", kind.description(), "Reference") } else { ("vi", vietnamese, "Mã tham chiếu") };
    format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{text}</title>\
         <h1>{text}</h1><p>{label}: <strong>{reference}</strong></p></html>\n"
    )
}
