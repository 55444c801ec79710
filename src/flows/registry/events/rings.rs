//! Who is read for an event, ring by ring: whom it names, then those beside them. A ring costs as many statements as there are
//! tables, whoever is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ground::{Ground, MOST_CHANGED},
    record::{fact_of, opened},
    told::numbers_of,
};
use crate::{
    base::{
        Fault,
        ids::{HouseholdId, PersonId},
    },
    flows::registry::PersonVault,
    registry::{
        Residence,
        civil_event::{CivilEvent, Household, Kind, Values, Who},
        household::ResidenceFile,
        record::{Facet, Fact, Record},
    },
    store::{
        Conn,
        facet_versions::{self, StoredVersion},
        household_writes, numbers, record,
    },
};

/// Of a household's members so many are read with it: more than a family has, and enough to know that somebody stays when
/// those leave whom one event can name.
const MOST_SEEN: i64 = 60;

/// Everybody whom a form names, in its order, as far as their numbers are anybody's.
pub(super) async fn named(conn: &mut Conn, kind: Kind, values: &Values) -> Result<Vec<PersonId>, Fault> {
    let by_number = numbers::people_of(conn, &numbers_of(kind, values)).await?;
    let of = |who| match who {
        Who::Number(number) => by_number.get(&number).copied(),
        Who::Id(id) => Some(id),
    };
    Ok(CivilEvent::people(kind, values).into_iter().filter_map(of).collect())
}

/// Members of these households, after the households themselves were read: who joins or leaves moves their versions.
pub(super) async fn seen_of(conn: &mut Conn, households: &[HouseholdId]) -> Result<BTreeSet<PersonId>, Fault> {
    Ok(household_writes::member_ids(conn, households, MOST_SEEN).await?.into_iter().collect())
}

impl Ground {
    /// The households that the form names; answers who of them has to be read, whom the event may change among them.
    pub(super) async fn add_files(
        &mut self,
        conn: &mut Conn,
        kind: Kind,
        values: &Values,
    ) -> Result<BTreeSet<PersonId>, Fault> {
        let ends = values.get("household").filter(|_| kind == Kind::HouseholdMerge);
        let ends = ends.and_then(|text| ResidenceFile::parse(text).ok());
        let (mut ring, mut there) = (BTreeSet::new(), Vec::new());
        for file in CivilEvent::files(kind, values) {
            let Some(household) = household_writes::find_by_file(conn, &file).await? else { continue };
            let id = household.0.id;
            // Who owned it hears of it too.
            let owner = household.0.owner.as_ref().and_then(|owner| owner.person);
            ring.extend(owner.filter(|_| kind == Kind::HouseholdOwner));
            self.put_household(household);
            there.push(id);
            // One more than fits is enough to know. Of the others it only matters that they are there, whatever their number.
            let changed = match kind {
                Kind::HouseholdHead => household_writes::kin_ids(conn, id, MOST_CHANGED + 1).await?,
                _ if ends.as_ref() == Some(&file) => {
                    household_writes::member_ids(conn, &[id], MOST_CHANGED + 1).await?
                }
                _ => Vec::new(),
            };
            if i64::try_from(changed.len()).is_ok_and(|changed| changed > MOST_CHANGED) {
                self.too_large = true;
            } else {
                ring.extend(changed);
            }
        }
        ring.append(&mut seen_of(conn, &there).await?);
        Ok(ring)
    }

    /// Those whom the event names, with those whose record may have to change with theirs.
    pub(super) async fn add_principals(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        named: &BTreeSet<PersonId>,
    ) -> Result<(), Fault> {
        self.add_people(conn, vault, named.clone()).await?;
        let there: Vec<PersonId> = named.iter().copied().filter(|id| self.read.contains_key(id)).collect();
        let depending = record::depending(conn, &there).await?;
        let mut near: BTreeSet<PersonId> = depending.values().flatten().copied().collect();
        self.principals.extend(depending);
        let mut homes = BTreeSet::new();
        for record in there.iter().filter_map(|id| self.at.record(*id)) {
            let relatives = [&record.father, &record.mother, &record.spouse, &record.representative];
            near.extend(relatives.into_iter().flatten().filter_map(|one| one.person));
            homes.extend(record.household.as_ref().map(|place| place.household));
        }
        homes.retain(|home| !self.households.contains_key(home));
        let homes: Vec<HouseholdId> = homes.into_iter().collect();
        for household in household_writes::find(conn, &homes).await? {
            self.put_household(household);
        }
        near.append(&mut seen_of(conn, &homes).await?);
        self.add_people(conn, vault, near).await?;
        self.add_last_homes(conn, vault, &there).await
    }

    /// Of those who live nowhere: what the history knows last.
    async fn add_last_homes(&mut self, conn: &mut Conn, vault: &PersonVault, of: &[PersonId]) -> Result<(), Fault> {
        let lives = |one: &Record| [&one.permanent, &one.temporary, &one.stay].into_iter().any(Option::is_some);
        let nowhere = |id: &PersonId| self.at.record(*id).is_some_and(|record| !lives(record));
        let of: Vec<PersonId> = of.iter().copied().filter(nowhere).collect();
        for (id, versions) in facet_versions::of_people(conn, &of).await? {
            if let Some(home) = last_home(vault, id, &versions)? {
                self.at.put_last_home(id, home.address.unit);
            }
        }
        Ok(())
    }

    /// Unless it was read before.
    pub(super) fn put_household(&mut self, household: (Household, i64)) {
        if !self.households.contains_key(&household.0.id) {
            self.at.put_household(household.0.clone());
            self.households.insert(household.0.id, household);
        }
    }

    /// A ring: everybody of it who was not read yet, as far as they are there.
    pub(super) async fn add_people(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        mut ring: BTreeSet<PersonId>,
    ) -> Result<(), Fault> {
        ring.retain(|id| !self.read.contains_key(id));
        let ring: Vec<PersonId> = ring.into_iter().collect();
        let found = record::find_all(conn, &ring).await?;
        let ring: Vec<PersonId> = found.keys().copied().collect();
        let mut since = facet_versions::since(conn, &ring).await?;
        for (id, stored) in found {
            let since = since.remove(&id).unwrap_or_default().into_iter();
            let since: BTreeMap<_, _> =
                since.filter_map(|(facet, day)| Some((Facet::from_code(&facet)?, day))).collect();
            self.at.put_person(id, opened(vault, &stored)?, since);
            self.read.insert(id, stored);
        }
        Ok(())
    }

    /// People who may have gone into other records since, and those.
    pub(super) async fn add_survivors(
        &mut self,
        conn: &mut Conn,
        vault: &PersonVault,
        mut ring: BTreeSet<PersonId>,
    ) -> Result<(), Fault> {
        // Nobody twice: a store that was tampered with may have a circle.
        let mut followed = BTreeSet::new();
        while !ring.is_empty() {
            self.add_people(conn, vault, ring.clone()).await?;
            let next = ring.iter().filter_map(|id| self.at.record(*id)?.merged).collect();
            followed.append(&mut ring);
            ring = next;
            ring.retain(|id| !followed.contains(id));
        }
        Ok(())
    }
}

/// The home that was learned last, of all forms.
fn last_home(vault: &PersonVault, id: PersonId, versions: &[StoredVersion]) -> Result<Option<Residence>, Fault> {
    let mut last: Option<(i64, Residence)> = None;
    for version in versions {
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
    Ok(last.map(|(_, home)| home))
}
