//! A client's JWK Set (RFC 7517 §5), parsed once: what `jwks` and `jwks_uri` give.

use serde_json::{Map, Value};

use super::{
    alg::Alg,
    jwe::Recipient,
    jwk::{JwkError, PublicKey, VerifyingKey},
};
use crate::{base::json, oidc::encryption::KeyAlg};

/// More keys than any client needs; each may have to be tried.
pub(super) const MAX_KEYS: usize = 32;

/// A client's keys, parsed once.
#[derive(Clone, Debug)]
pub struct ParsedJwks {
    verifying: Vec<ParsedJwk>,
    /// All keys, whatever they are for: a certificate is registered by its key (RFC 8705 §2.2).
    all: Vec<PublicKey>,
    /// For encrypting to, with the one algorithm where the key names it.
    recipients: Vec<(Recipient, Option<KeyAlg>)>,
}

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
        let (mut verifying, mut all, mut recipients) = (Vec::new(), Vec::with_capacity(entries.len()), Vec::new());
        for entry in entries {
            let members = entry.as_object().ok_or(JwkError::NotASet)?;
            let key = match PublicKey::from_members(members) {
                Ok(key) => key,
                Err(JwkError::Private(name)) => return Err(JwkError::Private(name)),
                Err(_) => continue,
            };
            verifying.extend(ParsedJwk::of(&key, members));
            recipients.extend(recipient(&key, members));
            all.push(key);
        }
        Ok(Self { verifying, all, recipients })
    }

    /// The keys that may have signed with this algorithm: those of that `kid` where the signer named one and a key has it, else
    /// those without a name, which may be anybody's (RFC 7517 §4.5: it is optional; RFC 7515 §4.1.4: it is a hint). There are
    /// at most [`MAX_KEYS`] to try.
    pub fn candidates<'a>(&'a self, alg: Alg, kid: Option<&'a str>) -> impl Iterator<Item = &'a VerifyingKey> {
        let named = kid.filter(|_| self.names(alg, kid));
        self.verifying
            .iter()
            .filter(move |jwk| kid.is_none() || jwk.kid.as_deref() == named)
            .flat_map(|jwk| &jwk.keys)
            .filter(move |key| key.alg() == alg)
    }

    /// Whether a key of that name is there: when it does not verify, no other would.
    pub fn names(&self, alg: Alg, kid: Option<&str>) -> bool {
        let of_alg = |jwk: &ParsedJwk| jwk.keys.iter().any(|key| key.alg() == alg);
        kid.is_some() && self.verifying.iter().any(|jwk| jwk.kid.as_deref() == kid && of_alg(jwk))
    }

    /// The key to encrypt to with this algorithm: one that names it, else the first that fits.
    pub fn recipient(&self, alg: KeyAlg) -> Option<&Recipient> {
        let named = self.recipients.iter().find(|(key, named)| *named == Some(alg) && alg.fits(&key.key));
        named
            .or_else(|| self.recipients.iter().find(|(key, named)| named.is_none() && alg.fits(&key.key)))
            .map(|(key, _)| key)
    }

    /// Whether this very key is in the set.
    pub fn holds(&self, key: &PublicKey) -> bool {
        self.all.contains(key)
    }

    /// How many can verify signatures.
    pub fn len(&self) -> usize {
        self.verifying.len()
    }

    pub fn is_empty(&self) -> bool {
        self.verifying.is_empty()
    }
}

/// A key that its owner wants things encrypted to: it says `use` enc, names an algorithm that only encrypts, or says in `key_ops` what
/// only such a key does (RFC 7517 §4.3). A key that says nothing may be one that signs, and is not used for both.
fn recipient(key: &PublicKey, members: &Map<String, Value>) -> Option<(Recipient, Option<KeyAlg>)> {
    const ENCRYPTS: [&str; 4] = ["encrypt", "wrapKey", "deriveKey", "deriveBits"];
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let named = match text("alg") {
        Some(name) => Some(KeyAlg::parse(name)?),
        None => None,
    };
    let ops = members.get("key_ops").and_then(Value::as_array);
    let encrypts = ops.map(|ops| ops.iter().filter_map(Value::as_str).any(|op| ENCRYPTS.contains(&op)));
    match (text("use"), encrypts) {
        (Some("enc"), None | Some(true)) | (None, Some(true)) => {}
        (None, None) if named.is_some() => {}
        _ => return None,
    }
    Some((Recipient { kid: text("kid").map(str::to_owned), key: key.clone() }, named))
}

impl ParsedJwk {
    /// `None` for a key that is not for verifying signatures.
    fn of(key: &PublicKey, members: &Map<String, Value>) -> Option<Self> {
        if members.get("use").is_some_and(|usage| usage != "sig") {
            return None;
        }
        let ops = members.get("key_ops").and_then(Value::as_array);
        if ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            return None;
        }
        let named = match members.get("alg") {
            Some(name) => Some(name.as_str().and_then(Alg::parse)?),
            None => None,
        };
        let fits = |alg: &&Alg| named.is_none_or(|named| named == **alg);
        let keys: Vec<VerifyingKey> =
            key.algs().iter().filter(fits).map(|alg| key.parse_for(*alg)).collect::<Result<_, _>>().ok()?;
        let kid = members.get("kid").and_then(Value::as_str).map(str::to_owned);
        (!keys.is_empty()).then_some(Self { kid, keys })
    }
}

#[cfg(test)]
#[path = "jwk_set_tests.rs"]
mod tests;
