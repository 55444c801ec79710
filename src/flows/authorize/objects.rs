//! Request objects by value and by reference (RFC 9101): fetched where the client registered the address, verified with the
//! client's keys, unpacked.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use url::Url;

use crate::{
    base::{Span, Timestamp},
    crypto::{
        Alg, Expect, HeaderKey, TypRule, Unverified,
        jwe::{self, JweError},
    },
    flows::{
        Provider, client_keys,
        clients::{KnownClient, crypto_alg},
    },
    oidc::{
        error::{OAuthError, OAuthErrorCode},
        params::Params,
        request_object::{self, Needs, ObjectRules},
    },
    store::cache::{Allowance, Rate},
};

/// Calls to one client's addresses: whoever opens such a request makes us call, and needs to be nobody for that. An object whose
/// address names its version is kept and needs no call, and one that is pushed comes by itself.
const CALLS: Rate = Rate { burst: 300, per: Span::minutes(1) };

/// The parameters inside the object of this request; `None` when it has none.
pub async fn unpack(
    provider: &Provider,
    client: &KnownClient,
    params: &Params,
    now: Timestamp,
) -> Result<Option<Params>, OAuthError> {
    let jwt: Arc<str> = match (params.one("request"), params.one("request_uri")) {
        (Err(error), _) | (_, Err(error)) => return Err(error),
        (Ok(None), Ok(None)) => return Ok(None),
        // RFC 9101 §5.
        (Ok(Some(_)), Ok(Some(_))) => {
            let text = "request and request_uri must not stand in one request (RFC 9101 section 5)";
            return Err(OAuthError::invalid_request(text));
        }
        (Ok(Some(jwt)), Ok(None)) => jwt.into(),
        (Ok(None), Ok(Some(uri))) => fetch(provider, client, uri, now).await?,
    };
    verify(provider, client, &jwt, params, now).await.map(Some)
}

async fn verify(
    provider: &Provider,
    client: &KnownClient,
    jwt: &str,
    beside: &Params,
    now: Timestamp,
) -> Result<Params, OAuthError> {
    let invalid = |error: &dyn std::fmt::Display| {
        OAuthError::new(OAuthErrorCode::InvalidRequestObject, format!("request object: {error}"))
    };
    let opened = opened(provider, jwt.trim()).map_err(|error| invalid(&error))?;
    let unverified = Unverified::parse(&opened, HeaderKey::Refused).map_err(|error| invalid(&error))?;
    let registered = client.client.requests.signing_alg;
    let algs: Vec<Alg> = client.client.signing_algs(registered).into_iter().map(crypto_alg).collect();
    let expect = Expect { algs: &algs, typ: TypRule::IfPresent(request_object::TYPES) };
    let claims = client_keys::verified(provider, client, &unverified, &expect, now).await;
    let claims = claims.map_err(|error| invalid(&error))?;
    let needs = if client.client.rules.profile.signs_messages() { Needs::AudienceAndTimes } else { Needs::WhatIsThere };
    let rules = ObjectRules { client_id: &client.id, issuer: &provider.settings.issuer, needs, now };
    Ok(request_object::parameters(&claims, beside, &rules)?)
}

/// What is inside an object that was encrypted to us: signed, or it says nothing about who sent it (RFC 9101 §6.1, §10.2).
pub fn opened<'a>(provider: &Provider, jwt: &'a str) -> Result<Cow<'a, str>, JweError> {
    if !jwe::is_encrypted(jwt) {
        return Ok(Cow::Borrowed(jwt));
    }
    let inside = provider.keys.ring().opening().open(jwt)?;
    String::from_utf8(inside).map(Cow::Owned).map_err(|_| JweError::Form)
}

/// Only from an address that the client registered, and through the guarded client (RFC 9101 §10.4).
async fn fetch(provider: &Provider, client: &KnownClient, uri: &str, now: Timestamp) -> Result<Arc<str>, OAuthError> {
    let invalid = |text: &'static str| OAuthError::new(OAuthErrorCode::InvalidRequestUri, text);
    if !client.client.requests.knows_uri(uri) {
        return Err(invalid("request_uri is not one of the client's registered request_uris"));
    }
    let url = Url::parse(uri).map_err(|_| invalid("request_uri is not a URL"))?;
    if let Some(cached) = provider.request_objects.get(uri, now) {
        return Ok(cached);
    }
    let key = format!("request_uri:{}", client.id.as_str());
    if let Allowance::Wait(_) = provider.cache.spend(&key, CALLS, now).await {
        metrics::counter!("request_objects_limited_total").increment(1);
        let text = "too many request objects of this client were asked for within a minute; name their version in the \
                    fragment of request_uri (OpenID Connect Core section 6.2), or push the request";
        return Err(OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, text));
    }
    let answer = provider.outbound.get(&url).await.map_err(|error| {
        tracing::info!(client = client.id.as_str(), %error, "a request object was not fetched");
        invalid("the request object could not be fetched from request_uri")
    })?;
    if answer.status != 200 {
        return Err(invalid("request_uri does not answer with a request object; expected status 200"));
    }
    let text = String::from_utf8(answer.body).map_err(|_| invalid("request_uri answers with no text"))?;
    let jwt: Arc<str> = text.trim().into();
    // OpenID Connect Core §6.2: a fragment names the content's version; without one it may be another the next time.
    if url.fragment().is_some() {
        provider.request_objects.put(uri, &jwt, now);
    }
    Ok(jwt)
}

/// Fetched objects, by their whole address.
#[derive(Debug, Default)]
pub struct Fetched(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    bytes: usize,
    objects: HashMap<String, (Arc<str>, Timestamp)>,
}

/// In all; beyond it the cache starts anew.
const MOST_BYTES: usize = 1 << 20;
const KEPT_FOR: Span = Span::minutes(10);

impl Fetched {
    fn get(&self, uri: &str, now: Timestamp) -> Option<Arc<str>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.objects.get(uri).filter(|(_, until)| *until > now).map(|(jwt, _)| Arc::clone(jwt))
    }

    fn put(&self, uri: &str, jwt: &Arc<str>, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let size = uri.len() + jwt.len();
        if kept.bytes + size > MOST_BYTES {
            *kept = Kept::default();
        }
        if size <= MOST_BYTES {
            kept.bytes += size;
            kept.objects.insert(uri.to_owned(), (Arc::clone(jwt), now + KEPT_FOR));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_795_366_800);

    #[test]
    fn the_cache_forgets_by_time_and_by_size() {
        let fetched = Fetched::default();
        let jwt: Arc<str> = "a.b.c".into();
        fetched.put("https://rp.example/r#1", &jwt, NOW);
        assert_eq!(fetched.get("https://rp.example/r#1", NOW).as_deref(), Some("a.b.c"));
        assert_eq!(fetched.get("https://rp.example/r#2", NOW), None);
        assert_eq!(fetched.get("https://rp.example/r#1", NOW + KEPT_FOR), None);
        let half: Arc<str> = "x".repeat(MOST_BYTES / 2 - 10).into();
        for uri in ["1", "2", "3"] {
            fetched.put(uri, &half, NOW);
        }
        assert!(fetched.get("1", NOW).is_none() && fetched.get("3", NOW).is_some());
        fetched.put("4", &"x".repeat(MOST_BYTES).into(), NOW);
        assert!(fetched.get("4", NOW).is_none());
    }
}
