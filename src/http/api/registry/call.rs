//! What comes before every answer: the token, the statements, the content.

use http::{
    HeaderMap,
    header::{AUTHORIZATION, CONTENT_TYPE},
};

use serde_json::Value;

use super::{body::Content, problem::Ended};
use crate::{
    base::Timestamp,
    flows::caller::Sender,
    flows::registry::exchange::{Admitted, ExchangeRefusal, Right, admitted},
    http::{certificate::Call, state::AppState},
    oidc::{bearer, params::Params},
    registry::attribution::{Stated, StatementError},
};

/// A caller who may ask for this.
pub async fn call(state: &AppState, headers: &Call, right: Right, now: Timestamp) -> Result<Admitted, Ended> {
    let one = single(headers, AUTHORIZATION.as_str()).ok().flatten();
    let token = bearer::extract(one, &Params::default(), None).map_err(ExchangeRefusal::Token)?;
    let sender = Sender { proof: None, certificate: headers.certificate.clone() };
    let stated = |name: &str| single(headers, name);
    Ok(admitted(&state.provider, (token.as_ref().map(|token| (token, &sender)), right), stated, now).await??)
}

/// A header that stands there once, or not at all. Vietnamese in it is UTF-8.
fn single<'h>(headers: &'h HeaderMap, name: &str) -> Stated<'h> {
    let mut all = headers.get_all(name).iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(StatementError::Repeated);
    }
    std::str::from_utf8(first.as_bytes()).map(Some).map_err(|_| StatementError::NotUtf8)
}

/// Two media types are none.
fn media(headers: &HeaderMap) -> Option<&str> {
    single(headers, CONTENT_TYPE.as_str()).ok().flatten()
}

/// The content as one document.
pub fn document(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Ended> {
    Ok(super::body::document(media(headers), bytes)?)
}

pub fn content(headers: &HeaderMap, bytes: &[u8], known: &[&str]) -> Result<Content, Ended> {
    Ok(Content::read(media(headers), bytes, known)?)
}
