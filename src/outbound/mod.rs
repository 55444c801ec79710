//! F2: the one guarded client for every call that the service makes to somebody else's address.
//!
//! A relying party names the URLs (back-channel logout, later `jwks_uri`, `request_uri`, `sector_identifier_uri`), so each is
//! treated as hostile: no redirect is followed, no private or local address is reached, the answer is bounded in time and
//! size (`security.md` F32, F35). Development may allow loopback.

mod reach;

use std::{sync::Arc, time::Duration};

use reqwest::{
    Certificate, Client, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

use crate::base::{Fault, fault::FaultKind};

pub use reach::Reach;

/// What the caller may configure.
#[derive(Clone, Debug)]
pub struct OutboundSettings {
    pub reach: Reach,
    /// PEM certificates trusted beside the machine's own roots.
    pub extra_ca_pem: Option<Vec<u8>>,
    pub timeout: Duration,
    pub max_bytes: usize,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self { reach: Reach::Public, extra_ca_pem: None, timeout: Duration::from_secs(3), max_bytes: 256 * 1024 }
    }
}

/// The client; cheap to clone.
#[derive(Clone, Debug)]
pub struct Outbound {
    http: Client,
    reach: Reach,
    max_bytes: usize,
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    #[error("the address may not be called: {0}")]
    Forbidden(&'static str),
    #[error("no connection or no answer in time")]
    Unreachable(#[source] reqwest::Error),
    #[error("the answer is larger than allowed")]
    TooLarge,
    #[error("the answer was broken off")]
    Broken(#[source] reqwest::Error),
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

impl Outbound {
    pub fn new(settings: &OutboundSettings) -> Result<Self, Fault> {
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            .pool_max_idle_per_host(2)
            .pool_idle_timeout(Duration::from_secs(30))
            .referer(false)
            .no_proxy()
            .dns_resolver(Arc::new(GuardedResolver(settings.reach)))
            .user_agent(concat!("dinhdanh/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = &settings.extra_ca_pem {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|error| {
                Fault::because(FaultKind::Internal, "the outbound CA file holds no readable PEM certificates", error)
            })?;
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|error| Fault::internal("the outbound client cannot be built", error))?;
        Ok(Self { http, reach: settings.reach, max_bytes: settings.max_bytes })
    }

    /// POSTs a form; any status is an answer, a redirect too (it is not followed).
    pub async fn post_form(&self, url: &Url, body: String) -> Result<Answer, CallError> {
        self.check(url)?;
        let request = self
            .http
            .post(url.clone())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("accept", "application/json")
            .body(body);
        self.read(request.send().await.map_err(CallError::Unreachable)?).await
    }

    /// POSTs a JSON document with a bearer token.
    pub async fn post_json(&self, url: &Url, bearer: &str, body: Vec<u8>) -> Result<Answer, CallError> {
        self.check(url)?;
        let request =
            self.http.post(url.clone()).bearer_auth(bearer).header("content-type", "application/json").body(body);
        self.read(request.send().await.map_err(CallError::Unreachable)?).await
    }

    /// GETs a document.
    pub async fn get(&self, url: &Url) -> Result<Answer, CallError> {
        self.check(url)?;
        self.read(self.http.get(url.clone()).send().await.map_err(CallError::Unreachable)?).await
    }

    /// The scheme, and an address that is written out instead of a name (names are checked when they are resolved).
    fn check(&self, url: &Url) -> Result<(), CallError> {
        let host = url.host().ok_or(CallError::Forbidden("it has no host"))?;
        let local = match host {
            Host::Ipv4(ip) => self.reach.permits(ip.into()).then_some(ip.is_loopback()),
            Host::Ipv6(ip) => self.reach.permits(ip.into()).then_some(ip.is_loopback()),
            Host::Domain(name) => Some(reach::is_loopback_name(name)),
        }
        .ok_or(CallError::Forbidden("it is a private address"))?;
        match url.scheme() {
            "https" => Ok(()),
            "http" if local && self.reach == Reach::LoopbackToo => Ok(()),
            _ => Err(CallError::Forbidden("only https is called")),
        }
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Answer, CallError> {
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(CallError::Broken)? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(CallError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, body })
    }
}

/// Resolves as the machine does, and then drops every address that may not be reached: a name that points inside is
/// refused at the moment of connecting, so that it cannot change between check and use.
struct GuardedResolver(Reach);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let host = name.as_str().to_owned();
            if reach::is_loopback_name(&host) && reach == Reach::LoopbackToo {
                // RFC 6761 §6.3: never asked of a name server.
                let addresses: Addrs = Box::new([([127, 0, 0, 1], 0).into()].into_iter());
                return Ok(addresses);
            }
            let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 0))
                .await?
                .filter(|address| reach.permits(address.ip()))
                .collect();
            if found.is_empty() {
                return Err("the name leads to no address that may be called".into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}
