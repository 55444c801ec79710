//! What every routed request passes: a reference, the client's address, a place in its class, limits of size and time,
//! a net under panics, one line in the log and one sample in the metrics. One layer, so that the cost is paid once.

mod body;
mod class;
mod failure;
mod methods;
mod record;
mod request_id;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
};
use futures_util::FutureExt;
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};
use tokio::time::{Instant, timeout};
use tracing::Instrument;

use self::methods::{Methods, has_head};
pub use self::{
    body::Oversize,
    class::{Class, Places},
    failure::{Failure, FailureKind, Reader, plain},
    request_id::RequestId,
};
use super::{
    address::{PeerAddress, Proxies},
    certificate::CertificateHeaders,
};
use crate::base::Entropy;

/// Draws what the person or client sees when no handler answered. The pages' own replaces [`plain`].
pub type Draw = Arc<dyn Fn(&Failure) -> Response + Send + Sync>;

/// Limits of requests. Those of connections are in [`super::server::ServerSettings`].
#[derive(Clone, Debug)]
pub struct EdgeSettings {
    pub proxies: Proxies,
    pub certificates: CertificateHeaders,
    pub body_bytes: u64,
    pub token_body_bytes: u64,
    pub upload_bytes: u64,
    /// For an upload and its answer.
    pub upload_time: Duration,
    /// From the head until the last byte of the body.
    pub body_time: Duration,
    /// From the head until the answer's head.
    pub request_time: Duration,
    pub places: Places,
    /// With an `https` issuer the browser is told to stay on it (RFC 6797).
    pub strict_transport: bool,
}

pub struct Edge {
    settings: EdgeSettings,
    entropy: Entropy,
    draw: Draw,
    gates: class::Gates,
}

impl Edge {
    pub fn new(settings: EdgeSettings, entropy: Entropy, draw: Draw) -> Self {
        let gates = class::Gates::new(&settings.places);
        Self { settings, entropy, draw, gates }
    }
}

/// Puts the edge around every route and around what no route answers.
pub fn wrap(router: Router, edge: Arc<Edge>) -> Router {
    let router = router
        .fallback(async || StatusCode::NOT_FOUND)
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED);
    let methods = Methods::of(router.clone());
    router
        // The edge limits bodies itself, with a deadline.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state((edge, methods), pass))
}

async fn pass(State((edge, methods)): State<(Arc<Edge>, Methods)>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::generate(&edge.entropy);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let class = route.as_ref().map_or(Class::Interactive, |route| Class::of(route.as_str()));
    request.extensions_mut().insert(id);
    let mut headers = std::mem::take(request.headers_mut());
    edge.settings.certificates.settle(&mut headers, request.extensions_mut());
    *request.headers_mut() = headers;
    if let Some(PeerAddress(peer)) = request.extensions().get().copied() {
        let client = edge.settings.proxies.client(peer.ip(), request.headers());
        request.extensions_mut().insert(client);
    }
    let seen = record::Seen { id, method: record::method(request.method()), route, class };
    let asked = failure::Asked::of(&request, id, class);
    let uri = request.uri().clone();
    let refused =
        request.method() == Method::HEAD && seen.route.as_ref().is_some_and(|route| !has_head(route.as_str()));
    let span = tracing::info_span!("request", id = %id);
    let answered = if refused {
        Err(FailureKind::MethodNotAllowed)
    } else {
        edge.answer(request, class, next).instrument(span).await
    };
    let (mut response, failure) = match answered {
        Ok(response) => edge.dress(response, &asked),
        Err(kind) => ((edge.draw)(&asked.failure(kind)), Some(kind)),
    };
    if let (Some(FailureKind::MethodNotAllowed), Some(route)) = (failure, &seen.route)
        && let Some(allowed) = methods.allowed(route.as_str(), uri).await
    {
        response.headers_mut().insert(ALLOW, allowed);
    }
    edge.finish(&mut response, &asked, failure);
    record::record(&seen, response.status(), failure, started.elapsed());
    response
}

impl Edge {
    async fn answer(&self, mut request: Request, class: Class, next: Next) -> Result<Response, FailureKind> {
        let Ok(_place) = self.gates.enter(class) else {
            metrics::counter!("http_shed_total", "class" => class.name()).increment(1);
            return Err(FailureKind::Busy);
        };
        let (most, body_time, request_time) = self.limits(class);
        let told = |kind| if class == Class::Upload { of_file(kind, most) } else { kind };
        let read = if class == Class::Upload { body::of_upload(&mut request, most) } else { most };
        let (request, verdict) = body::guard(request, read, body_time).map_err(told)?;
        let answered = AssertUnwindSafe(timeout(request_time, next.run(request))).catch_unwind().await;
        // The body's fault comes before whatever the handler made of a body that broke off.
        match (verdict.failure(), answered) {
            (Some(of_body), _) => Err(told(of_body)),
            (None, Ok(Ok(response))) => Ok(response),
            (None, Ok(Err(_elapsed))) if verdict.is_unfinished() => Err(FailureKind::SlowBody),
            (None, Ok(Err(_elapsed))) => Err(FailureKind::Slow),
            (None, Err(panic)) => Err(FailureKind::panicked(&*panic)),
        }
    }

    /// Of a request's body: its bytes and its time; and the time of the answer.
    const fn limits(&self, class: Class) -> (u64, Duration, Duration) {
        let settings = &self.settings;
        match class {
            Class::Upload => (settings.upload_bytes, settings.upload_time, settings.upload_time),
            Class::Token => (settings.token_body_bytes, settings.body_time, settings.request_time),
            Class::Free | Class::Interactive | Class::Admin => {
                (settings.body_bytes, settings.body_time, settings.request_time)
            }
        }
    }

    /// No route, or not by this method: the router's bare status becomes something to read.
    fn dress(&self, response: Response, asked: &failure::Asked) -> (Response, Option<FailureKind>) {
        match FailureKind::of_bare(&response) {
            Some(kind) => ((self.draw)(&asked.failure(kind)), Some(kind)),
            None => (response, None),
        }
    }

    fn finish(&self, response: &mut Response, asked: &failure::Asked, failure: Option<FailureKind>) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static("x-request-id"), asked.id.header());
        let mut unless_set = |name: HeaderName, value: &'static str| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        unless_set(CACHE_CONTROL, "no-store");
        unless_set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        unless_set(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
        if !headers.get(CONTENT_SECURITY_POLICY).is_some_and(is_framable) {
            headers.entry(X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
        }
        let mut unless_set = |name: HeaderName, value: &'static str| {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        };
        unless_set(REFERRER_POLICY, "same-origin");
        unless_set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
        unless_set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
        if self.settings.strict_transport {
            unless_set(STRICT_TRANSPORT_SECURITY, "max-age=63072000");
        }
        if failure.is_some_and(FailureKind::ends_connection) && asked.may_close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
}

/// Who sends a file is told how large it may be.
const fn of_file(kind: FailureKind, most: u64) -> FailureKind {
    if matches!(kind, FailureKind::TooLarge) { FailureKind::FileTooLarge { most } } else { kind }
}

/// The older header knows no "anybody", and would forbid what a page's policy allows.
fn is_framable(policy: &HeaderValue) -> bool {
    policy.to_str().is_ok_and(|text| text.split(';').any(|directive| directive.trim() == "frame-ancestors *"))
}
