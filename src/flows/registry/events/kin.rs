//! Kin over three generations, of whom an event names and of whom they are or were married to: also those in whose place an adoption
//! came, whom only the history knows.

use std::collections::BTreeSet;

use super::{ground::Ground, record::fact_of};
use crate::{
    base::{Fault, ids::PersonId},
    flows::registry::PersonVault,
    registry::{
        civil_event::FormerParents,
        record::{Facet, Fact},
    },
    store::{
        Conn,
        facet_versions::{self, StoredVersion},
    },
};

impl Ground {
    pub(super) async fn add_kin(&mut self, conn: &mut Conn, vault: &PersonVault) -> Result<(), Fault> {
        let named: Vec<PersonId> = self.principals.keys().copied().collect();
        let spouses = named.iter().filter_map(|id| self.at.record(*id)?.spouse.as_ref()?.person);
        let mut of: BTreeSet<PersonId> =
            named.iter().copied().chain(spouses).chain(self.at.past_spouses(&named)).collect();
        // They, and their parents: grandparents are known by their ids.
        for _ in 0..2 {
            self.add_people(conn, vault, of.clone()).await?;
            self.add_former_parents(conn, vault, &of).await?;
            of = of.iter().flat_map(|id| self.at.parents(*id)).collect();
        }
        Ok(())
    }

    /// Whom the history alone knows as parents of these people, and the records that they may have gone into.
    pub(super) async fn add_former_parents(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        of: &BTreeSet<PersonId>,
    ) -> Result<(), Fault> {
        let unknown = |id: &PersonId| self.read.contains_key(id) && self.at.former(*id).is_none();
        let of: Vec<PersonId> = of.iter().copied().filter(unknown).collect();
        let mut histories = facet_versions::of_people(conn, &of).await?;
        let mut parents = BTreeSet::new();
        for id in of {
            let former = former_parents(vault, id, &histories.remove(&id).unwrap_or_default())?;
            parents.extend(former.by_birth().chain(former.adopters.keys().copied()));
            self.at.put_former(id, former);
        }
        self.add_survivors(conn, vault, parents).await
    }
}

fn former_parents(vault: &PersonVault, id: PersonId, versions: &[StoredVersion]) -> Result<FormerParents, Fault> {
    let mut former = FormerParents::default();
    let mut last: Option<Fact> = None;
    // Each field's in the order in which it was learned.
    for version in versions {
        let facet = Facet::from_code(&version.facet).filter(|facet| matches!(facet, Facet::Father | Facet::Mother));
        let Some(facet) = facet else { continue };
        let fact = fact_of(vault, (id, version.seq), facet, &version.value)?;
        if let Some(before) = last.filter(|before| before.facet() == facet) {
            former.follow(&before, &fact, version.from);
        }
        last = Some(fact);
    }
    Ok(former)
}
