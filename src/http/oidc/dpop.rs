//! The `DPoP` header (RFC 9449 §4.1) of a request, and the `DPoP-Nonce` of its answer (§8).

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    base::Timestamp,
    flows::dpop::{self, Arrived, Proof},
    http::state::AppState,
    oidc::{dpop::refused, endpoints, error::OAuthError},
};

pub const DPOP: HeaderName = HeaderName::from_static("dpop");
pub const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// Where the request went, and the access token that it carries to a resource.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub access_token: Option<&'a str>,
}

/// The proof that came with a request, judged; none where there is no header.
pub fn judged(state: &AppState, headers: &HeaderMap, at: At<'_>, now: Timestamp) -> Result<Option<Proof>, OAuthError> {
    let mut values = headers.get_all(DPOP).iter();
    let Some(first) = values.next() else { return Ok(None) };
    // §4.3 item 1.
    if values.next().is_some() {
        return Err(refused(&"there is more than one DPoP header"));
    }
    let proof = first.to_str().map_err(|_| refused(&"the DPoP header is not printable ASCII"))?;
    let settings = &state.provider.settings;
    let bases = [Some(&settings.issuer), settings.mutual_tls.alias.as_ref()];
    let uris: Vec<String> = bases.into_iter().flatten().map(|base| endpoints::under(base, at.path)).collect();
    let arrived = Arrived { proof, method: at.method, uris: &uris, access_token: at.access_token };
    dpop::judge(&state.provider, arrived, now).map(Some)
}

/// Whoever speaks DPoP learns the nonce for the next proof with every answer.
pub fn with_nonce(state: &AppState, headers: &HeaderMap, now: Timestamp, mut response: Response) -> Response {
    if (headers.contains_key(DPOP) || asks_for_nonce(&response))
        && let Ok(value) = HeaderValue::try_from(dpop::next_nonce(&state.provider, now))
    {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
    response
}

/// A resource that was asked with a token that needs a proof, and without one: by its scheme, or as if it were a bearer's.
fn asks_for_nonce(response: &Response) -> bool {
    let tells =
        |value: &HeaderValue| value.to_str().is_ok_and(|text| text.starts_with("DPoP ") && text.contains(" error="));
    response.headers().get_all(http::header::WWW_AUTHENTICATE).iter().any(tells)
}
