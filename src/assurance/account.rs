//! Accounts: how the person was proofed, in which state the account is, why it is locked, and whether anything may be
//! issued for it. Checked at every issuance, not only at sign-in.

use serde::{Deserialize, Serialize};

use super::locks::{LockReason, Locks};
use crate::base::{Span, Timestamp};

/// How the person was proofed (mức độ tài khoản, Decree 69/2024 Art 7). The claim `account_level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AccountLevel {
    /// From a distance: number, name, birth date and a telephone number in the person's own name (Art 10(1)).
    #[serde(rename = "01")]
    One,
    /// In person, with the card, before an officer (Art 10(2)).
    #[serde(rename = "02")]
    Two,
}

impl AccountLevel {
    pub const fn code(self) -> &'static str {
        match self {
            Self::One => "01",
            Self::Two => "02",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|level| level.code() == code)
    }
}

/// Where an account stands. "Locked" is not a state: it is a set of reasons beside it ([`Locks`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    Requested,
    Rejected,
    Issued,
    Active,
}

/// A change of state that the account's present state, or the time, does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    #[error("an account that is {} cannot become {}", .from.code(), .to.code())]
    NotFrom { from: AccountState, to: AccountState },
    /// Art 14(1): activation within seven days of the notice, afterwards by the hotline.
    #[error("the seven days for activation have passed")]
    Overdue,
}

impl AccountState {
    pub const ALL: [Self; 4] = [Self::Requested, Self::Rejected, Self::Issued, Self::Active];

    /// Days between the notice and the last activation without the hotline (Decree 69/2024 Art 14(1)).
    pub const ACTIVATION: Span = Span::days(7);

    pub const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Rejected => "rejected",
            Self::Issued => "issued",
            Self::Active => "active",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    pub fn approve(self) -> Result<Self, TransitionError> {
        self.only_from(Self::Requested, Self::Issued)
    }

    pub fn reject(self) -> Result<Self, TransitionError> {
        self.only_from(Self::Requested, Self::Rejected)
    }

    pub fn activate(self, issued_at: Timestamp, now: Timestamp) -> Result<Self, TransitionError> {
        let active = self.only_from(Self::Issued, Self::Active)?;
        if now.since(issued_at) > Self::ACTIVATION { Err(TransitionError::Overdue) } else { Ok(active) }
    }

    fn only_from(self, from: Self, to: Self) -> Result<Self, TransitionError> {
        if self == from { Ok(to) } else { Err(TransitionError::NotFrom { from: self, to }) }
    }
}

/// The vital axis of the registry's person, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vital {
    Alive,
    /// Declared missing by a court: whoever signs in as this person is somebody else, or the court must hear of it.
    DeclaredMissing,
    /// Dead, or declared dead by a court.
    Dead,
}

/// The person's present identity card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CardStanding {
    Valid,
    Expired,
    Held,
    Withdrawn,
    None,
}

/// Who chose the present password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordOrigin {
    Person,
    /// It was handed over at the desk, so somebody else may know it: the first sign-in replaces it (ASVS 5.0 6.4.1).
    Desk,
}

/// All that decides whether anything may be issued for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub vital: Vital,
    pub card: CardStanding,
    pub account: AccountState,
    pub locks: Locks,
    pub password: PasswordOrigin,
}

/// Why nothing may be issued: for the log and the audit. A relying party sees one and the same description for all of
/// them (no disclosure of a death, a detention, a court's order).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    PersonDead,
    PersonMissing,
    AccountNotActive(AccountState),
    Locked(LockReason),
    CardExpired,
    CardHeld,
    CardWithdrawn,
    NoCard,
    /// Signing in is possible, and leads to a new password.
    PasswordGiven,
}

/// The preconditions of every issuance: who may sign in, with a password of their own.
pub fn may_issue(standing: &Standing) -> Result<(), Refusal> {
    may_sign_in(standing)?;
    match standing.password {
        PasswordOrigin::Person => Ok(()),
        PasswordOrigin::Desk => Err(Refusal::PasswordGiven),
    }
}

