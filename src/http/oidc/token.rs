//! `POST /token` (RFC 6749 §3.2).

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    caller::{Refused, calling},
    dpop,
};
use crate::{
    base::{Fault, Timestamp},
    flows,
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
        token_request::TokenRequest,
    },
};

pub async fn token(State(state): State<AppState>, Now(now): Now, headers: Call, FormBody(form): FormBody) -> Response {
    let answered = answer(&state, now, &headers, form).await;
    let response = answered.unwrap_or_else(|refused| refused.answer(&state, Endpoint::Token));
    dpop::with_nonce(&state, &headers, now, response)
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    headers: &Call,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = calling(state, headers, &form, endpoints::TOKEN, now).await?;
    let request = TokenRequest::parse(&form)?;
    let answered = flows::token::answer(&state.provider, &client, &request, now).await?;
    let outcome = answered.as_ref().err().map_or("issued", flows::token::Refusal::code);
    metrics::counter!("token_requests_total", "grant" => request.grant_type(), "outcome" => outcome).increment(1);
    match answered {
        Ok(tokens) => {
            let body =
                tokens.to_json().map_err(|error| Fault::internal("a token response cannot be written", error))?;
            Ok(respond::json(StatusCode::OK, body))
        }
        Err(refusal) => {
            tracing::info!(client = client.id.as_str(), grant = request.grant_type(), why = outcome, "no token");
            Err(refusal.oauth().into())
        }
    }
}
