//! The end of a request whose person is at another device: the decision is kept where the client fetches it, and nobody is
//! redirected.

use serde_json::json;

use super::{
    Case,
    issue::{Granting, To, grant},
};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{ClientId, InteractionId},
    },
    flows::{Provider, backchannel::notice, sessions::Recognised},
    oidc::{
        authorize::{Decoupled, DecoupledKind, Request},
        interact::Finish,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, backchannel, device_codes, interactions},
};

/// What the person is told; the other device goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    Approved,
    Denied,
    /// Answered before at another place, or its time was over.
    TooLate,
}

/// Keeps the approval. `None` when what was read does not hold any more.
pub async fn approve(
    provider: &Provider,
    case: &Case<'_>,
    finish: &Finish,
    (interaction, asked): (InteractionId, &Decoupled),
) -> Result<Option<Decided>, Fault> {
    let to = match asked.kind {
        DecoupledKind::Device { .. } => To::Device(asked.id),
        DecoupledKind::Backchannel { .. } => To::Backchannel(asked.id),
    };
    let granting = grant(provider, case, finish, (Some(interaction), to)).await?;
    provider.outbox_wake.notify_one();
    Ok(match granting {
        Granting::Done => Some(Decided::Approved),
        Granting::TooLate => Some(Decided::TooLate),
        Granting::Changed => None,
    })
}

/// Keeps the refusal. `None` when the interaction is over.
pub async fn deny(
    provider: &Provider,
    request: &Request,
    asked: &Decoupled,
    (interaction, session, now): (InteractionId, Option<&Recognised>, Timestamp),
) -> Result<Option<Decided>, Fault> {
    let unit =
        Deny { asked: asked.clone(), interaction, client: request.client_id.clone(), session: session.cloned(), now };
    let decided = provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(decided)
}

struct Deny {
    asked: Decoupled,
    interaction: InteractionId,
    client: ClientId,
    session: Option<Recognised>,
    now: Timestamp,
}

impl Unit for Deny {
    type Out = Option<Decided>;
    const KIND: &'static str = "authorize.deny";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.asked.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<Decided>, Fault> {
        if !interactions::finish(tx, self.interaction, self.now).await? {
            return Ok(None);
        }
        let first = match self.asked.kind {
            DecoupledKind::Device { .. } => device_codes::deny(tx, self.asked.id, self.now).await?,
            DecoupledKind::Backchannel { .. } => {
                let decided = backchannel::deny(tx, self.asked.id, self.now).await?;
                notice::of_decision(tx, self.asked.id, decided, self.now).await?
            }
        };
        if !first {
            return Ok(Some(Decided::TooLate));
        }
        let mut event = AuditEvent::new(self.now, "authorize.refused", Outcome::Refused, Actor::Person)
            .client(&self.client)
            .detail(json!({"interaction": self.interaction, "request": self.asked.id, "error": "access_denied"}));
        if let Some(found) = &self.session {
            event = event.account(found.account.account_id).person(found.account.person_id).session(found.session.id);
        }
        tx.record(event);
        Ok(Some(Decided::Denied))
    }
}
