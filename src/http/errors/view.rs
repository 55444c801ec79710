//! What the error page shows.

use http::StatusCode;

use super::sent::{Sent, Shown};

use crate::http::frame::{Frame, Html, html};

/// An end that is not the person's doing, with a reference that finds it in the logs.
#[derive(Clone, Debug)]
pub struct ErrorPage {
    pub what: WentWrong,
    /// The request's id.
    pub reference: String,
    /// For who builds the portal: in a demonstration, for its registered development clients, the exact rule.
    pub rule: Option<BrokenRule>,
}

/// What happened, as far as the person must know it; decides the status too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WentWrong {
    /// No such client, or it is disabled.
    UnknownPortal,
    /// The redirect URI is not one of the client's.
    WrongWayBack,
    /// Something else in the portal's request that cannot be told by redirect.
    PortalRequest,
    /// A form from another site, or without this browser's token.
    ForeignForm,
    /// An operator's role or unit does not allow it.
    NotAllowed,
    /// An operator looked at so many people today that somebody has to ask why first.
    ReadEnough,
    NotFound,
    WrongMethod,
    TooLarge,
    /// A file that an operator sends has more bytes than that.
    FileTooLarge {
        most: u64,
    },
    TooManyRequests {
        retry_after: u32,
    },
    /// Nothing was done; the same may succeed shortly.
    Overloaded {
        retry_after: u32,
    },
    Ours,
}

/// A rule of a specification that a request broke, for its developer.
#[derive(Clone, Debug)]
pub struct BrokenRule {
    /// `invalid_request`, …
    pub code: String,
    /// What was expected.
    pub description: String,
    /// Where it is written (RFC 6749 §3.1.2.3).
    pub section: &'static str,
    pub client_id: String,
    /// What is registered in the place of what was sent.
    pub registered: Vec<String>,
    /// What was sent; nothing where nobody knows whose request it was.
    pub sent: Vec<Sent>,
}

#[derive(askama::Template)]
#[template(path = "errors/error.html")]
struct ErrorDocument<'a> {
    f: &'a Frame,
    p: &'a ErrorPage,
}

impl ErrorPage {
    pub fn render(&self, frame: &Frame) -> Html {
        let mut page = html::page(frame, &ErrorDocument { f: frame, p: self });
        let (status, retry_after) = self.what.status();
        page.retry_after = retry_after;
        page.with_status(status)
    }
}

impl WentWrong {
    const fn status(self) -> (StatusCode, Option<u32>) {
        match self {
            Self::UnknownPortal | Self::WrongWayBack | Self::PortalRequest => (StatusCode::BAD_REQUEST, None),
            Self::ForeignForm | Self::NotAllowed => (StatusCode::FORBIDDEN, None),
            Self::ReadEnough => (StatusCode::TOO_MANY_REQUESTS, None),
            Self::NotFound => (StatusCode::NOT_FOUND, None),
            Self::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, None),
            Self::TooLarge | Self::FileTooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, None),
            Self::TooManyRequests { retry_after } => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after)),
            Self::Overloaded { retry_after } => (StatusCode::SERVICE_UNAVAILABLE, Some(retry_after)),
            Self::Ours => (StatusCode::INTERNAL_SERVER_ERROR, None),
        }
    }

    const fn title_key(self) -> &'static str {
        match self {
            Self::UnknownPortal | Self::WrongWayBack | Self::PortalRequest => "error-portal-title",
            Self::ForeignForm => "error-form-title",
            Self::NotAllowed => "error-not-allowed-title",
            Self::ReadEnough => "error-read-enough-title",
            Self::NotFound => "error-not-found-title",
            Self::TooManyRequests { .. } | Self::Overloaded { .. } => "error-busy-title",
            Self::FileTooLarge { .. } => "error-file-title",
            Self::WrongMethod | Self::TooLarge => "error-request-title",
            Self::Ours => "error-ours-title",
        }
    }

    /// What happened and what to do about it.
    fn words(self, frame: &Frame) -> String {
        match self {
            Self::FileTooLarge { most } => frame.t1(self.words_key(), "most", frame.size(&most)),
            _ => frame.t(self.words_key()).into_owned(),
        }
    }

    const fn words_key(self) -> &'static str {
        match self {
            Self::UnknownPortal => "error-unknown-portal",
            Self::WrongWayBack => "error-wrong-way-back",
            Self::PortalRequest => "error-portal-request",
            Self::ForeignForm => "error-form",
            Self::NotAllowed => "error-not-allowed",
            Self::ReadEnough => "error-read-enough",
            Self::NotFound => "error-not-found",
            Self::TooManyRequests { .. } | Self::Overloaded { .. } => "error-busy",
            Self::FileTooLarge { .. } => "error-file",
            Self::WrongMethod | Self::TooLarge => "error-request",
            Self::Ours => "error-ours",
        }
    }
}
