//! Events that other systems tell of, by message or by file: told twice they are one, told otherwise under the same name they
//! are refused, and one that comes before what it builds on waits and is tried again.

use time::Date;

use super::{
    Incoming, Officer, Proposal, Proposed, Received,
    file::RowFate,
    ground::Ground,
    propose::{Judged, judged, propose},
    receive,
};
use crate::{
    base::{Fault, Timestamp, ids::EventId},
    flows::Provider,
    oidc::client::RegistryPart,
    registry::{
        PersonalNumber, admin_unit,
        civil_event::{
            CivilEvent, Competence, Kind, Message, MessageFault, Refusal, Values, Warning, Weight, Who, Why,
        },
    },
    store::{
        audit::Actor,
        civil_events::{self, EventState, StoredEvent},
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
    /// Who looks after a case whose place nothing else tells.
    pub unit: Option<String>,
    /// In whose name, for which dossier: what the decider reads.
    pub on_behalf: Option<String>,
}

impl Teller {
    /// Competent for what its registration names: the offices that decide are found by the rules.
    fn officer(&self) -> Officer {
        Officer { actor: self.actor.clone(), unit: None, duty: None }
    }
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
    drop(conn);
    let ground = ground(provider, message, now).await?;
    if !is_theirs(by.part.as_ref(), message.kind, &ground) {
        return Ok(Told::NotTheirs);
    }
    let incoming = Incoming { proposal: proposal(by, message, None), unit: place(by, message, &ground) };
    let officer = by.officer();
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

async fn ground(provider: &Provider, message: &Message, now: Timestamp) -> Result<Ground, Fault> {
    let about = (message.kind, &message.values);
    let mut conn = provider.db.read().await?;
    Ground::of(&mut conn, &provider.secrets.vault, about, (&provider.entropy, now)).await
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
    // Mended, it may speak of somebody else, and the registration may name less than it did.
    if !is_theirs(by.part.as_ref(), message.kind, &ground(provider, message, now).await?) {
        return Ok(Told::NotTheirs);
    }
    match propose(provider, &by.officer(), &proposal(by, message, Some((known.id, known.version))), now).await? {
        Proposed::Yes { event, .. } => Ok(Told::Kept { event, known: false }),
        Proposed::Refused(why) => Ok(Told::Refused(why.iter().map(MessageFault::of).collect())),
        // Withdrawn or decided since it was read.
        Proposed::Known(_) | Proposed::Differs(_) | Proposed::NotOpen | Proposed::OffDuty => {
            Ok(Told::OtherContent(known.id))
        }
    }
}

/// Who looks after it when it becomes a case: the office that is competent, else the unit that the teller names.
fn place(by: &Teller, message: &Message, ground: &Ground) -> Option<String> {
    let competent = ground.claims.iter().find_map(|claim| claim.units.first()).map(|unit| (*unit).to_owned());
    competent.or_else(|| message.unit.clone()).or_else(|| by.unit.clone())
}

pub fn numbers_of(kind: Kind, values: &Values) -> Vec<PersonalNumber> {
    let people = CivilEvent::people(kind, values).into_iter();
    people.filter_map(|who| if let Who::Number(number) = who { Some(number) } else { None }).collect()
}

/// Every office that is competent lies in the teller's part. Of somebody who is not recorded nobody knows that, and nothing is
/// told either.
fn is_theirs(part: Option<&RegistryPart>, kind: Kind, ground: &Ground) -> bool {
    let Some(part) = part else { return true };
    let within =
        |claim: &Competence| !claim.known || claim.units.iter().any(|unit| reaches(part, unit, ground.at.today));
    part.has_kind(kind.code()) && (part.units.is_empty() || ground.claims.iter().all(within))
}

/// Whether a registration's units hold this one: a province holds its communes.
pub fn reaches(part: &RegistryPart, unit: &str, today: Date) -> bool {
    part.units.iter().any(|own| super::reaches(Some(own), unit, today))
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

/// What it tells is recorded as a use of its teller's.
pub async fn standing(provider: &Provider, event: EventId, now: Timestamp) -> Result<Option<Standing>, Fault> {
    let found = civil_events::find(&mut provider.db.read().await?, event).await?;
    let Some(event) = found else { return Ok(None) };
    let kind = Kind::from_code(&event.kind).ok_or_else(|| Fault::inconsistent("civil_event", "kind", &event.id))?;
    let mut standing = Standing { event, kind, refusals: Vec::new(), warnings: Vec::new() };
    if !matches!(standing.event.state, EventState::Proposed | EventState::Returned | EventState::Case) {
        return Ok(Some(standing));
    }
    let event = &standing.event;
    let values = super::open_values(&provider.secrets.vault, event.id, &event.payload_sealed)?;
    match judged(provider, &everywhere(), (kind, &values), now).await? {
        Judged::On(_, Ok(outcome)) => standing.warnings = outcome.warnings,
        Judged::On(_, Err(refusals)) | Judged::Form(refusals) => standing.refusals = refusals,
    }
    Ok(Some(standing))
}

/// The rules alone judge: whose event it is was asked when it was told.
pub(super) const fn everywhere() -> Officer {
    Officer { actor: Actor::Service, unit: None, duty: None }
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
    let why = match judged(provider, &by.officer(), (message.kind, &message.values), now).await? {
        Judged::On(_, Ok(_)) => return Ok(RowFate::Told(EventState::Proposed.code())),
        Judged::On(_, Err(why)) | Judged::Form(why) => why,
    };
    Ok(if why.iter().any(|one| one.why.weight() == Weight::Form) {
        RowFate::Refused(why.iter().map(MessageFault::of).collect())
    } else if is_early(&why) {
        RowFate::Told("waiting")
    } else {
        RowFate::Told(EventState::Case.code())
    })
}
