//! A person as an officer reads them: the record field by field with its provenance, and a timeline of what happened.

use std::collections::BTreeMap;

use time::Date;

use super::{Shown, as_known, rings, shown};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{EventId, HouseholdId, PersonId},
    },
    flows::{Provider, registry::read_person::note_reading},
    registry::{
        Sex,
        civil_event::{Fresh, Kind, Situation, Values, Who},
        record::{Facet, Record},
    },
    store::{
        Conn,
        audit::Actor,
        boundary_changes::{self, StoredMove},
        civil_events::{self, EventState},
        households, merges, numbers, persons, record,
    },
};

/// One field that says something.
#[derive(Clone, Debug)]
pub struct Line {
    pub facet: Facet,
    pub value: Shown,
    pub from: Option<Date>,
    pub learned_at: Timestamp,
    pub event: Option<EventId>,
}

/// One event of the timeline.
#[derive(Clone, Debug)]
pub struct Entry {
    pub event: EventId,
    pub kind: Kind,
    pub state: EventState,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct PersonPage {
    pub id: PersonId,
    pub record: Record,
    pub lines: Vec<Line>,
    pub entries: Vec<Entry>,
    /// Records that were merged into this one, by name.
    pub absorbed: Vec<(PersonId, String)>,
    /// Changes of boundaries that moved over the home, the latest first.
    pub moves: Vec<StoredMove>,
}

/// More events than a life has.
const MOST: i64 = 200;

impl PersonPage {
    /// As true on a day and known at a moment; who looked is on record before anything is shown.
    pub async fn of(
        provider: &Provider,
        person: PersonId,
        (day, known_at): (Date, Timestamp),
        (reader, now): (Actor, Timestamp),
    ) -> Result<Option<Self>, Fault> {
        let mut conn = provider.db.read().await?;
        let vault = &provider.secrets.vault;
        let Some(known) = as_known(&mut conn, vault, person, (day, known_at)).await? else { return Ok(None) };
        let at = relatives(&mut conn, &known.record, (&provider.entropy, now)).await?;
        let mut lines = Vec::new();
        for (facet, fact) in &known.facts {
            let value = shown(&at, &fact.fact);
            if value != Shown::default() {
                let (from, learned_at, event) = (fact.from, fact.learned_at, fact.event);
                lines.push(Line { facet: *facet, value, from, learned_at, event });
            }
        }
        let entries = entries(&mut conn, person).await?;
        let absorbed = merges::absorbed(&mut conn, person).await?;
        // As far as it was known then.
        let mut moves = boundary_changes::of_person(&mut conn, person).await?;
        moves.retain(|one| one.learned_at <= known_at && one.day <= day);
        drop(conn);
        note_reading(&provider.writer, &[person], reader, now).await?;
        Ok(Some(Self { id: person, record: known.record, lines, entries, absorbed, moves }))
    }
}

async fn entries(conn: &mut Conn, person: PersonId) -> Result<Vec<Entry>, Fault> {
    let events = civil_events::of_person(conn, person, MOST).await?;
    events
        .into_iter()
        .map(|event| {
            let kind = Kind::from_code(&event.kind);
            Ok(Entry {
                event: event.id,
                kind: kind.ok_or_else(|| Fault::inconsistent("civil_event", "kind", &event.id))?,
                state: event.state,
                proposed_by: event.proposed_by,
                proposed_at: event.proposed_at,
                decided_by: event.decided_by,
                decided_at: event.decided_at,
            })
        })
        .collect()
}

/// The names of those whom a record names.
pub(super) async fn relatives(
    conn: &mut Conn,
    of: &Record,
    (entropy, now): (&Entropy, Timestamp),
) -> Result<Situation, Fault> {
    let (person, household) = (PersonId::generate(entropy, now), HouseholdId::generate(entropy, now));
    let mut at = Situation::new(now.vietnam_date(), Fresh { person, household, number: None });
    let named = [&of.father, &of.mother, &of.spouse, &of.representative];
    let named: Vec<PersonId> = named.into_iter().flatten().filter_map(|one| one.person).chain(of.merged).collect();
    for (id, relative) in record::find_all(conn, &named).await? {
        at.put_person(id, relative.record, BTreeMap::new());
    }
    Ok(at)
}

/// Whom a form names: by a number that is or was theirs, or by the registry's own id.
pub async fn who_is(provider: &Provider, who: &Who) -> Result<Option<(PersonId, String)>, Fault> {
    let mut conn = provider.db.read().await?;
    let id = match who {
        Who::Number(number) => numbers::person_of(&mut conn, number).await?,
        Who::Id(id) => Some(*id),
    };
    let Some(id) = id else { return Ok(None) };
    Ok(persons::find(&mut conn, id).await?.map(|found| (id, found.person.name.full().to_owned())))
}

/// Everybody whom a form names, as far as they are recorded.
pub async fn named(provider: &Provider, kind: Kind, values: &Values) -> Result<Vec<PersonId>, Fault> {
    let mut conn = provider.db.read().await?;
    let ids = rings::named(&mut conn, kind, values).await?;
    Ok(persons::find_all(&mut conn, &ids).await?.into_keys().collect())
}

/// The number that a person has, as it stands on the card.
pub async fn number_of(provider: &Provider, person: PersonId) -> Result<Option<String>, Fault> {
    let mut conn = provider.db.read().await?;
    let found = persons::find(&mut conn, person).await?;
    Ok(found.and_then(|found| found.person.number).map(|number| number.grouped()))
}

/// The residence file of the household that a person belongs to.
pub async fn household_of(provider: &Provider, person: PersonId) -> Result<Option<String>, Fault> {
    let mut conn = provider.db.read().await?;
    Ok(households::of_person(&mut conn, person).await?.map(|found| found.residence_file))
}

/// Whether a person would be father or mother.
pub async fn sex_of(provider: &Provider, person: PersonId) -> Result<Option<Sex>, Fault> {
    let mut conn = provider.db.read().await?;
    Ok(persons::find(&mut conn, person).await?.map(|found| found.person.sex))
}
