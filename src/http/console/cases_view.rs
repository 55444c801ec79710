//! What the pages of cases show.

use super::view::{Pair, said, say, shown, who};
use crate::{base::Timestamp, flows::registry::events::Shown, http::frame::page};

/// What no rule decides.
#[derive(Clone, Debug)]
pub struct CasesPage {
    pub rows: Vec<CaseRow>,
    /// Where the next ones are.
    pub next: Option<String>,
}
page!(CasesPage, CasesDocument, "console/cases.html");

#[derive(Clone, Debug)]
pub struct CaseRow {
    pub href: String,
    pub kind: String,
    pub at: Timestamp,
    pub due: String,
    pub late: bool,
    pub assigned_to: Option<String>,
}

/// One case. Posts `version`, `reason`, `action=assign|settled|record_stands`.
#[derive(Clone, Debug)]
pub struct CasePage {
    pub kind: String,
    pub version: i64,
    pub at: Timestamp,
    pub due: String,
    pub lines: Vec<CaseLine>,
    pub compared: Vec<ComparedRow>,
    pub person: Option<String>,
    pub event: Option<String>,
    /// The form that proposes what came in, mended.
    pub again: Option<String>,
    /// Resolving it refuses what came in.
    pub refuses: bool,
    /// Whether this operator may resolve it.
    pub decides: bool,
    pub assigned_to: Option<String>,
    pub resolution: Option<String>,
    pub reason: Option<String>,
    /// What was written as a reason and not taken yet.
    pub kept: String,
    pub said: Option<CaseSaid>,
}

/// One thing that a case says.
#[derive(Clone, Debug)]
pub struct CaseLine {
    pub label: Pair,
    pub value: Shown,
}

/// A field as a file has it and as the registry has it.
#[derive(Clone, Debug)]
pub struct ComparedRow {
    pub label: Pair,
    pub theirs: Shown,
    pub ours: Shown,
    pub differs: bool,
}

said! {
    /// What came of the last thing done with a case.
    pub enum CaseSaid {
        Assigned: "assigned", "console-case-said-assigned", "good";
        Resolved: "resolved", "console-case-said-resolved", "good";
        TooLate: "late", "console-case-said-late", "care";
        ReasonMissing: "reason", "console-case-said-reason", "care";
    }
}
page!(CasePage, CaseDocument, "console/case.html");

impl CaseSaid {
    pub const fn fits(self, resolved: bool) -> bool {
        match self {
            Self::Assigned | Self::ReasonMissing => !resolved,
            Self::Resolved => resolved,
            Self::TooLate => true,
        }
    }
}

fn case_key(kind: &str) -> &'static str {
    match kind {
        "import_differs" => "console-case-import",
        "event_refused" => "console-case-event",
        "possible_duplicate" => "console-case-duplicate",
        _ => "console-case-follow-up",
    }
}
