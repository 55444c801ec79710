//! `/account/password`: a new password after the present one.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Note, Own, blocked, field, problems, shown, taken, with_busy},
    view::{ChangePasswordPage, Done},
};
use crate::{
    base::{Fault, Secret},
    crypto::password_policy::MIN_CHARACTERS,
    flows::{
        account::{
            change_password::{Change, Changed, change},
            overview::number_of,
        },
        sessions::Recognised,
    },
    http::{
        extract::{FormBody, Visitor},
        frame::{Problem, problem::minutes_until},
        paths,
        state::AppState,
    },
    oidc::params::Params,
};

const PAGE: &str = "account/password";

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ACCOUNT_PASSWORD, get(show).post(take))
}

async fn show(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let response = shown(&own, |session| async {
        let (frame, note) = (own.frame(), own.note(&headers));
        if let Some(page) = blocked(note.as_ref(), &frame) {
            return Ok(page.into_response());
        }
        let number = number_of(&state.provider, session).await?;
        let min_length = u32::try_from(MIN_CHARACTERS).unwrap_or(u32::MAX);
        let page = ChangePasswordPage { number, min_length, problems: problems(note.as_ref()) };
        Ok(with_busy(page.render(&frame), note.as_ref()))
    })
    .await;
    around.after(&state, &headers, response)
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let Ok(form) = form else { return own.foreign() };
    taken(&own, (&headers, &form), |session| changed(&own, session, &form)).await
}

async fn changed(own: &Own<'_>, session: &Recognised, form: &Params) -> Result<Response, Fault> {
    let (present, new) = (Secret::new(field(form, "password")), Secret::new(field(form, "new_password")));
    if present.reveal().is_empty() {
        return Ok(own.told(Problem::PasswordMissing));
    }
    if new.reveal().is_empty() {
        return Ok(own.told(Problem::NewPasswordMissing));
    }
    let request = Change {
        session,
        present: &present,
        new: &new,
        network: &own.visitor.network,
        user_agent: &own.visitor.user_agent,
        now: own.now(),
    };
    Ok(match change(&own.state.provider, &request).await? {
        Changed::Yes { cookie, .. } => {
            let mut response = own.home(Some(Done::PasswordChanged));
            own.set_session(&cookie, &mut response);
            response
        }
        Changed::Again { cookie } => {
            let mut response = own.told(Problem::Busy);
            own.set_session(&cookie, &mut response);
            response
        }
        Changed::Wrong => own.told(Problem::PasswordWrong),
        Changed::Wait { until } => own.told(Problem::TooManyTries { minutes: minutes_until(until, own.now()) }),
        Changed::Same => own.told(Problem::NewPasswordSame),
        Changed::Unsuitable(unsuitable) => own.told(unsuitable.into()),
        Changed::NotPossible(refusal) => own.again(Some(Note::of(refusal))),
        Changed::Busy => own.told(Problem::Busy),
    })
}
