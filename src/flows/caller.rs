//! A client with what its request proves about who sends it.

use std::{ops::Deref, sync::Arc};

use super::{
    clients::KnownClient,
    dpop::{self, Proof, ProofOnce},
    token::Refusal,
};
use crate::{
    crypto::ClientCertificate,
    oidc::{confirmation::Confirmation, error::OAuthError},
};

/// What the sender of a request has shown to have.
#[derive(Clone, Debug, Default)]
pub struct Sender {
    pub proof: Option<Proof>,
    pub certificate: Option<Arc<ClientCertificate>>,
}

/// An authenticated client, as the grants see it. It reads as the client itself.
#[derive(Debug)]
pub struct Caller {
    pub known: Arc<KnownClient>,
    pub sender: Sender,
}

impl Deref for Caller {
    type Target = KnownClient;

    fn deref(&self) -> &KnownClient {
        &self.known
    }
}

impl Caller {
    /// A client and what it sent, where it may send that.
    pub fn of(known: Arc<KnownClient>, sender: Sender) -> Result<Self, OAuthError> {
        dpop::check_alg(&known.client, sender.proof.as_ref())?;
        Ok(Self { known, sender })
    }

    /// Whether the client kept to what it registered about its tokens (RFC 9449 §5.2).
    pub fn check(&self) -> Result<(), Refusal> {
        if self.client.sender.dpop_bound_access_tokens && self.sender.proof.is_none() {
            return Err(Refusal::DpopRequired);
        }
        if self.client.sender.certificate_bound_access_tokens && self.sender.certificate.is_none() {
            return Err(Refusal::CertificateRequired);
        }
        // FAPI 2.0 Security Profile §5.3.2.1: whatever a registration says that is older than the rule.
        if self.client.rules.profile.is_fapi2() && self.confirmation().is_empty() {
            return Err(Refusal::DpopRequired);
        }
        Ok(())
    }

    /// What tokens that are issued now are bound to.
    pub fn confirmation(&self) -> Confirmation {
        // A certificate binds where the client asked for it (RFC 8705 §3.4); a proof always does.
        let certificate =
            self.sender.certificate.as_ref().filter(|_| self.client.sender.certificate_bound_access_tokens);
        Confirmation {
            jkt: self.sender.proof.as_ref().map(|proof| proof.jkt.clone()),
            x5t_s256: certificate.map(|certificate| certificate.thumbprint.clone()),
        }
    }

    /// The proof that the answering unit uses up.
    pub fn once(&self) -> Option<ProofOnce> {
        self.sender.proof.as_ref().map(|proof| proof.once)
    }
}
