//! Three demo portals, each an ordinary relying party: it knows the provider by its published metadata alone, and would work
//! with any other. Its pages, texts and look are its own, as a ministry's would be.
//!
//! | path | does |
//! |---|---|
//! | `GET /` | services, who is signed in, claims, session, ID token |
//! | `POST /sign-in` | begins a sign-in; `how=silent` asks with `prompt=none` |
//! | `POST`, `GET /services/{key}` | asks for the service's level; shows the service |
//! | `GET /callback` | the authorization response |
//! | `POST`, `GET /records` | calls another agency's API, and rises a level when it asks for that (RFC 9470) |
//! | `POST /userinfo` | asks UserInfo again |
//! | `POST /sign-out`, `GET /signed-out` | RP-Initiated Logout 1.0, there and back |
//! | `POST /backchannel-logout` | Back-Channel Logout 1.0 |
//! | `GET /language/{tag}` | Vietnamese or English |

mod backchannel;
mod browser;
mod calls;
mod claims;
mod guard;
mod logout_token;
mod notice;
mod pages;
mod provider;
mod records;
mod refused;
mod sign_in;
mod sign_out;
mod specs;
mod tokens;
mod visits;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tokio::net::TcpListener;
use url::Url;

use self::{provider::Provider, visits::Visits};
use crate::{
    base::{Clock, Entropy, Fault, Secret, Timestamp},
    cli::demo::ports,
    http::{
        published::Published,
        server::{self, App, Drained},
    },
};

pub use self::specs::{PortalSpec, Service, Text, portals};

/// What one portal needs to run.
#[derive(Clone)]
pub struct PortalSettings {
    pub portal: &'static PortalSpec,
    /// The provider's name, byte for byte as its metadata has it.
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Secret,
    /// Where browsers and the provider reach the portal: `http://dvcqg.localhost:8081`.
    pub url: Url,
    /// The other portals, for walking over to them.
    pub neighbours: Vec<Neighbour>,
    /// The API of the health records.
    pub records: Option<Url>,
    /// PEM certificates trusted beside the machine's own roots when the issuer is `https`.
    pub extra_ca_pem: Option<Vec<u8>>,
    pub clock: Clock,
    pub entropy: Entropy,
}

/// Another portal of the demo.
#[derive(Clone, Debug)]
pub struct Neighbour {
    pub name: Text,
    pub url: Url,
}

impl PortalSettings {
    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// A portal at work.
struct Portal {
    spec: &'static PortalSpec,
    origin: String,
    /// The provider's name, byte for byte.
    issuer: String,
    /// `host[:port]`, as the `Host` header must have it.
    authority: String,
    /// Where this portal's forms may end by redirect.
    issuer_origin: String,
    cookies: browser::CookieNames,
    neighbours: Vec<Neighbour>,
    records: Option<Url>,
    provider: Provider,
    visits: Visits,
    clock: Clock,
    entropy: Entropy,
}

impl Portal {
    fn new(settings: PortalSettings) -> Result<Self, Fault> {
        let issuer = Url::parse(&settings.issuer)
            .map_err(|error| Fault::internal("the issuer that a portal is to trust is no URL", error))?;
        let origin = settings.origin();
        Ok(Self {
            spec: settings.portal,
            authority: settings.url.authority().to_owned(),
            cookies: browser::CookieNames::new(settings.portal.key, origin.starts_with("https://")),
            origin,
            issuer_origin: issuer.origin().ascii_serialization(),
            issuer: settings.issuer.clone(),
            provider: Provider::new(&settings)?,
            visits: Visits::default(),
            neighbours: settings.neighbours,
            records: settings.records,
            clock: settings.clock,
            entropy: settings.entropy,
        })
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// 256 bits that nobody can guess, as text.
    fn random(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.entropy.bytes::<32>())
    }
}

/// A portal's routes, with everything around them.
fn router(portal: Arc<Portal>) -> Router {
    Router::new()
        .route("/", get(pages::home))
        .route("/sign-in", post(sign_in::sign_in))
        .route("/start", get(sign_in::start))
        .route("/services/{key}", get(pages::service).post(sign_in::open_service))
        .route("/callback", get(sign_in::callback))
        .route("/records", get(records::shown).post(records::asked_for))
        .route("/userinfo", post(sign_in::user_info_again))
        .route("/sign-out", post(sign_out::sign_out))
        .route("/signed-out", get(sign_out::signed_out))
        .route("/backchannel-logout", post(backchannel::backchannel_logout))
        .route("/language/{tag}", get(pages::language))
        .route("/style.css", get(pages::style))
        .route("/icon.svg", get(pages::icon))
        .fallback(pages::nowhere)
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(middleware::from_fn_with_state(portal.clone(), guard::guard))
        .with_state(portal)
}

/// Serves one portal until `shutdown` resolves. The provider need not run yet: it is asked when the first person signs in.
pub async fn serve(
    settings: PortalSettings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<Drained, Fault> {
    let portal = Arc::new(Portal::new(settings)?);
    let app = App::new(Arc::new(Published::default()), router(portal));
    Ok(server::serve(listener, app, ports::connections(), shutdown).await)
}
