//! Why a command did not do what it was asked: where, what, and what to do about it.

use std::fmt;

use super::config::Problem;
use crate::base::Fault;

/// Ends a command with a non-zero status.
#[derive(Debug)]
pub struct Failure(pub Vec<Problem>);

impl Failure {
    /// `place` is a file, a key, a table, an address; `cure` an instruction.
    pub fn new(place: impl Into<String>, what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self(vec![Problem { place: place.into(), what: what.into(), cure: cure.into() }])
    }

    /// Both, in this order.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// A fault of the record.
    pub fn of_database(fault: &Fault) -> Self {
        Self::new("database.url", fault.to_string(), "`dinhdanh doctor` looks at the database and says what to do")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Problem { place, what, cure }) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "error: {place}: {what}\n  cure: {cure}")?;
        }
        Ok(())
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self(problems)
    }
}
