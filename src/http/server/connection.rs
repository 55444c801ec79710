//! One connection: which protocol it speaks, then its requests, until it ends or is ended.

use std::{io, pin::pin, sync::Arc, time::Duration};

use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::GracefulConnection,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
};

use super::{
    ClientCertificates, Handler, PeerAddress, Place, ServerSettings, Serving, Stage, TlsListener, no_delay,
    stall::Stall,
};
use crate::http::certificate::Shown;

/// What an HTTP/2 client sends first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(super) fn new(settings: &ServerSettings) -> Self {
        // Without `pipeline_flush`: with it hyper 1.12 drops the 431 while bytes wait to be read.
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(settings.header)
            .max_header_size(settings.max_header_bytes)
            .max_buf_size(settings.max_header_bytes.max(64 * 1024));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            // Rapid reset (CVE-2023-44487): few may wait to be reset before the connection is closed.
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(100)
            .max_header_list_size(u32::try_from(settings.max_header_bytes).unwrap_or(u32::MAX))
            .max_send_buf_size(256 * 1024)
            .keep_alive_interval(settings.header.saturating_mul(2))
            .keep_alive_timeout(settings.header);
        Self { http1, http2 }
    }
}

pub(super) async fn run(serving: Arc<Serving>, stream: TcpStream, peer: PeerAddress, mut place: Place) {
    no_delay(&stream);
    if let Some(listener) = serving.settings.tls.clone() {
        return run_tls(serving, (stream, listener), peer, place).await;
    }
    let spoken = tokio::select! {
        biased;
        spoken = timeout(serving.settings.first_byte, protocol(&stream)) => spoken,
        () = past(&mut place.stage, Stage::Serving) => return,
    };
    let Ok(Ok(Some(spoken))) = spoken else {
        metrics::counter!("http_connections_silent_total").increment(1);
        return;
    };
    let io = Stall::new(stream, serving.settings.write_stall);
    answer(&serving, io, spoken, Handler { serving: serving.clone(), peer, certificate: None }, &mut place).await;
}

/// The handshake has the time of a head, and ALPN tells the protocol (RFC 7301).
async fn run_tls(
    serving: Arc<Serving>,
    (stream, listener): (TcpStream, TlsListener),
    peer: PeerAddress,
    mut place: Place,
) {
    let io = Stall::new(stream, serving.settings.write_stall);
    let shaken = tokio::select! {
        biased;
        shaken = timeout(serving.settings.header, listener.tls.acceptor.accept(io)) => shaken,
        () = past(&mut place.stage, Stage::Serving) => return,
    };
    let Ok(Ok(stream)) = shaken else {
        metrics::counter!("http_tls_handshakes_failed_total").increment(1);
        return;
    };
    let (_, session) = stream.get_ref();
    let spoken = if session.alpn_protocol() == Some(b"h2") { Protocol::Http2 } else { Protocol::Http1 };
    let certificate = match (&listener.tls.clients, session.peer_certificates()) {
        (ClientCertificates::Asked(reader), Some(chain)) => match reader.read(chain, listener.clock.now()) {
            Ok(certificate) => Some(Shown(Arc::new(certificate))),
            Err(_) => return,
        },
        _ => None,
    };
    answer(&serving, stream, spoken, Handler { serving: serving.clone(), peer, certificate }, &mut place).await;
}

async fn answer<S>(serving: &Serving, stream: S, spoken: Protocol, handler: Handler, place: &mut Place)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let io = TokioIo::new(stream);
    match spoken {
        Protocol::Http1 => drive(serving.protocols.http1.serve_connection(io, handler), &mut place.stage).await,
        Protocol::Http2 => drive(serving.protocols.http2.serve_connection(io, handler), &mut place.stage).await,
    }
}

async fn drive<C>(connection: C, stage: &mut watch::Receiver<Stage>)
where
    C: GracefulConnection,
    C::Error: std::fmt::Display,
{
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        biased;
        ended = connection.as_mut() => Some(ended),
        () = past(stage, Stage::Serving) => None,
    };
    let ended = if let Some(ended) = ended {
        ended
    } else {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            ended = connection => ended,
            () = past(stage, Stage::Draining) => return,
        }
    };
    // Peers break connections every second; it concerns nobody unless somebody asks.
    if let Err(error) = ended {
        tracing::debug!(error = %error, "connection ended early");
    }
}

/// Resolves once the server is past `stage`.
async fn past(watching: &mut watch::Receiver<Stage>, stage: Stage) {
    let _sender_gone_is_past_too = watching.wait_for(|now| (*now as u8) > (stage as u8)).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

/// Looks at the first bytes without taking them; `None` when the peer closed.
///
/// hyper-util's `auto` reads them with no timer, so `P` and then silence would hold a socket for ever. And `peek`, not
/// `readable`, which was seen to report a silent socket as ready.
async fn protocol(stream: &TcpStream) -> io::Result<Option<Protocol>> {
    let mut first = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut first).await?;
        let Some(seen) = first.get(..count) else { return Ok(None) };
        match seen {
            [] => return Ok(None),
            whole if whole == PREFACE => return Ok(Some(Protocol::Http2)),
            part if PREFACE.starts_with(part) => sleep(Duration::from_millis(20)).await,
            _ => return Ok(Some(Protocol::Http1)),
        }
    }
}
