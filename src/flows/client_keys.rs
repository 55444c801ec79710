//! The keys of relying parties, by value or by `jwks_uri`: one way for everything that verifies what a client signed or
//! encrypts to it.
//!
//! What a URI gave is used for ten minutes, asked for again when a key is missing (but never more than once in ten seconds,
//! and by one request for all that wait), and kept for four hours when the client's server does not answer. Longer would
//! let whoever silences that server keep a withdrawn key alive.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use arc_swap::ArcSwapOption;
use http::StatusCode;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use super::{Provider, clients::KnownClient};
use crate::{
    base::{Span, Timestamp},
    crypto::{Expect, JwtError, ParsedJwks, Unverified, jwk::JwkError},
    oidc::client::KeySource,
    outbound::{CallError, Outbound},
};

const FRESH: Span = Span::minutes(10);
const LAST_GOOD: Span = Span::hours(4);
/// Between two calls to one address, whatever tokens arrive.
const PAUSE: Span = Span::secs(10);
/// Twenty RSA keys with their certificates fit in half of it.
const MAX_BYTES: usize = 64 * 1024;
/// Addresses that are remembered; beyond it the one that was asked longest ago is forgotten, and nothing of the others.
const MOST: usize = 5_000;

/// What `jwks_uri`s gave, by address.
#[derive(Debug, Default)]
pub struct ClientKeys(RwLock<HashMap<String, Arc<Place>>>);

#[derive(Debug, Default)]
struct Place {
    good: ArcSwapOption<Fetched>,
    /// When the address was last asked; locked while somebody asks it.
    asked: Arc<Mutex<Option<Timestamp>>>,
}

#[derive(Debug)]
struct Fetched {
    keys: Arc<ParsedJwks>,
    at: Timestamp,
}

/// Why a `jwks_uri` gave nothing, for the log and the registration.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("it is no address")]
    NoAddress,
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("it answered {0}, not 200")]
    Status(StatusCode),
    #[error("the answer is larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error(transparent)]
    Jwks(#[from] JwkError),
}

/// Why something that a client signed is not believed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    #[error("the client has no keys that could be read (jwks or jwks_uri of its metadata)")]
    NoKeys,
    #[error(transparent)]
    Token(#[from] JwtError),
}

/// The claims of a JWT that this client signed.
pub async fn verified(
    provider: &Provider,
    client: &KnownClient,
    token: &Unverified<'_>,
    expect: &Expect<'_>,
    now: Timestamp,
) -> Result<Map<String, Value>, NotVerified> {
    let header = token.header();
    // First, so that a token that is refused anyway makes nobody call anybody.
    expect.check(header)?;
    let has_key = |keys: &ParsedJwks| keys.candidates(header.alg, header.kid.as_deref()).next().is_some();
    let keys = find(provider, client, has_key, now).await.ok_or(NotVerified::NoKeys)?;
    match token.verify(&keys, expect) {
        // Where no key has the name that the signer gives, or it gives none, the key may have changed without a sign.
        Err(JwtError::Signature) if !keys.names(header.alg, header.kid.as_deref()) => {
            let verifies = |keys: &ParsedJwks| token.verify(keys, expect).is_ok();
            let keys = find(provider, client, verifies, now).await.ok_or(NotVerified::NoKeys)?;
            Ok(token.verify(&keys, expect)?)
        }
        judged => Ok(judged?),
    }
}

/// The client's keys as they are known; asked for again when they are old or lack what is needed. `None` when it
/// registered none, or its address never gave any.
pub async fn find(
    provider: &Provider,
    client: &KnownClient,
    fits: impl Fn(&ParsedJwks) -> bool,
    now: Timestamp,
) -> Option<Arc<ParsedJwks>> {
    let uri = match &client.client.keys {
        KeySource::None => return None,
        KeySource::Value(_) => return client.keys.clone(),
        KeySource::Uri(uri) => uri,
    };
    let place = provider.client_keys.place(uri);
    if let Some(keys) = place.no_older_than(FRESH, now).filter(|keys| fits(keys)) {
        return Some(keys);
    }
    let last_good = place.no_older_than(LAST_GOOD, now).filter(|keys| fits(keys));
    let asking = match (Arc::clone(&place.asked).try_lock_owned(), last_good) {
        (Ok(asking), _) => asking,
        // Somebody is asking already, and these will do.
        (Err(_), Some(keys)) => return Some(keys),
        (Err(_), None) => Arc::clone(&place.asked).lock_owned().await,
    };
    if let Some(keys) = place.no_older_than(FRESH, now).filter(|keys| fits(keys)) {
        return Some(keys);
    }
    if asking.is_none_or(|at| now.since(at) >= PAUSE) {
        // On a task of its own: a caller that hangs up must not break off what others wait for.
        let task = ask(provider.outbound.clone(), Arc::clone(&place), asking, uri.clone(), now);
        let _ended = tokio::spawn(task).await;
    }
    place.no_older_than(LAST_GOOD, now)
}

