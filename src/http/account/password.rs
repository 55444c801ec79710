//! `/account/password`: a new password after the present one, and after the second factor of who has one. `?i=…` names the
//! sign-in that waits for it, when the present one was handed over at the desk.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    own::{Around, Note, Own, blocked, field, problems, shown, taken, with_busy},
    second_factor::{self, Taken},
    view::{ChangePasswordPage, Done},
};
use crate::{
    assurance::PasswordOrigin,
    base::{Fault, Secret, ids::InteractionId},
    crypto::password_policy::MIN_CHARACTERS,
    flows::{
        account::{
            change_password::{Change, Changed, change, needs_second_factor},
            overview::number_of,
        },
        sessions::Recognised,
    },
    http::{
        extract::{FormBody, QueryParams, Visitor},
        frame::{Problem, problem::minutes_until},
        paths, respond,
        state::AppState,
    },
    oidc::params::Params,
};

pub const PAGE: &str = "account/password";

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
        if needs_second_factor(&state.provider, session, own.now()).await? {
            return second_factor::page(&own, session, note.as_ref()).await;
        }
        let number = number_of(&state.provider, session).await?;
        let min_length = u32::try_from(MIN_CHARACTERS).unwrap_or(u32::MAX);
        let given = session.account.standing.password == PasswordOrigin::Desk;
        let page = ChangePasswordPage { number, min_length, given, problems: problems(note.as_ref()) };
        Ok(with_busy(page.render(&frame), note.as_ref()))
    })
    .await;
    around.after(&state, &headers, response)
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let Ok(form) = form else { return own.foreign() };
    let waiting = query.ok().and_then(|query| query.one("i").ok().flatten().and_then(|text| text.parse().ok()));
    taken(&own, (&headers, &form), |session| async {
        if !needs_second_factor(&state.provider, session, own.now()).await? {
            return changed(&own, session, &form, waiting).await;
        }
        Ok(match second_factor::take(&own, session, &form).await? {
            Taken::Answered(response) => response,
            Taken::Proven(_, cookie) => {
                let mut response = own.again(None);
                own.set_session(&cookie, &mut response);
                response
            }
        })
    })
    .await
}

async fn changed(
    own: &Own<'_>,
    session: &Recognised,
    form: &Params,
    waiting: Option<InteractionId>,
) -> Result<Response, Fault> {
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
            let mut response = match waiting {
                Some(id) => respond::see_other(&format!("{}?i={id}", paths::SIGN_IN)),
                None => own.home(Some(Done::PasswordChanged)),
            };
            own.set_session(&cookie, &mut response);
            response
        }
        Changed::Again { cookie } => {
            let mut response = own.told(Problem::Busy);
            own.set_session(&cookie, &mut response);
            response
        }
        Changed::NeedsSecondFactor => own.again(None),
        Changed::Wrong => own.told(Problem::PasswordWrong),
        Changed::Wait { until } => own.told(Problem::TooManyTries { minutes: minutes_until(until, own.now()) }),
        Changed::Same => own.told(Problem::NewPasswordSame),
        Changed::Unsuitable(unsuitable) => own.told(unsuitable.into()),
        Changed::NotPossible(refusal) => own.again(Some(Note::of(refusal))),
        Changed::Busy => own.told(Problem::Busy),
    })
}
