//! `/sign-in?i=…`: the interaction's page, whatever its step is, and its forms. The id is no authority: the browser's cookie
//! must match too, and which form is taken follows from the step that stands.

use axum::{Router, extract::State, response::Response, routing::get};
use http::{HeaderMap, header::SET_COOKIE};

use super::render;
use crate::{
    base::{Fault, Secret, ids::InteractionId},
    flows::authorize::{
        Step,
        act::{Act, Acted, act},
        step::{self, Opened, give_up, step},
    },
    http::{
        cookies::Cookie,
        errors::view::WentWrong,
        extract::{FormBody, FormGuard, QueryParams, Visitor},
        paths, respond,
        state::AppState,
    },
    oidc::{error::OAuthError, params::Params},
};

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::SIGN_IN, get(show).post(take))
}

fn interaction_id(query: Result<Params, OAuthError>) -> Option<InteractionId> {
    query.ok()?.one("i").ok().flatten()?.parse().ok()
}

async fn show(
    State(state): State<AppState>,
    mut visitor: Visitor,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    // Without an interaction there is nothing to sign in to but one's own account.
    let Some(id) = interaction_id(query) else { return respond::see_other(paths::ACCOUNT) };
    let cookie = visitor.ensure_cookie(&state);
    let mut response = match page(&state, &visitor, id).await {
        Ok(response) => response,
        Err(fault) => respond::fault_for(&state, &visitor, &fault),
    };
    visitor.forget_dead_session(&state, &headers, &mut response).await;
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn page(state: &AppState, visitor: &Visitor, id: InteractionId) -> Result<Response, Fault> {
    let opened = match step::open(&state.provider, id, &visitor.browser).await? {
        Ok(opened) => opened,
        Err(closed) => return Ok(render::closed(state, visitor, closed)),
    };
    let now = step(&state.provider, &opened, &visitor.browser).await?;
    Ok(render::step(state, visitor, &opened, now))
}

async fn take(
    State(state): State<AppState>,
    visitor: Visitor,
    QueryParams(query): QueryParams,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    let (Some(id), Ok(form)) = (interaction_id(query), form) else {
        return respond::page(&state, visitor.choice(None), WentWrong::PortalRequest, visitor.request_id.clone(), None);
    };
    if let Some(response) = respond::too_many(&state, &visitor).await {
        return response;
    }
    let guard = FormGuard { state: &state, purpose: id.0.as_bytes() };
    if guard.check(&visitor, &headers, &form).is_err() {
        return respond::page(&state, visitor.choice(None), WentWrong::ForeignForm, visitor.request_id.clone(), None);
    }
    match answer(&state, &visitor, id, &form).await {
        Ok(response) => response,
        Err(fault) => respond::fault_for(&state, &visitor, &fault),
    }
}

async fn answer(state: &AppState, visitor: &Visitor, id: InteractionId, form: &Params) -> Result<Response, Fault> {
    let provider = &state.provider;
    let opened = match step::open(provider, id, &visitor.browser).await? {
        Ok(opened) => opened,
        Err(closed) => return Ok(render::closed(state, visitor, closed)),
    };
    let stands = step(provider, &opened, &visitor.browser).await?;
    if matches!(stands, Step::Deliver(_) | Step::Decided(_)) {
        return Ok(render::step(state, visitor, &opened, stands));
    }
    // Who is signed in may be guessing at others.
    if visitor.browser.session.is_some()
        && matches!(stands, Step::Password { .. })
        && let Some(response) = respond::too_many_forms(state, visitor).await
    {
        return Ok(response);
    }
    let field = |name: &str| form.one(name).ok().flatten().unwrap_or_default();
    if field("action") == "return" || (field("action") == "cancel" && is_an_end(&stands)) {
        let left = give_up(provider, &opened, &visitor.browser).await?;
        return Ok(render::step(state, visitor, &opened, left));
    }
    let (password, code) = (Secret::new(field("password")), Secret::new(field("code")));
    let Some(wanted) = understand(form, &stands, visitor, (&password, &code)) else { return Ok(again(&opened)) };
    let acted = act(provider, &opened, &visitor.browser, &stands, &wanted).await?;
    let mut response = again(&opened);
    if let Acted::NewSession(cookie) = acted {
        let value = state.cookies.set(Cookie::Session, cookie.reveal(), None);
        response.headers_mut().append(SET_COOKIE, value);
    }
    Ok(response)
}

/// A page that only tells something: leaving it gives the portal its answer.
const fn is_an_end(step: &Step) -> bool {
    matches!(step, Step::Unreachable { .. } | Step::Blocked { .. } | Step::TooManyCodes)
}

fn again(opened: &Opened) -> Response {
    respond::see_other(&format!("{}?i={}", paths::SIGN_IN, opened.id))
}

/// The form, by its button and by the step that stands. A form without a known button is the primary one of its page: browsers
/// without scripts send none when Enter is pressed.
fn understand<'a>(
    form: &'a Params,
    stands: &Step,
    visitor: &'a Visitor,
    (password, code): (&'a Secret, &'a Secret),
) -> Option<Act<'a>> {
    let field = |name: &str| form.one(name).ok().flatten().unwrap_or_default();
    Some(match (field("action"), stands) {
        ("cancel" | "refuse", _) => Act::Refuse,
        ("change_number", _) => Act::ChangeNumber,
        ("use_recovery_code", _) => Act::UseRecoveryCode,
        ("use_totp", _) => Act::UseTotp,
        ("another", _) => Act::AnotherAccount,
        ("agree", Step::Consent(_)) => Act::Agree,
        (_, Step::MatchNumber { .. }) => Act::MatchNumber(field("number")),
        (_, Step::Number { .. }) => Act::Number(field("username")),
        (_, Step::Password { .. }) => {
            Act::Password { password, network: &visitor.network, user_agent: &visitor.user_agent }
        }
        (_, Step::Code { .. }) => Act::Code(code),
        ("continue", Step::SelectAccount { .. }) => Act::ChooseAccount,
        _ => return None,
    })
}
