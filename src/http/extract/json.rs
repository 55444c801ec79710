//! JSON bodies of protocol endpoints, read strictly: one object, each name once, not deep.

use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value};

use super::body::says;
use crate::base::json;

/// The body of an `application/json` request, or why it is none.
pub struct JsonBody(pub Result<Map<String, Value>, &'static str>);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request<Body>, _state: &S) -> Result<Self, Self::Rejection> {
        let is_json = says(request.headers(), "application/json");
        let Ok(collected) = request.into_body().collect().await else {
            return Ok(Self(Err("could not be read to its end")));
        };
        if !is_json {
            return Ok(Self(Err("must be application/json")));
        }
        Ok(Self(json::object(&collected.to_bytes()).map_err(|_| "is not a JSON object in which each name stands once")))
    }
}
