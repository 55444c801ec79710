//! F1, pure: how a level of authentication is computed from proofs (Decree 69/2024 Art 20).
//!
//! Two scales, never mixed: the *account level* 01/02 says how a person was proofed (Art 7, [`AccountLevel`]); the
//! *authentication level* 1–4 says which factors were proven in this event (Art 20, [`Level`]). Nothing here sets an
//! authentication level: it is computed from the proofs each time it is asked for.

pub mod account;
pub mod factor;
pub mod failures;
pub mod level;
pub mod locks;
pub mod proof;
pub mod session;

pub use account::{
    AccountLevel, AccountState, CardStanding, PasswordOrigin, Refusal, Standing, Vital, may_issue, may_sign_in,
};
pub use factor::{Factor, Factors};
pub use level::{
    Evidence, FactorState, Freshness, Level, Missing, evidence, level, missing_for, proven_since, state_of,
};
pub use locks::{LockReason, Locks, Party};
pub use proof::{Method, Proof};
pub use session::{SessionPolicy, SessionStanding};
