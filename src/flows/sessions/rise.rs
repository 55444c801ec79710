//! A proof opens a session, or raises the one there is; either way the cookie's secret is new.

use serde_json::json;

use super::end::{EndReason, end_in};
use crate::{
    assurance::Proof,
    base::{Fault, Timestamp},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        sessions::{self, StoredSession},
        standing::{self, AccountStanding},
    },
};

/// Adds a proof to the browser's session, or opens one.
///
/// `session` as it shall be stored: for a new one with the proof inside, for an existing one as it was read.
#[derive(Debug)]
pub struct RiseSession {
    pub account: AccountStanding,
    pub session: StoredSession,
    /// The session existed and is raised; otherwise it is new.
    pub existing: bool,
    pub proof: Proof,
    pub secret_digest: [u8; 32],
    /// Somebody else's session in the same browser: it ends here.
    pub replaces: Option<StoredSession>,
    pub now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Risen {
    Done,
    /// The account, the person or the session changed since it was read: read again.
    Changed,
}

impl RiseSession {
    /// The proofs as they will be: one of each method and authenticator, the newest.
    fn proofs(&self) -> Vec<Proof> {
        let mut proofs: Vec<Proof> = self
            .session
            .proofs
            .iter()
            .copied()
            .filter(|old| (old.method, old.authenticator) != (self.proof.method, self.proof.authenticator))
            .collect();
        proofs.push(self.proof);
        proofs
    }

    /// Everything the sign-in writes, for a unit that has more to do in the same transaction.
    pub async fn write(&self, tx: &mut Tx) -> Result<Risen, Fault> {
        if !standing::is_unchanged(tx, &self.account).await? {
            return Ok(Risen::Changed);
        }
        let proofs = self.proofs();
        if self.existing {
            if !sessions::rise(tx, &self.session, &proofs, &self.secret_digest, self.now).await? {
                return Ok(Risen::Changed);
            }
        } else {
            let session = StoredSession { proofs, ..self.session.clone() };
            sessions::insert(tx, &session, &self.secret_digest).await?;
        }
        if let Some(old) = &self.replaces {
            end_in(tx, old.id, old.account_id, EndReason::Replaced, Actor::Person, self.now).await?;
        }
        let action = if self.existing { "session.raised" } else { "session.opened" };
        tx.record(
            AuditEvent::new(self.now, action, Outcome::Done, Actor::Person)
                .person(self.account.person_id)
                .account(self.account.account_id)
                .session(self.session.id)
                .detail(json!({"method": self.proof.method})),
        );
        Ok(Risen::Done)
    }
}

impl Unit for RiseSession {
    type Out = Risen;
    const KIND: &'static str = "session.rise";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Risen, Fault> {
        self.write(tx).await
    }
}
