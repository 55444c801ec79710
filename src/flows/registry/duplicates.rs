//! Looking for records that may be one person, and deciding about the pairs that were found.

use serde_json::json;

use crate::{
    base::{Clock, Fault, Timestamp, ids::PersonId},
    registry::duplicates::{Likeness, Traits, likeness},
    store::{
        AuditEvent, Class, Conn, Db, LaneKey, Outcome, Tx, Unit, Writer,
        audit::Actor,
        duplicates::{self, Compared},
        intake::NewPerson,
    },
};

/// More people in one block are bearers of a common name: nobody compares them by hand.
const MOST_OF_BLOCK: i64 = 500;
const PAGE: i64 = 200;

/// Who of the registry may be this person, the likeliest first: asked when somebody is entered, and in the background.
pub async fn candidates(conn: &mut Conn, of: &Compared) -> Result<Vec<(PersonId, Likeness)>, Fault> {
    let neighbours = duplicates::neighbours(conn, of, MOST_OF_BLOCK).await?;
    let mut found: Vec<(PersonId, Likeness)> = neighbours
        .into_iter()
        .map(|(id, traits)| (id, likeness(&of.1, &traits)))
        .filter(|(_, likeness)| likeness.is_candidate())
        .collect();
    found.sort_by_key(|(_, likeness)| std::cmp::Reverse(likeness.score));
    Ok(found)
}

/// What is compared of somebody who is about to come in.
pub fn compared(person: &NewPerson) -> Compared {
    let record = &person.record;
    let parents = [&record.relatives.father, &record.relatives.mother].into_iter().flatten();
    let traits = Traits {
        name: person.keys.clone(),
        birth: record.birth,
        sex: record.sex,
        cmnd9: record.particulars.old_number.clone(),
        commune: person.home.as_ref().and_then(|home| home.commune.clone()).unwrap_or_default(),
        parents: parents.map(|number| number.as_str().to_owned()).collect(),
        contacts: person.contacts.iter().map(|contact| contact.value_index.clone()).collect(),
    };
    (person.id, traits)
}

/// What a walk over the registry found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Walked {
    pub people: u64,
    pub pairs: u64,
    /// Of them not known before.
    pub new: u64,
}

/// Compares everybody with their blocks, in pages, each pair once; `progress` hears how far it came.
pub async fn walk(
    (db, writer, clock): (&Db, &Writer, &Clock),
    actor: &Actor,
    mut progress: impl FnMut(Walked),
) -> Result<Walked, Fault> {
    let mut walked = Walked::default();
    let mut after = PersonId(uuid::Uuid::nil());
    loop {
        let mut conn = db.read().await?;
        let page = duplicates::next(&mut conn, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.0;
        let mut pairs = Vec::new();
        for one in &page {
            let found = candidates(&mut conn, one).await?;
            pairs.extend(
                found.into_iter().filter(|(other, _)| one.0 < *other).map(|(other, how)| ((one.0, other), how)),
            );
        }
        drop(conn);
        walked.people += u64::try_from(page.len()).unwrap_or(0);
        walked.pairs += u64::try_from(pairs.len()).unwrap_or(0);
        if !pairs.is_empty() {
            walked.new += writer.submit(KeepPairs { pairs, actor: actor.clone(), now: clock.now() }).await?;
        }
        progress(walked);
    }
    Ok(walked)
}

struct KeepPairs {
    pairs: Vec<((PersonId, PersonId), Likeness)>,
    actor: Actor,
    now: Timestamp,
}

impl Unit for KeepPairs {
    type Out = u64;
    const KIND: &'static str = "registry.keep_duplicates";
    const CLASS: Class = Class::Bulk;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.duplicates")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<u64, Fault> {
        let mut new = 0;
        for (pair, likeness) in &self.pairs {
            new += u64::from(duplicates::keep(tx, *pair, likeness, self.now).await?);
        }
        if new > 0 {
            let event = AuditEvent::new(self.now, "registry.duplicates_found", Outcome::Done, self.actor.clone());
            tx.record(event.detail(json!({ "pairs": new })));
        }
        Ok(new)
    }
}

/// An officer's word that a pair is two people.
pub struct DecideDifferent {
    pub pair: (PersonId, PersonId),
    pub note: String,
    pub actor: Actor,
    pub now: Timestamp,
}

impl Unit for DecideDifferent {
    /// `false` when the pair is not open.
    type Out = bool;
    const KIND: &'static str = "registry.decide_duplicate";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.duplicates")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let by = self.actor.as_text();
        if !duplicates::decide_different(tx, self.pair, (&by, &self.note), self.now).await? {
            return Ok(false);
        }
        for person in [self.pair.0, self.pair.1] {
            let event = AuditEvent::new(self.now, "registry.duplicate_decided", Outcome::Done, self.actor.clone());
            tx.record(event.person(person).detail(json!({ "decided": "different", "note": self.note })));
        }
        Ok(true)
    }
}
