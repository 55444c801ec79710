//! `/account/lock`: one question, and nobody gets in any more (Law on Identification Art 34; Decree 69/2024 Art 30(2)).

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::HeaderMap;

use super::{
    home::reach,
    own::{Around, Own, field, shown, taken},
    view::{LockPage, Told, ToldPage},
};
use crate::{
    assurance::{LockReason, Party},
    flows::account::lock::{LockChange, lock},
    http::{
        extract::{FormBody, Visitor},
        paths, respond,
        state::AppState,
    },
    store::audit::Actor,
};

pub const PAGE: &str = "account/lock";

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ACCOUNT_LOCK, get(show).post(take)).route(paths::ACCOUNT_LOCKED, get(locked))
}

async fn show(State(state): State<AppState>, mut visitor: Visitor, headers: HeaderMap) -> Response {
    let around = Around::before(&state, &mut visitor);
    let own = Own { state: &state, visitor: &visitor, page: PAGE };
    let response = shown(&own, |session| async {
        let (sessions, portals) = reach(&own, session).await?;
        Ok(LockPage { sessions, portals }.render(&own.frame()).into_response())
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
    taken(&own, (&headers, &form), |session| async {
        if field(&form, "action") != "confirm" {
            return Ok(own.home(None));
        }
        let change = LockChange {
            account: session.account.account_id,
            reason: LockReason::Holder,
            party: Party::Holder,
            actor: Actor::Person,
            note: String::new(),
            now: own.now(),
        };
        lock(&state.provider, change).await?;
        let mut response = respond::see_other(paths::ACCOUNT_LOCKED);
        own.clear_session(&mut response);
        Ok(response)
    })
    .await
}

/// The same for everybody: it tells what a lock is, not whose.
async fn locked(State(state): State<AppState>, visitor: Visitor) -> Response {
    let frame = state.frame(visitor.choice(None), visitor.here.clone(), String::new());
    ToldPage { what: Told::Locked }.render(&frame).into_response()
}
