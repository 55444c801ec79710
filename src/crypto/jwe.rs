//! Compact JWE (RFC 7516), to a client's key and with ours, read as strictly as the JWS.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, UnparsedPublicKey},
    encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der},
    key_wrap::{AES_256, AesKek, KeyWrap},
    rsa::{
        KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
        PublicEncryptingKey, PublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::{
    digest::sha256_of,
    jwe_content::{self, ContentKey, KEY, Sealed},
    jwk::PublicKey,
};
use crate::{
    base::{Entropy, SecretBytes, json},
    oidc::encryption::{ContentAlg, Encryption, KeyAlg},
};

/// A signed request object of the largest size, encrypted.
const MAX_TOKEN: usize = 32 * 1024;
const MAX_HEADER: usize = 2 * 1024;
/// AES key wrap makes the key eight bytes longer (RFC 3394 §2.2.1).
const WRAPPED: usize = KEY + 8;

/// Why nothing was encrypted or decrypted. One error for everything that depends on a key, so that nothing can be asked
/// of it by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    #[error("the encrypted token has not the form of a compact JWE")]
    Form,
    #[error("the encrypted token's header has \"{0}\", which is refused, or lacks it")]
    Header(&'static str),
    #[error("the encrypted token names no key of ours for its \"alg\"")]
    NoKey,
    #[error("the encrypted token does not open")]
    DoesNotOpen,
    #[error("the key cannot be encrypted to")]
    NotEncrypted,
    #[error("the key could not be made or read")]
    Key,
}

/// A key of somebody else, to encrypt to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub kid: Option<String>,
    pub key: PublicKey,
}

impl KeyAlg {
    /// Whether keys of this kind can be used so.
    pub const fn fits(self, key: &PublicKey) -> bool {
        match self {
            Self::RsaOaep256 => matches!(key, PublicKey::Rsa { .. }),
            Self::EcdhEs | Self::EcdhEsA256Kw => matches!(key, PublicKey::P256 { .. } | PublicKey::P384 { .. }),
        }
    }
}

/// What the header says of the content, beside how it is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Says<'a> {
    /// `JWT` when the content is one (RFC 7519 §5.2).
    pub cty: Option<&'a str>,
    /// The claim of the same name, repeated (RFC 7519 §5.3).
    pub iss: Option<&'a str>,
}

impl<'a> From<Option<&'a str>> for Says<'a> {
    fn from(cty: Option<&'a str>) -> Self {
        Self { cty, iss: None }
    }
}

/// Encrypts to somebody's key.
pub fn encrypt<'a>(
    recipient: &Recipient,
    how: Encryption,
    says: impl Into<Says<'a>>,
    plaintext: &[u8],
    entropy: &Entropy,
) -> Result<String, JweError> {
    let Encryption { alg, enc } = how;
    let mut header = Map::new();
    header.insert("alg".to_owned(), alg.as_str().into());
    header.insert("enc".to_owned(), enc.as_str().into());
    if let Some(kid) = &recipient.kid {
        header.insert("kid".to_owned(), kid.as_str().into());
    }
    let Says { cty, iss } = says.into();
    for (name, value) in [("cty", cty), ("iss", iss)] {
        header.extend(value.map(|value| (name.to_owned(), value.into())));
    }
    let fresh: ContentKey = Zeroizing::new(entropy.bytes());
    let (key, encrypted_key) = match alg {
        KeyAlg::RsaOaep256 => {
            let encrypted = rsa_encrypt(&recipient.key, &fresh)?;
            (fresh, encrypted)
        }
        KeyAlg::EcdhEs | KeyAlg::EcdhEsA256Kw => {
            let (curve, point) = point_of(&recipient.key).ok_or(JweError::NotEncrypted)?;
            let ephemeral = agreement::PrivateKey::generate(curve).map_err(|_| JweError::NotEncrypted)?;
            let own = ephemeral.compute_public_key().map_err(|_| JweError::NotEncrypted)?;
            header.insert("epk".to_owned(), epk(own.as_ref()).ok_or(JweError::NotEncrypted)?);
            let agreed = agree(&ephemeral, curve, &point, (alg, enc)).map_err(|_| JweError::NotEncrypted)?;
            match alg {
                KeyAlg::EcdhEs => (agreed, Vec::new()),
                _ => {
                    let wrapped = wrap(&agreed, &fresh)?;
                    (fresh, wrapped)
                }
            }
        }
    };
    let mut token = URL_SAFE_NO_PAD.encode(Value::Object(header).to_string());
    let sealed = jwe_content::seal(enc, &key, token.as_bytes(), plaintext, entropy)?;
    for part in [&encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(part, &mut token);
    }
    Ok(token)
}

