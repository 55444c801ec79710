//! What the pages of exports show.

use super::{
    field_problems::{FieldProblem, FieldProblems},
    view::{said, who},
};
use crate::{base::Timestamp, http::frame::page, store::export_proposals::ExportState};

/// What was proposed to be taken out. Posts `form`, `unit`, `format`, `sensitive`, `reason`, `action=propose`.
#[derive(Clone, Debug)]
pub struct ExportsPage {
    pub form: String,
    /// Whether this operator may propose one.
    pub offered: bool,
    pub unit: String,
    pub format: &'static str,
    pub sensitive: bool,
    pub reason: String,
    pub rows: Vec<ExportRow>,
    pub problems: FieldProblems,
}
page!(ExportsPage, ExportsDocument, "console/exports.html");

#[derive(Clone, Debug)]
pub struct ExportRow {
    pub href: String,
    /// None for the whole country.
    pub unit: Option<String>,
    pub state: ExportState,
    /// Nobody fetched it in its time.
    pub over: bool,
    pub by: String,
    pub at: Timestamp,
}

/// One of them. Posts `version`, `reason`, `action=approve|reject|withdraw|fetch`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each says one thing that the page shows or not")]
pub struct ExportPage {
    pub unit: Option<String>,
    pub format: String,
    pub sensitive: bool,
    pub reason: String,
    pub state: ExportState,
    pub over: bool,
    pub version: i64,
    pub by: String,
    pub at: Timestamp,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    /// Why it was rejected.
    pub decision: Option<String>,
    pub people: u64,
    pub without_number: u64,
    pub not_alive: u64,
    pub sha256: Option<String>,
    pub bytes: u64,
    /// Until when it can be fetched.
    pub until: Option<Timestamp>,
    pub taken_at: Option<Timestamp>,
    pub decides: bool,
    pub withdraws: bool,
    pub fetches: bool,
    /// What was written as a reason when a decision was not taken.
    pub kept: String,
    pub said: Option<ExportSaid>,
}
page!(ExportPage, ExportDocument, "console/export.html");

/// Why something was not proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportProblem {
    Unit,
    Elsewhere,
    Format,
    Reason,
}

impl ExportProblem {
    pub const ALL: [Self; 4] = [Self::Unit, Self::Elsewhere, Self::Format, Self::Reason];

    /// As an address says it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Elsewhere => "elsewhere",
            Self::Format => "format",
            Self::Reason => "reason",
        }
    }

    pub const fn at_field(self) -> FieldProblem {
        match self {
            Self::Unit => ("unit", "console-find-bad-unit"),
            Self::Elsewhere => ("unit", "console-export-elsewhere"),
            Self::Format => ("format", "console-export-no-format"),
            Self::Reason => ("reason", "console-export-no-reason"),
        }
    }
}

said! {
    /// What came of the last word about an export.
    pub enum ExportSaid {
        Done: "done", "console-import-said-done", "good";
        TooLate: "late", "console-export-said-late", "care";
        ReasonMissing: "reason", "console-import-said-reason", "care";
        Gone: "gone", "console-export-said-gone", "care";
    }
}

const fn export_key(state: ExportState, over: bool) -> &'static str {
    match state {
        _ if over => "console-export-over",
        ExportState::Proposed => "console-import-proposed",
        ExportState::Approved => "console-export-approved",
        ExportState::Ready => "console-export-ready",
        ExportState::Taken => "console-export-taken",
        ExportState::Rejected => "console-import-rejected",
        ExportState::Withdrawn => "console-import-withdrawn",
        ExportState::Failed => "console-import-failed",
    }
}