/// The preconditions of a session: person alive, account active and not locked, card valid.
pub fn may_sign_in(standing: &Standing) -> Result<(), Refusal> {
    match standing.vital {
        Vital::Alive => {}
        Vital::DeclaredMissing => return Err(Refusal::PersonMissing),
        Vital::Dead => return Err(Refusal::PersonDead),
    }
    if standing.account != AccountState::Active {
        return Err(Refusal::AccountNotActive(standing.account));
    }
    if let Some(reason) = standing.locks.iter().next() {
        return Err(Refusal::Locked(reason));
    }
    match standing.card {
        CardStanding::Valid => Ok(()),
        CardStanding::Expired => Err(Refusal::CardExpired),
        CardStanding::Held => Err(Refusal::CardHeld),
        CardStanding::Withdrawn => Err(Refusal::CardWithdrawn),
        CardStanding::None => Err(Refusal::NoCard),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Standing = Standing {
        vital: Vital::Alive,
        card: CardStanding::Valid,
        account: AccountState::Active,
        locks: Locks::NONE,
        password: PasswordOrigin::Person,
    };

    fn every_set_of_locks() -> impl Iterator<Item = Locks> {
        (0..128_u32).map(|bits| (0..7).filter(|n| bits >> n & 1 == 1).map(|n: usize| LockReason::ALL[n]).collect())
    }

    #[test]
    fn only_a_wholly_good_standing_may_be_issued_for() {
        let (vitals, cards) = (
            [Vital::Alive, Vital::DeclaredMissing, Vital::Dead],
            [
                CardStanding::Valid,
                CardStanding::Expired,
                CardStanding::Held,
                CardStanding::Withdrawn,
                CardStanding::None,
            ],
        );
        let mut allowed = Vec::new();
        for vital in vitals {
            for card in cards {
                for account in AccountState::ALL {
                    for locks in every_set_of_locks() {
                        let standing = Standing { vital, card, account, locks, ..GOOD };
                        if may_issue(&standing).is_ok() {
                            allowed.push(standing);
                        }
                        // Nothing but a password of one's own stands between the two.
                        assert_eq!(may_sign_in(&standing), may_issue(&standing));
                        let given = Standing { password: PasswordOrigin::Desk, ..standing };
                        assert_eq!(may_sign_in(&given), may_sign_in(&standing));
                        assert!(may_issue(&given).is_err());
                    }
                }
            }
        }
        assert_eq!(allowed, [GOOD]);
    }

    #[test]
    fn the_refusal_names_its_ground() {
        let table = [
            (Standing { vital: Vital::Dead, account: AccountState::Issued, ..GOOD }, Refusal::PersonDead),
            (Standing { vital: Vital::DeclaredMissing, ..GOOD }, Refusal::PersonMissing),
            (Standing { account: AccountState::Issued, ..GOOD }, Refusal::AccountNotActive(AccountState::Issued)),
            (
                Standing { locks: [LockReason::Holder].into_iter().collect(), card: CardStanding::Expired, ..GOOD },
                Refusal::Locked(LockReason::Holder),
            ),
            (Standing { card: CardStanding::Expired, ..GOOD }, Refusal::CardExpired),
            (Standing { card: CardStanding::Held, ..GOOD }, Refusal::CardHeld),
            (Standing { card: CardStanding::Withdrawn, ..GOOD }, Refusal::CardWithdrawn),
            (Standing { card: CardStanding::None, ..GOOD }, Refusal::NoCard),
            (Standing { password: PasswordOrigin::Desk, ..GOOD }, Refusal::PasswordGiven),
        ];
        for (standing, refusal) in table {
            assert_eq!(may_issue(&standing), Err(refusal));
        }
    }

    #[test]
    fn states_change_only_as_the_decree_has_it() {
        let issued_at = Timestamp::from_secs(1_800_000_000);
        let activate = |state: AccountState, later: Span| state.activate(issued_at, issued_at + later);
        assert_eq!(AccountState::Requested.approve(), Ok(AccountState::Issued));
        assert_eq!(AccountState::Requested.reject(), Ok(AccountState::Rejected));
        assert_eq!(activate(AccountState::Issued, Span::days(7)), Ok(AccountState::Active));
        let late = activate(AccountState::Issued, Span::micros(Span::days(7).as_micros() + 1));
        assert_eq!(late, Err(TransitionError::Overdue));
        for state in [AccountState::Rejected, AccountState::Issued, AccountState::Active] {
            assert!(state.approve().is_err() && state.reject().is_err());
        }
        for state in [AccountState::Requested, AccountState::Rejected, AccountState::Active] {
            assert!(activate(state, Span::ZERO).is_err());
        }
        for state in AccountState::ALL {
            assert_eq!(AccountState::parse(state.code()), Some(state));
            assert_eq!(serde_json::to_value(state).unwrap(), state.code());
        }
        assert_eq!(AccountLevel::parse("02"), Some(AccountLevel::Two));
        assert_eq!(AccountLevel::parse("2"), None);
        assert!(AccountLevel::One < AccountLevel::Two);
    }
}
