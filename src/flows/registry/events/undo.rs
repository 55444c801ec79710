//! What a merge changed, read back so that it can be taken back.

use std::collections::BTreeSet;

use super::{ground::Ground, record::fact_of, rings::seen_of};
use crate::{
    base::{
        Fault,
        ids::{EventId, HouseholdId, PersonId},
    },
    flows::registry::PersonVault,
    registry::{
        civil_event::{MergeUndo, Undone},
        record::{Facet, Fact},
    },
    store::{Conn, facet_versions, household_writes, merges},
};

impl Ground {
    /// What the merge of this record changed, and everybody whom it touches.
    pub(super) async fn add_undo(&mut self, conn: &mut Conn, vault: &PersonVault, gone: PersonId) -> Result<(), Fault> {
        let Some(merge) = merges::standing(conn, gone).await? else { return Ok(()) };
        let undo = MergeUndo {
            changes: undone(conn, vault, merge.event).await?,
            households: facet_versions::households_of(conn, merge.event).await?,
        };
        self.add_principals(conn, vault, &BTreeSet::from([merge.kept])).await?;
        let touched: BTreeSet<PersonId> = undo.changes.iter().map(|one| one.person).chain(undo.names()).collect();
        self.add_survivors(conn, vault, touched).await?;
        let changed: Vec<HouseholdId> = undo.households.iter().map(|(before, _)| before.id).collect();
        // Where somebody lived among others, the household stayed as it was: it is no part of what the merge changed.
        let homes = undo.changes.iter().filter_map(|one| match &one.before {
            Fact::Household(place) => place.as_ref().map(|place| place.household),
            _ => None,
        });
        let there: Vec<HouseholdId> = homes.chain(changed).collect();
        for now in household_writes::find(conn, &there).await? {
            self.put_household(now);
        }
        // Where the head changed, the others may stand otherwise to them.
        let other_head = undo.households.iter().filter(|(before, after)| before.head != after.head);
        let other_head: Vec<HouseholdId> = other_head.map(|(before, _)| before.id).collect();
        let members = seen_of(conn, &other_head).await?;
        self.add_people(conn, vault, members).await?;
        self.at.put_undo(gone, undo);
        Ok(())
    }
}

/// Field by field what an event found and what it left.
async fn undone(conn: &mut Conn, vault: &PersonVault, event: EventId) -> Result<Vec<Undone>, Fault> {
    let mut all = Vec::new();
    let people = facet_versions::people_of(conn, event).await?;
    for (person, versions) in facet_versions::of_people(conn, &people).await? {
        for (at, version) in versions.iter().enumerate().filter(|(_, version)| version.event == Some(event)) {
            let bad = || Fault::inconsistent("facet_version", "facet", &person);
            let facet = Facet::from_code(&version.facet).ok_or_else(bad)?;
            // A field's versions follow each other, from what the record began with.
            let earlier = at.checked_sub(1).and_then(|at| versions.get(at)).filter(|one| one.facet == version.facet);
            let earlier = earlier.ok_or_else(bad)?;
            all.push(Undone {
                person,
                before: fact_of(vault, (person, earlier.seq), facet, &earlier.value)?,
                after: fact_of(vault, (person, version.seq), facet, &version.value)?,
                from: version.from,
            });
        }
    }
    Ok(all)
}
