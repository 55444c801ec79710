//! Handles: what an address of the console names, sealed for one operator's session. Nobody reads a person out of an
//! address, and another's address opens nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    base::{Fault, ids::PersonId},
    crypto::Place,
    http::{extract::Operator, state::AppState},
};

const fn place(session: &[u8]) -> Place<'_> {
    Place { table: "console", column: "handle", row: session }
}

pub fn seal<T: Serialize>(state: &AppState, operator: &Operator, what: &T) -> Result<String, Fault> {
    let json = serde_json::to_vec(what).map_err(|error| Fault::internal("writing a handle", error))?;
    let session = operator.signed.session().id;
    let sealed = state
        .provider
        .secrets
        .sealer
        .seal(place(session.0.as_bytes()), &json, &state.provider.entropy)
        .map_err(|error| Fault::internal("sealing a handle", error))?;
    Ok(URL_SAFE_NO_PAD.encode(sealed))
}

/// None for what is not ours, or another session's.
pub fn open<T: DeserializeOwned>(state: &AppState, operator: &Operator, handle: &str) -> Option<T> {
    let sealed = URL_SAFE_NO_PAD.decode(handle).ok()?;
    let session = operator.signed.session().id;
    let json = state.provider.secrets.sealer.open(place(session.0.as_bytes()), &sealed).ok()?;
    serde_json::from_slice(json.reveal()).ok()
}

pub fn of_person(state: &AppState, operator: &Operator, id: PersonId) -> Result<String, Fault> {
    Ok(format!("{}/{}", crate::http::paths::CONSOLE_PERSON, seal(state, operator, &id)?))
}
