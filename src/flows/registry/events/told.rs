//! Events that other systems tell of, by message or by file: told twice they are one, told otherwise under the same name they
//! are refused, and one that comes before what it builds on waits and is tried again.

use time::Date;

use super::{
    Incoming, Officer, Proposal, Proposed, Received,
    file::RowFate,
    propose::{judged, propose},
    receive,
};
use crate::{
    base::{Fault, Timestamp, ids::EventId},
    flows::Provider,
    oidc::client::RegistryPart,
    registry::{
        PersonalNumber, admin_unit,
        civil_event::{CivilEvent, Kind, Message, MessageFault, Refusal, Values, Warning, Weight, Who, Why},
        operator::Post,
    },
    store::{
        Conn,
        audit::Actor,
        civil_events::{self, EventState, StoredEvent},
        numbers,
    },
};

/// Who tells, and of which part of the registry.
#[derive(Clone, Debug)]
pub struct Teller {
    pub actor: Actor,
    /// The name space of their source ids.
    pub source: String,
    /// None for everything.
    pub part: Option<RegistryPart>,
    /// Where an event is decided whose place nothing else tells.
    pub unit: Option<String>,
    /// In whose name, for which dossier: what the decider reads.
    pub on_behalf: Option<String>,
}

#[derive(Debug)]
pub enum Told {
    /// There now, or since it was told before with the same content.
    Kept {
        event: EventId,
        known: bool,
    },
    /// Something else was told under this source id, and is not back with its teller.
    OtherContent(EventId),
    Refused(Vec<MessageFault>),
    /// A kind or a unit that the teller's registration does not name.
    NotTheirs,
}

pub async fn tell(provider: &Provider, by: &Teller, message: &Message, now: Timestamp) -> Result<Told, Fault> {
    let today = now.vietnam_date();
    if message.unit.as_deref().is_some_and(|unit| admin_unit::on(unit, today).is_none()) {
        let refusal =
            MessageFault { pointer: "/unit".to_owned(), ..MessageFault::of(&Refusal::new("unit", Why::NoSuchUnit)) };
        return Ok(Told::Refused(vec![refusal]));
    }
    let mut conn = provider.db.read().await?;
    let known = civil_events::find_by_source(&mut conn, &by.source, &message.source_id).await?;
    if let Some(known) = known {
        drop(conn);
        return told_again(provider, by, (message, &known), now).await;
    }
    let unit = place(&mut conn, message, today).await?.or_else(|| by.unit.clone());
    drop(conn);
    if !is_theirs(by.part.as_ref(), message.kind, unit.as_deref(), today) {
        return Ok(Told::NotTheirs);
    }
    let officer = Officer { actor: by.actor.clone(), unit };
    let incoming = Incoming { proposal: proposal(by, message, None) };
    match receive(provider, &officer, &incoming, now).await? {
        Received::Proposed(event) | Received::Case { event, .. } => Ok(Told::Kept { event, known: false }),
        Received::Refused(why) => Ok(Told::Refused(why.iter().map(MessageFault::of).collect())),
        Received::Known(event) => {
            // It came by two ways at once: the second is compared with the first.
            let stored = civil_events::find(&mut provider.db.read().await?, event).await?;
            let stored = stored.ok_or_else(|| Fault::unavailable("an event that was just told"))?;
            told_again(provider, by, (message, &stored), now).await
        }
    }
}

fn proposal(by: &Teller, message: &Message, again: Option<(EventId, i64)>) -> Proposal {
    Proposal {
        kind: message.kind,
        values: message.values.clone(),
        source: by.source.clone(),
        source_id: message.source_id.clone(),
        note: note(by, message),
        again,
    }
}

