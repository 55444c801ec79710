//! `GET` and `POST /userinfo` (OIDC Core §5.3): a protected resource, so that its refusals are RFC 6750's challenges.

use axum::{body::Body, extract::State, response::Response};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    },
};

use super::caller::{Refused, authorization};
use crate::{
    base::Timestamp,
    flows,
    http::{
        extract::{FormBody, Now, QueryParams},
        respond,
        state::AppState,
    },
    oidc::{
        bearer::{self, Challenge},
        error::{Endpoint, OAuthError},
        params::Params,
    },
};

pub async fn by_get(
    State(state): State<AppState>,
    Now(now): Now,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
) -> Response {
    answered(&state, now, authorization(&headers), query, Ok(None)).await
}

pub async fn by_post(
    State(state): State<AppState>,
    Now(now): Now,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
    FormBody(form): FormBody,
) -> Response {
    answered(&state, now, authorization(&headers), query, form.map(Some)).await
}

/// A portal whose code runs in the browser asks with its token, which no cookie of ours is (§5.3).
pub async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for_any_origin(response)
}

async fn answered(
    state: &AppState,
    now: Timestamp,
    header: Result<Option<&str>, OAuthError>,
    query: Result<Params, OAuthError>,
    form: Result<Option<Params>, OAuthError>,
) -> Response {
    let token = header.and_then(|header| bearer::extract(header, &query?, form?.as_ref()));
    let response = match answer(state, now, token).await {
        Ok(response) => response,
        Err(Refused::Fault(fault)) => respond::fault_json(&fault),
        Err(Refused::Request(error) | Refused::Client(crate::oidc::client_auth::ClientAuthRefusal { error, .. })) => {
            let challenge = challenge(state, Some(&error));
            respond::oauth(&error, Endpoint::UserInfo, Some(&challenge))
        }
    };
    for_any_origin(response)
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    token: Result<Option<crate::base::Secret>, OAuthError>,
) -> Result<Response, Refused> {
    let Some(token) = token? else {
        // RFC 6750 §3.1: without a token there is no error to speak of.
        let mut response = respond::json(StatusCode::UNAUTHORIZED, Vec::new());
        if let Ok(value) = HeaderValue::try_from(challenge(state, None)) {
            response.headers_mut().insert(http::header::WWW_AUTHENTICATE, value);
        }
        return Ok(response);
    };
    let document = flows::userinfo::userinfo(&state.provider, token.reveal(), now).await??;
    Ok(respond::json_object(&document))
}

fn challenge(state: &AppState, error: Option<&OAuthError>) -> String {
    Challenge { realm: &state.provider.settings.issuer, error, scope: Some("openid") }.value()
}

fn for_any_origin(mut response: Response) -> Response {
    const OPEN: [(HeaderName, HeaderValue); 2] = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate, x-request-id")),
    ];
    response.headers_mut().extend(OPEN);
    response
}
