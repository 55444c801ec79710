//! The authorization endpoint (RFC 6749 §3.1, OIDC Core §3.1.2.1): GET is answered at once where possible, POST is stored and
//! gone on with by GET.

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use http::header::SET_COOKIE;
use url::Url;

use super::{developer::Developer, view::FormPostPage};
use crate::{
    flows::authorize::{Begun, begin, begin_posted},
    http::{
        errors::view::WentWrong,
        extract::{FormBody, QueryParams, Visitor, visitor::set_browser_cookie},
        frame::Phrase,
        paths, respond,
        state::AppState,
    },
    oidc::{authorize::Delivery, endpoints},
};

pub fn routes() -> Router<AppState> {
    Router::new().route(endpoints::AUTHORIZE, get(by_get).post(by_post))
}

async fn by_get(State(state): State<AppState>, visitor: Visitor, QueryParams(params): QueryParams) -> Response {
    let params = match params {
        Ok(params) => params,
        Err(error) => return Developer::default().untold(&state, &visitor, &error),
    };
    let developer = Developer::of(&state, &params).await;
    let begun = begin(&state.provider, params, &visitor.browser).await;
    answer(&state, &visitor, developer, begun)
}

async fn by_post(State(state): State<AppState>, visitor: Visitor, FormBody(params): FormBody) -> Response {
    let params = match params {
        Ok(params) => params,
        Err(error) => return Developer::default().untold(&state, &visitor, &error),
    };
    let developer = Developer::of(&state, &params).await;
    let begun = begin_posted(&state.provider, params, &visitor.browser).await;
    answer(&state, &visitor, developer, begun)
}

fn answer(
    state: &AppState,
    visitor: &Visitor,
    developer: Developer,
    begun: Result<Begun, crate::base::Fault>,
) -> Response {
    match begun {
        Ok(Begun::Page(error)) => developer.page(state, visitor, error),
        Ok(Begun::Untold(error)) => developer.untold(state, visitor, &error),
        Ok(Begun::Deliver(delivery)) => deliver(state, visitor, delivery, None),
        Ok(Begun::Interact { id, cookie }) => {
            let mut response = respond::see_other(&format!("{}?i={id}", paths::SIGN_IN));
            if let Some(cookie) = &cookie {
                set_browser_cookie(state, &mut response, cookie);
            }
            response
        }
        Err(fault) => respond::fault_for(state, visitor, &fault),
    }
}

/// The answer leaves for the portal: 303, or the page whose form carries it.
pub fn deliver(state: &AppState, visitor: &Visitor, delivery: Delivery, portal: Option<Phrase>) -> Response {
    let mut response = match delivery {
        Delivery::Redirect { location } => respond::see_other(&location),
        Delivery::FormPost { action, fields } => match Url::parse(&action) {
            Ok(redirect_uri) => {
                let portal = portal.unwrap_or_else(|| Phrase::vi(redirect_uri.host_str().unwrap_or_default()));
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                let frame = state.frame(visitor.choice(None), paths::HOME.to_owned(), String::new());
                FormPostPage { redirect_uri, fields, portal }.render(&frame).into_response()
            }
            Err(_) => respond::page(state, visitor.choice(None), WentWrong::Ours, visitor.request_id.clone(), None),
        },
    };
    if let Some(cookie) = &visitor.watched_cookie {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    response
}
