//! Kin over three generations, of whom an event names and of whom they are or were married to: also those in whose place an adoption
//! came, whom only the history knows.

use super::{ground::Ground, record::fact_of};
use crate::{
    base::{Fault, ids::PersonId},
    flows::registry::PersonVault,
    registry::{
        civil_event::FormerParents,
        record::{Facet, Fact},
    },
    store::{Conn, facet_versions},
};

impl Ground {
    pub(super) async fn add_kin(&mut self, conn: &mut Conn, vault: &PersonVault) -> Result<(), Fault> {
        let named: Vec<PersonId> = self.principals.keys().copied().collect();
        let spouses = named.iter().filter_map(|id| self.at.record(*id)?.spouse.as_ref()?.person);
        let mut of: Vec<PersonId> = named.iter().copied().chain(spouses).chain(self.at.past_spouses(&named)).collect();
        // They, and their parents: grandparents are known by their ids.
        for _ in 0..2 {
            let mut parents = Vec::new();
            for id in of {
                if self.add_person(conn, vault, id).await? && self.at.former(id).is_none() {
                    let former = former_parents(conn, vault, id).await?;
                    for parent in former.by_birth() {
                        self.add_survivor(conn, vault, parent).await?;
                    }
                    for adopter in former.adopters.keys() {
                        self.add_survivor(conn, vault, *adopter).await?;
                    }
                    self.at.put_former(id, former);
                }
                parents.extend(self.at.parents(id));
            }
            of = parents;
        }
        Ok(())
    }

    /// Who may have gone into another record since, and that one.
    async fn add_survivor(&mut self, conn: &mut Conn, vault: &PersonVault, mut id: PersonId) -> Result<(), Fault> {
        while self.add_person(conn, vault, id).await? {
            match self.at.record(id).and_then(|record| record.merged) {
                Some(next) => id = next,
                None => break,
            }
        }
        Ok(())
    }
}

async fn former_parents(conn: &mut Conn, vault: &PersonVault, id: PersonId) -> Result<FormerParents, Fault> {
    let mut former = FormerParents::default();
    let mut last: Option<Fact> = None;
    // Each field's in the order in which it was learned.
    for version in facet_versions::of_person(conn, id).await? {
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
