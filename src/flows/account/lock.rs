//! Locking: at once, whatever else happens. Every session ends, every grant dies, the holder is told (Law on
//! Identification Art 34; Decree 69/2024 Art 15, 30).

use serde_json::json;

use super::{phone, words};
use crate::{
    assurance::{LockReason, Locks, Party, locks::NotTheirs},
    base::{
        Fault, Timestamp,
        ids::{AccountId, PersonId},
    },
    flows::{
        Provider,
        backchannel::notice,
        sessions::{EndReason, end_in, tell_holders},
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        backchannel, grants,
        outbox::{self, NewMessage},
        sessions,
    },
};

/// Who locks or unlocks, why, and on whose word.
#[derive(Clone, Debug)]
pub struct LockChange {
    pub account: AccountId,
    pub reason: LockReason,
    /// Whose right it is; a reason is set and lifted by its own party alone.
    pub party: Party,
    pub actor: Actor,
    /// The request's number, the letter: for the record.
    pub note: String,
    pub now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockChanged {
    Yes,
    /// It was so before.
    Already,
    NoAccount,
    NotTheirs(NotTheirs),
}

pub async fn lock(provider: &Provider, change: LockChange) -> Result<LockChanged, Fault> {
    if let Err(not_theirs) = Locks::NONE.lock(change.reason, change.party) {
        return Ok(LockChanged::NotTheirs(not_theirs));
    }
    let Some(account) = find(provider, change.account).await? else { return Ok(LockChanged::NoAccount) };
    let notice = notice(provider, &account, &change, words::locked(change.now))?;
    submit(provider, WriteLock { person: account.person_id, asked: change, notice, direction: Direction::Lock }).await
}

pub async fn unlock(provider: &Provider, change: LockChange) -> Result<LockChanged, Fault> {
    if let Err(not_theirs) = [change.reason].into_iter().collect::<Locks>().unlock(change.reason, change.party) {
        return Ok(LockChanged::NotTheirs(not_theirs));
    }
    let Some(account) = find(provider, change.account).await? else { return Ok(LockChanged::NoAccount) };
    let notice = notice(provider, &account, &change, words::unlocked(change.now))?;
    submit(provider, WriteLock { person: account.person_id, asked: change, notice, direction: Direction::Unlock }).await
}

async fn find(provider: &Provider, id: AccountId) -> Result<Option<StoredAccount>, Fault> {
    let mut conn = provider.db.read().await?;
    accounts::find(&mut conn, id).await
}

fn notice(
    provider: &Provider,
    account: &StoredAccount,
    change: &LockChange,
    text: String,
) -> Result<Option<NewMessage>, Fault> {
    if change.reason.notifies_holder() { phone::notice(provider, account, text, change.now) } else { Ok(None) }
}

async fn submit(provider: &Provider, unit: WriteLock) -> Result<LockChanged, Fault> {
    let changed = provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(if changed { LockChanged::Yes } else { LockChanged::Already })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Lock,
    Unlock,
}

struct WriteLock {
    person: PersonId,
    asked: LockChange,
    notice: Option<NewMessage>,
    direction: Direction,
}

impl WriteLock {
    async fn write(&self, tx: &mut Tx) -> Result<bool, Fault> {
        let LockChange { account, reason, actor, note, now, .. } = &self.asked;
        let changed = match self.direction {
            Direction::Lock => accounts::lock(tx, *account, *reason, &actor.as_text(), note, *now).await?,
            Direction::Unlock => accounts::unlock(tx, *account, *reason).await?,
        };
        if self.direction == Direction::Lock {
            // Also when it was locked for this reason before: what is left of a session or a grant dies now.
            end_everything(tx, *account, EndReason::Locked, actor, *now).await?;
        }
        if let (true, Some(notice)) = (changed, &self.notice) {
            outbox::insert(tx, notice, *now).await?;
        }
        Ok(changed)
    }
}

impl Unit for WriteLock {
    type Out = bool;
    const KIND: &'static str = "account.change_lock";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.asked.account.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let changed = self.write(tx).await?;
        let action = match self.direction {
            Direction::Lock => "account.locked",
            Direction::Unlock => "account.unlocked",
        };
        let outcome = if changed { Outcome::Done } else { Outcome::Refused };
        tx.record(
            AuditEvent::new(self.asked.now, action, outcome, self.asked.actor.clone())
                .account(self.asked.account)
                .person(self.person)
                .detail(json!({"reason": self.asked.reason.code()})),
        );
        Ok(changed)
    }
}

/// Whoever waits for this person's answer gets a no.
async fn refuse_waiting(tx: &mut Tx, account: AccountId, now: Timestamp) -> Result<(), Fault> {
    loop {
        let waiting = backchannel::pending(tx, account, now).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        for request in waiting {
            let decided = backchannel::deny(tx, request.id, now).await?;
            notice::of_decision(tx, request.id, decided, now).await?;
        }
    }
}

/// Ends every session of an account and revokes every grant, those that outlive sessions too.
pub(super) async fn end_everything(
    tx: &mut Tx,
    account: AccountId,
    reason: EndReason,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut told = Vec::new();
    loop {
        let unended = sessions::unended_of_account(tx, account, now).await?;
        if unended.is_empty() {
            break;
        }
        for session in unended {
            let ended = end_in(tx, session, account, reason, actor.clone(), now).await?;
            told.extend(ended.into_iter().map(|(_, message)| message));
        }
    }
    refuse_waiting(tx, account, now).await?;
    let conn: &mut Conn = tx;
    tell_holders(conn, account, &told, now).await?;
    grants::revoke_of_account(conn, account, reason.as_str(), now).await?;
    Ok(())
}
