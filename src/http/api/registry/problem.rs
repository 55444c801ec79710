//! Refusals as problem details (RFC 9457), with a stable `type` and each fault at its place.

use axum::{body::Body, response::Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Value, json};

use super::body::BodyFault;
use crate::{
    base::{Fault, fault::FaultKind},
    flows::registry::exchange::ExchangeRefusal,
    http::state::AppState,
    oidc::{
        bearer::{Challenge, Scheme},
        error::{OAuthError, OAuthErrorCode},
    },
    registry::civil_event::MessageFault,
};

/// What a handler ends with instead of an answer.
pub enum Ended {
    Refused(ExchangeRefusal),
    Body(Vec<BodyFault>),
    Fault(Fault),
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ExchangeRefusal> for Ended {
    fn from(refusal: ExchangeRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Vec<BodyFault>> for Ended {
    fn from(faults: Vec<BodyFault>) -> Self {
        Self::Body(faults)
    }
}

impl Ended {
    pub fn answer(&self, state: &AppState) -> Response {
        match self {
            Self::Refused(refusal) => refused(state, refusal),
            Self::Body(faults) => {
                let errors = faults.iter().map(|fault| json!({ "pointer": fault.pointer, "detail": fault.detail }));
                let errors: Vec<Value> = errors.collect();
                problem(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "body",
                    "The request's content is not as it should be",
                    Some(errors),
                )
            }
            Self::Fault(fault) if matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry) => {
                tracing::warn!(%fault, "answered 503");
                let title = "The service is busy; nothing was changed";
                let mut response = problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, None);
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
                response
            }
            Self::Fault(fault) => {
                tracing::error!(%fault, "answered 500");
                problem(StatusCode::INTERNAL_SERVER_ERROR, "ours", "Something went wrong on our side", None)
            }
        }
    }
}

fn refused(state: &AppState, refusal: &ExchangeRefusal) -> Response {
    match refusal {
        ExchangeRefusal::NoToken => challenged(state, (StatusCode::UNAUTHORIZED, "no-token"), None, None),
        ExchangeRefusal::Token(error) => challenged(state, (StatusCode::UNAUTHORIZED, "token"), Some(error), None),
        ExchangeRefusal::Right(right) => {
            let text = "the access token is not a client's own, or lacks the scope";
            let error = OAuthError::new(OAuthErrorCode::InsufficientScope, text);
            challenged(state, (StatusCode::FORBIDDEN, "scope"), Some(&error), Some(right.scope()))
        }
        ExchangeRefusal::Statements(faults) => {
            let errors = faults
                .iter()
                .map(|(statement, error)| json!({ "header": statement.header(), "detail": error.to_string() }))
                .collect();
            let title = "Every request says who asks, for which procedure and dossier, and why";
            problem(StatusCode::BAD_REQUEST, "statements", title, Some(errors))
        }
        ExchangeRefusal::Message(faults) => {
            let error = |fault: &MessageFault| {
                json!({
                    "pointer": fault.pointer, "reason": fault.code, "detail": fault.en, "detail#vi": fault.vi,
                })
            };
            let title = "The event is not told as it should be; nothing was kept";
            problem(StatusCode::UNPROCESSABLE_ENTITY, "event", title, Some(faults.iter().map(error).collect()))
        }
        ExchangeRefusal::TooFast(span) => {
            let title = "Too many requests in a minute from this client";
            let mut response = problem(StatusCode::TOO_MANY_REQUESTS, "too-fast", title, None);
            if let Ok(value) = HeaderValue::try_from((span.as_secs() + 1).to_string()) {
                response.headers_mut().insert(RETRY_AFTER, value);
            }
            response
        }
        other => {
            let (status, name, title) = plain(other);
            problem(status, name, title, None)
        }
    }
}

/// Refusals of which there is nothing to say but what they are.
const fn plain(refusal: &ExchangeRefusal) -> (StatusCode, &'static str, &'static str) {
    match refusal {
        ExchangeRefusal::WeakClient => {
            let title = "This interface is for clients with a key of their own: private_key_jwt or mutual TLS";
            (StatusCode::FORBIDDEN, "weak-client", title)
        }
        ExchangeRefusal::NotState => {
            (StatusCode::FORBIDDEN, "not-state", "This interface is for clients registered as rp_class state")
        }
        ExchangeRefusal::ForeignAgency => {
            (StatusCode::FORBIDDEN, "foreign-agency", "X-Agency-Code names another agency than the client's own")
        }
        ExchangeRefusal::Volume => {
            (StatusCode::TOO_MANY_REQUESTS, "volume", "The client's requests of today are used up")
        }
        ExchangeRefusal::NotTheirs => {
            let title = "The client's registration does not name this part of the registry";
            (StatusCode::FORBIDDEN, "not-registered", title)
        }
        ExchangeRefusal::OtherContent => {
            let title = "Another content was told under this source id; nothing was changed";
            (StatusCode::CONFLICT, "other-content", title)
        }
        ExchangeRefusal::NoSuchEvent => (StatusCode::NOT_FOUND, "no-such-event", "This client told of no such event"),
        ExchangeRefusal::FeedGone => {
            let title =
                "What came after this place is not kept any more: read anew what you hold, and go on without `after`";
            (StatusCode::GONE, "feed-gone", title)
        }
        ExchangeRefusal::FeedAhead => {
            let title = "The feed has not come to this place: what you hold is not of this registry as it is now";
            (StatusCode::CONFLICT, "feed-ahead", title)
        }
        ExchangeRefusal::Guessing => {
            let title = "Most of today's answers did not agree: nothing more is answered today";
            (StatusCode::TOO_MANY_REQUESTS, "guessing", title)
        }
        _ => (StatusCode::NOT_FOUND, "no-match", "Number, name and birth date do not lead to one person"),
    }
}

fn challenged(
    state: &AppState,
    (status, name): (StatusCode, &'static str),
    error: Option<&OAuthError>,
    scope: Option<&str>,
) -> Response {
    let title = error.map_or("An access token is needed", OAuthError::description);
    let mut response = problem(status, name, title, None);
    let challenge = Challenge { scheme: Scheme::Bearer, realm: &state.provider.settings.issuer, error, scope }.value();
    if let Ok(value) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    response
}

/// `type` is the same word for the same thing for ever.
fn problem(status: StatusCode, name: &str, title: &str, errors: Option<Vec<Value>>) -> Response {
    let mut document =
        json!({ "type": format!("urn:dinhdanh:problem:registry:{name}"), "title": title, "status": status.as_u16() });
    if let (Some(errors), Some(members)) = (errors, document.as_object_mut()) {
        members.insert("errors".to_owned(), errors.into());
    }
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
