//! A client's JWK Set (RFC 7517 §5), parsed once: what `jwks` and `jwks_uri` give.

use serde_json::{Map, Value};

use super::{
    alg::Alg,
    json,
    jwk::{JwkError, PublicKey, VerifyingKey},
};

/// More keys than any client needs; each may have to be tried.
pub(super) const MAX_KEYS: usize = 32;

/// A client's keys, parsed once.
#[derive(Clone, Debug)]
pub struct ParsedJwks(Vec<ParsedJwk>);

#[derive(Clone, Debug)]
struct ParsedJwk {
    kid: Option<String>,
    keys: Vec<VerifyingKey>,
}

impl ParsedJwks {
    /// Keys of a kind that is not known are left out (RFC 7517 §5); a set that holds anything private is refused. What is
    /// left may be nothing.
    pub fn parse(text: &[u8]) -> Result<Self, JwkError> {
        let set = json::object(text).map_err(|_| JwkError::NotASet)?;
        let entries = set.get("keys").and_then(Value::as_array).ok_or(JwkError::NotASet)?;
        if entries.len() > MAX_KEYS {
            return Err(JwkError::TooMany);
        }
        let mut keys = Vec::with_capacity(entries.len());
        for entry in entries {
            let members = entry.as_object().ok_or(JwkError::NotASet)?;
            match ParsedJwk::parse(members) {
                Ok(Some(key)) => keys.push(key),
                Err(JwkError::Private(name)) => return Err(JwkError::Private(name)),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(Self(keys))
    }

    /// The keys that may have signed with this algorithm: those of that `kid` where the signer named one.
    pub fn candidates<'a>(&'a self, alg: Alg, kid: Option<&'a str>) -> impl Iterator<Item = &'a VerifyingKey> {
        self.0
            .iter()
            .filter(move |jwk| kid.is_none() || jwk.kid.as_deref() == kid)
            .flat_map(|jwk| &jwk.keys)
            .filter(move |key| key.alg() == alg)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl ParsedJwk {
    /// `None` for a key that is not for verifying signatures.
    fn parse(members: &Map<String, Value>) -> Result<Option<Self>, JwkError> {
        let key = PublicKey::from_members(members)?;
        if members.get("use").is_some_and(|usage| usage != "sig") {
            return Ok(None);
        }
        let ops = members.get("key_ops").and_then(Value::as_array);
        if ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return Ok(None);
        }
        let named = match members.get("alg") {
            Some(name) => match name.as_str().and_then(Alg::parse) {
                Some(alg) => Some(alg),
                None => return Ok(None),
            },
            None => None,
        };
        let keys: Vec<VerifyingKey> = key
            .algs()
            .iter()
            .filter(|alg| named.is_none_or(|named| named == **alg))
            .map(|alg| key.parse_for(*alg))
            .collect::<Result<_, _>>()?;
        let kid = members.get("kid").and_then(Value::as_str).map(str::to_owned);
        Ok((!keys.is_empty()).then_some(Self { kid, keys }))
    }
}

#[cfg(test)]
#[path = "jwk_set_tests.rs"]
mod tests;
