//! `POST /device_authorization` (RFC 8628 §3.1): a device asks for its codes.

use axum::{extract::State, response::Response};
use serde_json::{Map, Value, json};

use super::caller::{Refused, authenticated};
use crate::{
    base::Timestamp,
    flows::device::{self, Device},
    http::{
        address::ClientAddress,
        certificate::Call,
        extract::{FormBody, Now},
        paths, respond,
        state::AppState,
    },
    oidc::{
        endpoints,
        error::{Endpoint, OAuthError},
        params::Params,
    },
};

pub async fn device_authorization(
    State(state): State<AppState>,
    Now(now): Now,
    address: ClientAddress,
    headers: Call,
    FormBody(form): FormBody,
) -> Response {
    let network = address.network().to_string();
    answer(&state, now, (&headers, &network), form)
        .await
        .unwrap_or_else(|refused| refused.answer(&state, Endpoint::DeviceAuthorization))
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    (headers, network): (&Call, &str),
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = authenticated(state, headers, &form, endpoints::DEVICE_AUTHORIZATION, now).await?;
    let device = device::begin(&state.provider, &client, &form, network, now).await??;
    Ok(respond::json_object(&document(&state.provider.settings.issuer, &device)))
}

/// §3.2.
fn document(issuer: &str, device: &Device) -> Map<String, Value> {
    let page = endpoints::under(issuer, paths::DEVICE);
    let user_code = device.user_code.to_string();
    [
        ("device_code", json!(device.device_code.reveal())),
        ("verification_uri_complete", json!(format!("{page}?user_code={user_code}"))),
        ("user_code", json!(user_code)),
        ("verification_uri", json!(page)),
        ("expires_in", json!(device.expires_in.as_secs())),
        ("interval", json!(device.interval.as_secs())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
