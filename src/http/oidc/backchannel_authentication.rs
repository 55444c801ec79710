//! `POST /backchannel_authentication` (CIBA Core §7).

use axum::{extract::State, response::Response};
use serde_json::{Map, Value, json};

use super::caller::{Refused, authenticated};
use crate::{
    base::Timestamp,
    flows::backchannel::{self, Accepted},
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

pub async fn backchannel_authentication(
    State(state): State<AppState>,
    Now(now): Now,
    call: Call,
    FormBody(form): FormBody,
) -> Response {
    answer(&state, now, &call, form)
        .await
        .unwrap_or_else(|refused| refused.answer(&state, Endpoint::BackchannelAuthentication))
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    call: &Call,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = authenticated(state, call, &form, endpoints::BACKCHANNEL_AUTHENTICATION, now).await?;
    let accepted = backchannel::begin(&state.provider, &client, &form, now).await??;
    Ok(respond::json_object(&document(&accepted)))
}

/// §7.3.
fn document(accepted: &Accepted) -> Map<String, Value> {
    let interval = accepted.interval.map(|interval| ("interval", json!(interval.as_secs())));
    [("auth_req_id", json!(accepted.auth_req_id.reveal())), ("expires_in", json!(accepted.expires_in.as_secs()))]
        .into_iter()
        .chain(interval)
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
