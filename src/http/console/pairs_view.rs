//! What the pages of likely duplicates show.

use serde_json::Value;

use super::view::{Pair, said, say, shown};
use crate::{
    flows::registry::events::{Shown, side_by_side::Beside},
    http::frame::page,
    registry::duplicates::Likeness,
};

/// Pairs of records that may be one person, the likeliest first.
#[derive(Clone, Debug)]
pub struct PairsPage {
    pub rows: Vec<PairRow>,
    /// Where the next ones are.
    pub next: Option<String>,
}
page!(PairsPage, PairsDocument, "console/pairs.html");

#[derive(Clone, Debug)]
pub struct PairRow {
    pub href: String,
    pub score: i64,
    pub one: SideRow,
    pub other: SideRow,
    pub reasons: Vec<ReasonRow>,
}

#[derive(Clone, Debug)]
pub struct SideRow {
    pub name: String,
    pub number: Option<String>,
}

/// Why, with its weight: what speaks against it is negative.
#[derive(Clone, Debug)]
pub struct ReasonRow {
    pub key: &'static str,
    pub weight: i64,
}

impl ReasonRow {
    /// As they were kept: a list of words with their weights.
    pub fn all(reasons: &Value) -> Vec<Self> {
        let one = |reason: &Value| {
            let key = reason_key(reason.get(0)?.as_str()?)?;
            Some(Self { key, weight: reason.get(1)?.as_i64()? })
        };
        reasons.as_array().into_iter().flatten().filter_map(one).collect()
    }

    pub fn of(likeness: &Likeness) -> Vec<Self> {
        serde_json::to_value(&likeness.reasons).map(|reasons| Self::all(&reasons)).unwrap_or_default()
    }

    pub(super) fn signed(&self) -> String {
        format!("{:+}", self.weight)
    }
}

fn reason_key(word: &str) -> Option<&'static str> {
    Some(match word {
        "same_name" => "console-pair-same-name",
        "name_without_marks" => "console-pair-name-marks",
        "name_with_a_slip" => "console-pair-name-slip",
        "same_birth_date" => "console-pair-same-birth",
        "birth_date_as_far_as_known" => "console-pair-birth-known",
        "birth_date_with_a_slip" => "console-pair-birth-slip",
        "same_sex" => "console-pair-same-sex",
        "other_sex" => "console-pair-other-sex",
        "same_parent" => "console-pair-same-parent",
        "other_parents" => "console-pair-other-parents",
        "same_contact" => "console-pair-same-contact",
        "same_old_card" => "console-pair-same-card",
        "other_old_card" => "console-pair-other-card",
        "same_commune" => "console-pair-same-commune",
        _ => return None,
    })
}

/// Somebody who may be the one that a form would add.
#[derive(Clone, Debug)]
pub struct LikelyRow {
    pub href: String,
    pub name: String,
    pub number: String,
    pub score: i64,
    pub reasons: Vec<ReasonRow>,
}

/// Two records side by side. Posts `reason`, `action=different|keep_one|keep_other`.
#[derive(Clone, Debug)]
pub struct PairPage {
    pub score: i64,
    pub reasons: Vec<ReasonRow>,
    pub one: PairSide,
    pub other: PairSide,
    pub lines: Vec<PairLine>,
    pub open: bool,
    /// What was said when it was decided.
    pub note: Option<String>,
    /// What was written as a reason and not taken yet.
    pub kept: String,
    pub said: Option<PairSaid>,
    pub proposes: bool,
}
page!(PairPage, PairDocument, "console/pair.html");

said! {
    /// What came of the last word about a pair.
    pub enum PairSaid {
        ReasonMissing: "reason", "console-pair-said-reason", "care";
        TooLate: "late", "console-pair-said-late", "care";
    }
}

impl PairSaid {
    /// An address says only what is so.
    pub const fn fits(self, open: bool) -> bool {
        match self {
            Self::ReasonMissing => open,
            Self::TooLate => !open,
        }
    }
}

#[derive(Clone, Debug)]
pub struct PairSide {
    pub href: String,
    pub name: String,
}

#[derive(Clone, Debug)]
pub struct PairLine {
    pub label: Pair,
    pub one: Shown,
    pub other: Shown,
}

impl PairLine {
    fn agrees(&self) -> bool {
        self.one == self.other
    }
}

impl From<Beside> for PairLine {
    fn from(line: Beside) -> Self {
        Self { label: line.facet.label(), one: line.one, other: line.other }
    }
}
