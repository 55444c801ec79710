//! What the pages of proposals show.

use super::view::{DifferenceRow, Pair, refusal, said, say, shown, state_key, warning_key};
use crate::{
    base::Timestamp,
    http::frame::page,
    registry::civil_event::{Refusal, Warning},
    store::civil_events::EventState,
};

/// What waits: to be decided, or with its proposer.
#[derive(Clone, Debug)]
pub struct QueuePage {
    pub title: &'static str,
    pub rows: Vec<QueueRow>,
}
page!(QueuePage, QueueDocument, "console/queue.html");

#[derive(Clone, Debug)]
pub struct QueueRow {
    pub href: String,
    pub kind: Pair,
    pub state: EventState,
    pub by: String,
    pub at: Timestamp,
    pub due: String,
    pub late: bool,
}

/// One proposal. Posts `version`, `reason`, `action=approve|return|reject|withdraw`.
#[derive(Clone, Debug)]
pub struct ProposalPage {
    pub kind: Pair,
    pub state: EventState,
    pub version: i64,
    pub by: String,
    pub at: Timestamp,
    pub due: String,
    /// What came with it: from another system, in whose name and for which dossier.
    pub note: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub reason: Option<String>,
    pub differences: Vec<DifferenceRow>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<Refusal>,
    pub stale: bool,
    pub decides: bool,
    pub withdraws: bool,
    /// Where its proposer mends it.
    pub again: Option<String>,
    pub said: Option<Said>,
}
page!(ProposalPage, ProposalDocument, "console/proposal.html");

said! {
    /// What the last answer came to.
    pub enum Said {
        Recorded: "recorded", "console-said-recorded", "good";
        Rejected: "rejected", "console-said-rejected", "note";
        Returned: "returned", "console-said-returned", "note";
        Withdrawn: "withdrawn", "console-said-withdrawn", "note";
        Stale: "stale", "console-said-stale", "care";
        Own: "own", "console-said-own", "care";
        OutsideUnit: "unit", "console-said-unit", "care";
        TooLate: "late", "console-said-late", "care";
        ReasonMissing: "reason", "console-said-reason", "care";
        /// The same form with other words: only the first was taken.
        SentBefore: "sent", "console-said-sent", "care";
    }
}
