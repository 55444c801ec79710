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
};

/// A caller who may ask for this.
pub async fn call(state: &AppState, headers: &Call, right: Right, now: Timestamp) -> Result<Admitted, Ended> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let header = all.next().and_then(|value| value.to_str().ok());
    let one = if all.next().is_some() { None } else { header };
    let token = bearer::extract(one, &Params::default(), None).map_err(ExchangeRefusal::Token)?;
    let sender = Sender { proof: None, certificate: headers.certificate.clone() };
    // Vietnamese in a header is UTF-8.
    let stated = |name: &str| headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
    Ok(admitted(&state.provider, (token.as_ref().map(|token| (token, &sender)), right), stated, now).await??)
}

/// The content as one document.
pub fn document(headers: &HeaderMap, bytes: &[u8]) -> Result<Value, Ended> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(super::body::document(media, bytes)?)
}

pub fn content(headers: &HeaderMap, bytes: &[u8], known: &[&str]) -> Result<Content, Ended> {
    let media = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(Content::read(media, bytes, known)?)
}