fn note(by: &Teller, message: &Message) -> Option<String> {
    let parts: Vec<&str> = [by.on_behalf.as_deref(), message.note.as_deref()].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

async fn told_again(
    provider: &Provider,
    by: &Teller,
    (message, known): (&Message, &StoredEvent),
    now: Timestamp,
) -> Result<Told, Fault> {
    let values = super::open_values(&provider.secrets.vault, known.id, &known.payload_sealed)?;
    if known.kind == message.kind.code() && values == message.values {
        return Ok(Told::Kept { event: known.id, known: true });
    }
    // What an officer returned goes out again as its teller mended it; the kind stays what it is.
    if known.state != EventState::Returned || known.kind != message.kind.code() {
        return Ok(Told::OtherContent(known.id));
    }
    let officer = Officer { actor: by.actor.clone(), unit: known.unit_code.clone() };
    match propose(provider, &officer, &proposal(by, message, Some((known.id, known.version))), now).await? {
        Proposed::Yes { event, .. } => Ok(Told::Kept { event, known: false }),
        Proposed::Refused(why) => Ok(Told::Refused(why.iter().map(MessageFault::of).collect())),
        // Withdrawn or decided since it was read.
        Proposed::Known(_) | Proposed::NotOpen => Ok(Told::OtherContent(known.id)),
    }
}

/// Where it is decided: the unit that the message names, the commune of the form, the home of whom it is about.
async fn place(conn: &mut Conn, message: &Message, today: Date) -> Result<Option<String>, Fault> {
    if message.unit.is_some() {
        return Ok(message.unit.clone());
    }
    let commune = ["registered_at", "unit"].into_iter().find_map(|field| message.values.get(field));
    if let Some(unit) = commune.map(|code| code.trim()).and_then(|code| admin_unit::on(code, today)) {
        return Ok(Some(unit.code.to_owned()));
    }
    for number in numbers_of(message.kind, &message.values) {
        if let Some(home) = numbers::home_of(conn, &number).await? {
            return Ok(Some(home));
        }
    }
    Ok(None)
}

pub fn numbers_of(kind: Kind, values: &Values) -> Vec<PersonalNumber> {
    let people = CivilEvent::people(kind, values).into_iter();
    people.filter_map(|who| if let Who::Number(number) = who { Some(number) } else { None }).collect()
}

fn is_theirs(part: Option<&RegistryPart>, kind: Kind, unit: Option<&str>, today: Date) -> bool {
    let Some(part) = part else { return true };
    part.has_kind(kind.code()) && (part.units.is_empty() || unit.is_some_and(|unit| reaches(part, unit, today)))
}

/// Whether a registration's units hold this one: a province holds its communes.
pub fn reaches(part: &RegistryPart, unit: &str, today: Date) -> bool {
    let post = |own: &String| Post { roles: std::collections::BTreeSet::new(), unit: Some(own.clone()) };
    part.units.iter().any(|own| post(own).reaches(unit, today))
}

/// How it stands with an event that was told.
#[derive(Debug)]
pub struct Standing {
    pub event: StoredEvent,
    pub kind: Kind,
    /// Why it cannot be as the record stands.
    pub refusals: Vec<Refusal>,
    pub warnings: Vec<Warning>,
}

impl Standing {
    /// How it stands, as a stable word.
    pub fn word(&self) -> &'static str {
        if self.is_early() { "waiting" } else { self.event.state.code() }
    }

    /// It only waits for what it builds on.
    pub fn is_early(&self) -> bool {
        self.event.state == EventState::Case && is_early(&self.refusals)
    }
}

/// Everything that stands against it may come later.
pub(super) fn is_early(refusals: &[Refusal]) -> bool {
    !refusals.is_empty() && refusals.iter().all(|one| one.why.may_come_later())
}

pub async fn standing(provider: &Provider, event: EventId, now: Timestamp) -> Result<Option<Standing>, Fault> {
    let Some(opened) = super::open(provider, event, now).await? else { return Ok(None) };
    let super::Opened { event, kind, refusals, warnings, .. } = opened;
    Ok(Some(Standing { event, kind, refusals, warnings }))
}

/// By the name that its teller gave it.
pub async fn standing_of(
    provider: &Provider,
    (source, source_id): (&str, &str),
    now: Timestamp,
) -> Result<Option<Standing>, Fault> {
    let found = civil_events::find_by_source(&mut provider.db.read().await?, source, source_id).await?;
    match found {
        Some(event) => standing(provider, event.id, now).await,
        None => Ok(None),
    }
}

/// What telling it would come to; nothing is written.
pub(super) async fn would_be(
    provider: &Provider,
    by: &Teller,
    message: &Message,
    now: Timestamp,
) -> Result<RowFate, Fault> {
    let mut conn = provider.db.read().await?;
    if let Some(known) = civil_events::find_by_source(&mut conn, &by.source, &message.source_id).await? {
        let values = super::open_values(&provider.secrets.vault, known.id, &known.payload_sealed)?;
        let same = known.kind == message.kind.code() && values == message.values;
        return Ok(if same { RowFate::Known(known.state.code()) } else { RowFate::OtherContent });
    }
    drop(conn);
    Ok(match judged(provider, (message.kind, &message.values), now).await? {
        Ok(_) => RowFate::Told(EventState::Proposed.code()),
        Err(why) if why.iter().any(|one| one.why.weight() == Weight::Form) => {
            RowFate::Refused(why.iter().map(MessageFault::of).collect())
        }
        Err(why) if is_early(&why) => RowFate::Told("waiting"),
        Err(_) => RowFate::Told(EventState::Case.code()),
    })
}
