//! What did we know about somebody on a day? Two questions in one: what was true then, as far as it was known at a moment.

use std::collections::BTreeMap;

use time::Date;

use super::record::{fact_of, opened};
use crate::{
    base::{
        Fault, Timestamp,
        ids::{EventId, PersonId},
    },
    flows::registry::PersonVault,
    registry::{
        history::{self, Assertion},
        record::{Facet, Fact, Record},
    },
    store::{
        Conn,
        facet_versions::{self, StoredVersion},
        record,
    },
};

/// A field as it was known, and by what.
#[derive(Clone, Debug)]
pub struct KnownFact {
    pub fact: Fact,
    /// Since when it is true, where an event told.
    pub from: Option<Date>,
    pub learned_at: Timestamp,
    /// None for what came with the person's first version.
    pub event: Option<EventId>,
    pub source: String,
}

#[derive(Clone, Debug)]
pub struct KnownRecord {
    pub person: PersonId,
    pub record: Record,
    /// Every field with its provenance.
    pub facts: BTreeMap<Facet, KnownFact>,
}

/// None when nobody of this id was known then.
pub async fn as_known(
    conn: &mut Conn,
    vault: &PersonVault,
    person: PersonId,
    (day, known_at): (Date, Timestamp),
) -> Result<Option<KnownRecord>, Fault> {
    let Some(stored) = record::find(conn, person).await? else { return Ok(None) };
    if stored.recorded_at > known_at {
        return Ok(None);
    }
    let present = opened(vault, &stored)?;
    let mut versions: BTreeMap<String, Vec<StoredVersion>> = BTreeMap::new();
    for version in facet_versions::of_person(conn, person).await? {
        versions.entry(version.facet.clone()).or_default().push(version);
    }
    let mut known = KnownRecord { person, record: present.clone(), facts: BTreeMap::new() };
    for facet in Facet::ALL {
        let begins = (stored.recorded_at, stored.source.as_str());
        let log = versions.remove(facet.code()).unwrap_or_default();
        let fact = chosen(vault, (person, facet), (present.fact(facet), log, begins), (day, known_at))?;
        known.record.set(fact.fact.clone());
        known.facts.insert(facet, fact);
    }
    Ok(Some(known))
}

/// The record as the tables of the present have it.
pub async fn present(conn: &mut Conn, vault: &PersonVault, person: PersonId) -> Result<Option<Record>, Fault> {
    let stored = record::find(conn, person).await?;
    stored.map(|stored| opened(vault, &stored)).transpose()
}

fn chosen(
    vault: &PersonVault,
    (person, facet): (PersonId, Facet),
    (present, log, begins): (Fact, Vec<StoredVersion>, (Timestamp, &str)),
    (day, known_at): (Date, Timestamp),
) -> Result<KnownFact, Fault> {
    let mut first = present;
    let mut assertions = Vec::with_capacity(log.len());
    for version in &log {
        let fact = fact_of(vault, (person, version.seq), facet, &version.value)?;
        if version.seq == 0 {
            first = fact;
        } else {
            assertions.push(Assertion { fact, from: version.from, learned: version.learned_at });
        }
    }
    let fact = history::as_known(&first, &assertions, day, known_at);
    let at = assertions.iter().position(|one| std::ptr::eq(&raw const one.fact, fact));
    let learned: Vec<_> = log.iter().filter(|version| version.seq != 0).collect();
    Ok(match at.and_then(|at| learned.get(at)) {
        Some(version) => KnownFact {
            fact: fact.clone(),
            from: version.from,
            learned_at: version.learned_at,
            event: version.event,
            source: version.source.clone(),
        },
        None => {
            KnownFact { fact: fact.clone(), from: None, learned_at: begins.0, event: None, source: begins.1.to_owned() }
        }
    })
}
