//! Handles: what an address of the console names, sealed for one operator and one working day. Nobody reads a person out of
//! an address, another's address opens nothing, and who signs in again after a break goes on where they were.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    base::{
        Fault, Span, Timestamp,
        ids::{OperatorId, PersonId},
    },
    crypto::Place,
    http::{extract::Operator, state::AppState},
    oidc::params::Params,
};

/// Longer than a day at the desk, shorter than until tomorrow's.
const GOOD_FOR: Span = Span::hours(12);

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    until: Timestamp,
    what: T,
}

const fn place(operator: &OperatorId) -> Place<'_> {
    Place { table: "console", column: "handle", row: operator.0.as_bytes() }
}

pub fn seal<T: Serialize>(state: &AppState, operator: &Operator, what: &T) -> Result<String, Fault> {
    let sealed = Sealed { until: operator.visitor.now() + GOOD_FOR, what };
    let json = serde_json::to_vec(&sealed).map_err(|error| Fault::internal("writing a handle", error))?;
    let sealed = state
        .provider
        .secrets
        .sealer
        .seal(place(&operator.id()), &json, &state.provider.entropy)
        .map_err(|error| Fault::internal("sealing a handle", error))?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// None for what is not ours, is another operator's, or of another day.
pub fn open<T: DeserializeOwned>(state: &AppState, operator: &Operator, handle: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(handle).ok()?;
    let json = state.provider.secrets.sealer.open(place(&operator.id()), &sealed).ok()?;
    let found: Sealed<T> = serde_json::from_slice(json.reveal()).ok()?;
    (found.until > operator.visitor.now()).then_some(found.what)
}

pub fn of_person(state: &AppState, operator: &Operator, id: PersonId) -> Result<String, Fault> {
    Ok(format!("{}/{}", crate::http::paths::CONSOLE_PERSON, seal(state, operator, &id)?))
}

/// The address of the next page of a list: after what ended this one.
pub fn next<T: Serialize>(state: &AppState, operator: &Operator, list: &str, ended: &T) -> Result<String, Fault> {
    Ok(format!("{list}?after={}", seal(state, operator, ended)?))
}

/// Where a page of a list begins; at its beginning, when the address names nothing of ours.
pub fn after<T: DeserializeOwned>(state: &AppState, operator: &Operator, query: Option<Params>) -> Option<T> {
    open(state, operator, query?.one("after").ok().flatten()?)
}
