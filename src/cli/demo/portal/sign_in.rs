//! There and back: the authorization request, and the response to it.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::HeaderMap;
use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, CsrfToken, LanguageTag, Nonce, PkceCodeChallenge, PkceCodeVerifier,
    Scope,
    core::{CoreAuthPrompt, CoreResponseType},
};
use serde_json::json;
use url::Url;

use super::{
    Portal,
    browser::see_other,
    notice::{Failure, Notice},
    pages,
    provider::{Known, Unreachable},
    refused::Refused,
    specs::Service,
    tokens::{self, acr, level},
    visits::{Aim, Attempt, Full, NotBegun, Session},
    words::{Rejected, shown},
};
use crate::{http::lang::Lang, oidc::Params};

/// Asked for when nothing more is needed than to know who it is.
const BASIC_SCOPES: [&str; 2] = ["openid", "profile"];

/// `POST /sign-in`
pub(super) async fn sign_in(State(portal): State<Arc<Portal>>, headers: HeaderMap, body: Bytes) -> Response {
    let form = Params::parse(&body).unwrap_or_default();
    let aim = if form.one("how") == Ok(Some("silent")) { Aim::Silent } else { Aim::SignIn };
    begin(&portal, &headers, aim).await
}

/// `GET /start`: somebody else begins the sign-in (OIDC Core §4). Only our own provider may, so that nobody is led to another.
pub(super) async fn start(
    State(portal): State<Arc<Portal>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    if asked.one("iss") != Ok(Some(portal.issuer.as_str())) {
        return pages::missing(&portal, &headers);
    }
    begin(&portal, &headers, Aim::SignIn).await
}

/// `POST /services/{key}`: straight in when signing in was enough; else the provider is asked, who knows how fresh the
/// proofs are and asks the person only for what is missing.
pub(super) async fn open_service(
    State(portal): State<Arc<Portal>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(service) = portal.spec.service(&key) else { return pages::missing(&portal, &headers) };
    let seen = portal.visits.see(portal.cookies.visit(&headers), portal.now());
    if service.level <= 1 && seen.session.is_some() {
        return see_other(&format!("/services/{}", service.key), None);
    }
    begin(&portal, &headers, Aim::Service(service)).await
}

pub(super) async fn begin(portal: &Portal, headers: &HeaderMap, aim: Aim) -> Response {
    let now = portal.now();
    let Ok(known) = portal.provider.known(now).await else {
        return pages::failed(portal, headers, &Failure::Unreachable);
    };
    let cookie = portal.cookies.visit(headers);
    let attempt =
        Attempt { state: portal.random(), nonce: portal.random(), pkce_verifier: portal.random(), aim, begun_at: now };
    let session = portal.visits.see(cookie, now).session;
    let location = request(portal, &known, (&attempt, session.as_deref()), portal.cookies.language(headers));
    match portal.visits.begin(cookie, portal.random(), attempt) {
        Ok(value) => see_other(location.as_str(), Some(portal.cookies.set_visit(&value))),
        Err(Full) => pages::rejected(portal, headers, Rejected::Full),
    }
}

/// The authorization request (OIDC Core §3.1.2.1) as a URL.
fn request(portal: &Portal, known: &Known, (attempt, session): (&Attempt, Option<&Session>), lang: Lang) -> Url {
    let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
    let verifier = PkceCodeVerifier::new(attempt.pkce_verifier.clone());
    let mut request = known
        .client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        )
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        // The library asks for `openid` by itself.
        .add_scopes(scopes(attempt.aim, session).into_iter().filter(|scope| scope != "openid").map(Scope::new))
        .add_ui_locale(LanguageTag::new(lang.tag().to_owned()));
    request = match attempt.aim {
        // Essential: a lower level is of no use, and the provider must say so (OIDC Core §5.5.1.1).
        Aim::Service(Service { level: level @ 2.., .. }) => request.add_extra_param(
            "claims",
            json!({ "id_token": { "acr": { "essential": true, "values": [acr(*level)] } } }).to_string(),
        ),
        Aim::Service(service) => request.add_auth_context_value(AuthenticationContextClass::new(acr(service.level))),
        // Nothing is named, so that the answer tells the level that was reached.
        Aim::SignIn | Aim::Silent => request,
        // RFC 9470 §4: as the API said; §5 has the answer's `acr` and `auth_time` looked at by the API itself.
        Aim::Records(asked) => {
            let resource =
                portal.records.as_ref().map(Url::as_str).unwrap_or_default().trim_end_matches('/').to_owned();
            let mut request = request.add_extra_param("resource", resource);
            if asked.level > 0 {
                request = request.add_auth_context_value(AuthenticationContextClass::new(acr(asked.level)));
            }
            match asked.max_age {
                Some(seconds) => request.set_max_age(Duration::from_secs(seconds.into())),
                None => request,
            }
        }
    };
    if attempt.aim == Aim::Silent {
        request = request.add_prompt(CoreAuthPrompt::None);
        if let Some(session) = session {
            request = request.set_id_token_hint(&session.id_token);
        }
    }
    request.url().0
}

