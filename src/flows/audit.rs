//! Who did what to somebody: the trail of an account and its person, or of one grant. Reading it is on record too.

use serde_json::json;

use crate::{
    base::{
        Fault, Timestamp,
        ids::{AccountId, GrantId, PersonId},
    },
    registry::{PersonalNumber, operator::OperatorName},
    store::{
        AuditEvent, Class, Conn, LaneKey, Outcome, Tx, Unit, Writer, accounts,
        audit::Actor,
        audit_log::{self, StoredEvent},
        audit_trail::{self, Bounds},
        grants,
        operators::{self, StoredOperator},
        persons,
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
    writer.submit(NoteReading { person, account, grant, operator: None, actor, now }).await?;
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

/// Whose trail an auditor reads at the console.
#[derive(Clone, Debug)]
pub enum Looked {
    /// What an operator did.
    Operator(OperatorName),
    /// What happened to the person of this number, and to their account.
    Person(PersonalNumber),
}

#[derive(Clone, Debug)]
pub struct TrailPage {
    /// The newest first.
    pub events: Vec<StoredEvent>,
    /// Where the next page begins; none after the last.
    pub next: Option<Bounds>,
}

/// An auditor before the log.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub actor: &'a Actor,
    /// The part of the country whose operators they look after; None for the whole. What citizens and portals do is then not theirs.
    pub units: Option<&'a [&'a str]>,
    pub now: Timestamp,
}

impl Reader<'_> {
    /// Whether an operator is of the auditor's part of the country.
    pub fn looks_after(&self, operator: &StoredOperator) -> bool {
        self.units.is_none_or(|units| operator.post.unit.as_deref().is_some_and(|unit| units.contains(&unit)))
    }
}

/// One page of a trail; `None` when there is nobody of this name or number. Noted before anything is told.
pub async fn page(
    (conn, writer): (&mut Conn, &Writer),
    looked: &Looked,
    (from, most): (Bounds, usize),
    reader: &Reader<'_>,
) -> Result<Option<TrailPage>, Fault> {
    let (actor, now) = (reader.actor.clone(), reader.now);
    let mut note = NoteReading { person: None, account: None, grant: None, operator: None, actor, now };
    match looked {
        Looked::Operator(name) => {
            let found = operators::find_by_name(conn, name.as_str()).await?;
            if !found.is_some_and(|operator| reader.looks_after(&operator)) {
                return Ok(None);
            }
            note.operator = Some(name.as_str().to_owned());
        }
        Looked::Person(number) => {
            let Some((person, account)) = subject(conn, &Whose::Person(*number)).await? else { return Ok(None) };
            (note.person, note.account) = (person, account);
        }
    }
    let (person, account, operator) = (note.person, note.account, note.operator.clone());
    writer.submit(note).await?;
    let operator = operator.map(|name| Actor::Operator(name).as_text());
    let operator = operator.as_deref().map(audit_trail::Trail::Operator);
    let trails = match reader.units {
        None => [operator, person.map(audit_trail::Trail::Person), account.map(audit_trail::Trail::Account)],
        Some(units) => [operator, person.map(|person| audit_trail::Trail::ByUnits(person, units)), None],
    };
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let mut events = Vec::new();
    for of in trails.into_iter().flatten() {
        events.extend(audit_trail::page(conn, &of, from, limit).await?);
    }
    events.sort_by_key(|event| std::cmp::Reverse((event.at, event.instance.0, event.lane, event.seq)));
    let more = events.len() > most;
    events.truncate(most);
    let next = events.last().filter(|_| more).map(|last| from.after(last));
    Ok(Some(TrailPage { events, next }))
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
    operator: Option<String>,
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
            .detail(json!({"grant": self.grant, "operator": self.operator}));
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
