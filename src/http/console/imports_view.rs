//! What the pages of imports show.

use super::view::{said, who};
use crate::{
    base::Timestamp,
    flows::registry::import_proposals::Lying,
    http::frame::page,
    store::{import_proposals::ImportState, imports::Tally},
};

/// Files of people: those that lie there, and those that were proposed. Posts `form`, `file`, `action=propose`; and a file to
/// [`crate::http::paths::CONSOLE_UPLOAD`].
#[derive(Clone, Debug)]
pub struct ImportsPage {
    pub form: String,
    /// Whether this operator may propose one.
    pub offered: bool,
    pub files: Vec<Lying>,
    pub said: Option<UploadSaid>,
    pub rows: Vec<ImportRow>,
}
page!(ImportsPage, ImportsDocument, "console/imports.html");

#[derive(Clone, Debug)]
pub struct ImportRow {
    pub href: String,
    /// Of a file that lies in the folder; none of one that was uploaded.
    pub file: Option<String>,
    pub state: ImportState,
    pub by: String,
    pub at: Timestamp,
}

/// One file. Posts `version`, `reason`, `action=approve|reject|withdraw`.
#[derive(Clone, Debug)]
pub struct ImportPage {
    pub file: Option<String>,
    pub sha256: Option<String>,
    pub state: ImportState,
    pub version: i64,
    pub by: String,
    pub at: Timestamp,
    pub rehearsed: Tally,
    /// Rows that are very like somebody who is recorded, and the first of their lines.
    pub likely: u64,
    pub likely_lines: Vec<u64>,
    pub done: Tally,
    /// The first rows that would be refused.
    pub refused: Vec<RefusedRow>,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub reason: Option<String>,
    /// What was written as a reason when a decision was not taken.
    pub kept: String,
    pub failure: Option<String>,
    pub decides: bool,
    pub withdraws: bool,
    pub said: Option<ImportSaid>,
}
page!(ImportPage, ImportDocument, "console/import.html");

impl ImportPage {
    fn was_rehearsed(&self) -> bool {
        self.sha256.is_some() && self.state != ImportState::Rehearsing && self.total() > 0
    }

    const fn total(&self) -> u64 {
        self.rehearsed.added + self.rehearsed.known + self.rehearsed.refused
    }

    const fn so_far(&self) -> u64 {
        self.done.added + self.done.known + self.done.refused
    }

    fn failure_key(&self) -> Option<&'static str> {
        self.failure.as_deref().map(|why| match why {
            "gone" => "console-import-failed-gone",
            "changed" => "console-import-failed-changed",
            "ours" => "console-import-failed-ours",
            _ => "console-import-failed-unreadable",
        })
    }
}

#[derive(Clone, Debug)]
pub struct RefusedRow {
    pub line: u64,
    pub field: String,
    pub vi: String,
    pub en: String,
}

said! {
    /// Why a file was not taken.
    pub enum UploadSaid {
        Nothing: "nothing", "console-upload-nothing", "care";
        Kind: "kind", "console-upload-kind", "care";
        Full: "full", "console-upload-full", "care";
    }
}

said! {
    /// What came of the last word about a file.
    pub enum ImportSaid {
        Done: "done", "console-import-said-done", "good";
        TooLate: "late", "console-import-said-late", "care";
        ReasonMissing: "reason", "console-import-said-reason", "care";
    }
}

const fn import_key(state: ImportState) -> &'static str {
    match state {
        ImportState::Rehearsing => "console-import-rehearsing",
        ImportState::Proposed => "console-import-proposed",
        ImportState::Approved => "console-import-approved",
        ImportState::Done => "console-import-done",
        ImportState::Rejected => "console-import-rejected",
        ImportState::Withdrawn => "console-import-withdrawn",
        ImportState::Failed => "console-import-failed",
    }
}
