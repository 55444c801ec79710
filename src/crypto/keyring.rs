//! The service's signing keys in their states, as every replica holds them in memory: which one signs, which ones
//! verify, and the document that tells relying parties (RFC 7517 §5).

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    alg::Alg,
    jwk::{JwkError, PublicKey, VerifyingKey},
    jwt::{Expect, HeaderKey, JwtError, TypRule, Unverified},
    key_state::{KeyRecord, KeyState},
    opening::OpeningKeys,
    signing::{SigningKey, Typ},
};

/// A key as the store has it, opened.
#[derive(Debug)]
pub struct RingKey {
    pub alg: Alg,
    pub record: KeyRecord,
    pub public: PublicKey,
    /// Needed of the active keys; a retired one has forgotten its own.
    pub private: Option<SigningKey>,
}

/// Rows that make no ring. The old ring stays in use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    #[error("two keys are active for {0}")]
    TwoActive(Alg),
    #[error("the active key {0} has no private part")]
    NoPrivate(String),
    #[error("the key {kid} is of the algorithm {expected} and its stored parts are not")]
    Mismatch { kid: String, expected: Alg },
    #[error("the key {0} is stored under a name that is not its thumbprint")]
    WrongName(String),
    #[error("the public key {kid}: {why}")]
    Public { kid: String, why: JwkError },
}

/// Which of our keys may have signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Active or retiring: whoever presents an access token.
    Now,
    /// Also retired ones, never compromised ones: an `id_token_hint` is of use long after its key
    /// (OIDC RP-Initiated Logout §2).
    Ever,
}

#[derive(Debug)]
struct Known {
    state: KeyState,
    key: VerifyingKey,
}

/// All keys of the service. Made anew when a row changes, shared behind an `Arc`.
#[derive(Debug)]
pub struct Keyring {
    active: HashMap<Alg, Arc<SigningKey>>,
    known: HashMap<String, Known>,
    /// Published ones that sign, in their order.
    signing: Vec<Value>,
    opening: OpeningKeys,
    jwks: Bytes,
}

/// A token of ours with a right signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnToken {
    pub kid: String,
    pub alg: Alg,
    /// The claims, as we wrote them.
    pub claims: Vec<u8>,
}

impl Keyring {
    pub fn assemble(keys: Vec<RingKey>) -> Result<Self, KeyringError> {
        let (mut active, mut known, mut published) = (HashMap::new(), HashMap::new(), Vec::new());
        for RingKey { alg, record, public, private } in keys {
            let kid = record.kid;
            if public.thumbprint() != kid {
                return Err(KeyringError::WrongName(kid));
            }
            if private.as_ref().is_some_and(|key| key.alg() != alg || key.kid() != kid) {
                return Err(KeyringError::Mismatch { kid, expected: alg });
            }
            let key = public.parse_for(alg).map_err(|why| KeyringError::Public { kid: kid.clone(), why })?;
            if record.state.is_published() {
                published.push((order(record.state, alg), jwk(&public, alg, &kid)));
            }
            if record.state == KeyState::Active {
                let private = private.ok_or_else(|| KeyringError::NoPrivate(kid.clone()))?;
                if active.insert(alg, Arc::new(private)).is_some() {
                    return Err(KeyringError::TwoActive(alg));
                }
            }
            known.insert(kid, Known { state: record.state, key });
        }
        published.sort_by_key(|(order, _)| *order);
        let signing: Vec<Value> = published.into_iter().map(|(_, jwk)| jwk).collect();
        let jwks = jwk_set(&signing);
        Ok(Self { active, known, signing, opening: OpeningKeys::default(), jwks })
    }

    /// With the keys that others encrypt to, which stand after those that sign in the JWK Set.
    #[must_use]
    pub fn with_opening(self, opening: OpeningKeys) -> Self {
        let all: Vec<Value> = self.signing.iter().cloned().chain(opening.jwks()).collect();
        Self { jwks: jwk_set(&all), opening, ..self }
    }

    /// What opens what was encrypted to us.
    pub const fn opening(&self) -> &OpeningKeys {
        &self.opening
    }

    /// The key that signs with this algorithm now.
    pub fn signer(&self, alg: Alg) -> Option<&Arc<SigningKey>> {
        self.active.get(&alg)
    }

    /// The algorithms that something can be signed with, in the order in which discovery lists them.
    pub fn algs(&self) -> Vec<Alg> {
        Alg::SIGNING.into_iter().filter(|alg| self.active.contains_key(alg)).collect()
    }

    /// The JWK Set: pending, active and retiring keys.
    pub fn jwks(&self) -> &Bytes {
        &self.jwks
    }

    /// A token of ours, of exactly this type. Says nothing about its times.
    pub fn verify(&self, token: &str, typ: Typ, signed: Signed) -> Result<OwnToken, JwtError> {
        let unverified = Unverified::parse(token, HeaderKey::Refused)?;
        Expect { algs: &Alg::SIGNING, typ: TypRule::Required(&[typ.name()]) }.check(unverified.header())?;
        let kid = unverified.header().kid.clone().ok_or(JwtError::HeaderLacks("kid"))?;
        let known = self.known.get(&kid).filter(|known| known.state.verifies(signed)).ok_or(JwtError::NoKey)?;
        if !unverified.signed_by(&known.key) {
            return Err(JwtError::Signature);
        }
        Ok(OwnToken { kid, alg: known.key.alg(), claims: unverified.into_payload() })
    }
}

impl KeyState {
    /// A pending key has signed nothing, so nothing verifies by it.
    const fn verifies(self, signed: Signed) -> bool {
        match self {
            Self::Active | Self::Retiring => true,
            Self::Retired => matches!(signed, Signed::Ever),
            Self::Pending | Self::Compromised => false,
        }
    }
}

/// What signs stands first: some relying parties take the first key that fits.
fn order(state: KeyState, alg: Alg) -> (u8, Alg) {
    let state = match state {
        KeyState::Active => 0,
        KeyState::Pending => 1,
        KeyState::Retiring | KeyState::Retired | KeyState::Compromised => 2,
    };
    (state, alg)
}

fn jwk_set(keys: &[Value]) -> Bytes {
    Bytes::from(json!({ "keys": keys }).to_string())
}

fn jwk(public: &PublicKey, alg: Alg, kid: &str) -> Value {
    let mut members = public.members();
    members.insert("kid".to_owned(), kid.into());
    members.insert("alg".to_owned(), alg.name().into());
    members.insert("use".to_owned(), "sig".into());
    Value::Object(members)
}

#[cfg(test)]
#[path = "keyring_tests.rs"]
mod tests;
