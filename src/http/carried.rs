//! What a form came to, for the page that follows it. A POST is answered with a redirect (303), and what was typed, with
//! what is wrong about it, goes along in the browser's own cookie: sealed, bound to the browser and to one page, once and
//! for a few minutes. The record keeps nothing of it.

use axum::response::Response;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, header::SET_COOKIE};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{cookies::Cookie, extract::Visitor, state::AppState};
use crate::{
    base::{Span, Timestamp},
    crypto::Place,
};

const GOOD_FOR: Span = Span::minutes(5);
/// What browsers take as one cookie (RFC 6265bis §5.5), with room for its name and marks. More is not carried.
const MOST: usize = 3_800;

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    until: Timestamp,
    value: T,
}

const fn place<'a>(page: &'static str, visitor: &'a Visitor) -> Place<'a> {
    Place { table: "carried", column: page, row: visitor.cookie.as_bytes() }
}

/// Sends a value along with the answer. A visitor without a cookie carries nothing.
pub fn carry<T: Serialize>(state: &AppState, visitor: &Visitor, page: &'static str, value: T, response: &mut Response) {
    let sealed = Sealed { until: visitor.now() + GOOD_FOR, value };
    let provider = &state.provider;
    let text = serde_json::to_vec(&sealed)
        .ok()
        .filter(|_| !visitor.cookie.is_empty())
        .and_then(|plain| provider.secrets.sealer.seal(place(page, visitor), &plain, &provider.entropy).ok())
        .map(|sealed| URL_SAFE_NO_PAD.encode(sealed))
        .filter(|text| text.len() <= MOST);
    if let Some(text) = text {
        let cookie = state.cookies.set(Cookie::Carried, &text, Some(GOOD_FOR.as_secs()));
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// What the last form of this page left, if anything. Forgotten by [`drop_from`].
pub fn take<T: DeserializeOwned>(
    state: &AppState,
    visitor: &Visitor,
    page: &'static str,
    headers: &HeaderMap,
) -> Option<T> {
    let text = state.cookies.read(headers, Cookie::Carried).filter(|text| text.len() <= MOST)?;
    let sealed = URL_SAFE_NO_PAD.decode(text).ok()?;
    let plain = state.provider.secrets.sealer.open(place(page, visitor), &sealed).ok()?;
    let found: Sealed<T> = serde_json::from_slice(plain.reveal()).ok()?;
    (found.until > visitor.now()).then_some(found.value)
}

/// Once shown, it is gone; also what was of another page.
pub fn drop_from(state: &AppState, headers: &HeaderMap, response: &mut Response) {
    if state.cookies.read(headers, Cookie::Carried).is_some() {
        response.headers_mut().append(SET_COOKIE, state.cookies.clear(Cookie::Carried));
    }
}
