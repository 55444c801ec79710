//! `GET` and `POST /userinfo` (OIDC Core §5.3): a protected resource, so that its refusals are RFC 6750's challenges.

use axum::{body::Body, extract::State, response::Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, WWW_AUTHENTICATE,
    },
};

use super::{
    caller::{Refused, authorization},
    dpop,
};
use crate::{
    base::Timestamp,
    flows::{self, caller::Sender, dpop::Proof, userinfo::Answer},
    http::{
        certificate::Call,
        extract::{FormBody, Now, QueryParams, body::says_form},
        respond,
        state::AppState,
    },
    oidc::{
        bearer::{self, Challenge, Presented, Scheme},
        client_auth::ClientAuthRefusal,
        dpop::refused,
        endpoints,
        error::{Endpoint, OAuthError, OAuthErrorCode},
        params::Params,
    },
};

pub async fn by_get(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    QueryParams(query): QueryParams,
) -> Response {
    answered(&state, now, Asked { method: "GET", headers: &headers, query, form: Ok(None) }).await
}

pub async fn by_post(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    QueryParams(query): QueryParams,
    FormBody(form): FormBody,
) -> Response {
    // RFC 6750 §2.2: only a form is a place for a token; any other body is none of ours to read.
    let form = if says_form(&headers) { form.map(Some) } else { Ok(None) };
    answered(&state, now, Asked { method: "POST", headers: &headers, query, form }).await
}

/// A portal whose code runs in the browser asks with its token, which no cookie of ours is (§5.3).
pub async fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, dpop"),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for_any_origin(response)
}

/// How the request came, for the proof.
struct Asked<'a> {
    method: &'static str,
    headers: &'a Call,
    query: Result<Params, OAuthError>,
    form: Result<Option<Params>, OAuthError>,
}

async fn answered(state: &AppState, now: Timestamp, asked: Asked<'_>) -> Response {
    let Asked { method, headers, query, form } = asked;
    let presented = authorization(headers).and_then(|header| bearer::extract(header, &query?, form?.as_ref()));
    let scheme = presented.as_ref().ok().and_then(Option::as_ref).map_or(Scheme::Bearer, |presented| presented.scheme);
    let response = match answer(state, now, (method, headers), presented).await {
        Ok(response) => response,
        Err(Refused::Fault(fault)) => respond::fault_json(&fault),
        Err(
            Refused::Request(error)
            | Refused::Client(ClientAuthRefusal { error, .. })
            | Refused::NotAuthenticated(ClientAuthRefusal { error, .. }, _),
        ) => challenged(state, scheme, &error),
    };
    for_any_origin(dpop::with_nonce(state, headers, now, response))
}

async fn answer(
    state: &AppState,
    now: Timestamp,
    (method, headers): (&str, &Call),
    presented: Result<Option<Presented>, OAuthError>,
) -> Result<Response, Refused> {
    let Some(presented) = presented? else { return Ok(unasked(state)) };
    let proof = proof(state, now, (method, headers), &presented)?;
    let sender = Sender { proof, certificate: headers.certificate.clone() };
    Ok(match flows::userinfo::userinfo(&state.provider, &presented, &sender, now).await? {
        Ok(Answer::Json(document)) => respond::json_object(&document),
        Ok(Answer::Jwt(jwt)) => respond::jwt("application/jwt", jwt),
        Err(refusal) => challenged(state, refusal.scheme, &refusal.error),
    })
}

/// RFC 9449 §7.1: the scheme and the proof come together. A proof beside a bearer token is not looked at.
fn proof(
    state: &AppState,
    now: Timestamp,
    (method, headers): (&str, &Call),
    presented: &Presented,
) -> Result<Option<Proof>, OAuthError> {
    if presented.scheme == Scheme::Bearer {
        return Ok(None);
    }
    let access_token = Some(presented.token.reveal());
    let at = dpop::At { method, path: endpoints::USERINFO, access_token };
    match dpop::judged(state, headers, at, now)? {
        Some(proof) => Ok(Some(proof)),
        None => Err(refused(&"the DPoP header is missing")),
    }
}

/// RFC 6750 §3.1: without a token there is no error to speak of. Both schemes work here (RFC 9449 §7.2).
fn unasked(state: &AppState) -> Response {
    let mut response = respond::json(StatusCode::UNAUTHORIZED, Vec::new());
    add_challenge(&mut response, &challenge(state, Scheme::Bearer, None));
    add_challenge(&mut response, &challenge(state, Scheme::Dpop, None));
    response
}

/// RFC 9449 §7.2: the error stands in the challenge of the scheme that was meant, the other scheme beside it where another token
/// could come by it.
fn challenged(state: &AppState, scheme: Scheme, error: &OAuthError) -> Response {
    let mut response = respond::oauth(error, Endpoint::UserInfo, None);
    add_challenge(&mut response, &challenge(state, scheme, Some(error)));
    if scheme == Scheme::Bearer && error.code == OAuthErrorCode::InvalidToken {
        add_challenge(&mut response, &challenge(state, Scheme::Dpop, None));
    }
    response
}

fn challenge(state: &AppState, scheme: Scheme, error: Option<&OAuthError>) -> String {
    Challenge { scheme, realm: &state.provider.settings.issuer, error, scope: Some("openid") }.value()
}

fn add_challenge(response: &mut Response, challenge: &str) {
    if let Ok(value) = HeaderValue::try_from(challenge) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
}

fn for_any_origin(mut response: Response) -> Response {
    const OPEN: [(HeaderName, HeaderValue); 2] = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("www-authenticate, dpop-nonce, x-request-id")),
    ];
    response.headers_mut().extend(OPEN);
    response
}