/// A token that somebody encrypted to us, not opened yet.
#[derive(Debug)]
pub struct Encrypted<'a> {
    pub alg: KeyAlg,
    pub enc: ContentAlg,
    pub kid: Option<String>,
    epk: Option<PublicKey>,
    aad: &'a str,
    wrapped_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

/// Whether a token has the five parts of a JWE; a JWS has three.
pub fn is_encrypted(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 4
}

impl<'a> Encrypted<'a> {
    pub fn parse(token: &'a str) -> Result<Self, JweError> {
        if token.len() > MAX_TOKEN {
            return Err(JweError::Form);
        }
        let mut parts = token.split('.');
        let mut next = || parts.next().ok_or(JweError::Form);
        let (aad, key, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?, next()?);
        if parts.next().is_some() || aad.len() > MAX_HEADER {
            return Err(JweError::Form);
        }
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| JweError::Form);
        let header = json::object(&decode(aad)?).map_err(|_| JweError::Form)?;
        // RFC 7516 §4.1.3: compression tells the length of a secret by what stands beside it. The others as in a JWS.
        for refused in ["crit", "zip", "jku", "x5u", "jwk", "p2s", "p2c", "apu", "apv"] {
            if header.contains_key(refused) {
                return Err(JweError::Header(refused));
            }
        }
        let text = |name: &'static str| header.get(name).and_then(Value::as_str);
        let alg = text("alg").and_then(KeyAlg::parse).ok_or(JweError::Header("alg"))?;
        let enc = text("enc").and_then(ContentAlg::parse).ok_or(JweError::Header("enc"))?;
        let epk = match (alg, header.get("epk")) {
            (KeyAlg::RsaOaep256, _) => None,
            (_, Some(Value::Object(members))) => {
                Some(PublicKey::from_members(members).map_err(|_| JweError::Header("epk"))?)
            }
            _ => return Err(JweError::Header("epk")),
        };
        let (wrapped_key, iv) = (decode(key)?, decode(iv)?);
        let kid = text("kid").map(str::to_owned);
        Ok(Self { alg, enc, kid, epk, aad, wrapped_key, iv, ciphertext: decode(ciphertext)?, tag: decode(tag)? })
    }

    /// Opens with the key that the token was encrypted to.
    pub fn open(self, key: &DecryptionKey) -> Result<Vec<u8>, JweError> {
        let content_key = match (self.alg, &key.pair) {
            (KeyAlg::RsaOaep256, Pair::Rsa(private)) => rsa_decrypt(private, &self.wrapped_key)?,
            (KeyAlg::EcdhEs | KeyAlg::EcdhEsA256Kw, Pair::Ec(private)) => {
                let (curve, point) = self.epk.as_ref().and_then(point_of).ok_or(JweError::DoesNotOpen)?;
                let agreed = agree(private, curve, &point, (self.alg, self.enc))?;
                match self.alg {
                    // RFC 7518 §4.6: in direct agreement there is no encrypted key.
                    KeyAlg::EcdhEs if self.wrapped_key.is_empty() => agreed,
                    KeyAlg::EcdhEs => return Err(JweError::DoesNotOpen),
                    _ => unwrap(&agreed, &self.wrapped_key)?,
                }
            }
            _ => return Err(JweError::DoesNotOpen),
        };
        let sealed = Sealed { iv: self.iv, ciphertext: self.ciphertext, tag: self.tag };
        jwe_content::open(self.enc, &content_key, self.aad.as_bytes(), &sealed)
    }
}

