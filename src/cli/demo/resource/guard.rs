//! The middleware: a request passes with an access token for this API that is worth what the route demands.
//!
//! token there? → ours, and for us (RFC 9068 §4)? → sent by whom it is bound to (RFC 8705 §3, RFC 9449 §7.1)? → scope? → authenticated well enough, and
//! recently enough (RFC 9470 §3)? A refusal says what the client must ask for next.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, WWW_AUTHENTICATE},
    request::Parts,
};

use super::{
    Api,
    sender::{Call, proven},
};
use crate::{
    base::{Span, Timestamp},
    crypto::{Alg, Expect, HeaderKey, TypRule, Unverified},
    http::certificate::Shown,
    oidc::{access_token::AccessToken, acr::AcrLevel, scope::ScopeSet},
};

/// What a route demands of a token beyond being for this API.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demands {
    pub(super) scope: Option<&'static str>,
    /// The authentication level; 0 for any.
    pub(super) level: u8,
    /// How long ago the person may have proven themselves.
    pub(super) max_age: Option<Span>,
}

/// Leaves the token's claims with the request for the handler.
pub(super) async fn guard(State((api, demands)): State<(Arc<Api>, Demands)>, request: Request, next: Next) -> Response {
    // Only the head is looked at: a body is not to be shared between threads.
    let (mut head, body) = request.into_parts();
    match admitted(&api, demands, &head).await {
        Ok(token) => {
            head.extensions.insert(token);
            next.run(Request::from_parts(head, body)).await
        }
        Err(challenge) => challenge.into_response(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Bearer,
    Dpop,
}

async fn admitted(api: &Api, demands: Demands, head: &Parts) -> Result<AccessToken, Challenge> {
    let now = api.clock.now();
    let (scheme, text) = presented(&head.headers)?;
    let token = read(api, &text, now).await?;
    let call = Call {
        method: &head.method,
        uri: format!("{}{}", api.resource.trim_end_matches('/'), head.uri.path()),
        token: &text,
        certificate: head.extensions.get::<Shown>().map(|shown| shown.0.thumbprint.as_str()),
    };
    check_sender(api, (scheme, &token), &head.headers, &call)?;
    satisfied(demands, &token, now)?;
    Ok(token)
}

/// RFC 6750 §2.1: in the one `Authorization` header, and nowhere else.
fn presented(headers: &HeaderMap) -> Result<(Scheme, String), Challenge> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    // §3.1: who sent nothing is told the scheme and no error.
    let Some(header) = sent.next() else { return Err(Challenge::bare()) };
    let text = header.to_str().ok().filter(|_| sent.next().is_none());
    let (scheme, token) = text.and_then(|text| text.split_once(' ')).ok_or_else(Challenge::bare)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Scheme::Bearer,
        "dpop" => Scheme::Dpop,
        _ => return Err(Challenge::bare()),
    };
    Ok((scheme, token.trim_start().to_owned()))
}

/// RFC 9068 §4: signed by the issuer, of the type, from it, for us, and not expired.
async fn read(api: &Api, text: &str, now: Timestamp) -> Result<AccessToken, Challenge> {
    let invalid =
        |why: &dyn std::fmt::Display| Challenge::invalid_token(&format!("the access token is refused: {why}"));
    let unverified = Unverified::parse(text, HeaderKey::Refused).map_err(|error| invalid(&error))?;
    let (alg, kid) = (unverified.header().alg, unverified.header().kid.as_deref());
    let keys = api.keys.with(alg, kid, now).await.ok_or_else(Challenge::unavailable)?;
    let expect = Expect { algs: &Alg::SIGNING, typ: TypRule::Required(&["at+jwt", "application/at+jwt"]) };
    let claims = unverified.verify(&keys, &expect).map_err(|error| invalid(&error))?;
    let payload = serde_json::to_vec(&claims).map_err(|error| invalid(&error))?;
    let token = AccessToken::parse(Some("at+jwt"), &payload, &api.issuer).map_err(|error| invalid(&error))?;
    token.check_use(&api.resource, now).map_err(|error| invalid(&error))?;
    Ok(token)
}

