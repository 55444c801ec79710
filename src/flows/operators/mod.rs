//! Those who work on the record: made from the command line, signing in with password and code through the service's own
//! pages, with a session of their own kind. What a change of the record needs of them is asked of [`SignedOperator`].

pub mod code;
mod duty;
pub mod enrol;
pub mod password;
pub mod session;

pub use duty::{Duty, OnDuty};
pub use session::{Desk, SignedOperator, keep_alive, recognise, sign_out};

use crate::{
    base::ids::OperatorId,
    crypto::Place,
    store::{audit::Actor, operators::StoredOperator},
};

/// Where a seed is sealed.
pub const fn seed_place(id: &OperatorId) -> Place<'_> {
    Place { table: "operator", column: "totp_sealed", row: id.0.as_bytes() }
}

/// The actor of what an operator does, for the audit.
pub fn actor(operator: &StoredOperator) -> Actor {
    Actor::Operator(operator.name.clone())
}
