//! One name for the service: cookies and form checks belong to the issuer's host, so a page that was opened under another
//! name of this machine (`localhost`, `127.0.0.1`, `[::1]`) moves there first.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::Request,
    middleware::{self, Next},
    response::Response,
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, HOST, LOCATION},
};

/// Puts the move around every route. `origin` is the issuer's.
pub fn one_name(router: Router, origin: &str) -> Router {
    let issuer = Arc::new(Issuer {
        origin: origin.to_owned(),
        authority: origin.split_once("://").map_or(origin, |(_, authority)| authority).to_owned(),
    });
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let issuer = Arc::clone(&issuer);
        async move {
            match issuer.elsewhere(&request) {
                Some(target) => moved(target),
                None => next.run(request).await,
            }
        }
    }))
}

struct Issuer {
    origin: String,
    authority: String,
}

impl Issuer {
    /// Where a browser that asks for a page under another name has to go.
    fn elsewhere(&self, request: &Request) -> Option<HeaderValue> {
        let headers = request.headers();
        let page =
            headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"));
        if request.method() != Method::GET || !page {
            return None;
        }
        let host = headers.get(HOST)?.to_str().ok()?;
        if host.eq_ignore_ascii_case(&self.authority) || !is_of_this_machine(host) {
            return None;
        }
        let here = request.uri().path_and_query().map_or("/", |here| here.as_str());
        HeaderValue::try_from(format!("{}{here}", self.origin)).ok()
    }
}

/// Another name would be somebody else's, whom we send nowhere.
fn is_of_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    matches!(name, "[::1]" | "127.0.0.1") || name.eq_ignore_ascii_case("localhost")
}

fn moved(target: HeaderValue) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    response.headers_mut().insert(LOCATION, target);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn ask(method: Method, host: &str, accept: &str) -> (StatusCode, Option<String>) {
        let router = Router::new().route("/{*rest}", get(|| async { "page" }).post(|| async { "form" }));
        let request = http::Request::builder().method(method).uri("/sign-in?x=1&y=%2F");
        let request = request.header(HOST, host).header(ACCEPT, accept).body(Body::empty()).unwrap();
        let response = one_name(router, "http://127.0.0.1:8080").oneshot(request).await.unwrap();
        let location = response.headers().get(LOCATION).map(|value| value.to_str().unwrap().to_owned());
        (response.status(), location)
    }

    #[tokio::test]
    async fn pages_under_another_name_of_this_machine_move_to_the_issuers() {
        for host in ["localhost:8080", "LOCALHOST:8080", "[::1]:8080", "[::1]", "127.0.0.1:9090"] {
            let (status, location) = ask(Method::GET, host, "text/html,*/*").await;
            assert_eq!(status, StatusCode::FOUND, "{host}");
            assert_eq!(location.as_deref(), Some("http://127.0.0.1:8080/sign-in?x=1&y=%2F"));
        }
    }

    #[tokio::test]
    async fn everything_else_is_answered_where_it_was_asked() {
        for (method, host, accept) in [
            (Method::GET, "127.0.0.1:8080", "text/html"),
            (Method::GET, "localhost:8080", "application/json"),
            (Method::POST, "localhost:8080", "text/html"),
            (Method::GET, "rebound.example:8080", "text/html"),
            (Method::GET, "localhost.example:8080", "text/html"),
        ] {
            assert_eq!(ask(method, host, accept).await.0, StatusCode::OK, "{host}");
        }
    }
}
