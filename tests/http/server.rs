//! F30: sockets that are silent, slow, greedy or many; and a drain that ends.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
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
    time::{sleep, timeout},
};

use crate::support::wire::{Wired, one_answer, short, until_closed};

fn app() -> App {
    let router = Router::new()
        .route("/hello", get(async || "hello").post(async |body: Bytes| body))
        .route(
            "/slow",
            get(async || {
                sleep(Duration::from_millis(600)).await;
                "done"
            }),
        )
        .route(
            "/stuck",
            get(async || {
                sleep(Duration::from_mins(1)).await;
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

fn is_about(took: Duration, expected: Duration) {
    assert!(
        took >= expected.mul_f32(0.6) && took < expected + Duration::from_secs(2),
        "closed after {took:?}, expected {expected:?}"
    );
}

// ── slow and silent peers ────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_silent_socket_is_closed() {
    let wired = wired().await;
    let (read, took) = until_closed(&mut wired.connect().await).await;
    assert_eq!(read, "");
    is_about(took, short().first_byte);
}

#[tokio::test]
async fn a_socket_that_only_begins_the_http2_preface_is_closed() {
    for begun in ["P", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let wired = wired().await;
        let (read, took) = until_closed(&mut wired.send(begun).await).await;
        assert_eq!(read, "", "{begun:?}");
        is_about(took, short().first_byte);
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_closed_however_busily_it_drips() {
    let wired = wired().await;
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
        _ = timeout(Duration::from_secs(3), reading.read_to_end(&mut read)) => {}
        () = drip => {}
    }
    drop(stream);
    assert!(!String::from_utf8_lossy(&read).contains("200 OK"));
    // The server holds no connection: the drain has nothing to wait for.
    assert_eq!(timeout(Duration::from_millis(500), wired.stop()).await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn an_idle_kept_alive_connection_is_closed() {
    let wired = wired().await;
    let mut stream = wired.send(HELLO).await;
    assert!(one_answer(&mut stream).await.ends_with("hello"));
    let (_, took) = until_closed(&mut stream).await;
    is_about(took, short().header);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_given_up() {
    let wired = wired().await;
    let _unread = wired.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(1_200)).await;
    assert_eq!(timeout(Duration::from_millis(500), wired.stop()).await.unwrap(), Drained { cut: 0 });
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
    timeout(Duration::from_secs(2), stream.read_exact(&mut frame)).await.unwrap().unwrap();
    assert_eq!(frame[3], 4, "a SETTINGS frame comes first (RFC 9113 §3.4)");
}

// ── many ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn an_address_over_its_cap_is_closed_and_gets_in_again_when_one_leaves() {
    let wired = Wired::start(app(), ServerSettings { max_connections_per_address: 2, ..short() }).await;
    let mut first = wired.send(HELLO).await;
    let mut second = wired.send(HELLO).await;
    one_answer(&mut first).await;
    one_answer(&mut second).await;
    let (read, _) = until_closed(&mut wired.connect().await).await;
    assert_eq!(read, "");
    drop(first);
    sleep(Duration::from_millis(100)).await;
    assert!(one_answer(&mut wired.send(HELLO).await).await.ends_with("hello"));
}

#[tokio::test]
async fn proxies_are_not_capped_by_address_but_by_the_total() {
    let uncapped = dinhdanh::http::address::Networks(vec!["127.0.0.0/8".parse().unwrap()]);
    let settings = ServerSettings { max_connections_per_address: 1, max_connections: 3, uncapped, ..short() };
    let wired = Wired::start(app(), settings).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = wired.send(HELLO).await;
        one_answer(&mut stream).await;
        open.push(stream);
    }
    let (read, _) = until_closed(&mut wired.connect().await).await;
    assert_eq!(read, "");
}

#[tokio::test]
async fn hundreds_of_silent_and_half_open_sockets_do_not_stop_a_request() {
    let wired = wired().await;
    let mut held: Vec<TcpStream> = Vec::new();
    for n in 0..400 {
        held.push(wired.send(if n % 2 == 0 { "" } else { "GET /hel" }).await);
    }
    let answer = timeout(Duration::from_secs(2), async { one_answer(&mut wired.send(HELLO).await).await }).await;
    assert!(answer.unwrap().ends_with("hello"));
    for mut stream in held {
        until_closed(&mut stream).await;
    }
}

// ── the drain ────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_request_under_way_is_finished_and_told_to_close() {
    let wired = wired().await;
    let mut busy = wired.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let mut idle = wired.send(HELLO).await;
    one_answer(&mut idle).await;
    sleep(Duration::from_millis(100)).await;
    let address = wired.address;
    let ended = wired.begin_stop();
    let (_, took) = until_closed(&mut idle).await;
    assert!(took < Duration::from_millis(200), "an idle connection is closed at once, not after {took:?}");
    let (read, _) = until_closed(&mut busy).await;
    assert!(read.ends_with("done"), "{read}");
    assert!(read.to_lowercase().contains("connection: close"), "{read}");
    assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
    assert_eq!(ended.await.unwrap(), Drained { cut: 0 });
}

#[tokio::test]
async fn a_request_that_outlives_the_drain_is_cut() {
    let wired = Wired::start(app(), ServerSettings { drain: Duration::from_millis(300), ..short() }).await;
    let mut stuck = wired.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    let ended = timeout(Duration::from_secs(2), wired.stop()).await.unwrap();
    assert_eq!(ended, Drained { cut: 1 });
    assert_eq!(until_closed(&mut stuck).await.0, "");
}

#[tokio::test]
async fn a_silent_socket_does_not_delay_the_drain() {
    let wired = Wired::start(app(), ServerSettings { first_byte: Duration::from_mins(1), ..short() }).await;
    let _silent = wired.connect().await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(timeout(Duration::from_millis(500), wired.stop()).await.unwrap(), Drained { cut: 0 });
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
