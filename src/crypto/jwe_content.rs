//! The content of a JWE under its key (RFC 7518 §5): AES-256-GCM, or AES-128-CBC with HMAC-SHA-256.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{
        AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
        UnboundCipherKey,
    },
    hmac,
    iv::FixedLength,
};
use zeroize::Zeroizing;

use super::{digest, jwe::JweError};
use crate::{base::Entropy, oidc::encryption::ContentAlg};

/// Both algorithms have keys of 256 bits.
pub(super) const KEY: usize = 32;
const TAG: usize = 16;
const GCM_IV: usize = 12;
const CBC_IV: usize = 16;

pub(super) type ContentKey = Zeroizing<[u8; KEY]>;

/// The last three parts of a compact JWE, before base64url.
pub(super) struct Sealed {
    pub iv: Vec<u8>,
    pub ciphertext: Vec<u8>,
    pub tag: Vec<u8>,
}

pub(super) fn seal(
    enc: ContentAlg,
    key: &ContentKey,
    aad: &[u8],
    plaintext: &[u8],
    entropy: &Entropy,
) -> Result<Sealed, JweError> {
    match enc {
        ContentAlg::A256Gcm => {
            let iv: [u8; GCM_IV] = entropy.bytes();
            let mut ciphertext = plaintext.to_vec();
            let tag = gcm(key)?
                .seal_in_place_separate_tag(Nonce::assume_unique_for_key(iv), Aad::from(aad), &mut ciphertext)
                .map_err(|_| JweError::NotEncrypted)?;
            Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
        }
        ContentAlg::A128CbcHs256 => {
            let iv: [u8; CBC_IV] = entropy.bytes();
            let (mac_key, cipher_key) = halves(key)?;
            let mut ciphertext = plaintext.to_vec();
            PaddedBlockEncryptingKey::cbc_pkcs7(unbound(cipher_key)?)
                .and_then(|key| key.less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(iv))))
                .map_err(|_| JweError::NotEncrypted)?;
            let tag = mac(mac_key, aad, &iv, &ciphertext);
            Ok(Sealed { iv: iv.to_vec(), ciphertext, tag })
        }
    }
}

/// The tag is checked before anything is decrypted (RFC 7518 §5.2.2.2): no padding is ever looked at that is not ours.
pub(super) fn open(enc: ContentAlg, key: &ContentKey, aad: &[u8], sealed: &Sealed) -> Result<Vec<u8>, JweError> {
    if sealed.tag.len() != TAG {
        return Err(JweError::DoesNotOpen);
    }
    match enc {
        ContentAlg::A256Gcm => {
            let iv: [u8; GCM_IV] = sealed.iv.as_slice().try_into().map_err(|_| JweError::DoesNotOpen)?;
            let mut in_place = [sealed.ciphertext.as_slice(), sealed.tag.as_slice()].concat();
            let opened = gcm(key)?
                .open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(aad), &mut in_place)
                .map(|plain| plain.len())
                .map_err(|_| JweError::DoesNotOpen)?;
            in_place.truncate(opened);
            Ok(in_place)
        }
        ContentAlg::A128CbcHs256 => {
            let iv: [u8; CBC_IV] = sealed.iv.as_slice().try_into().map_err(|_| JweError::DoesNotOpen)?;
            let (mac_key, cipher_key) = halves(key)?;
            if !digest::same(&mac(mac_key, aad, &iv, &sealed.ciphertext), &sealed.tag) {
                return Err(JweError::DoesNotOpen);
            }
            let mut in_place = sealed.ciphertext.clone();
            PaddedBlockDecryptingKey::cbc_pkcs7(unbound(cipher_key)?)
                .and_then(|key| {
                    let context = DecryptionContext::Iv128(FixedLength::from(iv));
                    key.decrypt(&mut in_place, context).map(|plain| plain.to_vec())
                })
                .map_err(|_| JweError::DoesNotOpen)
        }
    }
}

