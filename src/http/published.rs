//! Documents that are the same for everybody until something changes (discovery, JWKS): rendered once, answered before
//! routing, without a request id, a span or an allocation of their own. They are what every relying party fetches.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::body::Body;
use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE,
        ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
    },
};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, OPTIONS");

/// One published document.
pub struct Document {
    path: String,
    body: Bytes,
    headers: HeaderMap,
    etag: HeaderValue,
    served: metrics::Counter,
}

impl Document {
    /// `path` is absolute and without a query. `etag` is quoted (RFC 9110 §8.8.3) and differs whenever `body` does.
    /// A client may keep it for `max_age` seconds.
    pub fn json(path: impl Into<String>, body: impl Into<Bytes>, etag: HeaderValue, max_age: u32) -> Self {
        let (path, body) = (path.into(), body.into());
        let mut headers = HeaderMap::with_capacity(7);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
        headers.insert(ETAG, etag.clone());
        if let Ok(value) = HeaderValue::try_from(format!("public, max-age={max_age}")) {
            headers.insert(CACHE_CONTROL, value);
        }
        // Public facts: a relying party in a browser may read them from any origin.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        let served = metrics::counter!("http_published_total", "route" => path.clone());
        Self { path, body, headers, etag, served }
    }

    fn answer<B>(&self, request: &Request<B>) -> Response<Body> {
        self.served.increment(1);
        let mut response = Response::new(Body::empty());
        match *request.method() {
            Method::GET | Method::HEAD if self.is_known_to(request.headers()) => {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                *response.headers_mut() = self.headers.clone();
                response.headers_mut().remove(CONTENT_LENGTH);
            }
            Method::GET => {
                *response.headers_mut() = self.headers.clone();
                *response.body_mut() = Body::from(self.body.clone());
            }
            Method::HEAD => *response.headers_mut() = self.headers.clone(),
            Method::OPTIONS => {
                *response.status_mut() = StatusCode::NO_CONTENT;
                response.headers_mut().insert(ALLOW, METHODS);
                response.headers_mut().insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
            }
            _ => {
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
                response.headers_mut().insert(ALLOW, METHODS);
            }
        }
        response
    }

    /// RFC 9110 §13.1.2, by weak comparison.
    fn is_known_to(&self, headers: &HeaderMap) -> bool {
        let Ok(ours) = self.etag.to_str() else { return false };
        headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == ours
            })
    }
}

/// The documents in force. A handful, so a walk over them costs less than a hash.
#[derive(Default)]
pub struct Published(ArcSwap<Vec<Arc<Document>>>);

impl Published {
    /// Adds a document, or replaces the one at the same path; requests under way keep what they have.
    pub fn put(&self, document: Document) {
        let document = Arc::new(document);
        self.0.rcu(|now| {
            let mut next: Vec<_> = now.iter().filter(|other| other.path != document.path).cloned().collect();
            next.push(document.clone());
            next
        });
    }

    /// The answer, when the path is a document's.
    pub fn answer<B>(&self, request: &Request<B>) -> Option<Response<Body>> {
        let path = request.uri().path();
        self.0.load().iter().find(|document| document.path == path).map(|document| document.answer(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published() -> Published {
        let published = Published::default();
        published.put(Document::json("/jwks", r#"{"keys":[]}"#, HeaderValue::from_static("\"a\""), 900));
        published
    }

    fn ask(published: &Published, method: Method, path: &str, known: Option<&'static str>) -> Option<Response<Body>> {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(tag) = known {
            request = request.header(IF_NONE_MATCH, tag);
        }
        published.answer(&request.body(()).unwrap())
    }

    async fn body(response: Response<Body>) -> Bytes {
        axum::body::to_bytes(response.into_body(), 1_000).await.unwrap()
    }

    #[tokio::test]
    async fn a_document_is_answered_whole_and_any_origin_may_read_it() {
        let response = ask(&published(), Method::GET, "/jwks?x=1", None).unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=900");
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        assert_eq!(body(response).await, r#"{"keys":[]}"#);
        assert!(ask(&published(), Method::GET, "/jwks/", None).is_none());
    }

    #[tokio::test]
    async fn head_keeps_the_length_and_a_known_tag_is_304() {
        let head = ask(&published(), Method::HEAD, "/jwks", None).unwrap();
        assert_eq!(head.headers()[CONTENT_LENGTH], "11");
        assert!(body(head).await.is_empty());
        for tag in ["\"a\"", "W/\"a\"", "\"z\", \"a\"", "*"] {
            let response = ask(&published(), Method::GET, "/jwks", Some(tag)).unwrap();
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tag}");
            assert_eq!(response.headers()[ETAG], "\"a\"");
        }
        assert_eq!(ask(&published(), Method::GET, "/jwks", Some("\"b\"")).unwrap().status(), StatusCode::OK);
    }

    #[test]
    fn other_methods_are_refused_with_the_allowed_ones() {
        let refused = ask(&published(), Method::POST, "/jwks", None).unwrap();
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(refused.headers()[ALLOW], "GET, HEAD, OPTIONS");
        assert_eq!(ask(&published(), Method::OPTIONS, "/jwks", None).unwrap().status(), StatusCode::NO_CONTENT);
    }

    #[tokio::test]
    async fn putting_again_replaces() {
        let published = published();
        published.put(Document::json("/jwks", "{}", HeaderValue::from_static("\"b\""), 900));
        assert_eq!(body(ask(&published, Method::GET, "/jwks", None).unwrap()).await, "{}");
    }
}
