//! `POST /token` (RFC 6749 §3.2).

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    caller::{self, Refused, authenticated, called},
    dpop,
};
use crate::{
    base::{Fault, Timestamp},
    flows::{self, caller::Caller, clients::KnownClient},
    http::{
        certificate::Call,
        extract::{FormBody, Now},
        respond,
        state::AppState,
    },
    oidc::{
        client_auth::{ClientAuthRefusal, Via},
        endpoints,
        error::{Endpoint, OAuthError},
        params::Params,
        token_request::TokenRequest,
    },
};

/// Each of them says that the client means to prove itself beside the grant.
const CREDENTIALS: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];

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
    // Before the client: a proof that only lacks the nonce must not use up the assertion beside it.
    let sender = called(state, headers, endpoints::TOKEN, now)?;
    let (known, by_grant_alone) = caller(state, headers, &form, now).await?;
    let client = Caller::of(known, sender)?;
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
            // Then nobody has shown to be this client: a guess, as every other.
            if by_grant_alone && matches!(refusal, flows::token::Refusal::Assertion(_)) {
                let refused = ClientAuthRefusal { error: refusal.oauth(), via: Via::Body };
                return Err(Refused::NotAuthenticated(refused, Some(client.id.clone())));
            }
            Err(refusal.oauth().into())
        }
    }
}

/// Who calls, and whether only the assertion of the grant says so, which the grant itself will judge (RFC 7523 §3.1).
async fn caller(
    state: &AppState,
    headers: &Call,
    form: &Params,
    now: Timestamp,
) -> Result<(Arc<KnownClient>, bool), Refused> {
    let alone = caller::authorization(headers)?.is_none()
        && form.all("grant_type").eq([TokenRequest::JWT_BEARER])
        && !form.iter().any(|(name, _)| CREDENTIALS.contains(&name));
    if !alone {
        return Ok((authenticated(state, headers, form, endpoints::TOKEN, now).await?, false));
    }
    let assertion = form.required("assertion")?;
    match flows::token::jwt_bearer::claimed(&state.provider, assertion).await? {
        Ok(known) => Ok((known, true)),
        Err(error) => Err(Refused::NotAuthenticated(ClientAuthRefusal { error, via: Via::Body }, None)),
    }
}
