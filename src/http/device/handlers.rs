//! The code is typed here, or comes with the address from a QR code; either way the person presses the button. From there
//! the interaction's own page goes on.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, header::SET_COOKIE};
use serde::{Deserialize, Serialize};

use super::view::{Answered, AnsweredPage, EnterPage};
use crate::{
    base::Fault,
    flows::{
        authorize::decide::Decided,
        device::{Entered, enter},
    },
    http::{
        carried,
        errors::view::WentWrong,
        extract::{FormBody, FormGuard, QueryParams, Visitor, visitor::set_browser_cookie},
        frame::{Frame, Problem, Problems, problem::minutes_until},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
};

const PAGE: &str = "device";
/// More is no code; it is not shown again either.
const LONGEST: usize = 20;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::DEVICE, get(show).post(take))
        .route(paths::DEVICE_APPROVED, get(approved))
        .route(paths::DEVICE_DENIED, get(denied))
        .route(paths::DEVICE_LATE, get(late))
}

/// Where a person reads what came of their answer.
pub const fn answered(decided: Decided) -> &'static str {
    match decided {
        Decided::Approved => paths::DEVICE_APPROVED,
        Decided::Denied => paths::DEVICE_DENIED,
        Decided::TooLate => paths::DEVICE_LATE,
    }
}

/// What was typed, and what is wrong about it.
#[derive(Serialize, Deserialize)]
struct Note {
    typed: String,
    problem: Problem,
}

fn frame(state: &AppState, visitor: &Visitor) -> Frame {
    let csrf = FormGuard { state, purpose: PAGE.as_bytes() }.token(visitor);
    state.frame(visitor.choice(None), visitor.here.clone(), csrf)
}

fn typed(params: Option<&Params>) -> String {
    let text = params.and_then(|params| params.one("user_code").ok().flatten()).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

async fn show(
    State(state): State<AppState>,
    mut visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
) -> Response {
    let cookie = visitor.ensure_cookie(&state);
    let page = match carried::take::<Note>(&state, &visitor, PAGE, &headers) {
        Some(note) => EnterPage { user_code: note.typed, problems: Problems::one(note.problem) },
        None => EnterPage { user_code: typed(query.ok().as_ref()), problems: Problems::none() },
    };
    let mut response = page.render(&frame(&state, &visitor)).into_response();
    carried::drop_from(&state, &headers, &mut response);
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let choice = visitor.choice(None);
    let Ok(form) = form else {
        return respond::page(&state, choice, WentWrong::ForeignForm, visitor.request_id.clone(), None);
    };
    if let Some(response) = respond::too_many(&state, &visitor).await {
        return response;
    }
    if (FormGuard { state: &state, purpose: PAGE.as_bytes() }).check(&visitor, &headers, &form).is_err() {
        return respond::page(&state, choice, WentWrong::ForeignForm, visitor.request_id.clone(), None);
    }
    entered(&state, &visitor, typed(Some(&form)))
        .await
        .unwrap_or_else(|fault| respond::fault_for(&state, &visitor, &fault))
}

async fn entered(state: &AppState, visitor: &Visitor, typed: String) -> Result<Response, Fault> {
    let problem = match enter(&state.provider, &typed, &visitor.browser, &visitor.network).await? {
        Entered::To { id, cookie } => {
            let mut response = respond::see_other(&format!("{}?i={id}", paths::SIGN_IN));
            if let Some(cookie) = &cookie {
                set_browser_cookie(state, &mut response, cookie);
            }
            return Ok(response);
        }
        Entered::Form if typed.trim().is_empty() => Problem::UserCodeMissing,
        Entered::Form => Problem::UserCodeForm,
        Entered::Unknown => Problem::UserCodeUnknown,
        Entered::Wait { until } => Problem::UserCodeTooMany { minutes: minutes_until(until, visitor.now()) },
    };
    let mut response = respond::see_other(paths::DEVICE);
    carried::carry(state, visitor, PAGE, Note { typed, problem }, &mut response);
    Ok(response)
}

async fn approved(State(state): State<AppState>, visitor: Visitor) -> Response {
    told(&state, &visitor, Answered::Approved)
}

async fn denied(State(state): State<AppState>, visitor: Visitor) -> Response {
    told(&state, &visitor, Answered::Denied)
}

async fn late(State(state): State<AppState>, visitor: Visitor) -> Response {
    told(&state, &visitor, Answered::TooLate)
}

/// The same for everybody: it tells how it goes on, not with what.
fn told(state: &AppState, visitor: &Visitor, what: Answered) -> Response {
    let frame = state.frame(visitor.choice(None), visitor.here.clone(), String::new());
    AnsweredPage { what }.render(&frame).into_response()
}
