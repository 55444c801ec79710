//! `/logout` (RP-Initiated Logout 1.0) and `/sign-out`, which is the same without a portal.

use std::time::Duration;

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::{HeaderMap, header::SET_COOKIE};
use url::{Url, form_urlencoded};

use super::view::{ConfirmPage, SignedOutPage, WayBack};
use crate::{
    base::Fault,
    flows::{
        authorize::watched,
        logout::{self, Weighed},
        sessions::Recognised,
    },
    http::{
        cookies::Cookie,
        errors::view::{BrokenRule, WentWrong},
        extract::{FormBody, FormGuard, QueryParams, Visitor},
        frame::FormTarget,
        lang::Choice,
        paths, respond,
        sign_in::asker,
        state::AppState,
    },
    oidc::{end_session::EndSessionRequest, endpoints, error::OAuthError, params::Params},
};

/// How long the person waits for portals to confirm before they read which have not.
const PATIENCE: Duration = Duration::from_millis(2_500);

pub fn routes() -> Router<AppState> {
    let both = || get(asked).post(posted);
    Router::new().route(endpoints::LOGOUT, both()).route(paths::SIGN_OUT, both())
}

/// Why there is no page of signing out to show.
enum Stopped {
    /// The portal's request breaks a rule.
    Rule(OAuthError),
    Fault(Fault),
}

