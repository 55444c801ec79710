//! Relying parties, parsed once: the cache holds forms only, and every writing unit checks the version it read.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use crate::{
    base::{Fault, fault::FaultKind, ids::ClientId},
    crypto::{Alg, Digest, ParsedJwks},
    oidc::{
        alg::SigningAlg,
        client::{Client, KeySource, MetadataError, RegisteredBy},
    },
    store::{
        Db,
        clients::{self, StoredClient},
    },
};

/// A registered client, ready to use.
#[derive(Debug)]
pub struct KnownClient {
    pub id: ClientId,
    pub version: i64,
    pub disabled: bool,
    pub client: Client,
    /// The rule of its profile that it breaks, which is younger than its registration.
    pub broken: Option<MetadataError>,
    pub secret: Option<Digest>,
    /// Those registered by value; `client_keys` finds the others.
    pub keys: Option<Arc<ParsedJwks>>,
    /// Under which this client's sector knows people.
    pub sector: String,
    pub id_token_alg: Alg,
    /// Of signed authorization responses.
    pub response_alg: Alg,
}

/// The clients that were asked for lately.
#[derive(Debug, Default)]
pub struct Clients(RwLock<Lately>);

#[derive(Debug, Default)]
struct Lately {
    known: HashMap<ClientId, Arc<KnownClient>>,
    /// How often everything was forgotten: what was read before the last time is not kept after it.
    forgotten: u64,
}

/// Far more than a country has; beyond it the cache starts anew.
const MOST: usize = 20_000;

impl Clients {
    pub async fn find(&self, db: &Db, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
        let before = {
            let cache = self.0.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = cache.known.get(id) {
                return Ok(Some(Arc::clone(known)));
            }
            cache.forgotten
        };
        let Some(stored) = clients::find(&mut db.read().await?, id).await? else { return Ok(None) };
        let known = Arc::new(KnownClient::of(stored)?);
        self.keep(&known, before);
        Ok(Some(known))
    }

    /// Unless something changed since `before`: then this may be what was there before the change, and would stay.
    fn keep(&self, known: &Arc<KnownClient>, before: u64) {
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if cache.forgotten != before {
            return;
        }
        if cache.known.len() >= MOST {
            cache.known.clear();
        }
        cache.known.insert(known.id.clone(), Arc::clone(known));
    }

    /// One of them changed (the change counter says so, or a guard): all are read again when asked for.
    pub fn forget(&self) {
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        cache.known.clear();
        cache.forgotten += 1;
    }
}

impl KnownClient {
    pub fn of(stored: StoredClient) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("client", column, &stored.client_id);
        let by = if stored.registered_by_self { RegisteredBy::ItSelf } else { RegisteredBy::Operator };
        let (client, broken) = Client::stored(&stored.metadata, by).map_err(|error| {
            Fault::because(
                FaultKind::Inconsistent,
                "a stored client's metadata",
                format!("{}: {error}", stored.client_id),
            )
        })?;
        if let Some(why) = &broken {
            tracing::warn!(client = stored.client_id.as_str(), %why, "a stored registration breaks a rule of its profile");
        }
        let secret = match &stored.secret_digest {
            Some(bytes) => Some(Digest::from_slice(bytes).ok_or_else(|| bad("secret_digest"))?),
            None => None,
        };
        let keys = match &client.keys {
            KeySource::Value(set) => {
                let parsed = ParsedJwks::parse(set.to_string().as_bytes()).map_err(|_| bad("metadata.jwks"))?;
                Some(Arc::new(parsed))
            }
            KeySource::None | KeySource::Uri(_) => None,
        };
        Ok(Self {
            sector: client.sector(&stored.client_id),
            id_token_alg: crypto_alg(client.id_token_alg),
            response_alg: crypto_alg(client.requests.response_alg),
            id: stored.client_id,
            version: stored.version,
            disabled: stored.disabled,
            client,
            broken,
            secret,
            keys,
        })
    }
}

/// The two floors name algorithms apart; the names are those of RFC 7518.
pub fn crypto_alg(alg: SigningAlg) -> Alg {
    Alg::parse(alg.as_str()).unwrap_or(Alg::Rs256)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::base::Timestamp;

    fn known(id: &str) -> Arc<KnownClient> {
        let stored = StoredClient {
            client_id: ClientId::from(id),
            secret_digest: None,
            metadata: json!({ "redirect_uris": ["https://rp.example/cb"] }),
            disabled: false,
            registered_by_self: false,
            version: 1,
            created_at: Timestamp::from_secs(0),
            updated_at: Timestamp::from_secs(0),
        };
        Arc::new(KnownClient::of(stored).unwrap())
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let clients = Clients::default();
        let holds = |id: &str| clients.0.read().unwrap().known.contains_key(&ClientId::from(id));
        clients.keep(&known("a"), 0);
        assert!(holds("a"));
        // Read, and then somebody disables it before it is kept.
        let before = clients.0.read().unwrap().forgotten;
        clients.forget();
        clients.keep(&known("a"), before);
        assert!(!holds("a"));
        clients.keep(&known("a"), before + 1);
        assert!(holds("a"));
    }
}