async fn ask(
    outbound: Outbound,
    place: Arc<Place>,
    mut asking: OwnedMutexGuard<Option<Timestamp>>,
    uri: String,
    now: Timestamp,
) {
    *asking = Some(now);
    let outcome = match fetch(&outbound, &uri).await {
        Ok(keys) => {
            place.good.store(Some(Arc::new(Fetched { keys: Arc::new(keys), at: now })));
            "read"
        }
        Err(error) => {
            tracing::warn!(uri, %error, "a client's jwks_uri gave no keys");
            "failed"
        }
    };
    metrics::counter!("client_keys_fetched_total", "outcome" => outcome).increment(1);
}

async fn fetch(outbound: &Outbound, uri: &str) -> Result<ParsedJwks, FetchError> {
    let url = Url::parse(uri).map_err(|_| FetchError::NoAddress)?;
    let answer = outbound.get(&url).await?;
    if answer.status != StatusCode::OK {
        return Err(FetchError::Status(answer.status));
    }
    if answer.body.len() > MAX_BYTES {
        return Err(FetchError::TooLarge);
    }
    Ok(ParsedJwks::parse(&answer.body)?)
}

impl ClientKeys {
    fn place(&self, uri: &str) -> Arc<Place> {
        if let Some(place) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(uri) {
            return Arc::clone(place);
        }
        let mut places = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= MOST && !places.contains_key(uri) {
            forget_oldest(&mut places);
        }
        Arc::clone(places.entry(uri.to_owned()).or_default())
    }
}

/// One that somebody is asking right now is younger than all: its pause must hold.
fn forget_oldest(places: &mut HashMap<String, Arc<Place>>) {
    let oldest = places.iter().filter_map(|(uri, place)| Some((place.last_asked()?, uri))).min();
    if let Some(uri) = oldest.map(|(_, uri)| uri.clone()) {
        places.remove(&uri);
    }
}

impl Place {
    /// `None` while somebody asks it.
    fn last_asked(&self) -> Option<Timestamp> {
        let asked = self.asked.try_lock().ok()?;
        Some(asked.unwrap_or(Timestamp::from_secs(0)))
    }

    fn no_older_than(&self, age: Span, now: Timestamp) -> Option<Arc<ParsedJwks>> {
        let fetched = self.good.load();
        fetched.as_ref().filter(|fetched| now.since(fetched.at) < age).map(|fetched| Arc::clone(&fetched.keys))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_new_address_takes_the_place_of_the_oldest_alone() {
        let keys = ClientKeys::default();
        let at = |n: usize| Timestamp::from_secs(1_795_366_800 + i64::try_from(n).unwrap());
        for n in 0..MOST {
            *keys.place(&format!("https://rp.example/{n}")).asked.lock().await = Some(at(n));
        }
        // The oldest of all is being asked just now.
        let asking = Arc::clone(&keys.place("https://rp.example/0").asked).lock_owned().await;
        keys.place("https://rp.example/new");
        keys.place("https://rp.example/new");
        drop(asking);
        let places = keys.0.read().unwrap();
        assert_eq!(places.len(), MOST);
        let here = |name: &str| places.contains_key(&format!("https://rp.example/{name}"));
        assert!(here("0") && !here("1") && here("2") && here("new"));
        assert_eq!(*places["https://rp.example/2"].asked.try_lock().unwrap(), Some(at(2)), "its pause holds");
    }
}