impl From<OAuthError> for Stopped {
    fn from(error: OAuthError) -> Self {
        Self::Rule(error)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

async fn asked(State(state): State<AppState>, mut visitor: Visitor, QueryParams(query): QueryParams) -> Response {
    match consider(&state, &mut visitor, query).await {
        Ok(response) => response,
        Err(stopped) => stop(&state, &visitor, &stopped),
    }
}

async fn posted(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    QueryParams(query): QueryParams,
    FormBody(form): FormBody,
) -> Response {
    let answered = async {
        let (query, form) = (query?, form?);
        if !form.iter().any(|(name, _)| name == "csrf") {
            return Ok::<_, Stopped>(again_by_get(&form));
        }
        decide(&state, &visitor, &headers, &query, &form).await
    };
    answered.await.unwrap_or_else(|stopped| stop(&state, &visitor, &stopped))
}

/// §2: POST means the same as GET. A form that a portal posts comes without our cookies (`SameSite=Lax`); the redirect has them.
fn again_by_get(form: &Params) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(form.iter()).finish();
    respond::see_other(&format!("{}?{query}", endpoints::LOGOUT))
}

async fn consider(
    state: &AppState,
    visitor: &mut Visitor,
    query: Result<Params, OAuthError>,
) -> Result<Response, Stopped> {
    let request = EndSessionRequest::parse(&query?)?;
    let choice = chosen(visitor, &request);
    let weighed = logout::weigh(&state.provider, &request, visitor.browser.session.as_ref()).await??;
    match visitor.browser.session.take() {
        None => signed_out(state, visitor, choice, &weighed, Vec::new()).await,
        Some(found) if weighed.by_hint => leave(state, visitor, choice, &weighed, &found).await,
        Some(found) => Ok(confirm(state, visitor, choice, &weighed, &found)),
    }
}

/// The person's answer on the confirmation page; what the portal asked stands in the query still.
async fn decide(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    query: &Params,
    form: &Params,
) -> Result<Response, Stopped> {
    let request = EndSessionRequest::parse(query)?;
    let choice = chosen(visitor, &request);
    let weighed = logout::weigh(&state.provider, &request, visitor.browser.session.as_ref()).await??;
    let Some(found) = &visitor.browser.session else {
        return signed_out(state, visitor, choice, &weighed, Vec::new()).await;
    };
    if guard(state, found).check(visitor, headers, form).is_err() {
        return Ok(respond::page(state, choice, WentWrong::ForeignForm, visitor.request_id.clone(), None));
    }
    match form.one("action")? {
        Some("sign_out") => leave(state, visitor, choice, &weighed, found).await,
        _ => Ok(respond::see_other(paths::HOME)),
    }
}

fn confirm(state: &AppState, visitor: &mut Visitor, choice: Choice, weighed: &Weighed, found: &Recognised) -> Response {
    let cookie = visitor.ensure_cookie(state);
    let page = ConfirmPage {
        portals: weighed.portals.iter().map(|client| asker::name(client, choice.lang)).collect(),
        asked_by: weighed.client.as_ref().map(|client| asker::name(client, choice.lang)),
    };
    let mut frame = state.frame(choice, visitor.here.clone(), guard(state, found).token(visitor));
    frame.form_targets = weighed
        .back
        .as_deref()
        .and_then(|back| Url::parse(back).ok())
        .and_then(|back| FormTarget::of(&back))
        .into_iter()
        .collect();
    let mut response = page.render(&frame).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

async fn leave(
    state: &AppState,
    visitor: &Visitor,
    choice: Choice,
    weighed: &Weighed,
    found: &Recognised,
) -> Result<Response, Stopped> {
    let told = logout::end(&state.provider, found, visitor.now()).await?;
    let mut response = signed_out(state, visitor, choice, weighed, told).await?;
    response.headers_mut().append(SET_COOKIE, state.cookies.clear(Cookie::Session));
    if state.cookies.are_secure() {
        let another = watched::fresh(&state.provider.entropy);
        response.headers_mut().append(SET_COOKIE, state.cookies.set_watched(&another));
    }
    Ok(response)
}

/// Back to the portal (§3), which hears the rest by itself; without one, our own page says how far it went.
async fn signed_out(
    state: &AppState,
    visitor: &Visitor,
    choice: Choice,
    weighed: &Weighed,
    told: logout::Told,
) -> Result<Response, Stopped> {
    if let Some(back) = weighed.back.as_ref().filter(|_| weighed.frames.is_empty()) {
        return Ok(respond::see_other(back));
    }
    // Who is led back does not wait for portals that answer slowly.
    let unconfirmed = match weighed.back {
        Some(_) => Vec::new(),
        None => logout::unconfirmed(&state.provider, told, PATIENCE).await?,
    };
    let portal = weighed.client.as_ref().map(|client| asker::name(client, choice.lang));
    let page = SignedOutPage {
        portals: u32::try_from(weighed.portals.len()).unwrap_or(u32::MAX),
        unconfirmed: unconfirmed.iter().map(|client| asker::name(client, choice.lang)).collect(),
        back: portal.zip(weighed.back.clone()).map(|(portal, href)| WayBack { portal, href }),
        frames: weighed.frames.clone(),
    };
    let mut frame = state.frame(choice, visitor.here.clone(), String::new());
    frame.framed = weighed.frames.iter().filter_map(|uri| FormTarget::of(&Url::parse(uri).ok()?)).collect();
    Ok(page.render(&frame).into_response())
}

fn stop(state: &AppState, visitor: &Visitor, stopped: &Stopped) -> Response {
    match stopped {
        Stopped::Fault(fault) => respond::fault_for(state, visitor, fault),
        Stopped::Rule(error) => {
            let rule = state.demo.then(|| BrokenRule {
                code: error.code.as_str().to_owned(),
                description: error.description().to_owned(),
                section: "OpenID Connect RP-Initiated Logout 1.0 section 2",
                client_id: String::new(),
                registered: Vec::new(),
                sent: Vec::new(),
            });
            respond::page(state, visitor.choice(None), WentWrong::PortalRequest, visitor.request_id.clone(), rule)
        }
    }
}

fn chosen(visitor: &Visitor, request: &EndSessionRequest) -> Choice {
    let wished = request.ui_locales.join(" ");
    visitor.choice(Some(wished.as_str()).filter(|tags| !tags.is_empty()))
}

fn guard<'a>(state: &'a AppState, found: &'a Recognised) -> FormGuard<'a> {
    FormGuard { state, purpose: found.session.id.0.as_bytes() }
}
