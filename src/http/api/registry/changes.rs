//! `/changes`: what changed, from where the subscriber left off.

use axum::{extract::State, response::Response};
use serde_json::json;

use super::{body::BodyFault, call::call, handlers::answered, problem::Ended};
use crate::{
    flows::registry::exchange::{
        Right,
        changes::{MOST, changes},
    },
    http::{
        certificate::Call,
        extract::{Now, QueryParams},
        state::AppState,
    },
    oidc::{error::OAuthError, params::Params},
};

/// Of a page when the subscriber says nothing.
const USUAL: usize = 100;

pub async fn read(
    State(state): State<AppState>,
    Now(now): Now,
    headers: Call,
    QueryParams(query): QueryParams,
) -> Response {
    let answer = async {
        let caller = call(&state, &headers, Right::Changes, now).await?;
        let asked = asked(&query)?;
        let feed = changes(&state.provider, &caller, asked, now).await??;
        Ok(json!({ "changes": feed.changes, "next": feed.next, "more": feed.more }))
    };
    answered(&state, answer.await)
}

fn asked(query: &Result<Params, OAuthError>) -> Result<(Option<i64>, usize), Ended> {
    let fault = |name: &str, detail: &str| {
        Ended::Body(vec![BodyFault { pointer: format!("?{name}"), detail: detail.to_owned() }])
    };
    let query = query.as_ref().map_err(|error| fault("", error.description()))?;
    let one = |name: &str| query.one(name).map_err(|error| fault(name, error.description()));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let after = one("after")?.map(|text| text.parse().ok().filter(|_| digits(text))).map(|read: Option<i64>| {
        read.ok_or_else(|| fault("after", "is the `next` of the page before: a whole number from 0"))
    });
    let most = one("limit")?.map(|text| text.parse().ok().filter(|most| digits(text) && (1..=MOST).contains(most)));
    let most = most.map(|read: Option<usize>| read.ok_or_else(|| fault("limit", "is a whole number from 1 to 200")));
    Ok((after.transpose()?, most.transpose()?.unwrap_or(USUAL)))
}
