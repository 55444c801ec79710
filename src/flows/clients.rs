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
        client::{Client, KeySource, RegisteredBy},
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
pub struct Clients(RwLock<HashMap<ClientId, Arc<KnownClient>>>);

/// Far more than a country has; beyond it the cache starts anew.
const MOST: usize = 20_000;

impl Clients {
    pub async fn find(&self, db: &Db, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(stored) = clients::find(&mut db.read().await?, id).await? else { return Ok(None) };
        let known = Arc::new(KnownClient::of(stored)?);
        let mut cache = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST {
            cache.clear();
        }
        cache.insert(id.clone(), Arc::clone(&known));
        Ok(Some(known))
    }

    /// One of them changed (the change counter says so, or a guard): all are read again when asked for.
    pub fn forget(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl KnownClient {
    pub fn of(stored: StoredClient) -> Result<Self, Fault> {
        let bad = |column: &'static str| Fault::inconsistent("client", column, &stored.client_id);
        let by = if stored.registered_by_self { RegisteredBy::ItSelf } else { RegisteredBy::Operator };
        let client = Client::register(&stored.metadata, by).map_err(|error| {
            Fault::because(
                FaultKind::Inconsistent,
                "a stored client's metadata",
                format!("{}: {error}", stored.client_id),
            )
        })?;
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
            secret,
            keys,
        })
    }
}

/// The two floors name algorithms apart; the names are those of RFC 7518.
pub fn crypto_alg(alg: SigningAlg) -> Alg {
    Alg::parse(alg.as_str()).unwrap_or(Alg::Rs256)
}