/// A private key of ours, for what others encrypt to us.
pub struct DecryptionKey {
    pair: Pair,
    public: PublicKey,
    kid: String,
}

enum Pair {
    Rsa(Box<OaepPrivateDecryptingKey>),
    Ec(agreement::PrivateKey),
}

impl DecryptionKey {
    /// A new key.
    pub fn generate(alg: KeyAlg) -> Result<Self, JweError> {
        Self::from_der(alg, &Self::generate_der(alg)?)
    }

    /// A new key, to be kept: RSA of 2,048 bits for RSA-OAEP-256, P-256 for the others.
    pub fn generate_der(alg: KeyAlg) -> Result<SecretBytes, JweError> {
        let der = match alg {
            KeyAlg::RsaOaep256 => {
                let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| JweError::Key)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&key).map_err(|_| JweError::Key)?.as_ref().to_vec()
            }
            KeyAlg::EcdhEs | KeyAlg::EcdhEsA256Kw => {
                let key = agreement::PrivateKey::generate(&ECDH_P256).map_err(|_| JweError::Key)?;
                AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&key).map_err(|_| JweError::Key)?.as_ref().to_vec()
            }
        };
        Ok(SecretBytes::new(der))
    }

    /// What [`Self::generate_der`] made.
    pub fn from_der(alg: KeyAlg, der: &SecretBytes) -> Result<Self, JweError> {
        let (pair, public) = match alg {
            KeyAlg::RsaOaep256 => {
                let key = PrivateDecryptingKey::from_pkcs8(der.reveal()).map_err(|_| JweError::Key)?;
                let spki = AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(&key.public_key())
                    .map_err(|_| JweError::Key)?;
                let public = super::certificate::key_of_spki(spki.as_ref()).ok_or(JweError::Key)?;
                let key = OaepPrivateDecryptingKey::new(key).map_err(|_| JweError::Key)?;
                (Pair::Rsa(Box::new(key)), public)
            }
            KeyAlg::EcdhEs | KeyAlg::EcdhEsA256Kw => {
                let key =
                    agreement::PrivateKey::from_private_key_der(&ECDH_P256, der.reveal()).map_err(|_| JweError::Key)?;
                let point = key.compute_public_key().map_err(|_| JweError::Key)?;
                let public = p256(point.as_ref()).ok_or(JweError::Key)?;
                (Pair::Ec(key), public)
            }
        };
        let kid = public.thumbprint();
        Ok(Self { pair, public, kid })
    }

    /// The RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub const fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecryptionKey({})", self.kid)
    }
}

/// Curve and point (SEC 1 §2.3.3, uncompressed) of a key that can agree.
fn point_of(key: &PublicKey) -> Option<(&'static agreement::Algorithm, Vec<u8>)> {
    match key {
        PublicKey::P256 { x, y } => Some((&ECDH_P256, [&[4], &x[..], &y[..]].concat())),
        PublicKey::P384 { x, y } => Some((&ECDH_P384, [&[4], &x[..], &y[..]].concat())),
        PublicKey::Rsa { .. } | PublicKey::Ed25519 { .. } => None,
    }
}

