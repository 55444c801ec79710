//! The page of the step at which a browser's registration stands.

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::{
    note::Note,
    typed::TypedDetails,
    view::{DonePage, PasswordPage, PhoneCodePage, Stopped, StoppedPage},
};
use crate::{
    assurance::AccountLevel,
    base::{Fault, ids::PersonId},
    crypto::password_policy::MIN_CHARACTERS,
    flows::{
        account::{
            phone,
            register::{Step, person_of},
        },
        authorize::step::Opened,
    },
    http::{
        extract::{FormGuard, Visitor},
        frame::{Frame, Phrase, Problem, Problems},
        sign_in,
        state::AppState,
    },
    registry::PersonalNumber,
};

/// What the forms' tokens are for, and whose notes are carried.
pub const PAGE: &str = "register";

/// With the sign-in that waits above the page, where there is one.
pub fn frame(state: &AppState, visitor: &Visitor, waiting: Option<&Opened>) -> Frame {
    let csrf = FormGuard { state, purpose: PAGE.as_bytes() }.token(visitor);
    match waiting {
        Some(opened) => Frame { csrf, ..sign_in::render::frame(state, visitor, opened) },
        None => state.frame(visitor.choice(None), visitor.here.clone(), csrf),
    }
}

pub async fn page(
    state: &AppState,
    visitor: &Visitor,
    frame: &Frame,
    (step, note): (Step, Option<Note>),
) -> Result<Response, Fault> {
    let stopped = |why: Stopped| StoppedPage { why }.render(frame).into_response();
    match note {
        Some(Note::OutOfTime) => return Ok(stopped(Stopped::Time)),
        Some(Note::OutOfCodes) => return Ok(stopped(Stopped::TooManyCodes)),
        _ => {}
    }
    let problems = note.as_ref().map_or_else(Problems::none, |note| note.problems(visitor.now().vietnam_date()));
    let busy = matches!(note, Some(Note::Problem(Problem::Busy)));
    let html = match step {
        // What was made, or ran out, is no reason not to begin anew.
        Step::Details | Step::Done { .. } | Step::Over => match note {
            Some(Note::Details(typed)) => typed.page(problems).render(frame),
            _ => TypedDetails::default().page(Problems::none()).render(frame),
        },
        Step::Code { phone, good_until } => {
            let sent_again = matches!(note, Some(Note::SentAgain));
            PhoneCodePage { phone_end: phone::end_of(&phone), good_until, sent_again, problems }.render(frame)
        }
        Step::Password { person } => {
            let min_length = u32::try_from(MIN_CHARACTERS).unwrap_or(u32::MAX);
            PasswordPage { number: number_of(state, person).await?, min_length, problems }.render(frame)
        }
    };
    Ok(if busy { html.with_status(StatusCode::SERVICE_UNAVAILABLE) } else { html }.into_response())
}

pub async fn number_of(state: &AppState, person: PersonId) -> Result<String, Fault> {
    let number = person_of(&state.provider, person).await?.person.number;
    Ok(number.as_ref().map(PersonalNumber::as_str).unwrap_or_default().to_owned())
}

pub async fn done(state: &AppState, frame: &Frame, person: PersonId) -> Result<Response, Fault> {
    let name = person_of(&state.provider, person).await?.person.name;
    let page = DonePage { name: Phrase::vi(name.full()), level: AccountLevel::One };
    Ok(page.render(frame).into_response())
}
