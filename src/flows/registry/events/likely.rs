//! Duplicates at entry: who of the registry may be the child whose birth is told, and why. Somebody has to say that they looked.

use super::{Officer, ground::Ground, propose::Judged, propose::judged};
use crate::{
    base::{Fault, Timestamp, ids::PersonId},
    flows::{
        Provider,
        registry::{duplicates::candidates, read_person::note_reading},
    },
    registry::{
        civil_event::{CivilEvent, Kind, Likely, Values},
        duplicates::Likeness,
    },
    store::{Conn, persons},
};

/// More likely ones than anybody compares.
const MOST: usize = 10;

impl Ground {
    /// Compares a child that would come into the record with those whom a name, a contact or an old card brings together
    /// with it.
    pub(super) async fn add_likely(&mut self, conn: &mut Conn, kind: Kind, values: &Values) -> Result<(), Fault> {
        let Some(traits) = CivilEvent::newborn(kind, values, &self.at) else { return Ok(()) };
        let found = candidates(conn, &(self.at.fresh.person, traits)).await?;
        let likely = found.into_iter().take(MOST).map(|(person, likeness)| Likely { person, likeness });
        self.at.put_likely(likely.collect());
        Ok(())
    }
}

/// One of them, as an officer reads it.
#[derive(Clone, Debug)]
pub struct LikelyPerson {
    pub id: PersonId,
    pub name: String,
    pub number: Option<String>,
    pub likeness: Likeness,
}

/// Who may be the child of this form; that they were shown is on record.
pub async fn likely(
    provider: &Provider,
    officer: &Officer,
    about: (Kind, &Values),
    now: Timestamp,
) -> Result<Vec<LikelyPerson>, Fault> {
    let Judged::On(ground, _) = judged(provider, officer, about, now).await? else { return Ok(Vec::new()) };
    let mut all = Vec::new();
    let ids: Vec<PersonId> = ground.at.likely().iter().map(|one| one.person).collect();
    let mut there = persons::find_all(&mut provider.db.read().await?, &ids).await?;
    for one in ground.at.likely() {
        let Some(found) = there.remove(&one.person) else { continue };
        all.push(LikelyPerson {
            id: one.person,
            name: found.person.name.full().to_owned(),
            number: found.person.number.map(|number| number.grouped()),
            likeness: one.likeness.clone(),
        });
    }
    let shown: Vec<PersonId> = all.iter().map(|one| one.id).collect();
    note_reading(&provider.writer, &shown, officer.actor.clone(), now).await?;
    Ok(all)
}
