//! One account a person: what a merge of two records does to their accounts and to the names under which relying parties know
//! them, in the event's own transaction, and how it is taken back.

use serde_json::json;

use super::{lock::end_everything, phone, words};
use crate::{
    assurance::LockReason,
    base::{
        Fault, Timestamp,
        fault::FaultKind,
        ids::{AccountId, EventId, PersonId},
    },
    flows::{Provider, sessions::EndReason},
    store::{
        AuditEvent, Conn, Outcome, Tx,
        accounts::{self, StoredAccount},
        audit::Actor,
        merges::{self, StoredMerge},
        outbox::{self, NewMessage},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Merge,
    Unmerge,
}

/// Two records with the accounts that were read, and the notice to whose account closes or opens.
#[derive(Debug)]
pub struct MergeStep {
    turn: Turn,
    kept: PersonId,
    gone: PersonId,
    kept_account: Option<AccountId>,
    gone_account: Option<AccountId>,
    notice: Option<NewMessage>,
}

impl MergeStep {
    pub async fn of(
        provider: &Provider,
        conn: &mut Conn,
        (turn, kept, gone): (Turn, PersonId, PersonId),
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let keeps = accounts::find_by_person(conn, kept).await?;
        let goes = accounts::find_by_person(conn, gone).await?;
        // Of two accounts one closes; its holder hears of it at its own telephone.
        let text = match (turn, &keeps) {
            (Turn::Merge, Some(_)) => Some(words::locked(now)),
            (Turn::Merge, None) => None,
            (Turn::Unmerge, _) => Some(words::unlocked(now)),
        };
        let notice = match (&goes, text) {
            (Some(account), Some(text)) => phone::notice(provider, account, text, now)?,
            _ => None,
        };
        let id = |account: Option<StoredAccount>| account.map(|account| account.id);
        Ok(Self { turn, kept, gone, kept_account: id(keeps), gone_account: id(goes), notice })
    }

    pub async fn take(&self, tx: &mut Tx, event: EventId, actor: &Actor, now: Timestamp) -> Result<(), Fault> {
        for (person, read) in [(self.kept, self.kept_account), (self.gone, self.gone_account)] {
            if accounts::find_by_person(tx, person).await?.map(|account| account.id) != read {
                return Err(Fault::new(FaultKind::Retry, "an account came or went beside a merge"));
            }
        }
        match self.turn {
            Turn::Merge => self.merge(tx, event, (actor, now)).await,
            Turn::Unmerge => self.unmerge(tx, event, (actor, now)).await,
        }
    }

    async fn merge(&self, tx: &mut Tx, event: EventId, (actor, now): (&Actor, Timestamp)) -> Result<(), Fault> {
        let (mut closed, mut moved) = (None, None);
        if let Some(account) = self.gone_account {
            // First: relying parties are told of the end under the name by which they know the person.
            end_everything(tx, account, EndReason::Locked, actor, now).await?;
            if self.kept_account.is_some() {
                let note = format!("merged by event {event}");
                let locks = accounts::lock(tx, account, LockReason::Authority, &actor.as_text(), &note, now).await?;
                closed = locks.then_some(account);
                tx.record(self.told("account.locked", account, event, (actor, now)));
                self.notify(tx, now).await?;
            } else {
                move_to(tx, account, self.kept).await?;
                moved = Some(account);
                tx.record(self.told("account.moved", account, event, (actor, now)));
            }
        }
        let sectors = merges::move_subjects(tx, self.gone, self.kept).await?;
        let merge = StoredMerge {
            event,
            kept: self.kept,
            gone: self.gone,
            closed_account: closed,
            moved_account: moved,
            sectors,
        };
        merges::insert(tx, &merge).await
    }

    async fn unmerge(&self, tx: &mut Tx, event: EventId, (actor, now): (&Actor, Timestamp)) -> Result<(), Fault> {
        let Some(merge) = merges::standing(tx, self.gone).await? else {
            return Err(Fault::inconsistent("person_merge", "merged_id", &self.gone));
        };
        // Who signed in since did so as one person: everything ends, for both.
        if let Some(account) = self.kept_account {
            end_everything(tx, account, EndReason::Locked, actor, now).await?;
        }
        if let Some(account) = merge.moved_account.filter(|account| self.kept_account == Some(*account)) {
            move_to(tx, account, self.gone).await?;
            tx.record(self.told("account.moved", account, event, (actor, now)));
        }
        if let Some(account) = merge.closed_account {
            accounts::unlock(tx, account, LockReason::Authority).await?;
            tx.record(self.told("account.unlocked", account, event, (actor, now)));
            self.notify(tx, now).await?;
        }
        for sector in &merge.sectors {
            merges::move_subject(tx, self.kept, self.gone, sector).await?;
        }
        if merges::undo(tx, merge.event, event).await? {
            Ok(())
        } else {
            Err(Fault::new(FaultKind::Retry, "a merge was undone beside this event"))
        }
    }

    async fn notify(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Fault> {
        match &self.notice {
            Some(notice) => outbox::insert(tx, notice, now).await,
            None => Ok(()),
        }
    }

    fn told(
        &self,
        action: &'static str,
        account: AccountId,
        event: EventId,
        (actor, now): (&Actor, Timestamp),
    ) -> AuditEvent {
        AuditEvent::new(now, action, Outcome::Done, actor.clone())
            .account(account)
            .person(self.gone)
            .detail(json!({"event": event, "kept": self.kept, "merged": self.gone}))
    }
}

async fn move_to(tx: &mut Tx, account: AccountId, person: PersonId) -> Result<(), Fault> {
    if merges::move_account(tx, account, person).await? {
        Ok(())
    } else {
        Err(Fault::new(FaultKind::Retry, "an account came beside a merge"))
    }
}
