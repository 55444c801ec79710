//! `POST /par` (RFC 9126 §2).

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    caller::{Refused, calling},
    dpop,
};
use crate::{
    base::{Fault, Timestamp},
    flows::authorize::pushed,
    http::{
        certificate::Call,
        extract::{FormBody, Now},
        respond,
        state::AppState,
    },
    oidc::{
        endpoints,
        error::{Endpoint, OAuthError},
        params::Params,
    },
};

pub async fn push(State(state): State<AppState>, Now(now): Now, headers: Call, FormBody(form): FormBody) -> Response {
    let answered = answer(&state, now, &headers, form).await;
    let response = answered.unwrap_or_else(|refused| refused.answer(&state, Endpoint::PushedAuthorization));
    dpop::with_nonce(&state, &headers, now, response)
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    headers: &Call,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = calling(state, headers, &form, endpoints::PAR, now).await?;
    let pushed = pushed::push(&state.provider, &client, &form, now).await?;
    let outcome = if pushed.is_ok() { "kept" } else { "refused" };
    metrics::counter!("pushed_requests_total", "outcome" => outcome).increment(1);
    let body = serde_json::to_vec(&pushed?)
        .map_err(|error| Fault::internal("a pushed request's answer cannot be written", error))?;
    Ok(respond::json(StatusCode::CREATED, body))
}
