//! The keys that others encrypt to (RFC 9101 §6.1), as every replica holds them in memory. One is published for each kind; those
//! that stepped down still open what was encrypted before everybody knew.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    jwe::{DecryptionKey, Encrypted, JweError},
    key_state::KeyState,
};
use crate::oidc::encryption::KeyAlg;

/// A key as the store has it, opened.
#[derive(Debug)]
pub struct OpeningKey {
    pub state: KeyState,
    pub key: DecryptionKey,
}

#[derive(Debug, Default)]
pub struct OpeningKeys {
    keys: HashMap<String, OpeningKey>,
}

impl OpeningKeys {
    pub fn new(keys: Vec<OpeningKey>) -> Self {
        Self { keys: keys.into_iter().map(|known| (known.key.kid().to_owned(), known)).collect() }
    }

    fn published(&self) -> impl Iterator<Item = &DecryptionKey> {
        self.keys.values().filter(|known| known.state == KeyState::Active).map(|known| &known.key)
    }

    /// What somebody can encrypt to us with, as discovery lists it.
    pub fn algs(&self) -> Vec<KeyAlg> {
        let serves = |alg: &KeyAlg| self.published().any(|key| alg.fits(key.public()));
        KeyAlg::ALL.iter().copied().filter(serves).collect()
    }

    /// For the JWK Set.
    pub fn jwks(&self) -> Vec<Value> {
        let mut keys: Vec<&DecryptionKey> = self.published().collect();
        let order = |key: &DecryptionKey| (!KeyAlg::RsaOaep256.fits(key.public()), key.kid().to_owned());
        keys.sort_by_cached_key(|key| order(key));
        keys.into_iter().map(jwk).collect()
    }

    /// What somebody encrypted to one of them. Without a `kid` each that fits is tried; there are never many.
    pub fn open(&self, token: &str) -> Result<Vec<u8>, JweError> {
        let (alg, kid) = {
            let read = Encrypted::parse(token)?;
            (read.alg, read.kid)
        };
        let fits = |known: &&OpeningKey| {
            alg.fits(known.key.public()) && kid.as_deref().is_none_or(|kid| kid == known.key.kid())
        };
        let mut outcome = Err(JweError::NoKey);
        for known in self.keys.values().filter(fits) {
            outcome = Encrypted::parse(token)?.open(&known.key);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

/// `alg` only where the key serves one: a client that wants ECDH-ES+A256KW would pass over a key that says ECDH-ES.
fn jwk(key: &DecryptionKey) -> Value {
    let mut members = key.public().members();
    members.insert("kid".to_owned(), key.kid().into());
    members.insert("use".to_owned(), "enc".into());
    if KeyAlg::RsaOaep256.fits(key.public()) {
        members.insert("alg".to_owned(), KeyAlg::RsaOaep256.as_str().into());
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        base::Entropy,
        crypto::jwe::{self, Recipient},
        oidc::encryption::{ContentAlg, Encryption},
    };

    fn made(alg: KeyAlg, state: KeyState) -> OpeningKey {
        OpeningKey { state, key: DecryptionKey::generate(alg).unwrap() }
    }

    fn encrypted(key: &DecryptionKey, alg: KeyAlg, kid: Option<&str>) -> String {
        let recipient = Recipient { kid: kid.map(str::to_owned), key: key.public().clone() };
        let how = Encryption { alg, enc: ContentAlg::A256Gcm };
        jwe::encrypt(&recipient, how, Some("JWT"), b"a.b.c", &Entropy::counted(1)).unwrap()
    }

    #[test]
    fn what_is_published_is_one_of_a_kind_and_what_stepped_down_still_opens() {
        let (old, now) = (made(KeyAlg::EcdhEs, KeyState::Retiring), made(KeyAlg::EcdhEs, KeyState::Active));
        let rsa = made(KeyAlg::RsaOaep256, KeyState::Active);
        let tokens = [
            encrypted(&old.key, KeyAlg::EcdhEs, Some(old.key.kid())),
            encrypted(&old.key, KeyAlg::EcdhEsA256Kw, None),
            encrypted(&now.key, KeyAlg::EcdhEsA256Kw, Some(now.key.kid())),
            encrypted(&rsa.key, KeyAlg::RsaOaep256, None),
        ];
        let foreign = encrypted(&made(KeyAlg::EcdhEs, KeyState::Active).key, KeyAlg::EcdhEs, None);
        let misnamed = encrypted(&now.key, KeyAlg::EcdhEs, Some(rsa.key.kid()));
        let kids = [rsa.key.kid().to_owned(), now.key.kid().to_owned()];
        let keys = OpeningKeys::new(vec![old, now, rsa]);
        let published = keys.jwks();
        assert_eq!(published.iter().map(|jwk| jwk["kid"].as_str().unwrap()).collect::<Vec<_>>(), kids);
        assert_eq!((&published[0]["alg"], &published[0]["use"]), (&"RSA-OAEP-256".into(), &"enc".into()));
        assert_eq!(published[1].get("alg"), None);
        assert!(published.iter().all(|jwk| jwk.get("d").is_none()));
        assert_eq!(keys.algs(), KeyAlg::ALL);
        for token in tokens {
            assert_eq!(keys.open(&token).unwrap(), b"a.b.c");
        }
        assert_eq!(keys.open(&foreign), Err(JweError::DoesNotOpen));
        assert_eq!(keys.open(&misnamed), Err(JweError::NoKey));
        assert_eq!(keys.open("a.b.c.d"), Err(JweError::Form));
        assert!(OpeningKeys::default().algs().is_empty());
    }
}
