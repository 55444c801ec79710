//! The portal's pages. Their texts stand in their templates, both languages side by side.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{
    HeaderMap, HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE},
};
use serde_json::Value;

use super::{
    Neighbour, Portal, PortalSpec, Service, Text,
    browser::see_other,
    claims::{self, Row},
    notice::Failure,
    sign_in::may_see,
    tokens::level,
    visits::{Seen, Session},
    words::{Rejected, Words},
};
use crate::{http::lang::Lang, oidc::Params};

/// What every page shows around its content.
struct Frame<'a> {
    spec: &'static PortalSpec,
    neighbours: &'a [Neighbour],
    lang: Lang,
    /// Path of this page, for the language switch.
    here: &'a str,
    /// Host of the provider, which the person should recognise.
    provider: &'a str,
}

impl<'a> Frame<'a> {
    fn new(portal: &'a Portal, headers: &HeaderMap, here: &'a str) -> Self {
        Self {
            spec: portal.spec,
            neighbours: &portal.neighbours,
            lang: portal.cookies.language(headers),
            here,
            provider: portal.issuer_origin.split_once("://").map_or("", |(_, host)| host),
        }
    }

    fn say(&self, text: &Text) -> &'static str {
        text.on(self.lang)
    }

    /// Both texts stand where they are used.
    fn t(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.lang {
            Lang::Vi => vi,
            Lang::En => en,
        }
    }
}

#[derive(Template)]
#[template(path = "portal/home.html")]
struct Home<'a> {
    f: Frame<'a>,
    notice: Option<Words>,
    person: Option<Person>,
    calls_records: bool,
}

/// Who is signed in, as the page shows it.
struct Person {
    name: String,
    /// Of authentication; 0 when the ID token names none that we know.
    level: u8,
    account_level: Option<String>,
    claims: Option<Vec<Row>>,
    facts: Vec<Row>,
    id_token: Decoded,
}

/// A JWT in the open.
struct Decoded {
    header: String,
    payload: String,
    raw: String,
}

impl Person {
    fn of(session: &Session, lang: Lang) -> Self {
        let name = session.claims.as_ref().and_then(|claims| claims.get("name")).and_then(Value::as_str);
        Self {
            name: name.unwrap_or(&session.sub).to_owned(),
            level: level(session.acr.as_deref()),
            account_level: session.account_level.clone(),
            claims: session.claims.as_ref().map(|claims| claims::rows(claims, lang)),
            facts: claims::facts(session, lang),
            id_token: Decoded::of(session.id_token.to_string()),
        }
    }
}

impl Decoded {
    fn of(raw: String) -> Self {
        let part = |at: usize| {
            raw.split('.')
                .nth(at)
                .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok())
                .and_then(|json| serde_json::from_slice::<Value>(&json).ok())
                .and_then(|json| serde_json::to_string_pretty(&json).ok())
                .unwrap_or_default()
        };
        Self { header: part(0), payload: part(1), raw }
    }
}

/// `GET /`
pub(super) async fn home(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    let Seen { session, notice, .. } = portal.visits.see(portal.cookies.visit(&headers), portal.now());
    let f = Frame::new(&portal, &headers, "/");
    let lang = f.lang;
    let page = Home {
        notice: notice.map(|notice| notice.words(lang)),
        person: session.map(|session| Person::of(&session, lang)),
        calls_records: portal.records.is_some(),
        f,
    };
    show(StatusCode::OK, lang, &page)
}

#[derive(Template)]
#[template(path = "portal/service.html")]
struct ServicePage<'a> {
    f: Frame<'a>,
    service: &'static Service,
    notice: Option<Words>,
    /// The rows that the service would fill its form with; `None` while it is closed.
    given: Option<Vec<Row>>,
}

/// `GET /services/{key}`
pub(super) async fn service(
    State(portal): State<Arc<Portal>>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(service) = portal.spec.service(&key) else { return missing(&portal, &headers) };
    let seen = portal.visits.see(portal.cookies.visit(&headers), portal.now());
    let here = format!("/services/{}", service.key);
    let f = Frame::new(&portal, &headers, &here);
    let lang = f.lang;
    let open = seen.session.filter(|session| may_see(service, session, seen.opened.contains(service.key)));
    let given =
        open.map(|session| session.claims.as_ref().map(|claims| claims::rows(claims, lang)).unwrap_or_default());
    let notice = seen.notice.map(|notice| notice.words(lang));
    show(StatusCode::OK, lang, &ServicePage { f, service, notice, given })
}

