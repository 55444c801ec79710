//! What requests have in common whose person is at another device: they are decided once, used up once, and polled.

use serde_json::Value;

use crate::base::{
    Timestamp,
    ids::{AccountId, GrantId, SessionId},
};

/// How far a request of this kind has come; whether its time is over is seen from `expires_at`.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    Pending,
    Approved(Approval),
    Denied,
    /// The tokens were fetched.
    Used(Approval),
}

/// Who approved, and what. `authorized` is for the flows to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Approval {
    pub account_id: AccountId,
    pub session_id: SessionId,
    pub grant_id: GrantId,
    pub authorized: Value,
}

/// When the client asked last, and how long it has to wait in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Polling {
    pub interval_s: i64,
    pub polled_at: Option<Timestamp>,
}

/// `None` when the state and the approval do not belong together.
pub(super) fn progress(state: &str, approval: Option<Approval>) -> Option<Progress> {
    match (state, approval) {
        ("pending", None) => Some(Progress::Pending),
        ("denied", None) => Some(Progress::Denied),
        ("approved", Some(approval)) => Some(Progress::Approved(approval)),
        ("used", Some(approval)) => Some(Progress::Used(approval)),
        _ => None,
    }
}
