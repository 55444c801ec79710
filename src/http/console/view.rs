//! What the operators' pages show.

use super::{find::Typed, pairs_view::LikelyRow};
use crate::{
    base::Timestamp,
    flows::registry::{
        events::{Difference, Shown, written},
        import_proposals::Lying,
    },
    http::{
        frame::{Frame, Phrase, Problems, page},
        lang::Lang,
    },
    registry::{
        civil_event::{FieldSpec, Refusal, Warning, Why},
        operator::Role,
        record::words,
    },
    store::{civil_events::EventState, import_proposals::ImportState, imports::Tally},
};

/// Asks for name and password. Posts `username`, `password`, `action=continue`.
#[derive(Clone, Debug, Default)]
pub struct NamePage {
    pub name: String,
    pub problems: Problems,
}
page!(NamePage, NameDocument, "console/sign_in.html");

/// Asks for the authenticator app's code. Posts `code`, `action=continue|start_again`.
#[derive(Clone, Debug, Default)]
pub struct CodePage {
    pub name: String,
    pub problems: Problems,
}
page!(CodePage, CodeDocument, "console/code.html");

/// Whose desk this is.
#[derive(Clone, Debug)]
pub struct HomePage {
    pub name: Phrase,
    pub roles: Vec<Role>,
    /// `None` for the whole country.
    pub unit: Option<Phrase>,
    pub since: Timestamp,
}
page!(HomePage, HomeDocument, "console/home.html");

impl HomePage {
    fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|one| one.code() == role)
    }

    fn role_keys(&self) -> Vec<&'static str> {
        let key = |role: &Role| match role {
            Role::Registrar => "console-role-registrar",
            Role::Approver => "console-role-approver",
            Role::Auditor => "console-role-auditor",
        };
        self.roles.iter().map(key).collect()
    }
}

/// A pair of words, Vietnamese and English: what the domain's own tables say.
pub type Pair = (&'static str, &'static str);

/// Looking for somebody. Posts `who`, `birth`, `unit`, `household`, `parent`.
#[derive(Clone, Debug, Default)]
pub struct FindPage {
    pub typed: Typed,
    /// None before anything was looked for.
    pub hits: Option<Vec<FoundRow>>,
    /// Where the next hits are.
    pub next: Option<String>,
    pub refused: bool,
}
page!(FindPage, FindDocument, "console/find.html");

#[derive(Clone, Debug)]
pub struct FoundRow {
    pub href: String,
    pub name: String,
    pub number: String,
    pub birth: String,
    pub sex: &'static str,
    pub vital: &'static str,
    pub unit: String,
    pub score: u8,
}

/// A person with their timeline.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub name: String,
    pub number: String,
    pub handle: String,
    pub as_of: String,
    pub lines: Vec<LineRow>,
    pub entries: Vec<EntryRow>,
    /// Address and name of the records that were merged into this one.
    pub absorbed: Vec<(String, String)>,
    /// Changes of boundaries that moved over the home.
    pub moves: Vec<MoveRow>,
    /// Events that can be proposed from here.
    pub kinds: Vec<(&'static str, Pair)>,
}
page!(PersonView, PersonDocument, "console/person.html");

#[derive(Clone, Debug)]
pub struct LineRow {
    pub label: Pair,
    pub value: Shown,
    pub from: Option<String>,
    pub learned: Timestamp,
    pub event: Option<String>,
}

#[derive(Clone, Debug)]
pub struct MoveRow {
    pub from: String,
    pub to: String,
    pub day: String,
    pub learned: Timestamp,
}

#[derive(Clone, Debug)]
pub struct EntryRow {
    pub href: String,
    pub label: Pair,
    pub state: EventState,
    pub proposed_by: String,
    pub proposed_at: Timestamp,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
}

/// The form of an event. Posts its fields and the papers', `form`, `again`, `action=check|propose`.
#[derive(Clone, Debug)]
pub struct EventForm {
    pub kind: Pair,
    pub code: &'static str,
    /// The form's own id.
    pub form: String,
    pub again: String,
    pub fields: Vec<FieldRow>,
    pub differences: Vec<DifferenceRow>,
    pub warnings: Vec<Warning>,
    pub problems: Vec<Refusal>,
    /// Who may be the child that would be added.
    pub likely: Vec<LikelyRow>,
}
page!(EventForm, EventFormDocument, "console/event_form.html");

#[derive(Clone, Debug)]
pub struct FieldRow {
    pub spec: FieldSpec,
    pub value: String,
    /// The name of the person that an id names: the id itself is not shown.
    pub known: Option<String>,
    pub choices: &'static [(&'static str, &'static str, &'static str)],
    pub problem: Option<Why>,
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

/// What the last answer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Recorded,
    Rejected,
    Returned,
    Withdrawn,
    Stale,
    Own,
    OutsideUnit,
    TooLate,
    ReasonMissing,
    /// The same form with other words: only the first was taken.
    SentBefore,
}

