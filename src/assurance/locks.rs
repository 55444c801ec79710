//! Why an account is locked, and who may lift each reason.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why an account is locked (Law on Identification Art 34(1), Decree 69/2024 Art 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockReason {
    /// The registry recorded the holder's death.
    Death,
    /// The holder asked: takes effect at once (Art 30(2)).
    Holder,
    /// The holder broke the terms of use.
    Breach,
    CardWithdrawn,
    CardHeld,
    CardExpired,
    /// A procedural or other competent authority asked.
    Authority,
}

/// Who acts on a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    Holder,
    /// The identification agency that runs the accounts.
    Agency,
    /// The authority whose request stands behind the lock.
    Authority,
    /// The card's own record: withdrawn, held, expired, given back, replaced.
    CardRegister,
    CivilRegister,
    /// The correction of a record that was wrong from the beginning.
    Correction,
}

impl LockReason {
    pub const ALL: [Self; 7] = [
        Self::Death,
        Self::Holder,
        Self::Breach,
        Self::CardWithdrawn,
        Self::CardHeld,
        Self::CardExpired,
        Self::Authority,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Death => "DEATH",
            Self::Holder => "SELF",
            Self::Breach => "BREACH",
            Self::CardWithdrawn => "CARD_WITHDRAWN",
            Self::CardHeld => "CARD_HELD",
            Self::CardExpired => "CARD_EXPIRED",
            Self::Authority => "AUTHORITY",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    pub const fn locked_by(self) -> Party {
        match self {
            Self::Death => Party::CivilRegister,
            Self::Holder => Party::Holder,
            Self::Breach => Party::Agency,
            Self::CardWithdrawn | Self::CardHeld | Self::CardExpired => Party::CardRegister,
            Self::Authority => Party::Authority,
        }
    }

    /// The one party that may take this reason away (Art 34(2)). Nothing ends a death but its correction.
    pub const fn unlocked_by(self) -> Party {
        match self {
            Self::Death => Party::Correction,
            other => other.locked_by(),
        }
    }

    /// The person is told at once of every lock, except of their death (Art 34).
    pub const fn notifies_holder(self) -> bool {
        !matches!(self, Self::Death)
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Death => 1,
            Self::Holder => 2,
            Self::Breach => 4,
            Self::CardWithdrawn => 8,
            Self::CardHeld => 16,
            Self::CardExpired => 32,
            Self::Authority => 64,
        }
    }
}

/// A lock or unlock that this party may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lock for {} is not for {by:?} to set or lift", .reason.code())]
pub struct NotTheirs {
    pub reason: LockReason,
    pub by: Party,
}

/// The reasons for which an account is locked now. Each has come and goes by itself: lifting one leaves the others.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Locks(u8);

impl Locks {
    pub const NONE: Self = Self(0);

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn contains(self, reason: LockReason) -> bool {
        self.0 & reason.bit() != 0
    }

    /// The most lasting reason first.
    pub fn iter(self) -> impl Iterator<Item = LockReason> {
        LockReason::ALL.into_iter().filter(move |reason| self.contains(*reason))
    }

    pub fn lock(self, reason: LockReason, by: Party) -> Result<Self, NotTheirs> {
        if by == reason.locked_by() { Ok(Self(self.0 | reason.bit())) } else { Err(NotTheirs { reason, by }) }
    }

    pub fn unlock(self, reason: LockReason, by: Party) -> Result<Self, NotTheirs> {
        if by == reason.unlocked_by() { Ok(Self(self.0 & !reason.bit())) } else { Err(NotTheirs { reason, by }) }
    }
}

impl FromIterator<LockReason> for Locks {
    /// From stored rows: who set them was checked when they were set.
    fn from_iter<I: IntoIterator<Item = LockReason>>(reasons: I) -> Self {
        Self(reasons.into_iter().fold(0, |bits, reason| bits | reason.bit()))
    }
}

impl fmt::Debug for Locks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Locks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(LockReason::code))
    }
}

impl<'de> Deserialize<'de> for Locks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .iter()
            .map(|code| LockReason::parse(code).ok_or_else(|| serde::de::Error::custom("an unknown lock reason")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_lifted_by_its_party_alone_and_leaves_the_others() {
        use Party::{Agency, Authority, CardRegister, CivilRegister, Correction, Holder};
        let expected = [Correction, Holder, Agency, CardRegister, CardRegister, CardRegister, Authority];
        let all: Locks = LockReason::ALL.into_iter().collect();
        for (reason, party) in LockReason::ALL.into_iter().zip(expected) {
            for by in [Holder, Agency, Authority, CardRegister, CivilRegister, Correction] {
                match all.unlock(reason, by) {
                    Ok(left) => {
                        assert_eq!(by, party);
                        assert!(!left.contains(reason));
                        assert_eq!(left.iter().count(), 6);
                    }
                    Err(refusal) => {
                        assert_ne!(by, party);
                        assert_eq!(refusal, NotTheirs { reason, by });
                    }
                }
            }
        }
    }

    #[test]
    fn a_lock_is_set_by_its_party_alone() {
        assert_eq!(Locks::NONE.lock(LockReason::Holder, Party::Holder).map(|locks| locks.iter().count()), Ok(1));
        assert!(Locks::NONE.lock(LockReason::Authority, Party::Holder).is_err());
        assert!(Locks::NONE.lock(LockReason::Death, Party::Correction).is_err());
        assert!(!LockReason::Death.notifies_holder());
    }

    #[test]
    fn locks_are_stored_by_their_codes() {
        let locks: Locks = [LockReason::CardExpired, LockReason::Holder].into_iter().collect();
        let text = serde_json::to_string(&locks).unwrap();
        assert_eq!(text, r#"["SELF","CARD_EXPIRED"]"#);
        assert_eq!(serde_json::from_str::<Locks>(&text).unwrap(), locks);
        assert!(serde_json::from_str::<Locks>(r#"["SELFISH"]"#).is_err());
        for reason in LockReason::ALL {
            assert_eq!(LockReason::parse(reason.code()), Some(reason));
        }
    }
}
