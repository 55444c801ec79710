//! Reads everybody an event touches: whom it names, their relatives, and the households they live in.

use std::collections::{BTreeMap, BTreeSet};

use super::{Base, record::opened};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    flows::registry::PersonVault,
    registry::{
        civil_event::{CivilEvent, Fresh, Household, Kind, Outcome, Situation, Values, Who},
        record::Facet,
    },
    store::{
        Conn, facet_versions, household_writes, numbers,
        record::{self, StoredRecord},
    },
};

/// More people than a household has; what is beyond does not fit one decision.
const MOST_MEMBERS: i64 = 60;

pub struct Ground {
    pub at: Situation,
    pub read: BTreeMap<PersonId, StoredRecord>,
    pub households: BTreeMap<HouseholdId, (Household, i64)>,
}

impl Ground {
    pub async fn of(
        conn: &mut Conn,
        vault: &PersonVault,
        (kind, values): (Kind, &Values),
        (entropy, now): (&Entropy, Timestamp),
    ) -> Result<Self, Fault> {
        let fresh = Fresh {
            person: PersonId::generate(entropy, now),
            household: HouseholdId::generate(entropy, now),
            number: None,
        };
        let at = Situation::new(now.vietnam_date(), fresh);
        let mut ground = Self { at, read: BTreeMap::new(), households: BTreeMap::new() };
        for file in CivilEvent::files(kind, values) {
            if let Some(household) = household_writes::find_by_file(conn, &file).await? {
                ground.add_household(conn, vault, household).await?;
            }
        }
        for who in CivilEvent::people(kind, values) {
            let id = match who {
                Who::Number(number) => numbers::person_of(conn, &number).await?,
                Who::Id(id) => Some(id),
            };
            if let Some(id) = id {
                ground.add_principal(conn, vault, id).await?;
            }
        }
        Ok(ground)
    }

    /// Somebody the event names, with those whose record may have to change with theirs.
    async fn add_principal(&mut self, conn: &mut Conn, vault: &PersonVault, id: PersonId) -> Result<(), Fault> {
        if !self.add_person(conn, vault, id).await? {
            return Ok(());
        }
        let mut near: BTreeSet<PersonId> = record::depending(conn, id).await?.into_iter().collect();
        if let Some(record) = self.at.record(id) {
            let relatives = [&record.father, &record.mother, &record.spouse, &record.representative];
            near.extend(relatives.into_iter().flatten().filter_map(|one| one.person));
        }
        for id in near {
            self.add_person(conn, vault, id).await?;
        }
        let home = self.at.record(id).and_then(|record| record.household.as_ref()).map(|place| place.household);
        if let Some(home) = home.filter(|home| !self.households.contains_key(home))
            && let Some(household) = household_writes::find(conn, home).await?
        {
            self.add_household(conn, vault, household).await?;
        }
        Ok(())
    }

    async fn add_household(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        household: (Household, i64),
    ) -> Result<(), Fault> {
        let id = household.0.id;
        self.at.put_household(household.0.clone());
        self.households.insert(id, household);
        for member in household_writes::member_ids(conn, id, MOST_MEMBERS).await? {
            self.add_person(conn, vault, member).await?;
        }
        Ok(())
    }

    /// `false` for nobody.
    async fn add_person(&mut self, conn: &mut Conn, vault: &PersonVault, id: PersonId) -> Result<bool, Fault> {
        if self.read.contains_key(&id) {
            return Ok(true);
        }
        let Some(stored) = record::find(conn, id).await? else { return Ok(false) };
        let since = facet_versions::since(conn, id).await?;
        let since = since.into_iter().filter_map(|(facet, day)| Some((Facet::from_code(&facet)?, day))).collect();
        self.at.put_person(id, opened(vault, &stored)?, since);
        self.read.insert(id, stored);
        Ok(true)
    }

    /// What an outcome changes, by the versions that were read.
    pub fn base(&self, outcome: &Outcome) -> Base {
        let people = outcome.people().filter_map(|id| Some((id, self.read.get(&id)?.version))).collect();
        let households = outcome.households.iter();
        let households = households.filter_map(|one| Some((one.id, self.households.get(&one.id)?.1))).collect();
        Base { people, households }
    }
}
