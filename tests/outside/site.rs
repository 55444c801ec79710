//! A portal of a few pages around [`Party`]: it signs people in, shows who is there, hears of sign-outs in every way there is.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::{RawQuery, State},
    response::{Html, IntoResponse, Redirect, Response},
    routing::{get, post},
};
use dinhdanh::{
    base::Clock,
    http::server::{App, ClientCertificates, ServerSettings, Tls, TlsListener},
};
use http::{HeaderMap, StatusCode, header};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{
    party::{Party, Visit},
    running::Running,
};
use crate::support::{
    certificates::authority,
    wire::{Wired, unhurried},
};

pub struct Site {
    pub url: String,
    inner: Arc<Inner>,
    _wired: Wired,
}

struct Inner {
    name: &'static str,
    url: String,
    party: Party,
    /// How its cookie is kept: `Lax`, or `None` for answers that come by a form from another site.
    same_site: &'static str,
    seen: Mutex<Seen>,
}

/// What happened at this portal.
#[derive(Clone, Default)]
pub struct Seen {
    visits: BTreeMap<String, Visit>,
    next: usize,
    /// The `sid` of each logout token that came.
    pub told_behind: Vec<String>,
    /// Each call of the front-channel address: its `sid`, and whether the portal's own cookie came along.
    pub framed: Vec<(String, bool)>,
    /// Whether the portal's cookie came along with the provider's answer.
    pub cookie_at_callback: Vec<bool>,
    /// Where it leads people to after their sign-in, if not to its own first page.
    onward: Option<String>,
    /// What went wrong.
    pub refused: Vec<String>,
}

const SECRET: &str = "a-secret-of-thirty-two-characters-or-more";

impl Site {
    /// Registers the portal `name` and serves it at a host of its own; on https when the service is.
    pub async fn open(service: &Running, name: &'static str, same_site: &'static str) -> Self {
        Self::open_with(service, name, same_site, None).await
    }

