//! Which methods an address takes. HEAD asks for the head of what GET would answer, and nothing may come of it (RFC 9110 §9.2.1,
//! §9.3.2). GET of most routes does something, as OAuth has it: it begins a sign-in, gives out a code, ends a session, uses a
//! proof up, notes who looked at whom. HEAD could only be answered truly by doing that, and so it is refused there; documents
//! have it. A new route has none until it is named here.

use axum::{Router, body::Body};
use http::{HeaderValue, Method, Request, Uri, header::ALLOW};
use tower::ServiceExt as _;

use crate::{
    http::{api, paths},
    oidc::endpoints,
};

/// Routes whose GET changes nothing, by how their template begins.
const DOCUMENTS: [&str; 3] = ["/health/", "/metrics", paths::ASSETS];

/// The routes, to be asked which methods they take.
#[derive(Clone)]
pub(super) struct Methods(Router);

impl Methods {
    pub(super) const fn of(router: Router) -> Self {
        Self(router)
    }

    /// The value of `Allow` (RFC 9110 §10.2.1). The router knows it, and tells it to a method that no route has.
    pub(super) async fn allowed(&self, template: &str, uri: Uri) -> Option<HeaderValue> {
        let mut asked = Request::new(Body::empty());
        (*asked.method_mut(), *asked.uri_mut()) = (Method::TRACE, uri);
        let Ok(response) = self.0.clone().oneshot(asked).await;
        let all = response.headers().get(ALLOW)?.to_str().ok()?;
        let taken = all.split(',').filter(|method| *method != Method::HEAD.as_str() || has_head(template));
        HeaderValue::try_from(taken.collect::<Vec<_>>().join(",")).ok()
    }
}

pub(super) fn has_head(template: &str) -> bool {
    template == paths::HOME
        || template == endpoints::CHECK_SESSION
        || template.strip_prefix(api::registry::BASE) == Some("/openapi.json")
        || DOCUMENTS.iter().any(|start| template.starts_with(start))
}
