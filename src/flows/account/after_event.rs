//! What a recorded civil event does to an account, in the event's own transaction (Law on Identification Art 34).

use serde_json::json;

use super::{lock::end_everything, phone, words};
use crate::{
    assurance::LockReason,
    base::{
        Fault, Timestamp,
        ids::{AccountId, EventId, PersonId},
    },
    flows::{Provider, sessions::EndReason},
    store::{
        AuditEvent, Outcome, Tx,
        accounts::{self, StoredAccount},
        audit::Actor,
        outbox::{self, NewMessage},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Lock(LockReason),
    Unlock(LockReason),
    /// Sessions end and tokens die; the account stays as it is.
    EndSessions,
}

/// One account, one thing to do, and the notice to its holder: the deceased get none.
#[derive(Debug)]
pub struct AccountStep {
    account: AccountId,
    person: PersonId,
    step: Step,
    notice: Option<NewMessage>,
}

impl AccountStep {
    pub fn new(provider: &Provider, account: &StoredAccount, step: Step, now: Timestamp) -> Result<Self, Fault> {
        let text = match step {
            Step::Lock(reason) => reason.notifies_holder().then(|| words::locked(now)),
            Step::Unlock(_) => Some(words::unlocked(now)),
            Step::EndSessions => None,
        };
        let notice = match text {
            Some(text) => phone::notice(provider, account, text, now)?,
            None => None,
        };
        Ok(Self { account: account.id, person: account.person_id, step, notice })
    }

    pub async fn take(&self, tx: &mut Tx, event: EventId, actor: &Actor, now: Timestamp) -> Result<(), Fault> {
        let note = format!("event {event}");
        let (action, changed, reason) = match self.step {
            Step::Lock(reason) => {
                let changed = accounts::lock(tx, self.account, reason, &actor.as_text(), &note, now).await?;
                let ended = if reason == LockReason::Death { EndReason::Died } else { EndReason::Locked };
                end_everything(tx, self.account, ended, actor, now).await?;
                ("account.locked", changed, reason.code())
            }
            Step::Unlock(reason) => {
                let changed = accounts::unlock(tx, self.account, reason).await?;
                ("account.unlocked", changed, reason.code())
            }
            Step::EndSessions => {
                end_everything(tx, self.account, EndReason::Locked, actor, now).await?;
                return Ok(());
            }
        };
        if !changed {
            return Ok(());
        }
        if let Some(notice) = &self.notice {
            outbox::insert(tx, notice, now).await?;
        }
        tx.record(
            AuditEvent::new(now, action, Outcome::Done, actor.clone())
                .account(self.account)
                .person(self.person)
                .detail(json!({"reason": reason, "event": event})),
        );
        Ok(())
    }
}
