//! What the operators' pages show.

use super::{find::Typed, pairs_view::LikelyRow};
use crate::{
    base::Timestamp,
    flows::registry::events::{Difference, Shown, written},
    http::{
        frame::{Frame, Phrase, Problems, page},
        lang::Lang,
    },
    registry::{
        civil_event::{FieldSpec, Refusal, Warning, Why},
        operator::Role,
        record::words,
    },
    store::civil_events::EventState,
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

/// What the last answer came to, as a page says it: the code in its address, the words' key, how it looks.
macro_rules! said {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$about:meta])* $variant:ident: $code:literal, $key:literal, $kind:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$about])* $variant),+ }

        impl $name {
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|said| said.code() == code)
            }

            const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key),+ }
            }

            const fn kind(self) -> &'static str {
                match self { $(Self::$variant => $kind),+ }
            }
        }
    };
}
pub(super) use said;

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

/// One of a pair, in the page's language.
pub(super) fn say(frame: &Frame, pair: &Pair) -> &'static str {
    if frame.lang() == Lang::Vi { pair.0 } else { pair.1 }
}

/// A code in words.
pub(super) fn word(frame: &Frame, code: &str) -> String {
    words(code).map_or_else(|| code.to_owned(), |pair| say(frame, &pair).to_owned())
}

pub(super) fn shown<'a>(frame: &Frame, value: &'a Shown) -> &'a [String] {
    if frame.lang() == Lang::Vi { &value.vi } else { &value.en }
}

fn why(frame: &Frame, why: Why) -> &'static str {
    if frame.lang() == Lang::Vi { why.vietnamese() } else { why.english() }
}

pub(super) fn refusal(frame: &Frame, one: &Refusal) -> String {
    let about = one.facet.map(|facet| format!(" ({})", say(frame, &facet.label()))).unwrap_or_default();
    format!("{}{about}", why(frame, one.why))
}

pub(super) const fn warning_key(warning: Warning) -> &'static str {
    match warning {
        Warning::RegisteredLate => "console-warning-late",
        Warning::BirthsTooNear => "console-warning-near",
        Warning::LikelyThere => "console-warning-likely",
        Warning::NumberDisagrees => "console-warning-number",
    }
}

pub(super) const fn state_key(state: EventState) -> &'static str {
    match state {
        EventState::Proposed => "console-state-proposed",
        EventState::Returned => "console-state-returned",
        EventState::Withdrawn => "console-state-withdrawn",
        EventState::Rejected => "console-state-rejected",
        EventState::Recorded => "console-state-recorded",
        EventState::Case => "console-state-case",
    }
}
