//! Two records that may be one person, field by field: what is the same, what differs, and why they were found.

use super::{Shown, person_page::relatives, record::opened, shown};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{Provider, registry::read_person::note_reading},
    registry::record::{Facet, Record},
    store::{
        audit::Actor,
        duplicates::{self, StoredPair},
        record,
    },
};

/// One field of both.
#[derive(Clone, Debug)]
pub struct Beside {
    pub facet: Facet,
    pub one: Shown,
    pub other: Shown,
}

#[derive(Clone, Debug)]
pub struct SideBySide {
    pub pair: StoredPair,
    pub one: Record,
    pub other: Record,
    pub lines: Vec<Beside>,
}

/// Who looked is on record before anything is shown.
pub async fn side_by_side(
    provider: &Provider,
    pair: (PersonId, PersonId),
    (reader, now): (Actor, Timestamp),
) -> Result<Option<SideBySide>, Fault> {
    let mut conn = provider.db.read().await?;
    let Some(found) = duplicates::find(&mut conn, pair).await? else { return Ok(None) };
    let mut both = record::find_all(&mut conn, &[found.one, found.other]).await?;
    let (Some(one), Some(other)) = (both.remove(&found.one), both.remove(&found.other)) else { return Ok(None) };
    let vault = &provider.secrets.vault;
    let (one, other) = (opened(vault, &one)?, opened(vault, &other)?);
    let ground = (&provider.entropy, now);
    let (at_one, at_other) = (relatives(&mut conn, &one, ground).await?, relatives(&mut conn, &other, ground).await?);
    drop(conn);
    let mut lines = Vec::new();
    for facet in Facet::ALL {
        let line = Beside { facet, one: shown(&at_one, &one.fact(facet)), other: shown(&at_other, &other.fact(facet)) };
        if line.one != Shown::default() || line.other != Shown::default() {
            lines.push(line);
        }
    }
    note_reading(&provider.writer, &[found.one, found.other], reader, now).await?;
    Ok(Some(SideBySide { pair: found, one, other, lines }))
}
