//! The life of a key: one that signs is published before it signs and after it signed, so that a relying party which holds
//! our JWK Set for its full time always has the key it needs. One that others encrypt to is published while they should,
//! and opens for as long after as they may not know better.

use super::key_purpose::KeyPurpose;
use crate::base::{Span, Timestamp};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, not signing yet.
    Pending,
    /// Published and signing: one per algorithm.
    Active,
    /// Published, not signing any more.
    Retiring,
    /// Nothing that it signed is of use any more. Its private part is gone.
    Retired,
    /// Nothing that it signed may be believed. Its private part is gone.
    Compromised,
}

impl KeyState {
    pub const ALL: [Self; 5] = [Self::Pending, Self::Active, Self::Retiring, Self::Retired, Self::Compromised];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub const fn is_published(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Retiring)
    }

    /// Whether the private part is still to be kept.
    pub const fn keeps_private(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}

/// The times that a rotation keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// `max-age` of the JWK Set: how long a relying party may go without looking.
    pub jwks_max_age: Span,
    /// The longest life of anything that is verified by signature alone.
    pub longest_token: Span,
    /// How far clocks may differ.
    pub skew: Span,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { jwks_max_age: Span::minutes(15), longest_token: Span::minutes(10), skew: Span::secs(60) }
    }
}

impl Schedule {
    /// When a key published then is known everywhere.
    pub fn known_everywhere(&self, published_at: Timestamp) -> Timestamp {
        published_at + self.jwks_max_age + self.skew
    }

    /// When nothing comes any more that was encrypted to a key which stepped down then: whoever holds our JWK Set for its full
    /// time makes request objects that live an hour.
    pub fn opens_nothing_more(&self, retiring_at: Timestamp) -> Timestamp {
        retiring_at + self.jwks_max_age + self.skew + Span::hours(1)
    }

    /// When nothing is left that a key signed which stopped then.
    pub fn of_no_more_use(&self, retiring_at: Timestamp) -> Timestamp {
        retiring_at + self.longest_token + self.skew + self.jwks_max_age
    }
}

/// A key without its parts: what the table says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    pub kid: String,
    pub purpose: KeyPurpose,
    pub state: KeyState,
    pub created_at: Timestamp,
    pub published_at: Option<Timestamp>,
    pub activated_at: Option<Timestamp>,
    pub retiring_at: Option<Timestamp>,
    pub retired_at: Option<Timestamp>,
}

/// A change of state that may not be, with what would make it possible.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyTransitionError {
    #[error("a key that is {} cannot become {}", .from.code(), .to.code())]
    NotFrom { from: KeyState, to: KeyState },
    #[error("relying parties may not have seen this key yet: it can sign from {until}")]
    TooYoung { until: Timestamp },
    #[error("tokens that this key signed may still be in use: it can be retired from {until}")]
    StillInUse { until: Timestamp },
}

impl KeyRecord {
    /// A new key is published at once and waits.
    pub fn new(kid: String, purpose: impl Into<KeyPurpose>, now: Timestamp) -> Self {
        Self {
            kid,
            purpose: purpose.into(),
            state: KeyState::Pending,
            created_at: now,
            published_at: Some(now),
            activated_at: None,
            retiring_at: None,
            retired_at: None,
        }
    }

    /// Begins to sign, once everybody can know it.
    pub fn activate(&self, now: Timestamp, schedule: &Schedule) -> Result<Self, KeyTransitionError> {
        let until = schedule.known_everywhere(self.published_at.unwrap_or(self.created_at));
        if self.state == KeyState::Pending && now < until {
            return Err(KeyTransitionError::TooYoung { until });
        }
        self.activate_at_once(now)
    }

    /// Begins to sign without waiting: the first key of an algorithm, or the successor of a compromised one. A relying
    /// party that meets an unknown `kid` looks again (OIDC Core §10.1.1).
    pub fn activate_at_once(&self, now: Timestamp) -> Result<Self, KeyTransitionError> {
        self.only_from(KeyState::Pending, KeyState::Active)?;
        Ok(Self { state: KeyState::Active, activated_at: Some(now), ..self.clone() })
    }

    /// Stops signing.
    pub fn step_down(&self, now: Timestamp) -> Result<Self, KeyTransitionError> {
        self.only_from(KeyState::Active, KeyState::Retiring)?;
        Ok(Self { state: KeyState::Retiring, retiring_at: Some(now), ..self.clone() })
    }

    /// Leaves the published set: a key that stopped signing long enough ago, or one that never began.
    pub fn retire(&self, now: Timestamp, schedule: &Schedule) -> Result<Self, KeyTransitionError> {
        match self.state {
            KeyState::Retiring => {
                let until = self.of_no_more_use(schedule, now);
                if now < until {
                    return Err(KeyTransitionError::StillInUse { until });
                }
            }
            KeyState::Pending => {}
            from => return Err(KeyTransitionError::NotFrom { from, to: KeyState::Retired }),
        }
        Ok(Self { state: KeyState::Retired, retired_at: Some(now), ..self.clone() })
    }

