//! To whom those were married whom an event names: the present says nothing of it any more, the history does.

use super::{ground::Ground, record::fact_of};
use crate::{
    base::{Fault, ids::PersonId},
    flows::registry::PersonVault,
    registry::{
        civil_event::{Kind, PastMarriages, Turn},
        record::{Facet, Fact},
    },
    store::{Conn, merges, past_marriages},
};

/// More records than anybody had: the bound is for a store that was tampered with.
const MOST_RECORDS: usize = 32;

impl Ground {
    pub(super) async fn add_past_marriages(&mut self, conn: &mut Conn, vault: &PersonVault) -> Result<(), Fault> {
        for id in self.principals.keys().copied().collect::<Vec<_>>() {
            let mut past = PastMarriages::default();
            for record in with_absorbed(conn, id).await? {
                follow(conn, vault, record, &mut past).await?;
            }
            for spouse in past.spouses() {
                *spouse = merges::survivor(conn, *spouse).await?;
            }
            self.at.put_past_marriages(id, past);
        }
        Ok(())
    }
}

/// The record, and those that went into it: each keeps its own history.
async fn with_absorbed(conn: &mut Conn, id: PersonId) -> Result<Vec<PersonId>, Fault> {
    let mut all = vec![id];
    let mut at = 0;
    while let Some(record) = all.get(at).copied().filter(|_| at < MOST_RECORDS) {
        all.extend(merges::absorbed(conn, record).await?.into_iter().map(|(gone, _)| gone));
        at += 1;
    }
    Ok(all)
}

async fn follow(conn: &mut Conn, vault: &PersonVault, record: PersonId, past: &mut PastMarriages) -> Result<(), Fault> {
    let mut last = (Fact::Spouse(None), None);
    for version in past_marriages::of_person(conn, record).await? {
        let fact = fact_of(vault, (record, version.seq), Facet::Spouse, &version.value)?;
        let turn = version.kind.as_deref().and_then(Kind::from_code).map_or(Turn::Marriage, Turn::of);
        past.follow((&last.0, last.1), (&fact, version.from), turn);
        // Since when: the last day that was told.
        last = (fact, version.from.or(last.1));
    }
    Ok(())
}
