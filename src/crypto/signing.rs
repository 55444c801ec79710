//! Private keys, parsed once, and the JWTs that they sign.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::{alg::Alg, jwk::PublicKey};
use crate::base::SecretBytes;

/// What a JWT of ours is, in its header: a token of one type is refused in the place of another (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Typ {
    /// An ID token.
    Jwt,
    /// An access token (RFC 9068 §2.1).
    AccessToken,
    /// A logout token (OIDC Back-Channel Logout §2.4).
    LogoutToken,
    /// An introspection response (RFC 9701 §5).
    Introspection,
}

impl Typ {
    pub const ALL: [Self; 4] = [Self::Jwt, Self::AccessToken, Self::LogoutToken, Self::Introspection];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::Introspection => "token-introspection+jwt",
        }
    }
}

/// A key that cannot be used, or a signature that could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    #[error("we do not sign with {0}")]
    NotForSigning(Alg),
    #[error("the private key is not a PKCS#8 key for {0}")]
    NotThisKey(Alg),
    #[error("the key could not be made")]
    NotGenerated,
    #[error("the key could not be written out")]
    NotExported,
    #[error("the signature could not be made")]
    NotSigned,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// A signing key. Holds the private part; has no `Debug` that shows it and is not cloned.
pub struct SigningKey {
    alg: Alg,
    pair: Pair,
    public: PublicKey,
    kid: String,
    /// `base64url(header) ‖ "."`, for each `typ` in the order of [`Typ::ALL`].
    headers: [String; 4],
}

impl SigningKey {
    /// A new key; an RSA one has 2,048 bits.
    pub fn generate(alg: Alg) -> Result<Self, SigningError> {
        let pair = match alg {
            Alg::Rs256 | Alg::Ps256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Box::new).map(Pair::Rsa),
            Alg::Es256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::P256),
            Alg::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed25519),
            Alg::Es384 => return Err(SigningError::NotForSigning(alg)),
        };
        Self::from_pair(alg, pair.map_err(|_| SigningError::NotGenerated)?)
    }

    /// The key that [`Self::to_pkcs8`] wrote, or one made by another tool.
    pub fn from_pkcs8(alg: Alg, pkcs8: &SecretBytes) -> Result<Self, SigningError> {
        let der = pkcs8.reveal();
        let pair = match alg {
            Alg::Rs256 | Alg::Ps256 => RsaKeyPair::from_pkcs8(der).map(Box::new).map(Pair::Rsa),
            Alg::Es256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map(Pair::P256),
            Alg::EdDsa => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519),
            Alg::Es384 => return Err(SigningError::NotForSigning(alg)),
        };
        Self::from_pair(alg, pair.map_err(|_| SigningError::NotThisKey(alg))?)
    }

    fn from_pair(alg: Alg, pair: Pair) -> Result<Self, SigningError> {
        let public = public_of(&pair).ok_or(SigningError::NotThisKey(alg))?;
        let kid = public.thumbprint();
        let headers = Typ::ALL.map(|typ| {
            let header = json!({ "alg": alg.name(), "kid": kid, "typ": typ.name() }).to_string();
            let mut encoded = URL_SAFE_NO_PAD.encode(header);
            encoded.push('.');
            encoded
        });
        Ok(Self { alg, pair, public, kid, headers })
    }

    /// PKCS#8 DER: to be sealed, and nothing else.
    pub fn to_pkcs8(&self) -> Result<SecretBytes, SigningError> {
        let bytes = match &self.pair {
            Pair::Rsa(pair) => AsDer::<Pkcs8V1Der<'_>>::as_der(pair.as_ref()).map(|der| der.as_ref().to_vec()),
            Pair::P256(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        bytes.map(SecretBytes::new).map_err(|_| SigningError::NotExported)
    }

    pub const fn alg(&self) -> Alg {
        self.alg
    }

    /// The RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// A compact JWS over claims that are already JSON.
    pub fn sign_jwt(&self, typ: Typ, claims: &[u8]) -> Result<String, SigningError> {
        let header = match typ {
            Typ::Jwt => &self.headers[0],
            Typ::AccessToken => &self.headers[1],
            Typ::LogoutToken => &self.headers[2],
            Typ::Introspection => &self.headers[3],
        };
        let mut token = String::with_capacity(header.len() + (claims.len() * 8).div_ceil(6) + 344);
        token.push_str(header);
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// The signature as JWS wants it: fixed length, no ASN.1.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        // The library draws what it needs from its own generator; the parameter is its forerunner's.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let padding = if self.alg == Alg::Ps256 { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                pair.sign(padding, &random, message, &mut signature).map(|()| signature)
            }
            Pair::P256(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|signature| signature.as_ref().to_vec()),
        }
        .map_err(|_| SigningError::NotSigned)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({}, {})", self.alg, self.kid)
    }
}

fn public_of(pair: &Pair) -> Option<PublicKey> {
    match pair {
        Pair::Rsa(pair) => {
            let (n, e) = rsa_numbers(pair.public_key().as_ref())?;
            Some(PublicKey::Rsa { n, e })
        }
        Pair::P256(pair) => {
            let (head, point) = pair.public_key().as_ref().split_first()?;
            let (x, y) = point.split_first_chunk::<32>()?;
            (*head == 4).then_some(PublicKey::P256 { x: *x, y: y.try_into().ok()? })
        }
        Pair::Ed25519(pair) => Some(PublicKey::Ed25519 { x: pair.public_key().as_ref().try_into().ok()? }),
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 A.1.1): a DER sequence of two integers.
fn rsa_numbers(der: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (sequence, rest) = der_value(0x30, der)?;
    let (n, after) = der_value(0x02, sequence)?;
    let (e, end) = der_value(0x02, after)?;
    // DER puts a zero before an integer whose top bit is set; JWK does not.
    let positive = |bytes: &[u8]| bytes.strip_prefix(&[0]).unwrap_or(bytes).to_vec();
    (rest.is_empty() && end.is_empty()).then(|| (positive(n), positive(e)))
}

/// The value under `tag`, and what follows it.
fn der_value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length))?
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
