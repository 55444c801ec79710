//! A resource server beside the demo: an API of another agency, as its engineer would write it. It knows the provider by its
//! published metadata and keys alone, and asks for more proof where it needs more (RFC 9470).
//!
//! | path | needs |
//! |---|---|
//! | `GET /appointments` | a token for this API |
//! | `GET /records` | authentication level 2, proven within the last fifteen minutes |
//!
//! [`guard`] is the part to copy: an axum middleware that checks the token, whatever it is bound to, and what a route demands.

mod guard;
mod keys;
mod sender;

use std::sync::Arc;

use axum::{
    Extension, Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use self::{
    guard::{Demands, guard},
    keys::IssuerKeys,
    sender::Proofs,
};
use crate::{
    base::{Clock, Fault, Span},
    cli::demo::ports,
    crypto::CertificateReader,
    http::{
        address::Networks,
        certificate::CertificateHeaders,
        published::Published,
        server::{self, App, Drained},
    },
    oidc::access_token::AccessToken,
    outbound::Outbound,
};

/// What it needs to run.
pub struct ResourceSettings {
    pub issuer: String,
    /// Its own name, as tokens have it in `aud`: `http://127.0.0.1:8084`.
    pub resource: String,
    pub outbound: Outbound,
    /// The proxies that end TLS in front of it, should there be any: they pass on the certificate that a client showed (RFC 9440).
    pub proxies: Networks,
    pub clock: Clock,
}

/// The API at work.
pub(super) struct Api {
    issuer: String,
    resource: String,
    keys: IssuerKeys,
    /// DPoP proofs that were used.
    proofs: Proofs,
    certificates: CertificateHeaders,
    clock: Clock,
}

fn router(api: &Arc<Api>) -> Router {
    let behind = |demands: Demands| middleware::from_fn_with_state((Arc::clone(api), demands), guard);
    let appointments = Router::new().route("/appointments", get(appointments)).layer(behind(Demands::default()));
    let proven = Demands { level: 2, max_age: Some(Span::minutes(15)), ..Demands::default() };
    let records = Router::new().route("/records", get(records)).layer(behind(proven));
    let settled = middleware::from_fn_with_state(Arc::clone(api), certificate_of_the_connection);
    appointments.merge(records).layer(settled)
}

/// Before the guard: a certificate that anybody else puts into a header is taken away.
async fn certificate_of_the_connection(State(api): State<Arc<Api>>, mut request: Request, next: Next) -> Response {
    let mut headers = std::mem::take(request.headers_mut());
    api.certificates.settle(&mut headers, request.extensions_mut());
    *request.headers_mut() = headers;
    next.run(request).await
}

/// Who is asked about, and who asks: the two that every answer here depends on.
fn about(token: &AccessToken) -> Value {
    json!({
        "person": token.sub, "client": token.client_id, "acted_for_by": token.acting.act,
        "acr": token.authentication.acr,
    })
}

fn answered(document: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], document.to_string()).into_response()
}

async fn appointments(Extension(token): Extension<AccessToken>) -> Response {
    answered(&json!({ "about": about(&token), "appointments": [{ "place": "Trạm y tế phường", "day": "2026-12-01" }] }))
}

async fn records(Extension(token): Extension<AccessToken>) -> Response {
    answered(&json!({
        "about": about(&token),
        "records": [
            { "vaccine": "Viêm gan B", "day": "2024-03-12" },
            { "vaccine": "Uốn ván", "day": "2025-08-30" },
        ],
    }))
}

/// Serves until `shutdown` resolves. The provider is asked for its keys when the first token comes.
pub async fn serve(
    settings: ResourceSettings,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Result<Drained, Fault> {
    let api = Arc::new(Api {
        keys: IssuerKeys::new(&settings.issuer, settings.outbound)?,
        issuer: settings.issuer,
        resource: settings.resource,
        proofs: Proofs::default(),
        certificates: CertificateHeaders {
            believed: settings.proxies,
            // Who vouches for it does not matter here: the token names the very certificate.
            reader: CertificateReader::default(),
            clock: settings.clock.clone(),
        },
        clock: settings.clock,
    });
    let app = App::new(Arc::new(Published::default()), router(&api));
    Ok(server::serve(listener, app, ports::connections(), shutdown).await)
}
