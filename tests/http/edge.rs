//! What every routed request passes.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    response::IntoResponse,
    routing::{get, post},
};
use dinhdanh::{
    base::Entropy,
    http::{
        address::{ClientAddress, ForwardedBy, Networks, PeerAddress, Proxies},
        edge::{Edge, EdgeSettings, Places, RequestId, plain, wrap},
        server::App,
    },
};
use http::{Method, Request, Response, StatusCode};
use tokio::{io::AsyncWriteExt, sync::Semaphore, time::sleep};

use crate::support::wire::{Wired, short, until_closed};

fn settings() -> EdgeSettings {
    let trusted = Networks(vec!["10.0.0.0/8".parse().unwrap()]);
    EdgeSettings {
        certificates: dinhdanh::http::certificate::CertificateHeaders {
            believed: Networks::default(),
            reader: dinhdanh::crypto::CertificateReader::default(),
            clock: dinhdanh::base::Clock::System,
        },
        proxies: Proxies { trusted, header: ForwardedBy::XForwardedFor },
        body_bytes: 64 * 1024,
        token_body_bytes: 16 * 1024,
        upload_bytes: 128 * 1024,
        upload_time: Duration::from_secs(5),
        body_time: Duration::from_secs(1),
        request_time: Duration::from_secs(2),
        places: Places { token: 2, interactive: 2, admin: 2 },
        strict_transport: true,
    }
}

fn app() -> App {
    app_with(Nap::default())
}

/// `/naps` answers when the test lets it: the two that nap are told by `nap.begun`.
#[derive(Clone)]
struct Nap {
    begun: Arc<Semaphore>,
    over: Arc<Semaphore>,
}

impl Default for Nap {
    fn default() -> Self {
        Self { begun: Arc::new(Semaphore::new(0)), over: Arc::new(Semaphore::new(0)) }
    }
}

