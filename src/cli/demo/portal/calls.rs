//! Calls from a portal to the provider: an ordinary HTTP client with a deadline and a largest answer.

use std::{
    net::{Ipv4Addr, Ipv6Addr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{
    Certificate, Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::Url;

use crate::base::Fault;

/// More than any document of a provider needs.
const MAX_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Calls(Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallFailed {
    #[error("the request cannot be sent")]
    Unsendable(#[from] http::Error),
    #[error("no connection or no answer in time")]
    Unreachable(#[from] reqwest::Error),
    #[error("the answer is larger than {MAX_BYTES} bytes")]
    TooLarge,
}

impl Calls {
    /// `extra_ca_pem` is trusted beside the machine's own roots, for a provider behind a TLS proxy with a private CA.
    pub(super) fn new(issuer: &str, extra_ca_pem: Option<&[u8]>) -> Result<Self, Fault> {
        // Another part of the process may have installed it before; it is the same one.
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = Client::builder()
            // OpenID Connect has no redirects between servers, and one could lead anywhere.
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(2))
            .timeout(Duration::from_secs(5))
            .pool_max_idle_per_host(4)
            .pool_idle_timeout(Duration::from_secs(30))
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(LoopbackNames))
            .user_agent(concat!("dinhdanh-demo-portal/", env!("CARGO_PKG_VERSION")));
        if issuer.starts_with("https://") {
            if let Some(pem) = extra_ca_pem {
                let certificates = Certificate::from_pem_bundle(pem).map_err(|error| {
                    Fault::internal("the portals' CA file holds no readable PEM certificates", error)
                })?;
                builder = builder.tls_certs_merge(certificates);
            }
        } else {
            // Nothing will be trusted, so the machine's roots need not be read, nor exist.
            builder = builder.tls_certs_only([]);
        }
        let client =
            builder.build().map_err(|error| Fault::internal("a portal's HTTP client cannot be built", error))?;
        Ok(Self(client))
    }

    /// A resource with a bearer token; any status is an answer.
    pub(super) async fn get(&self, url: &Url, token: &str) -> Result<HttpResponse, CallFailed> {
        let request = http::Request::get(url.as_str())
            .header(http::header::AUTHORIZATION, format!("Bearer {token}"))
            .header(http::header::ACCEPT, "application/json");
        self.send(request.body(Vec::new())?).await
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallFailed> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = http::Response::builder().status(response.status());
        if let Some(headers) = answer.headers_mut() {
            headers.clone_from(response.headers());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BYTES {
                return Err(CallFailed::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(answer.body(body)?)
    }
}

/// What the library calls by. Boxed: the futures of a plain closure do not prove to be `Send` for every lifetime.
impl<'c> AsyncHttpClient<'c> for Calls {
    type Error = CallFailed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallFailed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Names under `localhost` are this machine (RFC 6761 §6.3), also where the system's resolver does not know it.
struct LoopbackNames;

impl Resolve for LoopbackNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let host = name.as_str();
            if host == "localhost" || host.ends_with(".localhost") {
                let addresses: Addrs =
                    Box::new([(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()].into_iter());
                return Ok(addresses);
            }
            let found: Vec<_> = tokio::net::lookup_host((host, 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
