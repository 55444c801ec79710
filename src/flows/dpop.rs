//! DPoP (RFC 9449): a proof is judged as it arrives, and used up by the unit that answers.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Provider, clients::crypto_alg};
use crate::{
    base::{Fault, Timestamp},
    crypto::{Alg, Expect, HeaderKey, TypRule, Unverified, digest},
    oidc::{
        alg::SigningAlg,
        client::Client,
        dpop::{self, ProofRules},
        error::OAuthError,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, dpop_proofs},
};

/// Where a proof arrived and what came with it.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The proof as sent.
    pub proof: &'a str,
    pub method: &'a str,
    /// The addresses of the endpoint that was called.
    pub uris: &'a [String],
    /// The access token that the request carries, at a resource.
    pub access_token: Option<&'a str>,
}

/// A proof that holds, but for its being new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The thumbprint of its key.
    pub jkt: String,
    /// What it is signed with: a profile may want another, which is known when the client is.
    pub alg: SigningAlg,
    pub once: ProofOnce,
}

/// What is remembered of it, so that it works once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofOnce {
    digest: [u8; 32],
    until: Timestamp,
}

/// §4.3, all of it but whether the proof was used before.
pub fn judge(provider: &Provider, arrived: Arrived<'_>, now: Timestamp) -> Result<Proof, OAuthError> {
    let algs: Vec<Alg> = SigningAlg::ALL.into_iter().map(crypto_alg).collect();
    let expect = Expect { algs: &algs, typ: TypRule::Required(&[dpop::TYP]) };
    let refused = |error: crate::crypto::JwtError| dpop::refused(&error);
    let unverified = Unverified::parse(arrived.proof, HeaderKey::Required).map_err(refused)?;
    let (key, claims) = unverified.verify_by_header_key(&expect).map_err(refused)?;
    let ath = arrived.access_token.map(|token| URL_SAFE_NO_PAD.encode(digest::sha256(token.as_bytes()).as_bytes()));
    let rules = ProofRules { method: arrived.method, uris: arrived.uris, ath: ath.as_deref(), now };
    let claims = dpop::check(&claims, &rules)?;
    let good = claims.nonce.as_deref().map(|nonce| provider.secrets.nonces.is_good(nonce, now));
    // A nonce that was sent is ours or wrong, whether or not one is asked for.
    if !good.unwrap_or(!provider.settings.dpop_nonce_required) {
        return Err(dpop::use_nonce());
    }
    let alg = SigningAlg::parse(unverified.header().alg.name());
    let alg = alg.ok_or_else(|| dpop::refused(&"its alg is not supported"))?;
    let jkt = key.thumbprint();
    // The thumbprint has a fixed length, so the two cannot be cut differently.
    let digest = *digest::sha256_of(&[jkt.as_bytes(), claims.jti.as_bytes()]).as_bytes();
    Ok(Proof { jkt, alg, once: ProofOnce { digest, until: claims.until } })
}

/// What the next proof must carry.
pub fn next_nonce(provider: &Provider, now: Timestamp) -> String {
    provider.secrets.nonces.current(now)
}

/// Uses the proof up, where there is one; `false` when it was used before (§11.1). The first thing that a unit does.
pub async fn take(tx: &mut Tx, once: Option<&ProofOnce>, now: Timestamp) -> Result<bool, Fault> {
    let Some(once) = once else { return Ok(true) };
    let fresh = dpop_proofs::take(tx, &once.digest, once.until).await?;
    if !fresh {
        tx.record(AuditEvent::new(now, "dpop.proof_replayed", Outcome::Refused, Actor::Client));
    }
    Ok(fresh)
}

/// Whether a client may make its proofs so: one of a FAPI 2.0 profile signs with the profile's algorithms (FAPI 2.0 Security
/// Profile §5.4.1).
pub fn check_alg(client: &Client, proof: Option<&Proof>) -> Result<(), OAuthError> {
    let algs = client.rules.profile.algs();
    match proof {
        Some(proof) if !algs.contains(&proof.alg) => {
            let names = algs.iter().map(|alg| alg.as_str()).collect::<Vec<_>>().join(" ");
            Err(dpop::refused(&format!("its alg is {}; the client's profile expects one of {names}", proof.alg)))
        }
        _ => Ok(()),
    }
}

/// Uses up the proof of a request that was refused before any unit did (§11.1): it came with a request, so it works no more.
/// What it was refused for stays the answer.
pub async fn use_up(provider: &Provider, once: Option<ProofOnce>) -> Result<(), Fault> {
    match once {
        Some(once) => provider.writer.submit(UseUp(once)).await,
        None => Ok(()),
    }
}

struct UseUp(ProofOnce);

impl Unit for UseUp {
    type Out = ();
    const KIND: &'static str = "dpop.use_up";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&self.0.digest)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        dpop_proofs::take(tx, &self.0.digest, self.0.until).await.map(drop)
    }
}

/// The refusal of a proof that was used before.
pub fn replayed() -> OAuthError {
    dpop::refused(&"its jti was used before; make a new proof for each request")
}
