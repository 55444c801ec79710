//! What the last form of the registration came to, carried to the page that follows it.

use serde::{Deserialize, Serialize};
use time::Date;

use super::typed::TypedDetails;
use crate::http::frame::{Problem, Problems};

#[derive(Debug, Serialize, Deserialize)]
pub enum Note {
    /// As they were typed: the page finds again what is wrong with them.
    Details(Box<TypedDetails>),
    Problem(Problem),
    SentAgain,
    OutOfTime,
    OutOfCodes,
}

impl Note {
    pub fn problems(&self, today: Date) -> Problems {
        match self {
            Self::Details(typed) => typed.understand(today).err().unwrap_or_default(),
            Self::Problem(problem) => Problems::one(*problem),
            Self::SentAgain | Self::OutOfTime | Self::OutOfCodes => Problems::none(),
        }
    }
}
