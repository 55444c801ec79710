//! `POST /par` (RFC 9126 §2).

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode};

use super::caller::{Refused, authenticated};
use crate::{
    base::{Fault, Timestamp},
    flows::authorize::pushed,
    http::{
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

pub async fn push(
    State(state): State<AppState>,
    Now(now): Now,
    headers: HeaderMap,
    FormBody(form): FormBody,
) -> Response {
    answer(&state, now, &headers, form)
        .await
        .unwrap_or_else(|refused| refused.answer(&state, Endpoint::PushedAuthorization))
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    headers: &HeaderMap,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = authenticated(state, headers, &form, endpoints::PAR, now).await?;
    let pushed = pushed::push(&state.provider, &client, &form, now).await?;
    let outcome = if pushed.is_ok() { "kept" } else { "refused" };
    metrics::counter!("pushed_requests_total", "outcome" => outcome).increment(1);
    let body = serde_json::to_vec(&pushed?)
        .map_err(|error| Fault::internal("a pushed request's answer cannot be written", error))?;
    Ok(respond::json(StatusCode::CREATED, body))
}
