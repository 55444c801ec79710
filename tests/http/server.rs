//! F30: sockets that are silent, slow, greedy or many; and a drain that ends.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, routing::get};
use dinhdanh::http::{
    published::{Document, Published},
    server::{App, Drained, ServerSettings},
};
use http::HeaderValue;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    time::{sleep, timeout},
};

use crate::support::wire::{Wired, one_answer, short, unhurried, until_closed};

fn app() -> App {
    app_that_tells(Arc::default())
}

/// `begun` is told when a request for `/slow` or `/stuck` is under way.
fn app_that_tells(begun: Arc<Notify>) -> App {
    let also = Arc::clone(&begun);
    let router = Router::new()
        .route("/hello", get(async || "hello").post(async |body: Bytes| body))
        .route(
            "/slow",
            get(async move || {
                begun.notify_one();
                sleep(Duration::from_millis(600)).await;
                "done"
            }),
        )
        .route(
            "/stuck",
            get(async move || {
                also.notify_one();
                sleep(Duration::from_mins(5)).await;
                "never"
            }),
        )
        .route("/large", get(async || vec![b'x'; 32 * 1024 * 1024]));
    App::new(Arc::new(Published::default()), router)
}

async fn wired() -> Wired {
    Wired::start(app(), short()).await
}

const HELLO: &str = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

/// A drain that would be noticed: whoever is quicker has not waited for anybody.
async fn patient() -> Wired {
    Wired::start(app(), ServerSettings { drain: Duration::from_mins(5), ..short() }).await
}

async fn nobody_is_left(wired: Wired) {
    assert_eq!(timeout(Duration::from_secs(20), wired.stop()).await.unwrap(), Drained { cut: 0 });
}

/// Not before its time, counted from before the connection; afterwards at some moment ([`until_closed`] gives up on never).
fn is_about(began: Instant, expected: Duration) {
    let took = began.elapsed();
    assert!(took >= expected, "closed after {took:?}, expected {expected:?}");
}

// ── slow and silent peers ────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_silent_socket_is_closed() {
    let wired = wired().await;
    let began = Instant::now();
    let (read, _) = until_closed(&mut wired.connect().await).await;
    assert_eq!(read, "");
    is_about(began, short().first_byte);
}