/// The ephemeral public key as a JWK (RFC 7518 §4.6.1.1).
fn epk(point: &[u8]) -> Option<Value> {
    let (head, xy) = point.split_first()?;
    let (x, y) = xy.split_at_checked(xy.len() / 2)?;
    let crv = match (*head, xy.len()) {
        (4, 64) => "P-256",
        (4, 96) => "P-384",
        _ => return None,
    };
    Some(json!({ "kty": "EC", "crv": crv, "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) }))
}

fn p256(point: &[u8]) -> Option<PublicKey> {
    let (head, xy) = point.split_first()?;
    let (x, y) = xy.split_first_chunk::<32>()?;
    (*head == 4).then_some(PublicKey::P256 { x: *x, y: y.try_into().ok()? })
}

/// A point that is not on the curve, or of another curve, agrees with nothing.
fn agree(
    own: &agreement::PrivateKey,
    curve: &'static agreement::Algorithm,
    point: &[u8],
    (alg, enc): (KeyAlg, ContentAlg),
) -> Result<ContentKey, JweError> {
    // RFC 7518 §4.6.2: the key is for what it is used for, the content or the wrapping.
    let name = if alg == KeyAlg::EcdhEs { enc.as_str() } else { alg.as_str() };
    agreement::agree(own, UnparsedPublicKey::new(curve, point), JweError::DoesNotOpen, |shared| {
        Ok(Zeroizing::new(concat_kdf(shared, name.as_bytes(), (b"", b""), 256)))
    })
}

/// One round of Concat KDF with SHA-256 (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1).
fn concat_kdf(shared: &[u8], name: &[u8], (apu, apv): (&[u8], &[u8]), bits: u32) -> [u8; KEY] {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let digest = sha256_of(&[
        &1_u32.to_be_bytes(),
        shared,
        &length(name),
        name,
        &length(apu),
        apu,
        &length(apv),
        apv,
        &bits.to_be_bytes(),
    ]);
    *digest.as_bytes()
}

fn wrap(key: &ContentKey, content_key: &ContentKey) -> Result<Vec<u8>, JweError> {
    let mut wrapped = vec![0; WRAPPED];
    let kek = AesKek::new(&AES_256, &key[..]).map_err(|_| JweError::NotEncrypted)?;
    let length = kek.wrap(&content_key[..], &mut wrapped).map_err(|_| JweError::NotEncrypted)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}

fn unwrap(key: &ContentKey, wrapped: &[u8]) -> Result<ContentKey, JweError> {
    if wrapped.len() != WRAPPED {
        return Err(JweError::DoesNotOpen);
    }
    let mut unwrapped = Zeroizing::new([0; WRAPPED]);
    let kek = AesKek::new(&AES_256, &key[..]).map_err(|_| JweError::DoesNotOpen)?;
    let content_key = kek.unwrap(wrapped, &mut unwrapped[..]).map_err(|_| JweError::DoesNotOpen)?;
    Ok(Zeroizing::new((&*content_key).try_into().map_err(|_| JweError::DoesNotOpen)?))
}

fn rsa_encrypt(key: &PublicKey, content_key: &ContentKey) -> Result<Vec<u8>, JweError> {
    let PublicKey::Rsa { n, e } = key else { return Err(JweError::NotEncrypted) };
    let public: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().map_err(|_| JweError::NotEncrypted)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| JweError::NotEncrypted)?;
    let mut encrypted = vec![0; public.ciphertext_size()];
    let length = public
        .encrypt(&OAEP_SHA256_MGF1SHA256, &content_key[..], &mut encrypted, None)
        .map_err(|_| JweError::NotEncrypted)?
        .len();
    encrypted.truncate(length);
    Ok(encrypted)
}

fn rsa_decrypt(key: &OaepPrivateDecryptingKey, encrypted: &[u8]) -> Result<ContentKey, JweError> {
    let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
    let content_key =
        key.decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut plain, None).map_err(|_| JweError::DoesNotOpen)?;
    Ok(Zeroizing::new((&*content_key).try_into().map_err(|_| JweError::DoesNotOpen)?))
}

#[cfg(test)]
#[path = "jwe_tests.rs"]
mod tests;
