//! What the edge shows when no handler answered: our own page to people, the plain forms to programs.

use std::sync::Arc;

use axum::response::IntoResponse as _;
use http::header::ACCEPT_LANGUAGE;

use super::view::{ErrorPage, WentWrong};
use crate::http::{
    cookies::Cookie,
    edge::{Draw, Failure, FailureKind, Reader, plain},
    lang::{Choice, Wishes},
    paths,
    state::AppState,
};

pub fn draw(state: AppState) -> Draw {
    Arc::new(move |failure| match failure.reader {
        Reader::Person => page(&state, failure),
        Reader::Client | Reader::Program => plain(failure),
    })
}

fn page(state: &AppState, failure: &Failure) -> axum::response::Response {
    let choice = Choice::of(&Wishes {
        ui_locales: None,
        cookie: state.cookies.read(&failure.wishes, Cookie::Lang),
        accept_language: failure.wishes.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()),
    });
    // Only operators send files.
    let here = if matches!(failure.kind, FailureKind::FileTooLarge { .. }) { paths::CONSOLE } else { "/" };
    let frame = state.frame(choice, here.to_owned(), String::new());
    let page =
        ErrorPage { what: what_went_wrong(failure.kind), reference: failure.reference.as_str().to_owned(), rule: None };
    page.render(&frame).with_status(failure.kind.status()).into_response()
}

const fn what_went_wrong(kind: FailureKind) -> WentWrong {
    match kind {
        FailureKind::NotFound => WentWrong::NotFound,
        FailureKind::MethodNotAllowed => WentWrong::WrongMethod,
        FailureKind::FileTooLarge { most } => WentWrong::FileTooLarge { most },
        FailureKind::TooLarge | FailureKind::SlowBody => WentWrong::TooLarge,
        FailureKind::Busy | FailureKind::Slow => WentWrong::Overloaded { retry_after: 2 },
        FailureKind::Panicked => WentWrong::Ours,
    }
}
