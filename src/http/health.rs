//! Is the process alive, may it be sent requests, and what does it count: for orchestrators and Prometheus.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::json;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::address::{Networks, PeerAddress, Proxies};

/// How long one probe may take, and how long its answer is good for: readiness is asked often and by anybody.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// Something without which the service should not be sent requests.
pub trait Probe: Send + Sync {
    fn name(&self) -> &'static str;
    /// `Err` says why, for the log only.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// Each probe's name, and whether it was well.
type Checks = Vec<(&'static str, bool)>;

/// What the routes below answer from.
pub struct Health {
    probes: Vec<Box<dyn Probe>>,
    leaving: AtomicBool,
    last: Mutex<Option<(Instant, Checks)>>,
    render_metrics: Box<dyn Fn() -> String + Send + Sync>,
    metrics_for: Networks,
    proxies: Proxies,
}

impl Health {
    /// `metrics_for` are the networks that may read `/metrics`; others see no such page.
    pub fn new(
        probes: Vec<Box<dyn Probe>>,
        render_metrics: impl Fn() -> String + Send + Sync + 'static,
        metrics_for: Networks,
        proxies: Proxies,
    ) -> Self {
        let (leaving, last) = (AtomicBool::new(false), Mutex::new(None));
        Self { probes, leaving, last, render_metrics: Box::new(render_metrics), metrics_for, proxies }
    }

    /// From here on `/health/ready` says no, so that balancers send requests elsewhere before the drain begins.
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    async fn checks(&self) -> Checks {
        let mut last = self.last.lock().await;
        if let Some((at, checks)) = last.as_ref()
            && at.elapsed() < PROBE_TIME
        {
            return checks.clone();
        }
        let asked = self.probes.iter().map(|probe| async {
            let why = match timeout(PROBE_TIME, probe.check()).await {
                Ok(Ok(())) => return (probe.name(), true),
                Ok(Err(why)) => why,
                Err(_elapsed) => "no answer in time".to_owned(),
            };
            tracing::warn!(probe = probe.name(), why, "not ready");
            (probe.name(), false)
        });
        let checks = futures_util::future::join_all(asked).await;
        *last = Some((Instant::now(), checks.clone()));
        checks
    }
}

pub fn routes(health: Arc<Health>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(figures))
        .with_state(health)
}

async fn live() -> Response {
    json(StatusCode::OK, &json!({ "status": "alive" }))
}

async fn ready(State(health): State<Arc<Health>>) -> Response {
    let checks = health.checks().await;
    let leaving = health.leaving.load(Ordering::Relaxed);
    let ready = !leaving && checks.iter().all(|(_, ok)| *ok);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = match (ready, leaving) {
        (true, _) => "ready",
        (false, true) => "leaving",
        (false, false) => "not_ready",
    };
    let checks: serde_json::Map<_, _> = checks.into_iter().map(|(name, ok)| (name.to_owned(), ok.into())).collect();
    json(status, &json!({ "status": word, "checks": checks }))
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn figures(State(health): State<Arc<Health>>, request: Request) -> Response {
    if let Some(PeerAddress(peer)) = request.extensions().get().copied() {
        let client = health.proxies.client(peer.ip(), request.headers());
        // Behind a proxy that nobody declared, everybody would look like the proxy.
        if !health.metrics_for.contain(client.0) || health.proxies.claimed_by_stranger(peer.ip(), request.headers()) {
            return StatusCode::NOT_FOUND.into_response();
        }
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], (health.render_metrics)()).into_response()
}
