//! Dynamic registration (RFC 7591) and a client's care for its own registration (RFC 7592).

use axum::{
    Router,
    extract::{FromRequest as _, Request, State},
    response::Response,
    routing::{get, post},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value};

use super::caller::{Refused, authorization};
use crate::{
    base::{Fault, Secret, ids::ClientId},
    flows::self_registration::{Refusal, configure, register},
    http::{
        extract::{JsonBody, Network, Now, QueryParams, Segment},
        respond,
        state::AppState,
    },
    oidc::{
        bearer::{self, Challenge, Scheme},
        client::MetadataError,
        endpoints,
        error::{Endpoint, OAuthError},
        params::Params,
    },
};

pub fn routes() -> Router<AppState> {
    let one = format!("{}/{{client_id}}", endpoints::REGISTRATION);
    Router::new().route(endpoints::REGISTRATION, post(create)).route(&one, get(read).put(update).delete(delete))
}

type Query = Result<Params, OAuthError>;

async fn create(
    State(state): State<AppState>,
    Now(now): Now,
    Network(network): Network,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
    request: Request,
) -> Response {
    let answered = async {
        let token = token(&headers, query)?;
        let caller = register::Caller { token: token.as_ref().map(Secret::reveal), network: &network };
        let admitted = register::admit(&state.provider, &caller, now).await??;
        let metadata = metadata(request, &state).await?;
        Ok(register::register(&state.provider, admitted, metadata, now).await??)
    };
    finish(&state, StatusCode::CREATED, answered.await)
}

async fn read(
    State(state): State<AppState>,
    Segment(id): Segment,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    let answered = async {
        let token = own_token(&headers, query)?;
        Ok(configure::read(&state.provider, &ClientId(id), token.reveal()).await??)
    };
    finish(&state, StatusCode::OK, answered.await)
}

async fn update(
    State(state): State<AppState>,
    Segment(id): Segment,
    Now(now): Now,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
    request: Request,
) -> Response {
    let answered = async {
        let (token, id) = (own_token(&headers, query)?, ClientId(id));
        configure::check(&state.provider, &id, token.reveal()).await??;
        let metadata = metadata(request, &state).await?;
        Ok(configure::update(&state.provider, &id, token.reveal(), &metadata, now).await??)
    };
    finish(&state, StatusCode::OK, answered.await)
}

async fn delete(
    State(state): State<AppState>,
    Segment(id): Segment,
    Now(now): Now,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    let answered = async {
        let token = own_token(&headers, query)?;
        configure::delete(&state.provider, &ClientId(id), token.reveal(), now).await??;
        Ok(Map::new())
    };
    finish(&state, StatusCode::NO_CONTENT, answered.await)
}

/// Why there is no answer as asked.
enum Stopped {
    Registration(Refusal),
    Request(OAuthError),
    Fault(Fault),
}

impl From<Refusal> for Stopped {
    fn from(refusal: Refusal) -> Self {
        Self::Registration(refusal)
    }
}

impl From<OAuthError> for Stopped {
    fn from(error: OAuthError) -> Self {
        Self::Request(error)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn token(headers: &HeaderMap, query: Query) -> Result<Option<Secret>, Stopped> {
    let presented = bearer::extract(authorization(headers)?, &query?, None)?;
    Ok(presented.filter(|presented| presented.scheme == Scheme::Bearer).map(|presented| presented.token))
}

fn own_token(headers: &HeaderMap, query: Query) -> Result<Secret, Stopped> {
    token(headers, query)?.ok_or(Stopped::Registration(Refusal::TokenMissing))
}

/// RFC 7591 §3.1: `application/json`, one object. Read only when the token is known to be good: a stranger learns nothing of how a
/// body is judged, and makes nobody read one.
async fn metadata(request: Request, state: &AppState) -> Result<Map<String, Value>, Stopped> {
    let Ok(JsonBody(body)) = JsonBody::from_request(request, state).await;
    body.map_err(|reason| Refusal::Metadata(MetadataError::new("the body", reason)).into())
}

fn finish(state: &AppState, status: StatusCode, answered: Result<Map<String, Value>, Stopped>) -> Response {
    let outcome = match &answered {
        Ok(_) => "done",
        Err(Stopped::Registration(refusal)) => refusal.code(),
        Err(Stopped::Request(_)) => "request",
        Err(Stopped::Fault(_)) => "fault",
    };
    metrics::counter!("client_registrations_total", "outcome" => outcome).increment(1);
    match answered {
        Ok(_) if status == StatusCode::NO_CONTENT => respond::json(status, Vec::new()),
        Ok(document) => respond::json(status, Value::Object(document).to_string().into_bytes()),
        Err(Stopped::Registration(refusal)) => refuse(state, &refusal),
        Err(Stopped::Request(error)) => Refused::Request(error).answer(state, Endpoint::Registration),
        Err(Stopped::Fault(fault)) => respond::fault_json(&fault),
    }
}

fn refuse(state: &AppState, refusal: &Refusal) -> Response {
    let error = refusal.oauth();
    let mut response = match refusal {
        // RFC 6750 §3.1: without a token there is no error to speak of.
        Refusal::TokenMissing => respond::json(StatusCode::UNAUTHORIZED, Vec::new()),
        _ => respond::oauth(&error, Endpoint::Registration, None),
    };
    let shown = (!matches!(refusal, Refusal::TokenMissing)).then_some(&error);
    if response.status() == StatusCode::UNAUTHORIZED {
        let realm = &state.provider.settings.issuer;
        let challenge = Challenge { scheme: Scheme::Bearer, realm, error: shown, scope: None }.value();
        if let Ok(value) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
    }
    if let Refusal::TooOften(span) = refusal {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(span.as_secs() + 1));
    }
    response
}