/// What is asked for: a service's scopes, or when only asking again who it is, those that are there already.
fn scopes(aim: Aim, session: Option<&Session>) -> Vec<String> {
    match (aim, session) {
        (Aim::Service(service), _) => service.scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        (Aim::Silent, Some(session)) => session.scopes.clone(),
        _ => BASIC_SCOPES.map(str::to_owned).to_vec(),
    }
}

/// `GET /callback`: the authorization response (RFC 6749 §4.1.2, RFC 9207).
pub(super) async fn callback(
    State(portal): State<Arc<Portal>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = match Params::parse(query.unwrap_or_default().as_bytes()) {
        Ok(params) if params.repeated(&[]).is_none() => params,
        _ => return pages::rejected(&portal, &headers, Rejected::Malformed),
    };
    let one = |name: &str| params.one(name).ok().flatten();
    let cookie = portal.cookies.visit(&headers);
    let known_attempt = cookie
        .zip(one("state"))
        .and_then(|(cookie, state)| Some((cookie, portal.visits.take_attempt(cookie, state, portal.now())?)));
    let Some((cookie, attempt)) = known_attempt else {
        return pages::rejected(&portal, &headers, Rejected::UnknownAttempt);
    };
    let Ok(known) = portal.provider.known(portal.now()).await else {
        return pages::failed(&portal, &headers, &Failure::Unreachable);
    };
    if !is_from(&known, portal.provider.issuer(), one("iss")) {
        return pages::rejected(&portal, &headers, Rejected::WrongIssuer);
    }
    let answer = match (one("error"), one("code")) {
        (Some(error), _) => Err(Notice::Refused(refused(&known, error, one("error_description"), attempt.aim))),
        (None, Some(code)) => finish(&portal, cookie, &attempt, code.to_owned()).await,
        (None, None) => return pages::rejected(&portal, &headers, Rejected::Malformed),
    };
    match answer {
        Ok(value) => see_other(&after(attempt.aim), Some(portal.cookies.set_visit(&value))),
        Err(notice) => {
            portal.visits.tell(cookie, notice);
            see_other("/", None)
        }
    }
}

fn after(aim: Aim) -> String {
    match aim {
        Aim::Service(service) => format!("/services/{}", service.key),
        Aim::Records(_) => "/records".to_owned(),
        Aim::SignIn | Aim::Silent => "/".to_owned(),
    }
}

/// RFC 9207 §2.4: when the provider says that it names itself it must have, and a name that is there must be right.
fn is_from(known: &Known, issuer: &str, iss: Option<&str>) -> bool {
    match iss {
        Some(iss) => iss == issuer,
        None => !known.metadata.additional_metadata().authorization_response_iss_parameter_supported,
    }
}

fn refused(known: &Known, code: &str, description: Option<&str>, aim: Aim) -> Refused {
    let level_is_offered = match aim {
        Aim::Service(service) => known.offers(&acr(service.level)),
        Aim::Records(_) | Aim::SignIn | Aim::Silent => true,
    };
    Refused {
        code: shown(code, 64),
        description: description.map(|description| shown(description, 200)),
        aim,
        level_is_offered,
    }
}

/// Redeems the code and begins the session; returns the cookie's new value.
async fn finish(portal: &Portal, cookie: &str, attempt: &Attempt, code: String) -> Result<String, Notice> {
    let now = portal.now();
    let session = portal.visits.see(Some(cookie), now).session;
    let asked = scopes(attempt.aim, session.as_deref());
    let (mut fresh, trouble) = tokens::redeem(portal, attempt, code, &asked, now).await.map_err(Notice::Failed)?;
    if let (Aim::Records(_), Some(before)) = (attempt.aim, session.as_deref().filter(|before| before.sub == fresh.sub))
    {
        fresh = fresh.with_records(before);
    }
    // A new cookie value at every sign-in and rise of level: a value from before is worth nothing afterwards.
    let value =
        portal.visits.signed_in(cookie, portal.random(), fresh, attempt.aim, portal.now()).map_err(
            |why| match why {
                NotBegun::EndedMeanwhile => Notice::Failed(Failure::EndedMeanwhile),
                NotBegun::NoVisit => Notice::Expired,
            },
        )?;
    if let Some(failure) = trouble {
        portal.visits.tell(&value, Notice::WithoutUserInfo(failure));
    }
    Ok(value)
}

/// `POST /userinfo`
pub(super) async fn user_info_again(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let now = portal.now();
    let cookie = portal.cookies.visit(&headers);
    let seen = portal.visits.see(cookie, now);
    let (Some(cookie), Some(session)) = (cookie, seen.session) else { return see_other("/", None) };
    let answer = match portal.provider.known(now).await {
        Ok(known) => tokens::user_info(&portal, &known, session.access_token.clone(), &session.sub).await,
        Err(Unreachable) => Err(Failure::Unreachable),
    };
    match answer {
        Ok(claims) => portal.visits.renew(cookie, &session, session.with_claims(claims)),
        Err(failure) => portal.visits.tell(cookie, Notice::Failed(failure)),
    }
    see_other("/", None)
}

/// Whether a session may see a service's page: level 1 by being signed in, more by having opened it.
pub(super) fn may_see(service: &Service, session: &Session, opened: bool) -> bool {
    if service.level <= 1 { true } else { opened && level(session.acr.as_deref()) >= service.level }
}
