//! `/console`: whose desk this is, and leaving it.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use http::header::SET_COOKIE;

use super::view::HomePage;
use crate::{
    flows::operators::sign_out,
    http::{
        cookies::Cookie,
        extract::{Operator, OperatorForm},
        frame::Phrase,
        paths, respond,
        state::AppState,
    },
    registry::admin_unit,
};

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::CONSOLE, get(show)).route(paths::CONSOLE_SIGN_OUT, post(leave))
}

async fn show(State(state): State<AppState>, operator: Operator) -> Response {
    let (who, session) = (operator.signed.operator(), operator.signed.session());
    let unit = who.post.unit.as_deref();
    let page = HomePage {
        name: Phrase::vi(who.called().to_owned()),
        roles: who.post.roles.iter().copied().collect(),
        unit: unit.map(|code| Phrase::vi(admin_unit::latest(code).map_or(code, |unit| unit.full_name))),
        since: session.code_at.unwrap_or(session.password_at),
    };
    page.render(&operator.frame(&state)).into_response()
}

async fn leave(State(state): State<AppState>, OperatorForm { operator, .. }: OperatorForm) -> Response {
    if let Err(fault) = sign_out(&state.provider, operator.signed.desk(), operator.visitor.now()).await {
        return respond::fault_for(&state, &operator.visitor, &fault);
    }
    let mut response = respond::see_other(paths::CONSOLE_SIGN_IN);
    response.headers_mut().append(SET_COOKIE, state.cookies.clear(Cookie::Operator));
    response
}