    /// When a key that stepped down can go.
    pub fn of_no_more_use(&self, schedule: &Schedule, now: Timestamp) -> Timestamp {
        let stepped_down = self.retiring_at.unwrap_or(now);
        match self.purpose {
            KeyPurpose::Sign(_) => schedule.of_no_more_use(stepped_down),
            KeyPurpose::Open(_) => schedule.opens_nothing_more(stepped_down),
        }
    }

    /// Whether it stands in the JWK Set. Nobody needs to know a key before the moment in which they may encrypt to it.
    pub fn is_published(&self) -> bool {
        match self.purpose {
            KeyPurpose::Sign(_) => self.state.is_published(),
            KeyPurpose::Open(_) => self.state == KeyState::Active,
        }
    }

    /// Whether the private part is still to be kept: to sign with, or to open what comes late.
    pub fn keeps_private(&self) -> bool {
        let opens_late = matches!(self.purpose, KeyPurpose::Open(_)) && self.state == KeyState::Retiring;
        self.state.keeps_private() || opens_late
    }

    /// From any state, at once: nothing that it signed is believed from now on.
    pub fn compromise(&self, now: Timestamp) -> Result<Self, KeyTransitionError> {
        if self.state == KeyState::Compromised {
            return Err(KeyTransitionError::NotFrom { from: self.state, to: KeyState::Compromised });
        }
        Ok(Self { state: KeyState::Compromised, retired_at: Some(now), ..self.clone() })
    }

    fn only_from(&self, from: KeyState, to: KeyState) -> Result<(), KeyTransitionError> {
        if self.state == from { Ok(()) } else { Err(KeyTransitionError::NotFrom { from: self.state, to }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{crypto::Alg, oidc::encryption::KeyAlg};

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn key(state: KeyState) -> KeyRecord {
        KeyRecord { state, retiring_at: Some(NOW), ..KeyRecord::new("kid".to_owned(), Alg::Es256, NOW) }
    }

    #[test]
    fn a_rotation_keeps_its_times_to_the_microsecond() {
        let schedule = Schedule::default();
        let before = |at: Timestamp| Timestamp::from_micros(at.micros() - 1);

        let pending = KeyRecord::new("kid".to_owned(), Alg::Es256, NOW);
        let known = NOW + Span::minutes(16);
        assert_eq!(pending.activate(before(known), &schedule), Err(KeyTransitionError::TooYoung { until: known }));
        let active = pending.activate(known, &schedule).unwrap();
        assert_eq!((active.state, active.activated_at), (KeyState::Active, Some(known)));

        let retiring = active.step_down(known).unwrap();
        let unused = known + Span::minutes(26);
        assert_eq!(retiring.retire(before(unused), &schedule), Err(KeyTransitionError::StillInUse { until: unused }));
        let retired = retiring.retire(unused, &schedule).unwrap();
        assert_eq!((retired.state, retired.retired_at), (KeyState::Retired, Some(unused)));
    }

    /// Every state under every change: only what the life of a key has.
    #[test]
    fn no_other_change_is_possible() {
        use KeyState::{Active, Compromised, Pending, Retired, Retiring};
        let (schedule, late) = (Schedule::default(), NOW + Span::days(1));
        let allowed: Vec<(KeyState, KeyState)> = KeyState::ALL
            .into_iter()
            .flat_map(|state| {
                let key = key(state);
                [
                    key.activate(late, &schedule),
                    key.activate_at_once(late),
                    key.step_down(late),
                    key.retire(late, &schedule),
                    key.compromise(late),
                ]
                .into_iter()
                .filter_map(move |outcome| outcome.ok().map(|next| (state, next.state)))
            })
            .collect();
        let expected = [
            (Pending, Active),
            (Pending, Active),
            (Pending, Retired),
            (Pending, Compromised),
            (Active, Retiring),
            (Active, Compromised),
            (Retiring, Retired),
            (Retiring, Compromised),
            (Retired, Compromised),
        ];
        assert_eq!(allowed, expected);
    }

    #[test]
    fn a_key_that_opens_is_published_while_it_is_active_and_kept_until_nothing_comes_late() {
        let schedule = Schedule::default();
        let waits = KeyRecord::new("k".to_owned(), KeyPurpose::Open(KeyAlg::EcdhEs), NOW);
        let active = waits.activate_at_once(NOW).unwrap();
        let down = active.step_down(NOW).unwrap();
        let until = NOW + schedule.jwks_max_age + schedule.skew + Span::hours(1);
        assert_eq!(down.retire(until - Span::secs(1), &schedule), Err(KeyTransitionError::StillInUse { until }));
        let gone = down.retire(until, &schedule).unwrap();
        let shown = [&waits, &active, &down, &gone].map(|key| (key.is_published(), key.keeps_private()));
        assert_eq!(shown, [(false, true), (true, true), (false, true), (false, false)]);
        assert!(!active.compromise(NOW).unwrap().keeps_private());
    }

    #[test]
    fn codes_read_back() {
        for state in KeyState::ALL {
            assert_eq!(KeyState::parse(state.code()), Some(state));
        }
        assert_eq!(KeyState::parse("ACTIVE"), None);
    }
}
