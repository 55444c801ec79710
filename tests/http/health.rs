//! Health and metrics.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::body::Body;
use dinhdanh::http::{
    address::{ForwardedBy, Networks, PeerAddress, Proxies},
    health::{Health, Probe, routes},
    server::App,
};
use futures_util::future::BoxFuture;
use http::{Request, StatusCode};

#[derive(Default)]
struct Switch {
    broken: AtomicBool,
    hangs: AtomicBool,
    asked: AtomicUsize,
}

struct Switched(Arc<Switch>);

impl Probe for Switched {
    fn name(&self) -> &'static str {
        "database"
    }

    fn check(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.0.asked.fetch_add(1, Ordering::Relaxed);
            if self.0.hangs.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
            if self.0.broken.load(Ordering::Relaxed) {
                Err("connection refused to 10.1.2.3".to_owned())
            } else {
                Ok(())
            }
        })
    }
}

fn health() -> (Arc<Health>, Arc<Switch>, App) {
    let switch = Arc::new(Switch::default());
    let networks = |text: &str| Networks(vec![text.parse().unwrap()]);
    let proxies = Proxies { trusted: networks("10.0.0.0/8"), header: ForwardedBy::XForwardedFor };
    let probes: Vec<Box<dyn Probe>> = vec![Box::new(Switched(switch.clone()))];
    let health = Arc::new(Health::new(probes, || "up 1\n".to_owned(), networks("127.0.0.0/8"), proxies));
    let app = App::new(Arc::default(), routes(health.clone()));
    (health, switch, app)
}

async fn ask(app: &App, path: &str, peer: &str, forwarded: Option<&str>) -> (StatusCode, String) {
    let mut request = Request::builder().uri(path);
    if let Some(forwarded) = forwarded {
        request = request.header("x-forwarded-for", forwarded);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(PeerAddress(peer.parse().unwrap()));
    let (parts, body) = app.answer(request).await.into_parts();
    (parts.status, String::from_utf8(axum::body::to_bytes(body, 10_000).await.unwrap().to_vec()).unwrap())
}

const HERE: &str = "127.0.0.1:1";

#[tokio::test]
async fn ready_follows_its_probes_and_tells_outsiders_no_reason() {
    let (_, switch, app) = health();
    assert_eq!(
        ask(&app, "/health/ready", HERE, None).await,
        (StatusCode::OK, r#"{"checks":{"database":true},"status":"ready"}"#.into())
    );
    let (_, broken, app) = health();
    broken.broken.store(true, Ordering::Relaxed);
    let (status, body) = ask(&app, "/health/ready", HERE, None).await;
    assert_eq!(
        (status, body.as_str()),
        (StatusCode::SERVICE_UNAVAILABLE, r#"{"checks":{"database":false},"status":"not_ready"}"#)
    );
    assert_eq!(ask(&app, "/health/live", HERE, None).await.0, StatusCode::OK, "alive all the same");
    assert_eq!(switch.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_is_not_ready_and_a_crowd_asks_it_once() {
    let (_, switch, app) = health();
    switch.hangs.store(true, Ordering::Relaxed);
    assert_eq!(ask(&app, "/health/ready", HERE, None).await.0, StatusCode::SERVICE_UNAVAILABLE);
    for _ in 0..50 {
        ask(&app, "/health/ready", HERE, None).await;
    }
    assert_eq!(switch.asked.load(Ordering::Relaxed), 1);
    switch.hangs.store(false, Ordering::Relaxed);
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    assert_eq!(ask(&app, "/health/ready", HERE, None).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_service_that_leaves_is_not_ready() {
    let (health, _, app) = health();
    health.leave();
    let (status, body) = ask(&app, "/health/ready", HERE, None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(body.contains("leaving"), "{body}");
}

#[tokio::test]
async fn figures_are_for_their_networks_only() {
    let (_, _, app) = health();
    for (peer, forwarded, expected) in [
        (HERE, None, StatusCode::OK),
        ("192.0.2.1:1", None, StatusCode::NOT_FOUND),
        // Through a proxy the client counts, not the proxy.
        ("10.0.0.1:1", Some("192.0.2.1"), StatusCode::NOT_FOUND),
        ("10.0.0.1:1", Some("127.0.0.1"), StatusCode::OK),
        // A proxy on this machine that nobody declared: everybody would look local.
        (HERE, Some("192.0.2.1"), StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask(&app, "/metrics", peer, forwarded).await.0, expected, "{peer} {forwarded:?}");
    }
}
