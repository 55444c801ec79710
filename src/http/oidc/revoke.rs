//! `POST /revoke` (RFC 7009).

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::caller::{Refused, authenticated};
use crate::{
    base::Timestamp,
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
        revocation::RevocationRequest,
    },
};

pub async fn revoke(State(state): State<AppState>, Now(now): Now, headers: Call, FormBody(form): FormBody) -> Response {
    answer(&state, now, &headers, form).await.unwrap_or_else(|refused| refused.answer(&state, Endpoint::Revocation))
}

/// §2.2: 200 whatever the token was; the body is ignored by clients, so there is none.
async fn answer(
    state: &AppState,
    now: Timestamp,
    headers: &Call,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = authenticated(state, headers, &form, endpoints::REVOKE, now).await?;
    flows::revoke::revoke(&state.provider, &client, &RevocationRequest::parse(&form)?, now).await?;
    Ok(respond::json(StatusCode::OK, Vec::new()))
}
