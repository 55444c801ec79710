//! The accept loop. `axum::serve` starts no timer, so a peer that sends half a header, or nothing, holds its socket for
//! ever; here every stage of a connection has a deadline, every address a cap, and shutdown an end.

mod connection;
mod peers;
mod stall;
mod tls;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body};
use http::{Request, Response};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    time::{sleep, timeout},
};
use tower::{Service, ServiceExt};

pub use self::tls::{ClientCertificates, Tls, TlsError};

use self::peers::Peers;
use crate::base::Clock;

use super::{
    address::{Networks, PeerAddress},
    certificate::{ByMutualTls, Shown},
    published::Published,
};

/// What the loop serves: documents first, then routes.
#[derive(Clone)]
pub struct App {
    pub published: Arc<Published>,
    router: Router,
}

impl App {
    pub fn new(published: Arc<Published>, router: Router) -> Self {
        Self { published, router }
    }

    /// The same with something around its routes; documents stay in front of it.
    pub fn around(self, change: impl FnOnce(Router) -> Router) -> Self {
        Self { router: change(self.router), ..self }
    }

    /// Answers one request in process, as the loop would.
    pub async fn answer(&self, request: Request<Body>) -> Response<Body> {
        if let Some(response) = self.published.answer(&request) {
            return response;
        }
        match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Deadlines and caps of connections. Those of requests are in [`super::edge::EdgeSettings`].
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// From accept until the first bytes tell which protocol is spoken.
    pub first_byte: Duration,
    /// For a request's head, and for an idle kept-alive connection.
    pub header: Duration,
    /// How long a peer may refuse to read what it asked for.
    pub write_stall: Duration,
    /// A request's head may have so many bytes (431 beyond).
    pub max_header_bytes: usize,
    pub max_connections: usize,
    /// Per IPv4 address or IPv6 /64.
    pub max_connections_per_address: usize,
    /// Proxies carry everybody's connections and are not capped one by one.
    pub uncapped: Networks,
    /// How long shutdown waits for requests under way before it cuts them.
    pub drain: Duration,
    /// TLS that is ended here; plain HTTP without.
    pub tls: Option<TlsListener>,
}

/// The TLS of one listener.
#[derive(Clone)]
pub struct TlsListener {
    pub tls: Tls,
    pub clock: Clock,
}

impl std::fmt::Debug for TlsListener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsListener(…)")
    }
}

/// How the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that outlived the drain time and were cut.
    pub cut: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Serving,
    /// Finish what is under way, take nothing new.
    Draining,
    Cut,
}

/// What each connection holds while it lives.
struct Place {
    stage: watch::Receiver<Stage>,
    _peer: Option<peers::Slot>,
    _open: Open,
    _alive: mpsc::Sender<()>,
}

/// Serves until `shutdown` resolves, then drains.
pub async fn serve(
    listener: TcpListener,
    app: App,
    settings: ServerSettings,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let drain = settings.drain;
    let (stage, watching) = watch::channel(Stage::Serving);
    let (alive, mut all_gone) = mpsc::channel(1);
    let open = Open::none();
    let serving = Serving { app, protocols: connection::Protocols::new(&settings), peers: Peers::default(), settings };
    let serving = Arc::new(serving);
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = serving.admit(PeerAddress(peer), &open, &watching, &alive) {
                    tokio::spawn(connection::run(serving.clone(), stream, PeerAddress(peer), place));
                }
            }
            // The peer went away before it was accepted: nothing of ours is wrong.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                metrics::counter!("http_accept_errors_total").increment(1);
                tracing::warn!(error = %error, "accepting connections fails; trying again in 50 ms");
                sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop((listener, alive));
    stage.send_replace(Stage::Draining);
    if timeout(drain, all_gone.recv()).await.is_ok() {
        return Drained { cut: 0 };
    }
    let cut = open.count();
    stage.send_replace(Stage::Cut);
    all_gone.recv().await;
    Drained { cut }
}

struct Serving {
    app: App,
    protocols: connection::Protocols,
    peers: Peers,
    settings: ServerSettings,
}

impl Serving {
    fn asks_for_certificates(&self) -> bool {
        let asked = |listener: &TlsListener| matches!(listener.tls.clients, ClientCertificates::Asked(_));
        self.settings.tls.as_ref().is_some_and(asked)
    }

    /// A place for a new connection, or none: then it is closed at once, which costs the server least.
    fn admit(
        &self,
        PeerAddress(peer): PeerAddress,
        open: &Open,
        stage: &watch::Receiver<Stage>,
        alive: &mpsc::Sender<()>,
    ) -> Option<Place> {
        if open.count() >= self.settings.max_connections {
            metrics::counter!("http_connections_refused_total", "reason" => "total").increment(1);
            return None;
        }
        let slot = if self.settings.uncapped.contain(peer.ip()) {
            None
        } else if let Some(slot) = self.peers.enter(peer.ip(), self.settings.max_connections_per_address) {
            Some(slot)
        } else {
            metrics::counter!("http_connections_refused_total", "reason" => "address").increment(1);
            return None;
        };
        Some(Place { stage: stage.clone(), _peer: slot, _open: open.enter(), _alive: alive.clone() })
    }
}

/// A count of open connections that goes down when the holder is dropped, however its task ends.
struct Open(Arc<AtomicUsize>, metrics::Gauge);

impl Open {
    fn none() -> Self {
        let count = Arc::new(AtomicUsize::new(1));
        Self(count, metrics::gauge!("http_connections"))
    }

    /// This value itself is one of the count.
    fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed).saturating_sub(1)
    }

    fn enter(&self) -> Self {
        self.0.fetch_add(1, Ordering::Relaxed);
        self.1.increment(1);
        Self(self.0.clone(), self.1.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if self.0.fetch_sub(1, Ordering::Relaxed) > 1 {
            self.1.decrement(1);
        }
    }
}

fn is_of_one_connection(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection's requests: [`App`] with its peer.
struct Handler {
    serving: Arc<Serving>,
    peer: PeerAddress,
    certificate: Option<Shown>,
}

type Answer = futures_util::future::Either<
    std::future::Ready<Result<Response<Body>, std::convert::Infallible>>,
    axum::routing::future::RouteFuture<std::convert::Infallible>,
>;

impl hyper::service::Service<Request<hyper::body::Incoming>> for Handler {
    type Response = Response<Body>;
    type Error = std::convert::Infallible;
    type Future = Answer;

    fn call(&self, mut request: Request<hyper::body::Incoming>) -> Answer {
        use futures_util::future::Either;
        if let Some(response) = self.serving.app.published.answer(&request) {
            return Either::Left(std::future::ready(Ok(response)));
        }
        request.extensions_mut().insert(self.peer);
        if self.serving.asks_for_certificates() {
            request.extensions_mut().insert(ByMutualTls);
            if let Some(certificate) = &self.certificate {
                request.extensions_mut().insert(certificate.clone());
            }
        }
        // A router is always ready.
        Either::Right(self.serving.app.router.clone().call(request))
    }
}

/// Opens the listening socket; the error names the address and what to do.
pub async fn listen(address: std::net::SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { address, source })
}

#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct ListenError {
    pub address: std::net::SocketAddr,
    pub source: std::io::Error,
}

fn no_delay(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(error = %error, "TCP_NODELAY was refused");
    }
}
