//! What the pages of proposals show.

use super::{
    cases_view::CaseLine,
    event_view::DifferenceRow,
    view::{Pair, reason, refusal, said, say, shown, state_key, warning_key, who},
};
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
    /// What is said when nothing waits.
    pub empty: &'static str,
    pub rows: Vec<QueueRow>,
    /// Where the next ones are.
    pub next: Option<String>,
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
    /// The form as it was proposed, with the paper it rests on.
    pub typed: Vec<CaseLine>,
    /// Address and name of those whom it speaks of.
    pub people: Vec<(String, String)>,
    pub differences: Vec<DifferenceRow>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<Refusal>,
    pub stale: bool,
    pub decides: bool,
    pub withdraws: bool,
    /// Where its proposer mends it.
    pub again: Option<String>,
    /// What was written as a reason when a decision was not taken.
    pub kept: String,
    /// The list that this operator works through.
    pub list: Option<(&'static str, &'static str)>,
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
        /// Just proposed: somebody else decides.
        Proposed: "proposed", "console-said-proposed", "good";
    }
}

impl Said {
    /// An address says only what is so: one that came from elsewhere, or of before, says nothing.
    pub const fn fits(self, state: EventState) -> bool {
        match self {
            Self::Recorded => matches!(state, EventState::Recorded),
            Self::Rejected => matches!(state, EventState::Rejected),
            Self::Returned | Self::Stale => matches!(state, EventState::Returned),
            Self::Withdrawn => matches!(state, EventState::Withdrawn),
            Self::Own | Self::OutsideUnit | Self::ReasonMissing | Self::Proposed => {
                matches!(state, EventState::Proposed)
            }
            Self::TooLate | Self::SentBefore => true,
        }
    }
}
