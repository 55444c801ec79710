//! The helper page of the demo, under a path that cannot be guessed: the codes that were sent, everybody's current one-time
//! code, and a tour of three steps. It stands in for the telephones of people who never lived.

mod view;

use std::sync::Arc;

use ::http::StatusCode;
use axum::{
    Extension, Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{ciba, console_sms::ConsoleSms, file::DemoFile};
use crate::{
    base::Entropy,
    crypto::digest::same,
    http::{
        errors::view::WentWrong,
        extract::{Now, QueryParams, Visitor},
        respond,
        state::AppState,
    },
};
use view::GuidePage;

/// What the page shows, and the key that opens it.
pub struct Guide {
    key: String,
    file: DemoFile,
    sms: Arc<ConsoleSms>,
}

impl Guide {
    /// `None` when the file's helper address is not one of ours.
    pub fn of(file: DemoFile, sms: Arc<ConsoleSms>) -> Option<Self> {
        let key = key_of(&file.helper)?.to_owned();
        Some(Self { key, file, sms })
    }
}

/// The address that the file had, moved to where the issuer is now; a new one where there was none.
pub fn address(before: &str, issuer: &str, entropy: &Entropy) -> String {
    let key = key_of(before).map_or_else(|| URL_SAFE_NO_PAD.encode(entropy.bytes::<24>()), str::to_owned);
    format!("{issuer}/demo/{key}")
}

fn key_of(address: &str) -> Option<&str> {
    address.rsplit_once("/demo/").map(|(_, key)| key).filter(|key| key.len() == 32)
}

pub fn routes(guide: Guide) -> Router<AppState> {
    // The key is a parameter, so that logs and figures, which name routes, never have it.
    Router::new()
        .route("/demo/{key}", get(show))
        .route("/demo/{key}/ciba", get(answer).post(answer))
        .layer(Extension(Arc::new(guide)))
}

async fn show(
    State(state): State<AppState>,
    Extension(guide): Extension<Arc<Guide>>,
    Path(key): Path<String>,
    visitor: Visitor,
) -> Response {
    let choice = visitor.choice(None);
    if !same(key.as_bytes(), guide.key.as_bytes()) {
        return respond::page(&state, choice, WentWrong::NotFound, visitor.request_id, None);
    }
    let page = GuidePage::of(&guide.file, guide.sms.last(), visitor.now());
    page.render(&state.frame(choice, visitor.here, String::new())).into_response()
}

/// Answers a backchannel request in a person's place: 204 when it is answered, 404 when there was nothing to answer.
async fn answer(
    State(state): State<AppState>,
    Extension(guide): Extension<Arc<Guide>>,
    Path(key): Path<String>,
    Now(now): Now,
    QueryParams(query): QueryParams,
) -> StatusCode {
    let asked = query.ok().and_then(|params| ciba::asked(&params));
    let Some((id, action)) = asked.filter(|_| same(key.as_bytes(), guide.key.as_bytes())) else {
        return StatusCode::NOT_FOUND;
    };
    match ciba::answer(&state.provider, &id, action, now).await {
        Ok(Some(_)) => StatusCode::NO_CONTENT,
        Ok(None) => StatusCode::NOT_FOUND,
        Err(fault) => {
            tracing::error!(%fault, "a backchannel request could not be answered");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_when_the_port_changes() {
        let entropy = Entropy::counted(1);
        let first = address("", "http://127.0.0.1:8080", &entropy);
        let second = address(&first, "http://127.0.0.1:9090", &entropy);
        assert_eq!(key_of(&first).unwrap().len(), 32);
        assert_eq!(second, first.replace("8080", "9090"));
        assert_eq!(key_of("http://127.0.0.1:8080/demo/short"), None);
    }
}
