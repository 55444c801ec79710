//! What changed, for a subscriber: the kinds, units and fields of its registration, in order, from where it left off.

use serde_json::{Value, json};

use super::{
    Admitted, ExchangeRefusal,
    note::{Came, note_all},
};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{Provider, registry::events::told::reaches},
    oidc::client::{PeopleBy, RegistryPart},
    store::{
        Class, LaneKey, Tx, Unit,
        change_feed::{self, PlacedChange},
    },
};

/// A page of the feed.
#[derive(Debug)]
pub struct Feed {
    pub changes: Vec<Value>,
    /// Where the next page begins.
    pub next: i64,
    /// There is more already.
    pub more: bool,
}

pub const MOST: usize = 200;
/// Places that one request walks over in search of what is the subscriber's.
const WALKED: usize = 2_000;
const PLACED_AT_ONCE: i64 = 1_000;
/// Units of places that one request gives; what is left waits for the next.
const ROUNDS: usize = 10;

/// `after` is the last place that the subscriber has; none for everything that is kept.
pub async fn changes(
    provider: &Provider,
    call: &Admitted,
    (after, most): (Option<i64>, usize),
    now: Timestamp,
) -> Result<Result<Feed, ExchangeRefusal>, Fault> {
    let Some(part) = call.client.client.rules.registry_changes.as_ref() else {
        return Ok(Err(ExchangeRefusal::NotTheirs));
    };
    place(provider).await?;
    let mut conn = provider.db.read().await?;
    let bounds = change_feed::bounds(&mut conn).await?;
    let after = after.unwrap_or(bounds.first - 1);
    if after + 1 < bounds.first {
        return Ok(Err(ExchangeRefusal::FeedGone));
    }
    if after > bounds.last || (bounds.lost.0 < after && after < bounds.lost.1) {
        return Ok(Err(ExchangeRefusal::FeedAhead));
    }
    let mut feed = Feed { changes: Vec::new(), next: after, more: false };
    let mut people: Vec<PersonId> = Vec::new();
    // Read by full pages, however few are asked for: a subscriber's limit is no lever on the number of statements.
    let page = i64::try_from(MOST).unwrap_or(1);
    for _ in 0..WALKED.div_ceil(MOST) {
        let walked = change_feed::after(&mut conn, feed.next, &call.client.sector, page).await?;
        for change in &walked {
            if feed.changes.len() >= most {
                break;
            }
            feed.next = change.position;
            if let Some(told) = told(part, change) {
                feed.changes.push(told);
                if change.day.is_none() && !people.contains(&change.person) {
                    people.push(change.person);
                }
            }
        }
        if walked.len() < MOST || feed.changes.len() >= most {
            break;
        }
    }
    feed.more = feed.next < bounds.last;
    drop(conn);
    let came = Came { what: "changes", matched: !people.is_empty(), person: None, fields: Vec::new() };
    let noted = note_all(provider, call, (came, &people), now).await?;
    Ok(noted.map(|()| feed))
}

/// What of a change this subscriber hears; none for what is not of its kinds or units, or about somebody it does not know.
fn told(part: &RegistryPart, change: &PlacedChange) -> Option<Value> {
    if !part.has_kind(&change.kind) {
        return None;
    }
    // Nobody's record: which codes of communes are others since that day, the tables of units say.
    if let Some(day) = change.day {
        return Some(json!({
            "position": change.position, "kind": change.kind, "at": change.at.rfc3339(), "day": day.to_string(),
        }));
    }
    // A move is heard where somebody came from and where they went.
    let today = change.at.vietnam_date();
    let here = |unit: &str| !unit.is_empty() && reaches(part, unit, today);
    if !part.units.is_empty() && !here(&change.unit_before) && !here(&change.unit_after) {
        return None;
    }
    let person = match part.people {
        PeopleBy::Subject => json!({ "sub": change.sub.as_ref()? }),
        PeopleBy::Number => json!({ "number": change.number.as_ref()? }),
    };
    let fields: Vec<&String> = change.fields.iter().filter(|field| part.has_field(field)).collect();
    Some(json!({
        "position": change.position,
        "kind": change.kind,
        "at": change.at.rfc3339(),
        "person": person,
        "version": change.version,
        "fields": fields,
    }))
}

/// Everything that is committed gets its place.
async fn place(provider: &Provider) -> Result<(), Fault> {
    for _ in 0..ROUNDS {
        if !change_feed::has_placeless(&mut provider.db.read().await?).await? {
            return Ok(());
        }
        provider.writer.submit(PlaceChanges).await?;
    }
    Ok(())
}

struct PlaceChanges;

impl Unit for PlaceChanges {
    type Out = u64;
    const KIND: &'static str = "registry.place_changes";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"registry.changes")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<u64, Fault> {
        change_feed::place(tx, PLACED_AT_ONCE).await
    }
}
