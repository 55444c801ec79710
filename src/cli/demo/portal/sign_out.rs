//! Signing out here and at the provider (OpenID Connect RP-Initiated Logout 1.0).

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use openidconnect::{CsrfToken, LanguageTag, LogoutRequest, PostLogoutRedirectUrl};

use super::{
    Portal,
    browser::{see_other, with_cookie},
    pages,
};
use crate::oidc::Params;

/// `POST /sign-out`: the session here ends whatever happens next.
pub(super) async fn sign_out(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let (now, state) = (portal.now(), portal.random());
    let session = portal.cookies.visit(&headers).and_then(|cookie| portal.visits.sign_out(cookie, state.clone(), now));
    let Some(session) = session else { return see_other("/", None) };
    let endpoint = match portal.provider.known(now).await {
        Ok(known) => known.metadata.additional_metadata().end_session_endpoint.clone(),
        Err(_) => None,
    };
    let back = PostLogoutRedirectUrl::new(format!("{}/signed-out", portal.origin)).ok();
    let (Some(endpoint), Some(back)) = (endpoint, back) else { return see_other("/signed-out", None) };
    let location = LogoutRequest::from(endpoint)
        .set_id_token_hint(&session.id_token)
        .set_client_id(portal.provider.client_id().clone())
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(state))
        .add_ui_locale(LanguageTag::new(portal.cookies.language(&headers).tag().to_owned()))
        .http_get_url();
    see_other(location.as_str(), None)
}

/// `GET /signed-out`: where the provider sends the person afterwards.
pub(super) async fn signed_out(
    State(portal): State<Arc<Portal>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let cookie = portal.cookies.visit(&headers);
    if portal.visits.see(cookie, portal.now()).session.is_some() {
        // Somebody's link led here; nobody has signed out.
        return see_other("/", None);
    }
    let state = params.one("state").ok().flatten();
    let everywhere = cookie.zip(state).is_some_and(|(cookie, state)| portal.visits.left(cookie, state));
    with_cookie(pages::signed_out(&portal, &headers, everywhere), everywhere.then(|| portal.cookies.forget_visit()))
}
