//! Initial access tokens (RFC 7591 §1.2), made and revoked by someone with a shell on the server.

use serde_json::json;

use crate::{
    base::{Entropy, Fault, Secret, Span, Timestamp, hex},
    crypto::{Digest, OpaqueToken, opaque::kind::InitialAccess},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        initial_tokens::{self, InitialToken},
    },
};

/// A token as it is handed out, and what is kept of it.
pub struct Made {
    pub row: InitialToken,
    pub token: Secret,
    digest: Digest,
}

pub fn make(entropy: &Entropy, label: &str, uses: u32, lives: Span, now: Timestamp) -> Made {
    let token = OpaqueToken::<InitialAccess>::generate(entropy);
    let row = InitialToken {
        id: hex(&entropy.bytes::<6>()),
        label: label.to_owned(),
        uses_left: uses.into(),
        used: 0,
        created_at: now,
        expires_at: now + lives,
        revoked_at: None,
    };
    let digest = token.digest();
    Made { row, token: token.reveal(), digest }
}

impl Made {
    pub fn keep(&self) -> ChangeInitialTokens {
        ChangeInitialTokens { change: Change::Keep(self.row.clone(), self.digest), now: self.row.created_at }
    }
}

pub fn revoke(id: &str, now: Timestamp) -> ChangeInitialTokens {
    ChangeInitialTokens { change: Change::Revoke(id.to_owned()), now }
}

enum Change {
    Keep(InitialToken, Digest),
    Revoke(String),
}

pub struct ChangeInitialTokens {
    change: Change,
    now: Timestamp,
}

impl Unit for ChangeInitialTokens {
    /// `false` when there was nothing to revoke.
    type Out = bool;
    const KIND: &'static str = "clients.initial_tokens";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"clients")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let (action, id) = match &self.change {
            Change::Keep(row, digest) => {
                initial_tokens::insert(tx, row, digest.as_bytes()).await?;
                ("initial_token.made", &row.id)
            }
            Change::Revoke(id) => {
                if !initial_tokens::revoke(tx, id, self.now).await? {
                    return Ok(false);
                }
                ("initial_token.revoked", id)
            }
        };
        let event = AuditEvent::new(self.now, action, Outcome::Done, Actor::CommandLine);
        tx.record(event.detail(json!({"initial_token": id})));
        Ok(true)
    }
}
