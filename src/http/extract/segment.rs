//! The part of an address that varies.

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// As text. One that is none (`%ff`) names what nobody has, and the endpoint answers it as that; the framework would answer in words of
/// its own, in the place of a page or an error that its reader understands.
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map_or_else(|_| String::new(), |Path(text)| text)))
    }
}
