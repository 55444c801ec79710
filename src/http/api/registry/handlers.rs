//! One handler an operation: who asks, what is asked, the flow, the answer.

use axum::{body::Bytes, extract::State, response::Response};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde_json::{Value, json};

use super::{
    OPENAPI,
    body::question,
    call::{call, content},
    problem::Ended,
};
use crate::{
    flows::registry::{
        exchange::{Right, answers, counted::note_counted},
        statistics,
    },
    http::{
        certificate::Call,
        extract::{Now, QueryParams},
        respond,
        state::AppState,
    },
};

const CLAIM: [&str; 3] = ["number", "name", "birth_date"];

/// The contract itself: no secret, and the same for everybody.
pub async fn openapi() -> Response {
    let mut response = respond::json(StatusCode::OK, OPENAPI.as_bytes().to_vec());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

pub async fn verify(State(state): State<AppState>, Now(now): Now, headers: Call, bytes: Bytes) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Verify, now).await?;
        let mut read = content(&headers, &bytes, &CLAIM)?;
        let claim = read.claim();
        let claim = read.done(claim)?;
        let found = answers::verify(&state.provider, &caller, &claim, now).await??;
        Ok(json!({
            "match": found.matched,
            "number": found.number,
            "name": { "answer": found.name, "level": found.name_level },
            "birth_date": found.birth,
        }))
    };
    answered(&state, answer.await)
}

pub async fn look_up(State(state): State<AppState>, Now(now): Now, headers: Call, bytes: Bytes) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::LookUp, now).await?;
        let mut read = content(&headers, &bytes, &["number", "name", "birth_date", "fields"])?;
        let (claim, fields) = (read.claim(), read.fields());
        let claim = read.done(claim)?;
        let person = answers::look_up(&state.provider, &caller, (&claim, &fields), now).await??;
        Ok(json!({ "person": person }))
    };
    answered(&state, answer.await)
}

pub async fn predicates(State(state): State<AppState>, Now(now): Now, headers: Call, bytes: Bytes) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Predicates, now).await?;
        let mut read = content(&headers, &bytes, &["number", "name", "birth_date", "ask"])?;
        let (claim, asked) = (read.claim(), read.predicates(now.vietnam_date()));
        let claim = read.done(claim)?;
        let found = answers::predicates(&state.provider, &caller, (&claim, &asked), now).await??;
        Ok(json!({ "answers": found }))
    };
    answered(&state, answer.await)
}

pub async fn household(State(state): State<AppState>, Now(now): Now, headers: Call, bytes: Bytes) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Household, now).await?;
        let mut read = content(&headers, &bytes, &CLAIM)?;
        let claim = read.claim();
        let claim = read.done(claim)?;
        Ok(answers::household(&state.provider, &caller, &claim, now).await??)
    };
    answered(&state, answer.await)
}

/// Without persons: nothing of it is anybody's, so that no person sees it either; the audit does.
pub async fn counts(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    QueryParams(query): QueryParams,
) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Statistics, now).await?;
        let question = question(&query, now.vietnam_date())?;
        note_counted(&state.provider, &caller, &question, now).await??;
        let mut conn = state.provider.db.read().await?;
        let table = statistics::table(&mut conn, &question, now.vietnam_date()).await?;
        Ok(statistics::as_json(&table, &question, now.vietnam_date()))
    };
    answered(&state, answer.await)
}

pub(super) fn answered(state: &AppState, answer: Result<Value, Ended>) -> Response {
    match answer {
        Ok(document) => respond::json(StatusCode::OK, document.to_string().into_bytes()),
        Err(ended) => ended.answer(state),
    }
}