    /// With its first page elsewhere.
    pub async fn open_with(
        service: &Running,
        name: &'static str,
        same_site: &'static str,
        first_page: Option<&str>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let https = service.issuer.starts_with("https");
        let url = if https { format!("https://{name}.localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
        service.add_client(&json!({
            "client_id": name, "client_secret": SECRET,
            "client_name": format!("Cổng {name}"), "purpose#vi": "Để thử", "purpose#en": "To try",
            "redirect_uris": [format!("{url}/cb")], "client_uri": first_page.unwrap_or(&url),
            "post_logout_redirect_uris": [format!("{url}/bye")],
            "backchannel_logout_uri": format!("{url}/behind"),
            "frontchannel_logout_uri": format!("{url}/framed"),
            "grant_types": ["authorization_code", "refresh_token"], "scope": "openid profile offline_access",
        }));
        let party = Party::discover(&service.issuer, name, SECRET, &format!("{url}/cb")).await;
        let inner = Arc::new(Inner { name, url: url.clone(), party, same_site, seen: Mutex::default() });
        let router = Router::new()
            .route("/", get(home))
            .route("/start", get(start))
            .route("/cb", get(answered).post(answered_by_form))
            .route("/leave", get(leave))
            .route("/bye", get(async || Html("<h1>Bye</h1>")))
            .route("/behind", post(told_behind))
            .route("/framed", get(framed))
            .route("/watch", get(watch))
            .with_state(Arc::clone(&inner));
        let wired = Wired::serve(listener, App::new(Arc::default(), router), settings(https, name));
        Self { url, inner, _wired: wired }
    }

    pub fn seen(&self) -> Seen {
        self.inner.seen().clone()
    }

    pub fn party(&self) -> &Party {
        &self.inner.party
    }

    /// A portal that only signs people in, for another one.
    pub fn lead_to(&self, url: &str) {
        self.inner.seen().onward = Some(url.to_owned());
    }

    /// The newest visit that is not over.
    pub fn visit(&self) -> Option<Visit> {
        self.inner.seen().visits.values().next_back().cloned()
    }
}

/// Browsers open connections before they need them.
fn settings(https: bool, name: &str) -> ServerSettings {
    let tls = https.then(|| {
        let own = authority().server(&format!("{name}.localhost"));
        let key = own.key.serialize_pem();
        let tls = Tls::new(own.pem.as_bytes(), key.as_bytes(), ClientCertificates::NotAsked).unwrap();
        TlsListener { tls, clock: Clock::System }
    });
    ServerSettings { tls, ..unhurried() }
}

impl Inner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cookie_of(&self, headers: &HeaderMap) -> Option<String> {
        let name = format!("{}=", self.name);
        headers
            .get_all(header::COOKIE)
            .iter()
            .flat_map(|value| value.to_str().unwrap().split("; "))
            .find_map(|pair| pair.strip_prefix(&name).map(str::to_owned))
    }

    fn set_cookie(&self, value: &str) -> String {
        let secure = if self.url.starts_with("https") { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite={}{secure}", self.name, self.same_site)
    }

    fn here(&self, headers: &HeaderMap) -> Option<Visit> {
        let cookie = self.cookie_of(headers)?;
        self.seen().visits.get(&cookie).cloned()
    }

    /// The `sid` of a logout token that the provider signed for this portal a moment ago (Back-Channel Logout 1.0 §2.6).
    async fn believed(&self, token: &str) -> Result<String, String> {
        let party = &self.party;
        let keys = party.calls.0.get(party.published["jwks_uri"].as_str().unwrap()).send().await.unwrap();
        let keys: JwkSet = serde_json::from_str(&keys.text().await.unwrap()).map_err(|error| error.to_string())?;
        let header = jsonwebtoken::decode_header(token).map_err(|error| error.to_string())?;
        if header.typ.as_deref() != Some("logout+jwt") || header.alg != Algorithm::RS256 {
            return Err(format!("{header:?}"));
        }
        let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or("signed by nobody's key")?;
        let mut wanted = Validation::new(Algorithm::RS256);
        wanted.set_issuer(&[party.published["issuer"].as_str().unwrap()]);
        wanted.set_audience(&[&party.client_id]);
        wanted.set_required_spec_claims(&["iss", "aud", "exp"]);
        let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
        let claims = jsonwebtoken::decode::<Value>(token, &key, &wanted).map_err(|error| error.to_string())?.claims;
        let event = &claims["events"]["http://schemas.openid.net/event/backchannel-logout"];
        match claims["sid"].as_str() {
            Some(sid) if event.is_object() && claims["jti"].is_string() && claims["nonce"].is_null() => {
                Ok(sid.to_owned())
            }
            _ => Err(format!("no logout token: {claims}")),
        }
    }

    async fn take(&self, headers: &HeaderMap, answer: BTreeMap<String, String>) -> Response {
        let came = self.cookie_of(headers).is_some();
        self.seen().cookie_at_callback.push(came);
        match self.party.redeem(&answer).await {
            Ok(visit) => {
                let mut seen = self.seen();
                seen.next += 1;
                let id = format!("v{:06}", seen.next);
                seen.visits.insert(id.clone(), visit);
                let to = Redirect::to(seen.onward.as_deref().unwrap_or("/"));
                ([(header::SET_COOKIE, self.set_cookie(&id))], to).into_response()
            }
            Err(why) => {
                self.seen().refused.push(why.clone());
                Html(format!("<h1>Refused</h1><p id=\"why\">{}</p>", why.replace('<', "&lt;"))).into_response()
            }
        }
    }
}

async fn home(State(site): State<Arc<Inner>>, headers: HeaderMap) -> Html<String> {
    let who = match site.here(&headers) {
        Some(visit) => format!("<h1>Here is {}</h1><p>acr {}</p>", visit.name, visit.claims["acr"]),
        None => "<h1>Nobody is here</h1>".to_owned(),
    };
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>{}</title>{who}<a id=start href=/start>in</a> \
         <a id=posted href='/start?response_mode=form_post'>in, by a form</a> <a id=leave href=/leave>out</a>",
        site.name
    ))
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

async fn start(State(site): State<Arc<Inner>>, RawQuery(query): RawQuery) -> Response {
    let more: Vec<_> = pairs(&query.unwrap_or_default()).into_iter().collect();
    let to = site.party.ask(&["profile"], &more);
    // What binds an attempt to its browser, in the way that portals do.
    ([(header::SET_COOKIE, site.set_cookie("begun"))], Redirect::to(to.as_str())).into_response()
}

async fn answered(State(site): State<Arc<Inner>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    site.take(&headers, pairs(&query.unwrap_or_default())).await
}

async fn answered_by_form(State(site): State<Arc<Inner>>, headers: HeaderMap, body: String) -> Response {
    site.take(&headers, pairs(&body)).await
}

async fn leave(State(site): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    let Some(visit) = site.here(&headers) else { return Redirect::to("/").into_response() };
    if let Some(cookie) = site.cookie_of(&headers) {
        site.seen().visits.remove(&cookie);
    }
    Redirect::to(site.party.leave(&visit, &format!("{}/bye", site.url)).as_str()).into_response()
}

/// Back-Channel Logout 1.0 §2.5–2.7, with another library's look at the signature.
async fn told_behind(State(site): State<Arc<Inner>>, body: String) -> StatusCode {
    let form = pairs(&body);
    let told = match form.get("logout_token") {
        Some(token) => site.believed(token).await,
        None => Err(format!("no logout_token: {form:?}")),
    };
    let mut seen = site.seen();
    match told {
        Ok(sid) => {
            seen.visits.retain(|_, visit| visit.claims["sid"] != sid.as_str());
            seen.told_behind.push(sid);
            StatusCode::OK
        }
        Err(why) => {
            seen.refused.push(why);
            StatusCode::BAD_REQUEST
        }
    }
}

/// Front-Channel Logout 1.0 §2: in a frame on the provider's page.
async fn framed(State(site): State<Arc<Inner>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Html<&'static str> {
    let sid = pairs(&query.unwrap_or_default()).remove("sid").unwrap_or_default();
    let came = site.cookie_of(&headers).is_some();
    site.seen().framed.push((sid, came));
    Html("<!doctype html><title>out</title>")
}

/// Session Management 1.0 §4: the portal asks the provider's frame again and again.
async fn watch(State(site): State<Arc<Inner>>, headers: HeaderMap) -> Html<String> {
    let state = site.here(&headers).and_then(|visit| visit.session_state).unwrap_or_default();
    let frame = site.party.published["check_session_iframe"].as_str().unwrap_or_default();
    let origin = frame.trim_end_matches("/check-session");
    let message = Value::from(format!("{} {state}", site.party.client_id));
    Html(format!(
        "<!doctype html><meta charset=utf-8><title>watching</title><p id=said>nothing yet</p><iframe id=op src='{frame}'></iframe>\
         <script>window.addEventListener('message', e => {{ if (e.origin === '{origin}') document.getElementById('said').textContent = \
         'the frame says ' + e.data; }}); setInterval(() => document.getElementById('op').contentWindow.postMessage({message}, \
         '{origin}'), 200);</script>"
    ))
}
