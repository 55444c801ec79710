//! Who did what to somebody: the trail of an account and its person, or of one grant. Reading it is on record too.

use serde_json::json;

use crate::registry::PersonalNumber;
use crate::{
    base::{
        Fault, Timestamp,
        ids::{AccountId, GrantId, PersonId},
    },
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, Writer, accounts,
        audit::Actor,
        audit_log::{self, StoredEvent},
        grants, persons,
    },
};

/// Whose trail.
#[derive(Clone, Debug)]
pub enum Whose {
    Person(PersonalNumber),
    Account(AccountId),
    /// What one authorization gave to one client: its codes, tokens and end.
    Grant(GrantId),
}

#[derive(Clone, Debug)]
pub struct Trail {
    pub person: Option<PersonId>,
    pub account: Option<AccountId>,
    /// The newest first.
    pub events: Vec<StoredEvent>,
}

/// At most `most` events before a moment; `None` when there is nobody of this number, no such account or grant. Noted
/// before anything is told: a reading that cannot be recorded does not happen.
pub async fn trail(
    (conn, writer): (&mut Conn, &Writer),
    whose: &Whose,
    (before, most): (Timestamp, i64),
    actor: Actor,
    now: Timestamp,
) -> Result<Option<Trail>, Fault> {
    let Some((person, account)) = subject(conn, whose).await? else { return Ok(None) };
    let grant = if let Whose::Grant(grant) = whose { Some(*grant) } else { None };
    writer.submit(NoteReading { person, account, grant, actor, now }).await?;
    let mut events = match (account, grant) {
        (Some(account), Some(grant)) => audit_log::of_grant(conn, (account, grant), before, most).await?,
        (Some(account), None) => audit_log::of_account(conn, account, before, most).await?,
        (None, _) => Vec::new(),
    };
    if grant.is_none()
        && let Some(person) = person
    {
        events.extend(audit_log::of_person(conn, person, before, most).await?);
        events.sort_by_key(|event| std::cmp::Reverse((event.at, event.seq)));
        events.truncate(usize::try_from(most).unwrap_or(0));
    }
    Ok(Some(Trail { person, account, events }))
}

async fn subject(conn: &mut Conn, whose: &Whose) -> Result<Option<(Option<PersonId>, Option<AccountId>)>, Fault> {
    let account = match whose {
        Whose::Person(number) => {
            let Some(person) = persons::find_by_number(conn, number).await?.map(|found| found.person.id) else {
                return Ok(None);
            };
            let account = accounts::find_by_person(conn, person).await?.map(|account| account.id);
            return Ok(Some((Some(person), account)));
        }
        Whose::Account(id) => Some(*id),
        Whose::Grant(id) => grants::find(conn, *id).await?.map(|grant| grant.account_id),
    };
    let Some(account) = account else { return Ok(None) };
    let found = accounts::find(conn, account).await?;
    Ok(found.map(|found| (Some(found.person_id), Some(found.id))))
}

struct NoteReading {
    person: Option<PersonId>,
    account: Option<AccountId>,
    grant: Option<GrantId>,
    actor: Actor,
    now: Timestamp,
}

impl Unit for NoteReading {
    type Out = ();
    const KIND: &'static str = "audit.read";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"audit")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let mut event = AuditEvent::new(self.now, "audit.read", Outcome::Done, self.actor.clone())
            .detail(json!({"grant": self.grant}));
        if let Some(person) = self.person {
            event = event.person(person);
        }
        if let Some(account) = self.account {
            event = event.account(account);
        }
        tx.record(event);
        Ok(())
    }
}
