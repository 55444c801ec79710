//! The two scales as pages name them: authentication level 1–4 (this event) and account level 01/02 (how the person was proofed).

use crate::assurance::AccountLevel;

/// An authentication level asked of the person, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AskedLevel {
    /// 1 to 4 (Decree 69/2024 Art 20).
    pub level: u8,
    pub why: LevelReason,
}

/// Why a level is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelReason {
    /// The portal's request names it.
    Request,
    /// The portal's registration has this floor.
    Portal,
    /// The information asked for has this floor.
    Information,
}

impl LevelReason {
    pub const fn key(self) -> &'static str {
        match self {
            Self::Request => "level-why-request",
            Self::Portal => "level-why-portal",
            Self::Information => "level-why-information",
        }
    }
}

/// The key of an account level's name.
pub const fn account_name_key(level: AccountLevel) -> &'static str {
    match level {
        AccountLevel::One => "account-level-01",
        AccountLevel::Two => "account-level-02",
    }
}

/// The key of what an account level means for the person.
pub const fn account_meaning_key(level: AccountLevel) -> &'static str {
    match level {
        AccountLevel::One => "account-level-01-meaning",
        AccountLevel::Two => "account-level-02-meaning",
    }
}

/// One filled dot a level, of four: a mark that stays in print, in high contrast and without colour. Text always stands beside it.
pub const fn dots(level: u8) -> &'static str {
    match level {
        0 => "○○○○",
        1 => "●○○○",
        2 => "●●○○",
        3 => "●●●○",
        _ => "●●●●",
    }
}
