//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2) and their thumbprints (RFC 7638).

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{alg::Alg, digest::sha256};

/// RSA keys of 2,048 to 4,096 bits: below is weak, above is only work for the verifier.
const RSA_BYTES: std::ops::RangeInclusive<usize> = 256..=512;

/// Why a JWK was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    #[error("the JWK Set is not a JSON object with an array \"keys\"")]
    NotASet,
    #[error("the JWK Set has more than {} keys", super::jwk_set::MAX_KEYS)]
    TooMany,
    #[error("the JWK's \"{0}\" is missing or malformed")]
    Member(&'static str),
    #[error("the JWK is of a type or curve that is not supported (RSA, EC P-256 and P-384, OKP Ed25519 are)")]
    Unsupported,
    #[error("the JWK holds a private or symmetric key (\"{0}\"), which must never be sent: replace that key")]
    Private(&'static str),
    #[error("the RSA key must have 2048 to 4096 bits")]
    RsaSize,
    #[error("the numbers of the JWK make no key")]
    NoKey,
}

/// The key itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    P256 {
        x: [u8; 32],
        y: [u8; 32],
    },
    P384 {
        x: [u8; 48],
        y: [u8; 48],
    },
    Ed25519 {
        x: [u8; 32],
    },
}

impl PublicKey {
    /// From the members of a JWK; what is not part of the key is not looked at, except that nothing private may be there.
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, JwkError> {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            if members.contains_key(private) {
                return Err(JwkError::Private(private));
            }
        }
        let text = |name: &'static str| members.get(name).and_then(Value::as_str).ok_or(JwkError::Member(name));
        let bytes = |name| URL_SAFE_NO_PAD.decode(text(name)?).map_err(|_| JwkError::Member(name));
        match text("kty")? {
            "RSA" => Self::rsa(bytes("n")?, bytes("e")?),
            "EC" => match text("crv")? {
                "P-256" => Ok(Self::P256 { x: sized("x", &bytes("x")?)?, y: sized("y", &bytes("y")?)? }),
                "P-384" => Ok(Self::P384 { x: sized("x", &bytes("x")?)?, y: sized("y", &bytes("y")?)? }),
                _ => Err(JwkError::Unsupported),
            },
            "OKP" if text("crv")? == "Ed25519" => Ok(Self::Ed25519 { x: sized("x", &bytes("x")?)? }),
            _ => Err(JwkError::Unsupported),
        }
    }

    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, JwkError> {
        if n.first().is_none_or(|first| *first == 0) {
            return Err(JwkError::Member("n"));
        }
        if e.first().is_none_or(|first| *first == 0) || e.len() > 4 {
            return Err(JwkError::Member("e"));
        }
        // A modulus of 256 bytes may still lack its top bits.
        let short = n.len() == *RSA_BYTES.start() && n.first().is_some_and(|first| *first < 0x80);
        if short || !RSA_BYTES.contains(&n.len()) {
            return Err(JwkError::RsaSize);
        }
        Ok(Self::Rsa { n, e })
    }

    /// The members that make the key, and no others.
    pub fn members(&self) -> Map<String, Value> {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let value = match self {
            Self::Rsa { n, e } => json!({ "kty": "RSA", "n": b64(n), "e": b64(e) }),
            Self::P256 { x, y } => json!({ "kty": "EC", "crv": "P-256", "x": b64(x), "y": b64(y) }),
            Self::P384 { x, y } => json!({ "kty": "EC", "crv": "P-384", "x": b64(x), "y": b64(y) }),
            Self::Ed25519 { x } => json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(x) }),
        };
        match value {
            Value::Object(members) => members,
            _ => Map::new(),
        }
    }

    /// RFC 7638 §3: SHA-256 over the required members in the order of their names, in base64url. Our `kid`.
    pub fn thumbprint(&self) -> String {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        // Written out: the order is the specification's, not a map's. Nothing in these values needs escaping.
        let canonical = match self {
            Self::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
            Self::P256 { x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y)),
            Self::P384 { x, y } => format!(r#"{{"crv":"P-384","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y)),
            Self::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
        };
        b64(sha256(canonical.as_bytes()).as_bytes())
    }

    /// The algorithms that this key can verify.
    pub const fn algs(&self) -> &'static [Alg] {
        match self {
            Self::Rsa { .. } => &[Alg::Rs256, Alg::Ps256],
            Self::P256 { .. } => &[Alg::Es256],
            Self::P384 { .. } => &[Alg::Es384],
            Self::Ed25519 { .. } => &[Alg::EdDsa],
        }
    }

    /// The key made ready for one algorithm, so that verifying does not parse it again.
    pub fn parse_for(&self, alg: Alg) -> Result<VerifyingKey, JwkError> {
        if !self.algs().contains(&alg) {
            return Err(JwkError::Unsupported);
        }
        let key = match self {
            Self::Rsa { n, e } => {
                let parameters = alg.rsa().ok_or(JwkError::Unsupported)?;
                RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters)
            }
            Self::P256 { x, y } => ParsedPublicKey::new(alg.verification(), point(x, y)),
            Self::P384 { x, y } => ParsedPublicKey::new(alg.verification(), point(x, y)),
            Self::Ed25519 { x } => ParsedPublicKey::new(alg.verification(), x),
        };
        key.map(|key| VerifyingKey { alg, key }).map_err(|_| JwkError::NoKey)
    }
}

fn sized<const N: usize>(name: &'static str, bytes: &[u8]) -> Result<[u8; N], JwkError> {
    bytes.try_into().map_err(|_| JwkError::Member(name))
}

/// SEC 1 §2.3.3, uncompressed.
fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// A public key parsed for one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    alg: Alg,
    key: ParsedPublicKey,
}

impl VerifyingKey {
    pub const fn alg(&self) -> Alg {
        self.alg
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify_sig(message, signature).is_ok()
    }
}

impl std::fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VerifyingKey({})", self.alg)
    }
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