#[derive(Template)]
#[template(path = "portal/records.html")]
struct RecordsPage<'a> {
    f: Frame<'a>,
    /// As the API gave them; `None` while it asks for more proof.
    records: Option<String>,
}

pub(super) fn records(portal: &Portal, headers: &HeaderMap, records: Option<Value>) -> Response {
    let f = Frame::new(portal, headers, "/records");
    let records = records.and_then(|records| serde_json::to_string_pretty(&records).ok());
    show(StatusCode::OK, f.lang, &RecordsPage { f, records })
}

#[derive(Template)]
#[template(path = "portal/signed_out.html")]
struct SignedOut<'a> {
    f: Frame<'a>,
    everywhere: bool,
}

pub(super) fn signed_out(portal: &Portal, headers: &HeaderMap, everywhere: bool) -> Response {
    let f = Frame::new(portal, headers, "/signed-out");
    show(StatusCode::OK, f.lang, &SignedOut { f, everywhere })
}

#[derive(Template)]
#[template(path = "portal/problem.html")]
struct ProblemPage<'a> {
    f: Frame<'a>,
    words: Words,
}

/// A request that is not answered, with the reason in words.
pub(super) fn rejected(portal: &Portal, headers: &HeaderMap, why: Rejected) -> Response {
    let status = match why {
        Rejected::Malformed | Rejected::UnknownAttempt | Rejected::WrongIssuer => StatusCode::BAD_REQUEST,
        Rejected::OtherSite => StatusCode::FORBIDDEN,
        Rejected::Full => StatusCode::SERVICE_UNAVAILABLE,
    };
    problem(portal, headers, status, |lang| why.words(lang))
}

/// A sign-in that could not begin or end because the provider is away.
pub(super) fn failed(portal: &Portal, headers: &HeaderMap, failure: &Failure) -> Response {
    problem(portal, headers, StatusCode::SERVICE_UNAVAILABLE, |lang| failure.words(lang))
}

pub(super) fn missing(portal: &Portal, headers: &HeaderMap) -> Response {
    problem(portal, headers, StatusCode::NOT_FOUND, Words::not_found)
}

pub(super) async fn nowhere(State(portal): State<Arc<Portal>>, headers: HeaderMap) -> Response {
    missing(&portal, &headers)
}

fn problem(portal: &Portal, headers: &HeaderMap, status: StatusCode, words: impl FnOnce(Lang) -> Words) -> Response {
    let f = Frame::new(portal, headers, "/");
    let lang = f.lang;
    show(status, lang, &ProblemPage { f, words: words(lang) })
}

fn show(status: StatusCode, lang: Lang, page: &impl Template) -> Response {
    let Ok(body) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()));
    response
}

/// `GET /language/{tag}?back=…`
pub(super) async fn language(
    State(portal): State<Arc<Portal>>,
    Path(tag): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(lang) = Lang::ALL.into_iter().find(|lang| lang.tag() == tag) else { return missing(&portal, &headers) };
    let params = Params::parse(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let back = params.one("back").ok().flatten().filter(|back| is_page(&portal, back)).unwrap_or("/");
    see_other(back, Some(portal.cookies.set_language(lang)))
}

/// The pages that a language switch stands on, and nothing else.
fn is_page(portal: &Portal, path: &str) -> bool {
    match path.strip_prefix("/services/") {
        Some(key) => portal.spec.service(key).is_some(),
        None => matches!(path, "/" | "/records" | "/signed-out"),
    }
}

const STYLE: &str = include_str!("style.css");
const AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// `GET /style.css`: what all portals share, then what is this one's own.
pub(super) async fn style(State(portal): State<Arc<Portal>>) -> Response {
    asset("text/css; charset=utf-8", format!("{}{STYLE}", portal.spec.accent))
}

/// `GET /icon.svg`
pub(super) async fn icon(State(portal): State<Arc<Portal>>) -> Response {
    asset("image/svg+xml", portal.spec.icon.to_owned())
}

fn asset(kind: &'static str, body: String) -> Response {
    let kind: (HeaderName, HeaderValue) = (CONTENT_TYPE, HeaderValue::from_static(kind));
    ([kind, (CACHE_CONTROL, AN_HOUR)], body).into_response()
}