#[tokio::test]
async fn a_socket_that_only_begins_the_http2_preface_is_closed() {
    for begun in ["P", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let wired = wired().await;
        let began = Instant::now();
        let (read, _) = until_closed(&mut wired.send(begun).await).await;
        assert_eq!(read, "", "{begun:?}");
        is_about(began, short().first_byte);
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed_however_busily_it_drips() {
    let wired = patient().await;
    let mut stream = wired.send("GET /hello HTTP/1.1\r\nHost: a\r\n").await;
    let (mut reading, mut writing) = stream.split();
    let drip = async {
        loop {
            if writing.write_all(b"X-Drip: 1\r\n").await.is_err() {
                std::future::pending::<()>().await;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let mut read = Vec::new();
    tokio::select! {
        _ = timeout(Duration::from_secs(20), reading.read_to_end(&mut read)) => {}
        () = drip => {}
    }
    drop(stream);
    assert!(!String::from_utf8_lossy(&read).contains("200 OK"));
    // The server holds no connection: the drain has nothing to wait for.
    nobody_is_left(wired).await;
}

#[tokio::test]
async fn an_idle_kept_alive_connection_is_closed() {
    let wired = wired().await;
    let mut stream = wired.send(HELLO).await;
    assert!(one_answer(&mut stream).await.ends_with("hello"));
    let began = Instant::now();
    until_closed(&mut stream).await;
    // Its time began with the answer, a moment before it was read.
    is_about(began, short().header / 3);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_given_up() {
    let wired = patient().await;
    let _unread = wired.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(1_200)).await;
    nobody_is_left(wired).await;
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let wired = wired().await;
    let head = format!("GET /hello HTTP/1.1\r\nHost: a\r\nX-Large: {}\r\n\r\n", "x".repeat(20 * 1024));
    let (read, _) = until_closed(&mut wired.send(&head).await).await;
    assert!(read.starts_with("HTTP/1.1 431"), "{read}");
}

#[tokio::test]
async fn http2_with_prior_knowledge_is_spoken() {
    let wired = wired().await;
    let mut stream = wired.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    let mut frame = [0; 9];
    timeout(Duration::from_secs(20), stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "a SETTINGS frame comes first (RFC 9113 §3.4)");
}

/// Closed without an answer to a request that is whole; no deadline of the server's does that here.
async fn is_turned_away(wired: &Wired) {
    let mut stream = wired.connect().await;
    let _closed_already = stream.write_all(HELLO.as_bytes()).await;
    assert_eq!(until_closed(&mut stream).await.0, "");
}

// ── many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn an_address_over_its_cap_is_closed_and_gets_in_again_when_one_leaves() {
    let wired = Wired::start(app(), ServerSettings { max_connections_per_address: 2, ..unhurried() }).await;
    let mut first = wired.send(HELLO).await;
    let mut second = wired.send(HELLO).await;
    one_answer(&mut first).await;
    one_answer(&mut second).await;
    is_turned_away(&wired).await;
    drop(first);
    // The server notices it in a moment.
    for _ in 0..100 {
        let mut next = wired.connect().await;
        let _closed_already = next.write_all(HELLO.as_bytes()).await;
        let mut read = [0; 64];
        if timeout(Duration::from_secs(20), next.read(&mut read)).await.unwrap().is_ok_and(|count| count > 0) {
            assert!(read.starts_with(b"HTTP/1.1 200"));
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("nobody gets in again");
}

#[tokio::test]
async fn proxies_are_not_capped_by_address_but_by_the_total() {
    let uncapped = dinhdanh::http::address::Networks(vec!["127.0.0.0/8".parse().unwrap()]);
    let settings = ServerSettings { max_connections_per_address: 1, max_connections: 3, uncapped, ..unhurried() };
    let wired = Wired::start(app(), settings).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = wired.send(HELLO).await;
        one_answer(&mut stream).await;
        open.push(stream);
    }
    is_turned_away(&wired).await;
}

#[tokio::test]
async fn hundreds_of_silent_and_half_open_sockets_do_not_stop_a_request() {
    let wired = wired().await;
    let mut held: Vec<TcpStream> = Vec::new();
    for n in 0..400 {
        held.push(wired.send(if n % 2 == 0 { "" } else { "GET /hel" }).await);
    }
    let answer = timeout(Duration::from_secs(20), async { one_answer(&mut wired.send(HELLO).await).await }).await;
    assert!(answer.unwrap().ends_with("hello"));
    for mut stream in held {
        until_closed(&mut stream).await;
    }
}

// ── the drain ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_request_under_way_is_finished_and_told_to_close() {
    let begun = Arc::new(Notify::new());
    // Only the drain closes an idle connection here.
    let settings = ServerSettings { header: Duration::from_mins(5), drain: Duration::from_mins(5), ..short() };
    let wired = Wired::start(app_that_tells(Arc::clone(&begun)), settings).await;
    let mut busy = wired.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut idle = wired.send(HELLO).await;
    one_answer(&mut idle).await;
    begun.notified().await;
    let address = wired.address;
    let ended = wired.begin_stop();
    until_closed(&mut idle).await;
    let (read, _) = until_closed(&mut busy).await;
    assert!(read.ends_with("done"), "{read}");
    assert!(read.to_lowercase().contains("connection: close"), "{read}");
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
    assert_eq!(ended.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn a_request_that_outlives_the_drain_is_cut() {
    let begun = Arc::new(Notify::new());
    let settings = ServerSettings { drain: Duration::from_millis(300), ..short() };
    let wired = Wired::start(app_that_tells(Arc::clone(&begun)), settings).await;
    let mut stuck = wired.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n").await;
    begun.notified().await;
    let ended = timeout(Duration::from_secs(20), wired.stop()).await.unwrap();
    assert_eq!(ended, Drained { cut: 1 });
    assert_eq!(until_closed(&mut stuck).await.0, "");
}

#[tokio::test]
async fn a_silent_socket_does_not_delay_the_drain() {
    let settings = ServerSettings { first_byte: Duration::from_mins(5), drain: Duration::from_mins(5), ..short() };
    let wired = Wired::start(app(), settings).await;
    let _silent = wired.connect().await;
    sleep(Duration::from_millis(50)).await;
    nobody_is_left(wired).await;
}

// ── documents ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_published_document_is_answered_before_the_routes() {
    let app = app();
    app.published.put(Document::json("/jwks", r#"{"keys":[]}"#, HeaderValue::from_static("\"1\""), 900));
    let wired = Wired::start(app, short()).await;
    let answer = one_answer(&mut wired.send("GET /jwks HTTP/1.1\r\nHost: a\r\n\r\n").await).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(r#"{"keys":[]}"#), "{answer}");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    static ORDER: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let router = Router::new()
        .route(
            "/one",
            get(async || {
                ORDER.lock().unwrap().push("one");
                "1"
            }),
        )
        .route(
            "/two",
            get(async || {
                ORDER.lock().unwrap().push("two");
                "2"
            }),
        );
    let wired = Wired::start(App::new(Arc::default(), router), short()).await;
    let mut stream = wired.send("GET /one HTTP/1.1\r\nHost: a\r\n\r\nGET /two HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (read, _) = until_closed(&mut stream).await;
    assert_eq!(read.matches("HTTP/1.1 200").count(), 2);
    assert_eq!(*ORDER.lock().unwrap(), ["one", "two"]);
}
