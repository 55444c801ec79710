//! Civil events on their way into the record: proposed by one officer, decided by another, written with all that follows.

pub mod decide;
pub mod difference;
mod early;
pub mod file;
mod ground;
pub mod history;
pub mod intake;
mod kin;
pub mod likely;
mod past_marriages;
pub mod person_page;
pub mod propose;
pub mod queue;
mod record;
mod rings;
pub mod side_by_side;
pub mod told;
mod undo;
mod writes;

pub use decide::{Decided, Verdict, decide};
pub use difference::{Difference, Shown, shown, written};
pub use early::try_early;
pub use history::{KnownFact, KnownRecord, as_known, present};
pub use intake::{Incoming, Received, receive};
pub use person_page::{Entry, PersonPage, household_of, named, number_of, sex_of, who_is};
pub use propose::{Proposal, Proposed, check, propose, withdraw};
pub use queue::{Opened, open};
pub use told::{Standing, Teller, Told, tell};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use time::Date;

use super::PersonVault;
use crate::{
    base::{
        Entropy, Fault, Timestamp,
        fault::FaultKind,
        ids::{EventId, HouseholdId, PersonId},
    },
    crypto::Place,
    flows::{
        Provider,
        operators::{Duty, OnDuty},
    },
    registry::{
        admin_unit,
        civil_event::{Kind, Values},
        operator::Post,
    },
    store::{Unit, audit::Actor, civil_events::StoredEvent},
};

/// Who acts on the record, and for which part of the country.
#[derive(Clone, Debug)]
pub struct Officer {
    pub actor: Actor,
    /// None for the whole country.
    pub unit: Option<String>,
    /// The session they act in; none for who acts without one.
    pub duty: Option<Duty>,
}

/// Whether a commune or province lies within a unit: its own, or the country.
fn reaches(own: Option<&str>, unit: &str, day: Date) -> bool {
    let post = Post { roles: BTreeSet::new(), unit: own.map(str::to_owned) };
    post.reaches(unit, day)
}

/// A unit and what lies within it, also communes that are no more: what was proposed for one before a change of boundaries still
/// waits for somebody.
fn units_of(own: &str, day: Date) -> Vec<&str> {
    let within = admin_unit::all().iter().filter(|unit| unit.province == Some(own)).map(|unit| unit.code);
    let within: BTreeSet<&str> = within.filter(|code| reaches(Some(own), code, day)).collect();
    std::iter::once(own).chain(within).collect()
}

impl Officer {
    /// Whether a commune or province of a day lies within the officer's part of the country.
    pub fn reaches(&self, unit: &str, day: Date) -> bool {
        reaches(self.unit.as_deref(), unit, day)
    }

    /// The codes of the officer's part of the country on a day: their unit, and the communes of a province. None for the whole.
    pub fn units(&self, day: Date) -> Option<Vec<&str>> {
        self.unit.as_deref().map(|own| units_of(own, day))
    }

    /// Has a unit run while they are on duty; `None` when they are not any more, and nothing is written.
    pub async fn submit<U: Unit>(&self, provider: &Provider, unit: U, now: Timestamp) -> Result<Option<U::Out>, Fault> {
        let (duty, actor) = (self.duty.clone(), self.actor.clone());
        provider.writer.submit(OnDuty { unit, duty, actor, now }).await
    }

    /// As the rows name them: the same text for the same person, or two could be one.
    pub fn text(&self) -> String {
        self.actor.as_text()
    }
}

/// The versions that a proposal rests on: when one moved, it is looked at again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    pub people: BTreeMap<PersonId, i64>,
    pub households: BTreeMap<HouseholdId, i64>,
}

const fn payload_place(event: &EventId) -> Place<'_> {
    Place { table: "civil_event", column: "payload_sealed", row: event.0.as_bytes() }
}

fn seal_values(vault: &PersonVault, event: EventId, values: &Values, entropy: &Entropy) -> Result<Vec<u8>, Fault> {
    let json = serde_json::to_value(values).map_err(|error| Fault::internal("writing an event down", error))?;
    vault.seal_json(payload_place(&event), &json, entropy)
}

/// Whether an event that is there says what somebody sends under its id again.
pub fn says_the_same(vault: &PersonVault, known: &StoredEvent, (kind, values): (Kind, &Values)) -> Result<bool, Fault> {
    Ok(known.kind == kind.code() && open_values(vault, known.id, &known.payload_sealed)? == *values)
}

pub(super) fn open_values(vault: &PersonVault, event: EventId, sealed: &[u8]) -> Result<Values, Fault> {
    let json: Value = vault.open_json(payload_place(&event), sealed)?;
    serde_json::from_value(json)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "an event's form does not read", error))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn whom_an_office_reaches_waits_in_its_lists() {
        // The day after the communes of thirty provinces were changed (resolutions of 30 April 2026).
        let day = date!(2026 - 05 - 01);
        for own in ["01", "79", "00004"] {
            let units: BTreeSet<&str> = units_of(own, day).into_iter().collect();
            let reached = admin_unit::all().iter().map(|unit| unit.code).filter(|code| reaches(Some(own), code, day));
            assert_eq!(units, reached.collect(), "{own}");
        }
        let gone = admin_unit::all().iter().find(|unit| unit.province == Some("01") && !unit.holds_on(day));
        assert!(units_of("01", day).contains(&gone.unwrap().code), "a commune that is no more");
    }
}
