//! `POST /introspect` (RFC 7662).

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header::ACCEPT};

use super::caller::{Refused, authenticated};
use crate::{
    base::{Fault, Timestamp},
    crypto::Typ,
    flows::{self, nested},
    http::{
        certificate::Call,
        extract::{FormBody, Now},
        respond,
        state::AppState,
    },
    oidc::{
        client::ClientAuthMethod,
        endpoints,
        error::{Endpoint, OAuthError, OAuthErrorCode},
        introspection::IntrospectionRequest,
        params::Params,
    },
};

pub async fn introspect(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    FormBody(form): FormBody,
) -> Response {
    answer(&state, now, &headers, form).await.unwrap_or_else(|refused| refused.answer(&state, Endpoint::Introspection))
}

/// RFC 9701 §4.
const JWT: &str = "application/token-introspection+jwt";

fn wants_jwt(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_jwt = parts.next().is_some_and(|media| media.eq_ignore_ascii_case(JWT));
        // RFC 9110 §12.4.2: with a weight of 0 it is what is not wanted.
        is_jwt && !parts.any(|parameter| matches!(parameter, "q=0" | "q=0." | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    headers: &Call,
    form: Result<Params, OAuthError>,
) -> Result<Response, Refused> {
    let form = form?;
    let client = authenticated(state, headers, &form, endpoints::INTROSPECT, now).await?;
    // §2.1, §4: without credentials anybody could scan for tokens.
    if client.client.auth.method == ClientAuthMethod::None {
        let text = "introspection is for clients that authenticate; a public client cannot";
        return Err(OAuthError::new(OAuthErrorCode::InvalidClient, text).into());
    }
    let request = IntrospectionRequest::parse(&form)?;
    let document = flows::introspect::introspect(&state.provider, &client, &request, now).await?;
    if wants_jwt(headers) {
        let answer = serde_json::to_value(&document)
            .map_err(|error| Fault::internal("an introspection cannot be written", error))?;
        let claims = nested::introspection_claims(&state.provider.settings.issuer, &client, &answer, now);
        let form = (client.client.responses.introspection, Some(client.client.introspection_alg()));
        let jwt = nested::answer(&state.provider, &client, form, (Typ::Introspection, claims), now).await??;
        return Ok(respond::jwt(JWT, jwt));
    }
    let body =
        serde_json::to_vec(&document).map_err(|error| Fault::internal("an introspection cannot be written", error))?;
    Ok(respond::json(StatusCode::OK, body))
}