/// A bound token is worth nothing without what it is bound to; an unbound one is not sent as if it were.
fn check_sender(
    api: &Api,
    (scheme, token): (Scheme, &AccessToken),
    headers: &HeaderMap,
    call: &Call<'_>,
) -> Result<(), Challenge> {
    // Both may be demanded; then both are proven.
    if token.cnf.x5t_s256.is_some() && token.cnf.x5t_s256.as_deref() != call.certificate {
        return Err(Challenge::invalid_token(
            "the access token is bound to a certificate that this connection did not show (RFC 8705 section 3)",
        ));
    }
    match (&token.cnf.jkt, scheme) {
        (None, Scheme::Bearer) => Ok(()),
        (None, Scheme::Dpop) => Err(Challenge::invalid_token("the access token is bound to no key: send it as Bearer")),
        (Some(_), Scheme::Bearer) => {
            Err(Challenge::invalid_token("the access token is bound to a key: send it as DPoP with a proof")
                .with_dpop())
        }
        (Some(jkt), Scheme::Dpop) => match proven(headers, call, &api.proofs, api.clock.now()) {
            Ok(own) if own == *jkt => Ok(()),
            Ok(_) => Err(Challenge::invalid_token("the proof is made with another key than the token's").with_dpop()),
            Err(expected) => {
                let text = format!("the DPoP proof is refused; expected: {expected}");
                Err(Challenge { error: Some("invalid_dpop_proof"), ..Challenge::invalid_token(&text) }.with_dpop())
            }
        },
    }
}

/// RFC 6750 §3.1 for scopes, RFC 9470 §3 for how the person proved themselves.
fn satisfied(demands: Demands, token: &AccessToken, now: Timestamp) -> Result<(), Challenge> {
    if let Some(needed) = demands.scope {
        let scopes = token.scope.as_deref().map(ScopeSet::parse).and_then(Result::ok).unwrap_or_default();
        if !scopes.contains(needed) {
            return Err(Challenge::insufficient_scope(needed));
        }
    }
    let reached = token.authentication.acr.as_deref().and_then(AcrLevel::parse).map_or(0, AcrLevel::number);
    let age = token.authentication.auth_time.map(|at| now.since(at));
    // A token of a client for itself has no `auth_time`, and nobody's authentication is recent enough in it.
    let is_recent = demands.max_age.is_none_or(|most| age.is_some_and(|age| age <= most));
    if reached >= demands.level && is_recent { Ok(()) } else { Err(Challenge::step_up(demands)) }
}

/// A refusal with its `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7.1, RFC 9470 §3).
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    status: StatusCode,
    scheme: &'static str,
    error: Option<&'static str>,
    description: Option<String>,
    scope: Option<&'static str>,
    acr_values: Option<&'static str>,
    max_age: Option<i64>,
}

impl Challenge {
    const fn bare() -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            scheme: "Bearer",
            error: None,
            description: None,
            scope: None,
            acr_values: None,
            max_age: None,
        }
    }

    fn invalid_token(why: &str) -> Self {
        Self { error: Some("invalid_token"), description: Some(why.to_owned()), ..Self::bare() }
    }

    fn unavailable() -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, ..Self::bare() }
    }

    fn insufficient_scope(needed: &'static str) -> Self {
        Self { status: StatusCode::FORBIDDEN, error: Some("insufficient_scope"), scope: Some(needed), ..Self::bare() }
    }

    fn step_up(demands: Demands) -> Self {
        let level = AcrLevel::from_number(demands.level);
        Self {
            error: Some("insufficient_user_authentication"),
            description: Some("this needs a stronger or more recent authentication of the person".to_owned()),
            acr_values: level.map(AcrLevel::uri),
            max_age: demands.max_age.map(Span::as_secs),
            ..Self::bare()
        }
    }

    fn with_dpop(self) -> Self {
        Self { scheme: "DPoP", ..self }
    }

    fn header(&self) -> String {
        let mut members = Vec::new();
        let mut member = |name: &str, value: &str| members.push(format!("{name}=\"{}\"", quoted(value)));
        if let Some(error) = self.error {
            member("error", error);
        }
        if let Some(description) = &self.description {
            member("error_description", description);
        }
        if let Some(scope) = self.scope {
            member("scope", scope);
        }
        if let Some(values) = self.acr_values {
            member("acr_values", values);
        }
        if let Some(seconds) = self.max_age {
            member("max_age", &seconds.to_string());
        }
        if self.scheme == "DPoP" {
            member("algs", &Alg::ALL.map(Alg::name).join(" "));
        }
        format!("{} {}", self.scheme, members.join(", ")).trim_end().to_owned()
    }
}

/// RFC 9110 §5.6.4, and of error texts RFC 6750 §3: neither quotes nor backslashes inside.
fn quoted(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' }).collect()
}

impl IntoResponse for Challenge {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        // Who has no token, or none that is good, may come with another of either kind (RFC 9449 §7.2).
        let either = self.status == StatusCode::UNAUTHORIZED
            && self.scheme == "Bearer"
            && matches!(self.error, None | Some("invalid_token"));
        let other = either.then(|| Self::bare().with_dpop().header());
        for challenge in [Some(self.header()), other].into_iter().flatten() {
            if let Ok(value) = HeaderValue::try_from(challenge) {
                response.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
