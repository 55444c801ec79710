//! Parameters as they were sent, with repetitions visible; protocol endpoints judge them themselves.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{HeaderMap, header::CONTENT_TYPE, request::Parts};
use http_body_util::BodyExt as _;

use crate::oidc::{error::OAuthError, params::Params};

/// The query string.
pub struct QueryParams(pub Result<Params, OAuthError>);

impl<S: Send + Sync> FromRequestParts<S> for QueryParams {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Params::parse(parts.uri.query().unwrap_or_default().as_bytes())))
    }
}

/// Whether the body is of this media type, by what the request says of it; who says it twice says nothing (RFC 9110 §8.3).
pub fn says(headers: &HeaderMap, media: &str) -> bool {
    let mut said = headers.get_all(CONTENT_TYPE).iter();
    let one = said.next().filter(|_| said.next().is_none());
    one.and_then(|value| value.to_str().ok())
        .map(|text| text.split(';').next().unwrap_or_default().trim())
        .is_some_and(|said| said.eq_ignore_ascii_case(media))
}

pub fn says_form(headers: &HeaderMap) -> bool {
    says(headers, "application/x-www-form-urlencoded")
}

/// An `application/x-www-form-urlencoded` body (RFC 6749 appendix B). The edge bounds its size and time.
pub struct FormBody(pub Result<Params, OAuthError>);

impl<S: Send + Sync> FromRequest<S> for FormBody {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Self::Rejection> {
        let is_form = says_form(request.headers());
        let Ok(collected) = request.into_body().collect().await else {
            return Ok(Self(Err(OAuthError::invalid_request("the body could not be read to its end"))));
        };
        let bytes = collected.to_bytes();
        if !is_form && !bytes.is_empty() {
            return Ok(Self(Err(OAuthError::invalid_request(
                "the body must be application/x-www-form-urlencoded (RFC 6749 appendix B)",
            ))));
        }
        Ok(Self(Params::parse(&bytes)))
    }
}
