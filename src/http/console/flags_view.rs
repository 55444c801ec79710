//! What the pages of flags show.

use super::view::{said, who};
use crate::{base::Timestamp, http::frame::page};

/// Ways of looking that somebody should ask about.
#[derive(Clone, Debug)]
pub struct FlagsPage {
    /// Whether this auditor looks after the whole country, systems too.
    pub country: bool,
    /// Systems' officers, not operators.
    pub systems: bool,
    /// Those that somebody looked at.
    pub seen: bool,
    pub rows: Vec<FlagRow>,
    /// Where the next ones are.
    pub next: Option<String>,
}
page!(FlagsPage, FlagsDocument, "console/flags.html");

#[derive(Clone, Debug)]
pub struct FlagRow {
    pub href: String,
    pub pattern: String,
    pub who: String,
    /// Whose system, for which dossier.
    pub agency: Option<String>,
    pub at: Timestamp,
}

/// One of them. Posts `finding`, `action=see`.
#[derive(Clone, Debug)]
pub struct FlagPage {
    pub pattern: String,
    pub who: String,
    pub at: Timestamp,
    /// Client, agency and dossier of a system's officer.
    pub system: Option<(String, String, String)>,
    /// People opened, searches, and searches that found nobody, of an operator's day.
    pub day: Option<(i64, i64, i64)>,
    /// What the operator did.
    pub trail: Option<String>,
    pub seen_by: Option<String>,
    pub seen_at: Option<Timestamp>,
    pub finding: Option<String>,
    /// Whether this auditor may say what it was.
    pub judges: bool,
    /// What was written and not taken yet.
    pub kept: String,
    pub said: Option<FlagSaid>,
}
page!(FlagPage, FlagDocument, "console/flag.html");

said! {
    /// What came of an auditor's word.
    pub enum FlagSaid {
        Seen: "seen", "console-flag-said-seen", "good";
        TooLate: "late", "console-flag-said-late", "care";
        FindingMissing: "finding", "console-flag-said-finding", "care";
    }
}

impl FlagSaid {
    /// An address says only what is so.
    pub const fn fits(self, seen: bool) -> bool {
        match self {
            Self::Seen => seen,
            Self::FindingMissing => !seen,
            Self::TooLate => true,
        }
    }
}

fn pattern_key(pattern: &str) -> &'static str {
    match pattern {
        "many_people" => "console-flag-many-people",
        "many_searches" => "console-flag-many-searches",
        "fruitless_searches" => "console-flag-fruitless",
        "many_people_one_dossier" => "console-flag-one-dossier",
        "guessing" => "console-flag-guessing",
        "one_person_often" => "console-flag-one-person",
        "many_people_an_hour" => "console-flag-hour",
        "client_wrong_answers" => "console-flag-client-wrong",
        _ => "console-flag-wrong",
    }
}
