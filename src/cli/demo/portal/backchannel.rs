//! `POST /backchannel-logout` (OpenID Connect Back-Channel Logout 1.0 §2.5–2.8): the provider says that a session is over.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header::CONTENT_TYPE};
use serde_json::json;

use super::{
    Portal,
    logout_token::{Expected, Invalid, validate},
    provider::Known,
    visits::{Logout, Replayed},
};
use crate::{base::Timestamp, oidc::Params};

pub(super) async fn backchannel_logout(State(portal): State<Arc<Portal>>, headers: HeaderMap, body: Bytes) -> Response {
    match obey(&portal, &headers, &body).await {
        Ok(ended) => {
            tracing::info!(portal = portal.spec.key, ended, "signed out by the provider");
            StatusCode::OK.into_response()
        }
        Err(why) => {
            tracing::warn!(portal = portal.spec.key, why, "a logout token was refused");
            refuse(why)
        }
    }
}

/// How many sessions ended, or why the token is not obeyed.
async fn obey(portal: &Portal, headers: &HeaderMap, body: &[u8]) -> Result<usize, &'static str> {
    let is_form = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    if !is_form {
        return Err("the body is not application/x-www-form-urlencoded");
    }
    let form = Params::parse(body).map_err(|_| "the form cannot be read")?;
    let token = form.required("logout_token").map_err(|_| "logout_token is not there exactly once")?;
    let now = portal.now();
    let logout = validated(portal, token, now).await?;
    portal.visits.log_out(logout, now).map_err(|Replayed| "jti was used before")
}

async fn validated(portal: &Portal, token: &str, now: Timestamp) -> Result<Logout, &'static str> {
    const NO_KEYS: &str = "the provider's keys cannot be read now";
    let with = |known: &Known| {
        let expected = Expected {
            issuer: portal.provider.issuer(),
            client_id: portal.provider.client_id().as_str(),
            keys: known.metadata.jwks(),
        };
        validate(token, &expected, now)
    };
    let known = portal.provider.known(now).await.map_err(|_| NO_KEYS)?;
    let verdict = match with(&known) {
        Err(Invalid::UnknownKey) => with(&*portal.provider.newer_than(&known, now).await.map_err(|_| NO_KEYS)?),
        verdict => verdict,
    };
    verdict.map_err(|invalid| match invalid {
        Invalid::UnknownKey => "kid is none of the provider's keys",
        Invalid::Because(why) => why,
    })
}

/// §2.8: 400 whatever the reason, with a body that the provider's people can read.
fn refuse(why: &'static str) -> Response {
    let body = json!({ "error": "invalid_request", "error_description": why }).to_string();
    let mut response = (StatusCode::BAD_REQUEST, body).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
