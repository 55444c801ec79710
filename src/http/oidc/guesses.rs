//! Clients that cannot say who they are: after twenty failures in a minute from one network they are told to wait (429).
//! Whoever has the right proof is answered all the same, so that nobody can shut a portal out by guessing for it; and there
//! is nothing to be won by more guesses, for secrets have 256 bits or the length of them.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use serde_json::json;

use crate::{
    base::{Span, hex, ids::ClientId},
    crypto::digest::sha256_of,
    http::{address::ClientAddress, respond, state::AppState},
    store::cache::{Allowance, Rate},
};

const RATE: Rate = Rate { burst: 20, per: Span::minutes(1) };

/// Left on an answer by the endpoint whose client was not authenticated: the client it named, where it named one.
#[derive(Clone, Debug)]
pub struct Failed(pub Option<ClientId>);

pub async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let network = request.extensions().get::<ClientAddress>().map(|address| address.network().to_string());
    let mut response = next.run(request).await;
    let Some(Failed(client)) = response.extensions_mut().remove::<Failed>() else { return response };
    let client = client.as_ref().map_or("", ClientId::as_str);
    // What was typed as a name may be anything, also a secret: only a digest of it is kept, for a minute.
    let digest = sha256_of(&[client.as_bytes(), b"\0", network.unwrap_or_default().as_bytes()]);
    let key = hex(digest.as_bytes());
    match state.provider.cache.spend(&format!("client:{key}"), RATE, state.clock.now()).await {
        Allowance::Allowed => response,
        Allowance::Wait(wait) => too_many(wait),
    }
}

fn too_many(wait: Span) -> Response {
    metrics::counter!("client_authentication_limited_total").increment(1);
    let body = json!({
        "error": "temporarily_unavailable",
        "error_description": "this client failed to authenticate too often from this network; wait as long as Retry-After says",
    });
    let mut response = respond::json(StatusCode::TOO_MANY_REQUESTS, body.to_string().into_bytes());
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs().max(0) + 1));
    response
}
