//! Reads everybody an event touches: whom it names, their relatives, and the households they live in.

use std::collections::{BTreeMap, BTreeSet};

use super::{Base, Officer, rings::named};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    flows::registry::PersonVault,
    registry::civil_event::{
        CivilEvent, Competence, Fresh, Household, Kind, Outcome, Refusal, Situation, Values, Why, competence,
    },
    store::{Conn, household_writes, record::StoredRecord},
};

/// What one decision can change: the members of a household that ends, the kin of a head, the dwellings of an owner.
pub(super) const MOST_CHANGED: i64 = 500;

pub struct Ground {
    pub at: Situation,
    pub read: BTreeMap<PersonId, StoredRecord>,
    pub households: BTreeMap<HouseholdId, (Household, i64)>,
    /// Whom the event names, with those who have them as a parent or a representative.
    pub principals: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// Whose event it is.
    pub claims: Vec<Competence>,
    /// More has to change than fits one decision.
    pub(super) too_large: bool,
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
        let mut ground = Self {
            at,
            read: BTreeMap::new(),
            households: BTreeMap::new(),
            principals: BTreeMap::new(),
            claims: Vec::new(),
            too_large: false,
        };
        let named: BTreeSet<PersonId> = named(conn, kind, values).await?.into_iter().collect();
        let mut ring = ground.add_files(conn, kind, values).await?;
        ring.extend(&named);
        ground.add_people(conn, vault, ring).await?;
        ground.add_principals(conn, vault, &named).await?;
        if kind == Kind::RecordUnmerge {
            for id in named {
                ground.add_undo(conn, vault, id).await?;
            }
        }
        if kind == Kind::RecordMerge {
            ground.add_dwellings(conn).await?;
        }
        if CivilEvent::asks_past_marriages(kind) {
            ground.add_past_marriages(conn, vault).await?;
        }
        if CivilEvent::asks_kin(kind) {
            ground.add_kin(conn, vault).await?;
        }
        ground.add_likely(conn, kind, values).await?;
        ground.claims = competence(kind, values, &ground.at);
        Ok(ground)
    }

    /// What the event does, when this officer's unit is competent for it. Nothing of the record is told to who is not.
    pub fn judged(&self, event: &CivilEvent, officer: &Officer) -> Result<Outcome, Vec<Refusal>> {
        let outside = self.outside(officer);
        if let Some(claim) = outside.filter(|claim| claim.known) {
            return Err(vec![Refusal::new(claim.field, Why::OutsideUnit)]);
        }
        if self.too_large {
            return Err(vec![Refusal::new("household", Why::TooLarge)]);
        }
        let outcome = event.judge(&self.at)?;
        // Somebody who belongs nowhere is for the country's office.
        outside.map_or(Ok(outcome), |claim| Err(vec![Refusal::new(claim.field, Why::OutsideUnit)]))
    }

    /// What the officer's unit would have to be competent for and is not.
    pub fn outside(&self, officer: &Officer) -> Option<&Competence> {
        let within = |claim: &Competence| {
            officer.unit.is_none() || claim.units.iter().any(|unit| officer.reaches(unit, self.at.today))
        };
        self.claims.iter().find(|claim| !within(claim))
    }

    /// The commune whose event it is for this officer; none where nobody knows, and the country's office decides.
    pub fn unit_for(&self, officer: &Officer) -> Option<&'static str> {
        let units = &self.claims.first()?.units;
        let own = units.iter().find(|unit| officer.reaches(unit, self.at.today));
        own.or_else(|| units.first()).copied()
    }

    /// Whether an event that was taken for this unit's still is.
    pub fn is_of(&self, unit: Option<&str>) -> bool {
        let Some(claim) = self.claims.first() else { return false };
        let Some(unit) = unit else { return claim.units.is_empty() };
        claim.units.iter().any(|one| super::reaches(Some(unit), one, self.at.today))
    }

    /// A merge names the other owner of the dwellings that either record owns.
    async fn add_dwellings(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        for id in self.principals.keys().copied().collect::<Vec<_>>() {
            let owned = household_writes::owned_by(conn, id, MOST_CHANGED + 1).await?;
            self.too_large |= i64::try_from(owned.len()).is_ok_and(|owned| owned > MOST_CHANGED);
            for dwelling in owned {
                self.put_household(dwelling);
            }
        }
        Ok(())
    }

    /// What an outcome changes, by the versions that were read.
    pub fn base(&self, outcome: &Outcome) -> Base {
        let people = outcome.people().filter_map(|id| Some((id, self.read.get(&id)?.version))).collect();
        let households = outcome.households.iter();
        let households = households.filter_map(|one| Some((one.id, self.households.get(&one.id)?.1))).collect();
        Base { people, households }
    }

    /// Whose data an officer sees who looks at this event: whom it names, and whose record it changes.
    pub fn shown(&self, outcome: Option<&Outcome>) -> Vec<PersonId> {
        let changed = outcome.into_iter().flat_map(Outcome::people);
        let all: BTreeSet<PersonId> = self.principals.keys().copied().chain(changed).collect();
        all.into_iter().filter(|id| self.read.contains_key(id)).collect()
    }
}
