//! What the form of an event shows.

use super::{
    pairs_view::LikelyRow,
    view::{Pair, say, shown, warning_key},
};
use crate::{
    base::ids::PersonId,
    flows::registry::events::{Difference, Shown, written},
    http::frame::page,
    registry::civil_event::{FieldKind, FieldSpec, PAPER_FIELDS, Warning},
};

/// The form of an event. Posts its fields and the papers', `form`, `again`, `seen`, `action=check|propose`.
#[derive(Clone, Debug)]
pub struct EventForm {
    pub kind: Pair,
    pub code: &'static str,
    /// The form's own id.
    pub form: String,
    pub again: String,
    /// What the differences are shown of.
    pub seen: String,
    /// It was to be sent, and is not what was looked at last.
    pub other: bool,
    pub fields: Vec<FieldRow>,
    pub differences: Vec<DifferenceRow>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<ProblemRow>,
    /// Who may be the child that would be added.
    pub likely: Vec<LikelyRow>,
}
page!(EventForm, EventFormDocument, "console/event_form.html");

#[derive(Clone, Debug)]
pub struct FieldRow {
    pub spec: FieldSpec,
    pub value: String,
    /// The name of the person that the field names.
    pub known: Option<String>,
    pub choices: &'static [(&'static str, &'static str, &'static str)],
    pub problem: Option<Pair>,
}

impl FieldRow {
    /// Somebody without a number stands here by the registry's own id, which nobody reads.
    fn by_id(&self) -> bool {
        self.known.is_some() && self.value.parse::<PersonId>().is_ok()
    }

    /// How the field is written, where its label does not say so.
    fn hint(&self) -> Option<&'static str> {
        match self.spec.kind {
            _ if self.by_id() => None,
            FieldKind::Day => Some("console-hint-day"),
            FieldKind::BirthDate => Some("console-hint-birth"),
            FieldKind::Person => Some("console-hint-person"),
            FieldKind::Household | FieldKind::NewHousehold => Some("console-hint-file"),
            FieldKind::Commune => Some("console-hint-commune"),
            _ => None,
        }
    }

    /// What the field is described by, for who does not see the page.
    fn described(&self) -> String {
        let name = self.spec.name;
        let parts =
            [(self.known.is_some(), "known"), (self.hint().is_some(), "hint"), (self.problem.is_some(), "problem")];
        let parts = parts.into_iter().filter(|(is, _)| *is).map(|(_, part)| format!("{name}-{part}"));
        parts.collect::<Vec<_>>().join(" ")
    }

    /// The first of the papers, under a heading of their own.
    fn begins_papers(&self) -> bool {
        PAPER_FIELDS.first().is_some_and(|first| first.name == self.spec.name)
    }
}

/// One thing to put right.
#[derive(Clone, Debug)]
pub struct ProblemRow {
    pub anchor: &'static str,
    pub label: Option<Pair>,
    pub words: Pair,
    pub about: Option<Pair>,
}

#[derive(Clone, Debug)]
pub struct DifferenceRow {
    pub name: String,
    pub label: Pair,
    pub before: Shown,
    pub after: Shown,
    pub from: Option<String>,
}

impl From<Difference> for DifferenceRow {
    fn from(one: Difference) -> Self {
        let (label, from) = (one.label, one.from.map(written));
        Self { name: one.name, label, before: one.before, after: one.after, from }
    }
}
