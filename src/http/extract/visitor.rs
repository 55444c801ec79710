//! The person's browser: its cookies, its network, its languages; read once a request.

use axum::{extract::FromRequestParts, response::Response};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT_LANGUAGE, SET_COOKIE, USER_AGENT},
    request::Parts,
};

use crate::{
    base::{Fault, Timestamp},
    crypto::{OpaqueToken, opaque::kind},
    flows::{
        authorize::{Browser, NewCookie, watched},
        sessions::{is_over, recognise},
    },
    http::{
        address::ClientAddress,
        cookies::Cookie,
        edge::RequestId,
        lang::{Choice, Wishes},
        respond,
        state::AppState,
    },
};

/// The one reading of the clock in this request.
#[derive(Clone, Copy, Debug)]
pub struct Now(pub Timestamp);

impl FromRequestParts<AppState> for Now {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(_parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(state.clock.now()))
    }
}

/// What failures are counted for: an IPv4 address or an IPv6 /64.
pub struct Network(pub String);

impl FromRequestParts<AppState> for Network {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &AppState) -> Result<Self, Self::Rejection> {
        Ok(Self(network_of(parts)))
    }
}

fn network_of(parts: &Parts) -> String {
    let address = parts.extensions.get::<ClientAddress>();
    address.map_or_else(|| "unknown".to_owned(), |address| address.network().to_string())
}

/// Who is before the browser, as far as cookies say.
pub struct Visitor {
    pub browser: Browser,
    /// The browser cookie's value: what form tokens are bound to. Empty when there is none yet.
    pub cookie: String,
    pub user_agent: String,
    /// What failures are counted for: an IPv4 address or an IPv6 /64.
    pub network: String,
    /// Path and query, for the language switch.
    pub here: String,
    pub request_id: String,
    session_cookie: bool,
    /// Set with an answer to a portal, when the browser has another one.
    pub watched_cookie: Option<HeaderValue>,
    accept_language: Option<String>,
    lang_cookie: Option<String>,
}

impl Visitor {
    /// The page's language; a portal's wish comes from its request.
    pub fn choice(&self, ui_locales: Option<&str>) -> Choice {
        Choice::of(&Wishes {
            ui_locales,
            cookie: self.lang_cookie.as_deref(),
            accept_language: self.accept_language.as_deref(),
        })
    }

    pub const fn now(&self) -> Timestamp {
        self.browser.now
    }

    /// Whether this browser was signed in and is not any more: idle too long, ended elsewhere.
    pub const fn had_a_session(&self) -> bool {
        self.session_cookie && self.browser.session.is_none()
    }

    /// Gives the browser a cookie when it has none; answers the header to send. Forms need one to be bound to.
    pub fn ensure_cookie(&mut self, state: &AppState) -> Option<HeaderValue> {
        if self.browser.digest.is_some() {
            return None;
        }
        let token = OpaqueToken::<kind::InteractionCookie>::generate(&state.provider.entropy);
        self.browser.digest = Some(token.digest());
        let secret = token.reveal();
        secret.reveal().clone_into(&mut self.cookie);
        Some(state.cookies.set(Cookie::Browser, secret.reveal(), None))
    }

    /// A cookie of a session that has ended is taken back, so that the browser does not carry it for ever. One that is only
    /// unknown is left alone: a rise in another tab may have changed it a moment ago.
    pub async fn forget_dead_session(&self, state: &AppState, headers: &HeaderMap, response: &mut Response) {
        let cookie = state.cookies.read(headers, Cookie::Session);
        if self.browser.session.is_some() || cookie.is_none() {
            return;
        }
        // A page is worth more than a tidy cookie.
        if let Ok(true) = is_over(&state.provider, cookie, self.now()).await {
            response.headers_mut().append(SET_COOKIE, state.cookies.clear(Cookie::Session));
        }
    }

    async fn read(parts: &Parts, state: &AppState) -> Result<Self, Fault> {
        let headers = &parts.headers;
        let now = state.clock.now();
        let cookie = state.cookies.read(headers, Cookie::Browser).unwrap_or_default().to_owned();
        let session = recognise(&state.provider, state.cookies.read(headers, Cookie::Session), now).await?;
        let digest = Browser::digest_of(Some(&cookie));
        let own = state.cookies.read(headers, Cookie::Watched);
        // Only with https: no browser sends another cookie into a frame.
        let watched = state
            .cookies
            .are_secure()
            .then(|| watched::browser_state(&state.provider, session.as_ref().map(|found| found.session.id), own));
        let watched_cookie =
            watched.as_deref().filter(|value| Some(*value) != own).map(|value| state.cookies.set_watched(value));
        Ok(Self {
            browser: Browser { session, digest, watched, now },
            watched_cookie,
            session_cookie: state.cookies.read(headers, Cookie::Session).is_some(),
            cookie: if digest.is_some() { cookie } else { String::new() },
            user_agent: text(headers, USER_AGENT).unwrap_or_default(),
            network: network_of(parts),
            here: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            request_id: parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned()).unwrap_or_default(),
            accept_language: text(headers, ACCEPT_LANGUAGE),
            lang_cookie: state.cookies.read(headers, Cookie::Lang).map(str::to_owned),
        })
    }
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Response> {
        Self::read(parts, state)
            .await
            .map_err(|fault| respond::fault_page(state, &parts.headers, &parts.extensions, &fault))
    }
}

/// Sets the browser cookie that a flow made.
pub fn set_browser_cookie(state: &AppState, response: &mut Response, cookie: &NewCookie) {
    response.headers_mut().append(SET_COOKIE, state.cookies.set(Cookie::Browser, cookie.0.reveal(), None));
}
