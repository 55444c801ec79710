//! The service as a process: start, refuse to start, stop.

use std::{fs, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    binary::{Binary, Serving},
    postgres,
    wire::{one_answer, until_closed},
};

async fn get(serving: &Serving, path: &str) -> String {
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes()).await.unwrap();
    one_answer(&mut stream).await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_on_both_engines_and_stops_when_asked() {
    let database = tokio::task::block_in_place(|| postgres::shared().database());
    let on_postgres = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    on_postgres.prepare();
    for binary in [Binary::ready(), on_postgres] {
        let serving = binary.serve();
        assert!(get(&serving, "/health/live").await.starts_with("HTTP/1.1 200"));
        let ready = get(&serving, "/health/ready").await;
        assert!(ready.starts_with("HTTP/1.1 200") && ready.contains("\"database\":true"), "{ready}");
        assert!(get(&serving, "/nowhere?person=900000000001").await.starts_with("HTTP/1.1 404"));
        let figures = get(&serving, "/metrics").await;
        assert!(
            figures.contains("http_request_duration_seconds_bucket{method=\"GET\",route=\"(none)\",status=\"4xx\""),
            "{figures}"
        );
        assert!(figures.contains("process_resident_memory_bytes"), "{figures}");
        serving.signal("-TERM");
        let (status, log) = serving.ended();
        assert_eq!(status, Some(0));
        assert!(log.contains("\"message\":\"stopped\""), "{log}");
        assert!(log.contains("\"status\":404") && !log.contains("900000000001"), "no query in the log: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_lost_gets_a_page_in_their_language() {
    let serving = Binary::ready().serve();
    let port = serving.address.port();
    for (headers, words) in [
        ("Accept-Language: en", "Reference"),
        ("Accept-Language: vi", "Mã tham chiếu"),
        // What the person chose on a page outweighs what the browser says. The name has the issuer's port.
        ("Accept-Language: en\r\nCookie: dinhdanh-8080-lang=vi", "Mã tham chiếu"),
    ] {
        let request =
            format!("GET /nowhere HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\n{headers}\r\n\r\n");
        let mut stream = TcpStream::connect(serving.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let page = one_answer(&mut stream).await;
        assert!(page.starts_with("HTTP/1.1 404") && page.contains(words), "{headers}: {page}");
        let id = page.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
        assert_eq!(page.matches(id).count(), 2, "in the header and on the page");
    }
}

fn body(answer: &str) -> serde_json::Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_names_its_issuer_and_the_keys_that_sign() {
    let serving = Binary::ready().with("DINHDANH_ISSUER", "https://id.example.vn").serve();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let document = body(&get(&serving, path).await);
        assert_eq!(document["issuer"], "https://id.example.vn");
        assert_eq!(document["jwks_uri"], "https://id.example.vn/jwks");
        assert_eq!(document["acr_values_supported"], serde_json::json!(["urn:vn:xacthuc:1", "urn:vn:xacthuc:2"]));
        let scopes = document["scopes_supported"].as_array().unwrap();
        assert!(scopes.contains(&"openid".into()) && !scopes.contains(&"vn_family".into()), "{scopes:?}");
    }
    let answer = get(&serving, "/jwks").await;
    assert!(answer.contains("cache-control: public, max-age=900"), "{answer}");
    assert_eq!(body(&answer)["keys"].as_array().unwrap().len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_another_process_changed_are_published_while_it_serves() {
    let database = tokio::task::block_in_place(|| postgres::shared().database());
    let on_postgres = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    on_postgres.prepare();
    for binary in [Binary::ready(), on_postgres] {
        let serving = binary.serve();
        let before = get(&serving, "/jwks").await;
        let rotated = binary.run(&["keys", "rotate", "--alg", "ES256", "--at-once", "--json"]);
        assert_eq!(rotated.status(), 0, "{}", rotated.err());
        let mut after = before.clone();
        for _ in 0..100 {
            after = get(&serving, "/jwks").await;
            if body(&after) != body(&before) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(
            body(&after)["keys"].as_array().unwrap().len(),
            11,
            "the new one waits, the old one is still verified"
        );
        let etag = |answer: &str| answer.lines().find(|line| line.starts_with("etag:")).unwrap().to_owned();
        assert_ne!(etag(&before), etag(&after));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_stops_it_says_that_it_leaves() {
    // Longer than a busy machine needs to ask.
    let binary = Binary::ready().with("DINHDANH_SHUTDOWN_NOTICE", "20s");
    let serving = binary.serve();
    serving.signal("-TERM");
    let mut ready = String::new();
    for _ in 0..100 {
        ready = get(&serving, "/health/ready").await;
        if ready.contains("leaving") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("leaving"), "{ready}");
    assert_eq!(serving.ended().0, Some(0), "and then it does");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configured_deadlines_close_silent_sockets() {
    let serving = Binary::ready().with("DINHDANH_LIMITS_FIRST_BYTE_TIME", "300ms").serve();
    // Unconfigured it would be five seconds, every time.
    let mut soonest = Duration::MAX;
    for _ in 0..3 {
        let mut silent = TcpStream::connect(serving.address).await.unwrap();
        soonest = soonest.min(until_closed(&mut silent).await.1);
    }
    assert!(soonest < Duration::from_secs(4), "{soonest:?}");
}

#[test]
fn it_refuses_to_start_on_a_database_that_is_not_migrated() {
    let binary = Binary::new();
    // An empty file: what is there is nobody's record yet.
    fs::write(binary.dir.path().join("test.db"), b"").unwrap();
    let ran = binary.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ran.status(), 1);
    assert!(
        ran.err().contains("0001_registry is not applied") && ran.err().contains("dinhdanh migrate"),
        "{}",
        ran.err()
    );
}

/// A database that may forget what it answered: one setting at a time, each by itself.
#[test]
fn it_refuses_to_start_on_a_database_that_forgets() {
    let database = postgres::shared().database();
    let binary = Binary::new().with("DINHDANH_DATABASE_URL", &database.url);
    binary.prepare();
    for value in ["off", "local"] {
        let forgetful = format!("{}?options=-csynchronous_commit%3D{value}", database.url);
        let binary = Binary::new().with("DINHDANH_DATABASE_URL", &forgetful);
        for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["client", "list"]] {
            let ran = binary.run(command);
            assert_eq!(ran.status(), 1, "{command:?} {}", ran.out());
            let said = ran.err();
            assert!(said.contains(&format!("synchronous_commit={value}")) && said.contains("cure: "), "{said}");
        }
    }
}

#[test]
fn it_refuses_to_start_without_keys_and_makes_none() {
    let binary = Binary::new();
    assert_eq!(binary.run(&["migrate"]).status(), 0);
    let ran = binary.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(ran.status() == 1 && ran.err().contains("dinhdanh keys new"), "{}", ran.err());
    assert_eq!(binary.run(&["keys", "list", "--json"]).json()["keys"], serde_json::json!([]));
}

#[test]
fn a_taken_port_is_named_with_the_flag_to_use() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = Binary::ready().run(&["serve", "--listen", &address]);
    assert_eq!(ran.status(), 1);
    assert!(ran.err().contains(&address) && ran.err().contains("--listen"), "{}", ran.err());
}