fn app_with(nap: Nap) -> App {
    let echo = async |body: Bytes| body.len().to_string();
    let router = Router::new()
        .route("/reference", get(async |id: RequestId| id.to_string()))
        .route("/address", get(async |ClientAddress(ip): ClientAddress| ip.to_string()))
        .route("/page", post(echo))
        .route("/token", post(echo))
        .route("/ignores", post(async || "never read"))
        .route("/sleeps", get(async || sleep(Duration::from_mins(1)).await))
        .route(
            "/naps",
            get(async move || {
                nap.begun.add_permits(1);
                nap.over.acquire().await.unwrap().forget();
            }),
        )
        .route("/panics", get(async || -> &'static str { panic!("Nguyễn Văn An 900000000001") }))
        .route(
            "/own",
            get(async || (StatusCode::NOT_FOUND, [("cache-control", "max-age=5")], "my own words").into_response()),
        );
    App::new(Arc::default(), wrap(router, Arc::new(Edge::new(settings(), Entropy::counted(1), Arc::new(plain)))))
}

async fn ask(
    app: &App,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> (Response<()>, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(body.into()).unwrap();
    request.extensions_mut().insert(PeerAddress("10.0.0.7:5000".parse().unwrap()));
    let (parts, body) = app.answer(request).await.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    (Response::from_parts(parts, ()), String::from_utf8(body.to_vec()).unwrap())
}

async fn get_page(app: &App, path: &str) -> (Response<()>, String) {
    ask(app, Method::GET, path, &[("accept", "text/html,*/*")], Body::empty()).await
}

fn reference(response: &Response<()>) -> &str {
    response.headers()["x-request-id"].to_str().unwrap()
}

#[tokio::test]
async fn every_answer_has_its_reference_and_safe_headers() {
    let app = app();
    let (response, body) = ask(&app, Method::GET, "/reference", &[("x-request-id", "mine")], Body::empty()).await;
    assert_eq!(body, reference(&response), "the handler sees the same reference, and it is ours");
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("strict-transport-security", "max-age=63072000"),
    ] {
        assert_eq!(response.headers()[name], value, "{name}");
    }
    let (again, _) = get_page(&app, "/reference").await;
    assert_ne!(reference(&again), reference(&response));
    let (own, body) = get_page(&app, "/own").await;
    assert_eq!((own.headers()["cache-control"].to_str().unwrap(), body.as_str()), ("max-age=5", "my own words"));
}

#[tokio::test]
async fn the_client_is_found_through_trusted_proxies_only() {
    let forwarded = [("x-forwarded-for", "198.51.100.4, 203.0.113.7")];
    let (_, body) = ask(&app(), Method::GET, "/address", &forwarded, Body::empty()).await;
    assert_eq!(body, "203.0.113.7");
}

// ── nobody answers ───────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn no_route_is_404_in_the_readers_form() {
    let (response, page) = get_page(&app(), "/nowhere?name=%3Cscript%3E").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(
        page.contains("Không tìm thấy") && page.contains(reference(&response)) && !page.contains("script"),
        "{page}"
    );
    let english = [("accept", "text/html"), ("accept-language", "en-GB,vi;q=0.8")];
    let (_, page) = ask(&app(), Method::GET, "/nowhere", &english, Body::empty()).await;
    assert!(page.contains("lang=\"en\""), "{page}");
    let (response, problem) = ask(&app(), Method::GET, "/nowhere", &[], Body::empty()).await;
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_str(&problem).unwrap();
    assert_eq!(problem["status"], 404);
    assert_eq!(problem["reference"], reference(&response));
}

#[tokio::test]
async fn a_wrong_method_is_405_with_the_right_ones() {
    let (response, body) = ask(&app(), Method::GET, "/token", &[], Body::empty()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&body).unwrap()["error"], "invalid_request");
    let (response, _) = get_page(&app(), "/page").await;
    assert_eq!(
        (response.status(), response.headers()["allow"].to_str().unwrap()),
        (StatusCode::METHOD_NOT_ALLOWED, "POST")
    );
    // What GET does, HEAD would have to do to answer for it (RFC 9110 §9.2.1).
    for (method, path, allowed) in
        [(Method::HEAD, "/reference", "GET"), (Method::PUT, "/reference", "GET"), (Method::HEAD, "/token", "POST")]
    {
        let (response, _) = ask(&app(), method.clone(), path, &[], Body::empty()).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
        assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
    }
    let (response, _) = ask(&app(), Method::HEAD, "/nowhere", &[], Body::empty()).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_panic_is_500_with_a_reference_and_none_of_its_words() {
    let (response, page) = get_page(&app(), "/panics").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(page.contains(reference(&response)) && !page.contains("Nguyễn") && !page.contains("9000"), "{page}");
    let (response, _) = ask(&app(), Method::GET, "/reference", &[], Body::empty()).await;
    assert_eq!(response.status(), StatusCode::OK, "the next request is answered");
}

// ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test]
async fn a_body_may_have_so_many_bytes_and_not_one_more() {
    let app = app();
    for (path, most) in [("/page", 64 * 1024), ("/token", 16 * 1024)] {
        let (response, body) = ask(&app, Method::POST, path, &[], vec![b'x'; most]).await;
        assert_eq!((response.status(), body), (StatusCode::OK, most.to_string()), "{path}");
        // Unannounced: the stream turns out too long.
        let parts = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![b'x'; most]), Ok(vec![b'x'])]);
        let (response, body) = ask(&app, Method::POST, path, &[], Body::from_stream(parts)).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{path}: {body}");
    }
    // Announced: refused before a handler runs, even one that would not read it.
    let length = [("content-length", "70000")];
    let (response, _) = ask(&app, Method::POST, "/ignores", &length, vec![b'x'; 70_000]).await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn over_a_socket_a_large_body_still_gets_its_answer() {
    let wired = Wired::start(app(), short()).await;
    let body = "x".repeat(300_000);
    for head in ["Content-Length: 300000", "Transfer-Encoding: chunked"] {
        let body =
            if head.starts_with('T') { format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()) } else { body.clone() };
        let request = format!("POST /token HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}");
        let (read, _) = until_closed(&mut wired.send(&request).await).await;
        assert!(read.starts_with("HTTP/1.1 413"), "{head}: {read}");
        assert!(read.to_lowercase().contains("connection: close"), "{read}");
    }
}

#[tokio::test]
async fn a_body_that_drips_is_408_and_closed() {
    let wired = Wired::start(app(), short()).await;
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let mut stream = wired.send(&format!("POST /token HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n")).await;
        let part: &[u8] = if head.starts_with('T') { b"1\r\nx\r\n" } else { b"x" };
        for _ in 0..5 {
            // On a machine that stood still it is closed already.
            let _closed_already = stream.write_all(part).await;
            sleep(Duration::from_millis(50)).await;
        }
        let (read, _) = until_closed(&mut stream).await;
        assert!(read.starts_with("HTTP/1.1 408"), "{head}: {read}");
    }
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_503_and_asks_to_come_again() {
    let (response, body) = ask(&app(), Method::GET, "/sleeps", &[], Body::empty()).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "2");
    assert!(body.contains("not ready in time"), "{body}");
}

#[tokio::test]
async fn a_full_class_is_refused_at_once_and_the_others_go_on() {
    let naps = Nap::default();
    let app = app_with(naps.clone());
    let nap = || ask(&app, Method::GET, "/naps", &[], Body::empty());
    let late = async {
        naps.begun.acquire_many(2).await.unwrap().forget();
        let refused = nap().await.0;
        let token = ask(&app, Method::POST, "/token", &[], "x").await.0;
        // The third is for who comes when places are given back.
        naps.over.add_permits(3);
        (refused, token.status())
    };
    let (first, second, (refused, token)) = tokio::join!(nap(), nap(), late);
    assert_eq!((first.0.status(), second.0.status()), (StatusCode::OK, StatusCode::OK));
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "2");
    assert_eq!(token, StatusCode::OK);
    assert_eq!(nap().await.0.status(), StatusCode::OK, "places are given back");
}
