//! Another agency's API, called in the person's name: with a token for it alone (RFC 8707), and with a stronger or fresher
//! authentication when it asks for one (RFC 9470). Whoever wrote the API decides how much that is; the portal only reads it.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::{HeaderMap, StatusCode, header::WWW_AUTHENTICATE};
use openidconnect::{AccessToken, HttpResponse};
use serde_json::Value;

use super::{
    Portal,
    browser::see_other,
    notice::{Failure, Notice},
    pages,
    sign_in::begin,
    tokens::level,
    visits::{Aim, Asked},
};

/// What the API said.
enum Answer {
    Records(Value),
    /// The token is of no more use.
    NoToken,
    /// The person must prove more, or again.
    StepUp(Asked),
    Failed(Failure),
}

/// `POST /records`: whatever is missing is asked for at the provider; then the page shows what the API gives.
pub(super) async fn asked_for(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let seen = portal.visits.see(portal.cookies.visit(&headers), portal.now());
    let Some(session) = seen.session else { return see_other("/", None) };
    match call(&portal, session.records_token.as_ref()).await {
        Answer::NoToken => begin(&portal, &headers, Aim::Records(Asked::default())).await,
        Answer::StepUp(asked) => begin(&portal, &headers, Aim::Records(asked)).await,
        Answer::Records(_) | Answer::Failed(_) => see_other("/records", None),
    }
}

/// `GET /records`: never goes to the provider by itself, so that an API that is never content makes no circle.
pub(super) async fn shown(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let cookie = portal.cookies.visit(&headers);
    let seen = portal.visits.see(cookie, portal.now());
    let (Some(session), Some(cookie)) = (seen.session, cookie) else { return see_other("/", None) };
    match call(&portal, session.records_token.as_ref()).await {
        Answer::Records(records) => pages::records(&portal, &headers, Some(records)),
        // One press more: the API wants more than signing in proved.
        Answer::StepUp(_) => pages::records(&portal, &headers, None),
        Answer::NoToken => see_other("/", None),
        Answer::Failed(failure) => {
            portal.visits.tell(cookie, Notice::Failed(failure));
            see_other("/", None)
        }
    }
}

async fn call(portal: &Portal, token: Option<&AccessToken>) -> Answer {
    let (Some(api), Some(token)) = (&portal.records, token) else { return Answer::NoToken };
    let Ok(url) = api.join("/records") else { return Answer::NoToken };
    // The library would panic on a token that no header can carry.
    if !token.secret().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Answer::NoToken;
    }
    match portal.provider.calls.get(&url, token.secret()).await {
        Ok(response) => read(&response),
        Err(error) => {
            tracing::warn!(%error, "a portal cannot reach the records");
            Answer::Failed(Failure::Unreachable)
        }
    }
}

fn read(response: &HttpResponse) -> Answer {
    if response.status() == StatusCode::OK {
        let records = serde_json::from_slice(response.body());
        return records.map_or(Answer::Failed(Failure::Untrusted("records")), Answer::Records);
    }
    let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match member(challenge, "error") {
        Some("insufficient_user_authentication") => Answer::StepUp(Asked {
            // RFC 9470 §3: in the order of preference; the portal takes the first that it knows.
            level: member(challenge, "acr_values")
                .and_then(|values| values.split(' ').map(|acr| level(Some(acr))).find(|level| *level > 0))
                .unwrap_or(0),
            max_age: member(challenge, "max_age").and_then(|seconds| seconds.parse().ok()),
        }),
        _ if response.status() == StatusCode::UNAUTHORIZED => Answer::NoToken,
        _ => Answer::Failed(Failure::Untrusted("records")),
    }
}

/// A quoted parameter of a challenge (RFC 9110 §11.6.1).
fn member<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, challenge: &str) -> Answer {
        let response = http::Response::builder().status(status).header(WWW_AUTHENTICATE, challenge);
        read(&response.body(b"{}".to_vec()).unwrap())
    }

    #[test]
    fn a_challenge_says_what_to_ask_for() {
        let text = r#"Bearer error="insufficient_user_authentication", error_description="x", acr_values="phr urn:vn:xacthuc:2 urn:vn:xacthuc:4", max_age="900""#;
        let Answer::StepUp(asked) = answer(401, text) else { panic!("no step-up") };
        assert_eq!(asked, Asked { level: 2, max_age: Some(900) });
        let bare = answer(401, r#"Bearer error="insufficient_user_authentication""#);
        assert!(matches!(bare, Answer::StepUp(Asked { level: 0, max_age: None })));
        assert!(matches!(answer(401, r#"Bearer error="invalid_token""#), Answer::NoToken));
        assert!(matches!(answer(401, "Bearer"), Answer::NoToken));
        assert!(matches!(answer(503, ""), Answer::Failed(_)));
        assert!(matches!(answer(200, ""), Answer::Records(_)));
    }
}