impl Said {
    pub const ALL: [Self; 10] = [
        Self::Recorded,
        Self::Rejected,
        Self::Returned,
        Self::Withdrawn,
        Self::Stale,
        Self::Own,
        Self::OutsideUnit,
        Self::TooLate,
        Self::ReasonMissing,
        Self::SentBefore,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Stale => "stale",
            Self::Own => "own",
            Self::OutsideUnit => "unit",
            Self::TooLate => "late",
            Self::ReasonMissing => "reason",
            Self::SentBefore => "sent",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.code() == code)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Recorded => "console-said-recorded",
            Self::Rejected => "console-said-rejected",
            Self::Returned => "console-said-returned",
            Self::Withdrawn => "console-said-withdrawn",
            Self::Stale => "console-said-stale",
            Self::Own => "console-said-own",
            Self::OutsideUnit => "console-said-unit",
            Self::TooLate => "console-said-late",
            Self::ReasonMissing => "console-said-reason",
            Self::SentBefore => "console-said-sent",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Recorded => "good",
            Self::Rejected | Self::Returned | Self::Withdrawn => "note",
            _ => "care",
        }
    }
}

/// Files of people: those that lie there, and those that were proposed. Posts `form`, `file`, `action=propose`.
#[derive(Clone, Debug)]
pub struct ImportsPage {
    pub form: String,
    /// Whether this operator may propose one.
    pub offered: bool,
    pub files: Vec<Lying>,
    pub rows: Vec<ImportRow>,
}
page!(ImportsPage, ImportsDocument, "console/imports.html");

#[derive(Clone, Debug)]
pub struct ImportRow {
    pub href: String,
    pub file: String,
    pub state: ImportState,
    pub by: String,
    pub at: Timestamp,
}

/// One file. Posts `version`, `reason`, `action=approve|reject|withdraw`.
#[derive(Clone, Debug)]
pub struct ImportPage {
    pub file: String,
    pub sha256: Option<String>,
    pub state: ImportState,
    pub version: i64,
    pub by: String,
    pub at: Timestamp,
    pub rehearsed: Tally,
    pub done: Tally,
    /// The first rows that would be refused.
    pub refused: Vec<RefusedRow>,
    pub decided_by: Option<String>,
    pub decided_at: Option<Timestamp>,
    pub reason: Option<String>,
    pub failure: Option<String>,
    pub decides: bool,
    pub withdraws: bool,
    pub said: Option<ImportSaid>,
}
page!(ImportPage, ImportDocument, "console/import.html");

impl ImportPage {
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

/// What came of the last word about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportSaid {
    Done,
    TooLate,
    ReasonMissing,
}

impl ImportSaid {
    pub const ALL: [Self; 3] = [Self::Done, Self::TooLate, Self::ReasonMissing];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::TooLate => "late",
            Self::ReasonMissing => "reason",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.code() == code)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Done => "console-import-said-done",
            Self::TooLate => "console-import-said-late",
            Self::ReasonMissing => "console-import-said-reason",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Done => "good",
            Self::TooLate | Self::ReasonMissing => "care",
        }
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

/// What no rule decides.
#[derive(Clone, Debug)]
pub struct CasesPage {
    pub rows: Vec<CaseRow>,
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

/// What came of the last thing done with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseSaid {
    Assigned,
    Resolved,
    TooLate,
    ReasonMissing,
}

impl CaseSaid {
    pub const ALL: [Self; 4] = [Self::Assigned, Self::Resolved, Self::TooLate, Self::ReasonMissing];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
            Self::TooLate => "late",
            Self::ReasonMissing => "reason",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|said| said.code() == code)
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Assigned => "console-case-said-assigned",
            Self::Resolved => "console-case-said-resolved",
            Self::TooLate => "console-case-said-late",
            Self::ReasonMissing => "console-case-said-reason",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Assigned | Self::Resolved => "good",
            Self::TooLate | Self::ReasonMissing => "care",
        }
    }
}
page!(CasePage, CaseDocument, "console/case.html");

fn case_key(kind: &str) -> &'static str {
    match kind {
        "import_differs" => "console-case-import",
        "event_refused" => "console-case-event",
        "possible_duplicate" => "console-case-duplicate",
        _ => "console-case-follow-up",
    }
}

/// One of a pair, in the page's language.
pub(super) fn say(frame: &Frame, pair: &Pair) -> &'static str {
    if frame.lang() == Lang::Vi { pair.0 } else { pair.1 }
}

/// A code in words.
fn word(frame: &Frame, code: &str) -> String {
    words(code).map_or_else(|| code.to_owned(), |pair| say(frame, &pair).to_owned())
}

pub(super) fn shown<'a>(frame: &Frame, value: &'a Shown) -> &'a [String] {
    if frame.lang() == Lang::Vi { &value.vi } else { &value.en }
}

fn why(frame: &Frame, why: Why) -> &'static str {
    if frame.lang() == Lang::Vi { why.vietnamese() } else { why.english() }
}

fn refusal(frame: &Frame, one: &Refusal) -> String {
    let about = one.facet.map(|facet| format!(" ({})", say(frame, &facet.label()))).unwrap_or_default();
    format!("{}{about}", why(frame, one.why))
}

const fn warning_key(warning: Warning) -> &'static str {
    match warning {
        Warning::RegisteredLate => "console-warning-late",
        Warning::BirthsTooNear => "console-warning-near",
        Warning::LikelyThere => "console-warning-likely",
        Warning::NumberDisagrees => "console-warning-number",
    }
}

const fn state_key(state: EventState) -> &'static str {
    match state {
        EventState::Proposed => "console-state-proposed",
        EventState::Returned => "console-state-returned",
        EventState::Withdrawn => "console-state-withdrawn",
        EventState::Rejected => "console-state-rejected",
        EventState::Recorded => "console-state-recorded",
        EventState::Case => "console-state-case",
    }
}
