//! Reads everybody an event touches: whom it names, their relatives, and the households they live in.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Base, Officer,
    record::{fact_of, opened},
};
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        ids::{HouseholdId, PersonId},
    },
    flows::registry::PersonVault,
    registry::{
        Residence,
        civil_event::{
            CivilEvent, Competence, Fresh, Household, Kind, Outcome, Refusal, Situation, Values, Who, Why, competence,
        },
        household::ResidenceFile,
        record::{Facet, Fact},
    },
    store::{
        Conn, facet_versions, household_writes, numbers,
        record::{self, StoredRecord},
    },
};

/// Of a household's members so many are read with it: more than a family has, and enough to know that somebody stays when
/// those leave whom one event can name.
const MOST_SEEN: i64 = 60;
/// What one decision can change: the members of a household that ends, the kin of a head, the dwellings of an owner.
const MOST_CHANGED: i64 = 500;

pub struct Ground {
    pub at: Situation,
    pub read: BTreeMap<PersonId, StoredRecord>,
    pub households: BTreeMap<HouseholdId, (Household, i64)>,
    /// Whom the event names, with those who have them as a parent or a representative.
    pub principals: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// Whose event it is.
    pub claims: Vec<Competence>,
    /// More has to change than fits one decision.
    too_large: bool,
}

/// Which of a household's members an event may change.
#[derive(Clone, Copy)]
pub(super) enum Touched {
    /// Whom it names, whatever the size: of the others it only matters that they are there.
    Named,
    /// Those who are related to the head.
    Kin,
    All,
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
        let ends = values.get("household").filter(|_| kind == Kind::HouseholdMerge);
        let ends = ends.and_then(|text| ResidenceFile::parse(text).ok());
        for file in CivilEvent::files(kind, values) {
            let touched = match kind {
                Kind::HouseholdHead => Touched::Kin,
                _ if ends.as_ref() == Some(&file) => Touched::All,
                _ => Touched::Named,
            };
            if let Some(household) = household_writes::find_by_file(conn, &file).await? {
                // Who owned it hears of it too.
                let owner = household.0.owner.as_ref().and_then(|owner| owner.person);
                if let Some(owner) = owner.filter(|_| kind == Kind::HouseholdOwner) {
                    ground.add_person(conn, vault, owner).await?;
                }
                ground.add_household(conn, vault, household, touched).await?;
            }
        }
        for who in CivilEvent::people(kind, values) {
            let id = match who {
                Who::Number(number) => numbers::person_of(conn, &number).await?,
                Who::Id(id) => Some(id),
            };
            if let Some(id) = id {
                ground.add_principal(conn, vault, id).await?;
                if kind == Kind::RecordUnmerge {
                    ground.add_undo(conn, vault, id).await?;
                }
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

    /// Somebody the event names, with those whose record may have to change with theirs.
    pub(super) async fn add_principal(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        id: PersonId,
    ) -> Result<(), Fault> {
        if !self.add_person(conn, vault, id).await? {
            return Ok(());
        }
        let depending: BTreeSet<PersonId> = record::depending(conn, id).await?.into_iter().collect();
        self.principals.insert(id, depending.clone());
        let mut near = depending;
        if let Some(record) = self.at.record(id) {
            let relatives = [&record.father, &record.mother, &record.spouse, &record.representative];
            near.extend(relatives.into_iter().flatten().filter_map(|one| one.person));
        }
        for id in near {
            self.add_person(conn, vault, id).await?;
        }
        self.add_last_home(conn, vault, id).await?;
        let home = self.at.record(id).and_then(|record| record.household.as_ref()).map(|place| place.household);
        if let Some(home) = home.filter(|home| !self.households.contains_key(home))
            && let Some(household) = household_writes::find(conn, home).await?
        {
            self.add_household(conn, vault, household, Touched::Named).await?;
        }
        Ok(())
    }

    /// A merge names the other owner of the dwellings that either record owns.
    async fn add_dwellings(&mut self, conn: &mut Conn) -> Result<(), Fault> {
        for id in self.principals.keys().copied().collect::<Vec<_>>() {
            let owned = household_writes::owned_by(conn, id, MOST_CHANGED + 1).await?;
            self.too_large |= i64::try_from(owned.len()).is_ok_and(|owned| owned > MOST_CHANGED);
            for dwelling in owned {
                self.put_dwelling(dwelling);
            }
        }
        Ok(())
    }

    /// Of somebody who lives nowhere: what the history knows last.
    async fn add_last_home(&mut self, conn: &mut Conn, vault: &PersonVault, id: PersonId) -> Result<(), Fault> {
        let lives = |one: &crate::registry::record::Record| {
            [&one.permanent, &one.temporary, &one.stay].into_iter().any(Option::is_some)
        };
        if self.at.record(id).is_none_or(lives) {
            return Ok(());
        }
        let mut last: Option<(i64, Residence)> = None;
        for version in facet_versions::of_person(conn, id).await? {
            let facet = Facet::from_code(&version.facet);
            let Some(facet) = facet.filter(|facet| matches!(facet, Facet::Permanent | Facet::Temporary | Facet::Stay))
            else {
                continue;
            };
            let fact = fact_of(vault, (id, version.seq), facet, &version.value)?;
            let (Fact::Permanent(home) | Fact::Temporary(home) | Fact::Stay(home)) = fact else { continue };
            if let Some(home) = home
                && last.as_ref().is_none_or(|(seq, _)| *seq < version.seq)
            {
                last = Some((version.seq, home));
            }
        }
        if let Some((_, home)) = last {
            self.at.put_last_home(id, home.address.unit);
        }
        Ok(())
    }

    pub(super) async fn add_household(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        household: (Household, i64),
        touched: Touched,
    ) -> Result<(), Fault> {
        let id = household.0.id;
        self.at.put_household(household.0.clone());
        self.households.insert(id, household);
        // One more than fits is enough to know.
        let changed = match touched {
            Touched::Named => Vec::new(),
            Touched::Kin => household_writes::kin_ids(conn, id, MOST_CHANGED + 1).await?,
            Touched::All => household_writes::member_ids(conn, id, MOST_CHANGED + 1).await?,
        };
        if i64::try_from(changed.len()).is_ok_and(|changed| changed > MOST_CHANGED) {
            self.too_large = true;
            return Ok(());
        }
        let seen = household_writes::member_ids(conn, id, MOST_SEEN).await?;
        for member in changed.into_iter().chain(seen) {
            self.add_person(conn, vault, member).await?;
        }
        Ok(())
    }

    /// A household of which only the owner matters: without its members.
    pub(super) fn put_dwelling(&mut self, dwelling: (Household, i64)) {
        if !self.households.contains_key(&dwelling.0.id) {
            self.at.put_household(dwelling.0.clone());
            self.households.insert(dwelling.0.id, dwelling);
        }
    }

    /// `false` for nobody.
    pub(super) async fn add_person(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        id: PersonId,
    ) -> Result<bool, Fault> {
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

    /// Whose data an officer sees who looks at this event: whom it names, and whose record it changes.
    pub fn shown(&self, outcome: Option<&Outcome>) -> Vec<PersonId> {
        let changed = outcome.into_iter().flat_map(Outcome::people);
        let all: BTreeSet<PersonId> = self.principals.keys().copied().chain(changed).collect();
        all.into_iter().filter(|id| self.read.contains_key(id)).collect()
    }
}
