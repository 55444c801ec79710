//! When the service is up on this machine: does it publish the keys that the record holds?

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use url::Url;

use super::Finding;
use crate::{
    cli::config::Config,
    oidc::endpoints::{JWKS, under},
};

/// `kid`s that must be among those published.
pub(super) async fn check(config: &Config, expected: &[String]) -> Finding {
    const NAME: &str = "published keys";
    let address = reachable(config.listen);
    let answer = match timeout(Duration::from_secs(3), fetch(address, &jwks_path(config))).await {
        Err(_elapsed) => {
            return Finding::bad(
                NAME,
                format!("{address} takes longer than 3 s"),
                "look at the service's log and its load",
            );
        }
        Ok(Err(_)) => {
            return Finding::good(NAME, format!("nothing serves on {address}; start it and ask again to compare"));
        }
        Ok(Ok(answer)) => answer,
    };
    let cure = "stop what listens there, or set `listen` to where the service is";
    let Some(published) = kids(&answer) else {
        return Finding::bad(NAME, format!("what serves on {address} answers no JWK Set"), cure);
    };
    match expected.iter().find(|kid| !published.contains(*kid)) {
        None => Finding::good(NAME, format!("{} at {address}, all of the record's among them", published.len())),
        Some(missing) => {
            let saw = format!("{address} does not publish {missing}");
            Finding::bad(
                NAME,
                saw,
                "the service follows the record within a second: see that both use the same database.url",
            )
        }
    }
}

/// The wildcard address is no destination.
fn reachable(listen: SocketAddr) -> SocketAddr {
    if !listen.ip().is_unspecified() {
        return listen;
    }
    let loopback = if listen.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() };
    SocketAddr::new(loopback, listen.port())
}

fn jwks_path(config: &Config) -> String {
    let address = under(&config.issuer, JWKS);
    Url::parse(&address).map_or_else(|_| JWKS.to_owned(), |url| url.path().to_owned())
}

async fn fetch(address: SocketAddr, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(256 * 1024).read_to_end(&mut answer).await?;
    Ok(answer)
}

fn kids(answer: &[u8]) -> Option<Vec<String>> {
    let body = std::str::from_utf8(answer).ok()?.split_once("\r\n\r\n")?.1;
    let keys: Value = serde_json::from_str(body).ok()?;
    let kid = |key: &Value| key.get("kid").and_then(Value::as_str).map(str::to_owned);
    keys.get("keys")?.as_array()?.iter().map(kid).collect()
}
