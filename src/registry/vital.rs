//! Whether a person lives, as courts and the civil registry say.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::Date;

use super::record::iso_day;

/// Alive → missing declared (court) → alive again or declared dead (court) → alive again; alive → dead (civil registry).
/// A registered death is final: only the correction of an error undoes it (Law on Civil Status 60/2014/QH13 Art 3, 33).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredVital", into = "StoredVital")]
pub enum Vital {
    #[default]
    Alive,
    /// Tuyên bố mất tích, by a court, with the day the decision took effect where it is recorded.
    MissingDeclared(Option<Date>),
    /// Tuyên bố chết, by a court.
    DeadDeclared(Option<Date>),
    /// Khai tử, with the day of death where it is known.
    Dead(Option<Date>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VitalEvent {
    CourtDeclaresMissing(Date),
    CourtDeclaresDead(Date),
    CourtRevokes,
    DeathRegistered(Option<Date>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("this event cannot follow the recorded vital status")]
pub struct CannotFollow;

#[derive(Serialize, Deserialize)]
struct StoredVital {
    code: String,
    #[serde(with = "iso_day::option", default)]
    since: Option<Date>,
}

impl From<Vital> for StoredVital {
    fn from(vital: Vital) -> Self {
        Self { code: vital.code().to_owned(), since: vital.since() }
    }
}

impl TryFrom<StoredVital> for Vital {
    type Error = &'static str;
    fn try_from(stored: StoredVital) -> Result<Self, &'static str> {
        Self::from_code(&stored.code, stored.since).ok_or("no vital status")
    }
}

impl Vital {
    pub const CODES: [&'static str; 4] = ["alive", "missing_declared", "dead_declared", "dead"];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::MissingDeclared(_) => "missing_declared",
            Self::DeadDeclared(_) => "dead_declared",
            Self::Dead(_) => "dead",
        }
    }

    /// The other half of [`Self::code`] and [`Self::since`]; someone alive has no date.
    pub fn from_code(code: &str, since: Option<Date>) -> Option<Self> {
        match code {
            "alive" if since.is_none() => Some(Self::Alive),
            "missing_declared" => Some(Self::MissingDeclared(since)),
            "dead_declared" => Some(Self::DeadDeclared(since)),
            "dead" => Some(Self::Dead(since)),
            _ => None,
        }
    }

    pub const fn since(self) -> Option<Date> {
        match self {
            Self::Alive => None,
            Self::MissingDeclared(since) | Self::DeadDeclared(since) | Self::Dead(since) => since,
        }
    }

    /// Nobody signs in for the dead, and a person whom a court calls missing is not sitting at the keyboard.
    pub const fn may_authenticate(self) -> bool {
        matches!(self, Self::Alive)
    }

    pub const fn after(self, event: VitalEvent) -> Result<Self, CannotFollow> {
        match (self, event) {
            (Self::Alive, VitalEvent::CourtDeclaresMissing(on)) => Ok(Self::MissingDeclared(Some(on))),
            (Self::Alive | Self::MissingDeclared(_), VitalEvent::CourtDeclaresDead(on)) => {
                Ok(Self::DeadDeclared(Some(on)))
            }
            (Self::MissingDeclared(_) | Self::DeadDeclared(_), VitalEvent::CourtRevokes) => Ok(Self::Alive),
            (Self::Alive | Self::MissingDeclared(_) | Self::DeadDeclared(_), VitalEvent::DeathRegistered(on)) => {
                Ok(Self::Dead(on))
            }
            _ => Err(CannotFollow),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const DAY: Date = date!(2026 - 05 - 01);
    const STATES: [Vital; 4] =
        [Vital::Alive, Vital::MissingDeclared(Some(DAY)), Vital::DeadDeclared(Some(DAY)), Vital::Dead(Some(DAY))];

    #[test]
    fn every_transition() {
        let table = [
            (VitalEvent::CourtDeclaresMissing(DAY), [Some("missing_declared"), None, None, None]),
            (VitalEvent::CourtDeclaresDead(DAY), [Some("dead_declared"), Some("dead_declared"), None, None]),
            (VitalEvent::CourtRevokes, [None, Some("alive"), Some("alive"), None]),
            (VitalEvent::DeathRegistered(Some(DAY)), [Some("dead"), Some("dead"), Some("dead"), None]),
        ];
        for (event, expected) in table {
            for (state, wanted) in STATES.into_iter().zip(expected) {
                assert_eq!(state.after(event).ok().map(Vital::code), wanted, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn codes_lead_back_and_only_the_living_sign_in() {
        for state in STATES {
            assert_eq!(Vital::from_code(state.code(), state.since()), Some(state));
            assert_eq!(state.may_authenticate(), state == Vital::Alive);
        }
        assert_eq!(Vital::from_code("alive", Some(DAY)), None);
        assert_eq!(Vital::from_code("undead", None), None);
    }
}