fn gcm(key: &ContentKey) -> Result<LessSafeKey, JweError> {
    UnboundKey::new(&AES_256_GCM, &key[..]).map(LessSafeKey::new).map_err(|_| JweError::NotEncrypted)
}

/// RFC 7518 §5.2.2.1: the first half authenticates, the second encrypts.
fn halves(key: &ContentKey) -> Result<(&[u8], &[u8]), JweError> {
    key.split_at_checked(KEY / 2).ok_or(JweError::NotEncrypted)
}

fn unbound(key: &[u8]) -> Result<UnboundCipherKey, JweError> {
    UnboundCipherKey::new(&AES_128, key).map_err(|_| JweError::NotEncrypted)
}

/// RFC 7518 §5.2.2.1 items 4 and 5: over the associated data, the IV, the ciphertext and the length of the first in bits.
fn mac(key: &[u8], aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in [aad, iv, ciphertext, &(aad.len() as u64 * 8).to_be_bytes()] {
        context.update(part);
    }
    context.sign().as_ref().get(..TAG).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] << 4 | pair[1]).unwrap()).collect()
    }

    /// RFC 7518 B.1.
    #[test]
    fn the_example_of_a128cbc_hs256() {
        let key = Zeroizing::new(std::array::from_fn(|at| u8::try_from(at).unwrap()));
        let plain =
            b"A cipher system must not be required to be secret, and it must be able to fall into the hands of \
            the enemy without inconvenience";
        let aad = b"The second principle of Auguste Kerckhoffs";
        let ciphertext = bytes(
            "c80edfa32ddf39d5ef00c0b468834279 a2e46a1b8049f792f76bfe54b903a9c9 a94ac9b47ad2655c5f10f9aef71427e2
             fc6f9b3f399a221489f16362c7032336 09d45ac69864e3321cf82935ac4096c8 6e133314c54019e8ca7980dfa4b9cf1b
             384c486f3a54c51078158ee5d79de59f bd34d848b3d69550a67646344427ade5 4b8851ffb598f7f80074b9473c82e2db",
        );
        let sealed = Sealed {
            iv: bytes("1af38c2dc2b96ffdd86694092341bc04"),
            ciphertext,
            tag: bytes("652c3fa36b0a7c5b3219fab3a30bc1c4"),
        };
        assert_eq!(open(ContentAlg::A128CbcHs256, &key, aad, &sealed).unwrap(), plain);
    }

    #[test]
    fn what_is_sealed_opens_and_nothing_else_does() {
        let key = Zeroizing::new([7; KEY]);
        for enc in ContentAlg::ALL.iter().copied() {
            for length in [0, 1, 15, 16, 17, 1_000] {
                let plain = vec![9; length];
                let sealed = seal(enc, &key, b"aad", &plain, &Entropy::counted(1)).unwrap();
                assert_eq!(open(enc, &key, b"aad", &sealed).unwrap(), plain, "{enc} {length}");
                assert!(open(enc, &key, b"aae", &sealed).is_err());
                assert!(open(enc, &Zeroizing::new([8; KEY]), b"aad", &sealed).is_err());
                let flipped = |bytes: &[u8]| bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>();
                let Sealed { iv, ciphertext, tag } = sealed;
                let with = |iv: &[u8], ciphertext: &[u8], tag: &[u8]| {
                    let sealed = Sealed { iv: iv.to_vec(), ciphertext: ciphertext.to_vec(), tag: tag.to_vec() };
                    open(enc, &key, b"aad", &sealed)
                };
                assert!(with(&flipped(&iv), &ciphertext, &tag).is_err());
                assert!(with(&iv, &ciphertext, &flipped(&tag)).is_err());
                assert!(with(&iv, &ciphertext, &tag[..15]).is_err() && with(&iv, &ciphertext, b"").is_err());
                assert!(with(&iv[1..], &ciphertext, &tag).is_err());
                assert!(length == 0 || with(&iv, &flipped(&ciphertext), &tag).is_err());
            }
        }
    }
}
