//! What the edge shows when no handler answered: our own page to people, the plain forms to programs.

use std::sync::Arc;

use axum::response::IntoResponse as _;

use super::view::{ErrorPage, WentWrong};
use crate::http::{
    edge::{Draw, Failure, FailureKind, Reader, plain},
    lang::{Choice, Lang},
    state::AppState,
};

pub fn draw(state: AppState) -> Draw {
    Arc::new(move |failure| match failure.reader {
        Reader::Person => page(&state, failure),
        Reader::Client | Reader::Program => plain(failure),
    })
}

fn page(state: &AppState, failure: &Failure) -> axum::response::Response {
    let lang = if failure.english { Lang::En } else { Lang::Vi };
    let frame = state.frame(Choice { lang, portal_wished: false }, "/".to_owned(), String::new());
    let what = match failure.kind {
        FailureKind::NotFound => WentWrong::NotFound,
        FailureKind::MethodNotAllowed => WentWrong::WrongMethod,
        FailureKind::TooLarge | FailureKind::SlowBody => WentWrong::TooLarge,
        FailureKind::Busy | FailureKind::Slow => WentWrong::Overloaded { retry_after: 2 },
        FailureKind::Panicked => WentWrong::Ours,
    };
    let page = ErrorPage { what, reference: failure.reference.as_str().to_owned(), rule: None };
    page.render(&frame).with_status(failure.kind.status()).into_response()
}
