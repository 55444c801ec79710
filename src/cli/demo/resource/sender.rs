//! Whether the sender of a bound token has the key that it is bound to (RFC 9449 §7.1), or the certificate (RFC 8705 §3).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, Method};

use crate::{
    base::Timestamp,
    crypto::{Alg, Expect, HeaderKey, TypRule, Unverified, digest},
    oidc::dpop::{self, ProofRules},
};

/// The `jti`s of proofs, each with the time until which it must be known (§11.1).
#[derive(Default)]
pub(super) struct Proofs(Mutex<HashMap<[u8; 32], Timestamp>>);

/// Beyond it nobody's proof is taken until some are too old to come again.
const MOST: usize = 100_000;

impl Proofs {
    fn take(&self, digest: [u8; 32], until: Timestamp, now: Timestamp) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST {
            used.retain(|_, until| *until > now);
        }
        used.len() < MOST && used.insert(digest, until).is_none()
    }
}

/// What was called, with which token, and what the connection showed.
pub(super) struct Call<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: String,
    pub(super) token: &'a str,
    /// The thumbprint of the client's certificate (`x5t#S256`, RFC 8705 §3.1), where TLS showed one: here, or at a proxy that is
    /// believed.
    pub(super) certificate: Option<&'a str>,
}

/// The thumbprint of the key that made the one `DPoP` header for this call; the refusal says what was expected.
pub(super) fn proven(headers: &HeaderMap, call: &Call<'_>, proofs: &Proofs, now: Timestamp) -> Result<String, String> {
    let mut sent = headers.get_all("dpop").iter();
    let (Some(proof), None) = (sent.next(), sent.next()) else { return Err("exactly one DPoP header".to_owned()) };
    let proof = proof.to_str().map_err(|_| "a DPoP header of printable characters".to_owned())?;
    let unverified = Unverified::parse(proof, HeaderKey::Required).map_err(|error| error.to_string())?;
    let expect = Expect { algs: &Alg::ALL, typ: TypRule::Required(&[dpop::TYP]) };
    let (key, claims) = unverified.verify_by_header_key(&expect).map_err(|error| error.to_string())?;
    let ath = URL_SAFE_NO_PAD.encode(digest::sha256(call.token.as_bytes()).as_bytes());
    let uris = [call.uri.clone()];
    let rules = ProofRules { method: call.method.as_str(), uris: &uris, ath: Some(&ath), now };
    let claims = dpop::check(&claims, &rules).map_err(|error| error.to_string())?;
    let jkt = key.thumbprint();
    let once = *digest::sha256_of(&[jkt.as_bytes(), claims.jti.as_bytes()]).as_bytes();
    if proofs.take(once, claims.until, now) { Ok(jkt) } else { Err("a jti that was not used before".to_owned()) }
}
