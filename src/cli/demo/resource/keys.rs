//! The issuer's keys: found by its metadata (RFC 8414 §2), kept for ten minutes, read again for a token that names another key,
//! and that not more often than every ten seconds, for anybody can name one.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::{
    base::{Fault, Span, Timestamp},
    crypto::{Alg, ParsedJwks},
    outbound::Outbound,
};

const KEEP: Span = Span::minutes(10);
const PAUSE: Span = Span::secs(10);

pub(super) struct IssuerKeys {
    metadata: Url,
    outbound: Outbound,
    known: Mutex<Option<(Arc<ParsedJwks>, Timestamp)>>,
}

impl IssuerKeys {
    pub(super) fn new(issuer: &str, outbound: Outbound) -> Result<Self, Fault> {
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let metadata = Url::parse(&address)
            .map_err(|error| Fault::internal("the issuer of a resource server is no URL", error))?;
        Ok(Self { metadata, outbound, known: Mutex::default() })
    }

    /// Keys among which the one with this name is, if the issuer has it. `None` when it could not be asked.
    pub(super) async fn with(&self, alg: Alg, kid: Option<&str>, now: Timestamp) -> Option<Arc<ParsedJwks>> {
        let mut known = self.known.lock().await;
        if let Some((keys, at)) = known.as_ref() {
            let has = keys.candidates(alg, kid).next().is_some();
            let age = now.since(*at);
            if age < PAUSE || (has && age < KEEP) {
                return Some(Arc::clone(keys));
            }
        }
        if let Some(keys) = self.fetch().await {
            *known = Some((Arc::new(keys), now));
        }
        known.as_ref().map(|(keys, _)| Arc::clone(keys))
    }

    async fn fetch(&self) -> Option<ParsedJwks> {
        let metadata = self.outbound.get(&self.metadata).await.ok()?;
        let metadata: Value = serde_json::from_slice(&metadata.body).ok()?;
        let address = Url::parse(metadata.get("jwks_uri")?.as_str()?).ok()?;
        ParsedJwks::parse(&self.outbound.get(&address).await.ok()?.body).ok()
    }
}
