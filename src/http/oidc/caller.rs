//! Which client calls, and how a call is refused: one way for every endpoint where clients authenticate.

use std::sync::Arc;

use axum::response::Response;
use http::{HeaderMap, header::AUTHORIZATION};

use super::{dpop, guesses::Failed};
use crate::{
    base::{Fault, Timestamp, ids::ClientId},
    flows::{
        caller::{Caller, Sender},
        clients::KnownClient,
        token::{self, authenticate::At},
    },
    http::{certificate::Call, respond, state::AppState},
    oidc::{
        client_auth::{ClientAuth, ClientAuthRefusal},
        error::{Endpoint, OAuthError},
        params::Params,
    },
};

/// Why a call is not answered as it was asked.
pub enum Refused {
    Client(ClientAuthRefusal),
    /// The client that this names was not shown to be the one that calls.
    NotAuthenticated(ClientAuthRefusal, Option<ClientId>),
    Request(OAuthError),
    Fault(Fault),
}

impl From<ClientAuthRefusal> for Refused {
    fn from(refusal: ClientAuthRefusal) -> Self {
        Self::Client(refusal)
    }
}

impl From<OAuthError> for Refused {
    fn from(error: OAuthError) -> Self {
        Self::Request(error)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Refused {
    pub fn answer(&self, state: &AppState, endpoint: Endpoint) -> Response {
        match self {
            Self::Client(refusal) => unauthenticated(state, refusal, endpoint),
            Self::NotAuthenticated(refusal, client) => {
                let mut response = unauthenticated(state, refusal, endpoint);
                response.extensions_mut().insert(Failed(client.clone()));
                response
            }
            Self::Request(error) => respond::oauth(error, endpoint, None),
            Self::Fault(fault) => respond::fault_json(fault),
        }
    }
}

/// RFC 6749 §5.2: a 401 to who used the header names the scheme; another status has no challenge.
fn unauthenticated(state: &AppState, refusal: &ClientAuthRefusal, endpoint: Endpoint) -> Response {
    let ClientAuthRefusal { error, via } = refusal;
    let challenge =
        (error.status(endpoint) == 401).then(|| via.www_authenticate(&state.provider.settings.issuer)).flatten();
    respond::oauth(error, endpoint, challenge.as_deref())
}

/// The client of a request that may bind what it gets (RFC 9449 §5, §10.1), with what it has shown. The proof first: one that
/// only lacks the nonce must not use up the assertion beside it.
pub async fn calling(
    state: &AppState,
    call: &Call,
    form: &Params,
    path: &str,
    now: Timestamp,
) -> Result<Caller, Refused> {
    let sender = called(state, call, path, now)?;
    let known = authenticated(state, call, form, path, now).await?;
    Ok(Caller::of(known, sender)?)
}

/// What a call has shown, before it is known whose it is.
pub fn called(state: &AppState, call: &Call, path: &str, now: Timestamp) -> Result<Sender, Refused> {
    let proof = dpop::judged(state, call, dpop::At { method: "POST", path, access_token: None }, now)?;
    Ok(Sender { proof, certificate: call.certificate.clone() })
}

/// The client that has proven who it is. `path` is the endpoint's: an assertion may be addressed to its URL.
pub async fn authenticated(
    state: &AppState,
    call: &Call,
    form: &Params,
    path: &str,
    now: Timestamp,
) -> Result<Arc<KnownClient>, Refused> {
    let auth = ClientAuth::parse(authorization(call)?, form)?;
    let at = At { path, by_alias: call.by_mutual_tls, certificate: call.certificate.as_deref() };
    match token::authenticate(&state.provider, &auth, at, now).await? {
        Ok(client) => Ok(client),
        Err(refusal) => {
            // The method, not the name: who is not proven may have typed anything there, a secret too.
            tracing::info!(method = auth.proof.method(), endpoint = path, "a client was not authenticated");
            metrics::counter!("client_authentication_refused_total", "method" => auth.proof.method()).increment(1);
            Err(Refused::NotAuthenticated(refusal, auth.proof.client_id().cloned()))
        }
    }
}

/// The one `Authorization` header. Two of them, or one that is no text, are nobody's way of saying who they are.
pub fn authorization(headers: &HeaderMap) -> Result<Option<&str>, OAuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(OAuthError::invalid_request("the Authorization header is repeated"));
    }
    first
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| OAuthError::invalid_request("the Authorization header is not printable ASCII"))
}
