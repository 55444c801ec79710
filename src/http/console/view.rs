//! What the operators' pages show.

use std::borrow::Cow;

use super::{field_problems::FieldProblems, find::Typed};
use crate::{
    base::Timestamp,
    flows::registry::events::Shown,
    http::{
        frame::{Frame, Phrase, Problems, page},
        lang::Lang,
    },
    registry::{
        civil_event::{Refusal, Warning, Why},
        operator::Role,
        record::words,
    },
    store::civil_events::EventState,
};

/// Asks for name and password. Posts `username`, `password`, `action=continue`.
#[derive(Clone, Debug, Default)]
pub struct NamePage {
    pub name: String,
    /// What is told to somebody whose session ended by itself.
    pub lapsed: Option<&'static str>,
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

            pub const fn kind(self) -> &'static str {
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
    /// What cannot be looked for: the field, and what to do about it.
    pub problems: FieldProblems,
}
page!(FindPage, FindDocument, "console/find.html");

impl FindPage {
    /// The fields that narrow a search: name, label, how it is written, what was typed.
    fn narrower(&self) -> [(&'static str, &'static str, &'static str, &str); 4] {
        let typed = &self.typed;
        [
            ("birth", "console-find-birth", "console-find-birth-hint", &typed.birth),
            ("unit", "console-find-unit", "console-find-unit-hint", &typed.unit),
            ("household", "console-find-household", "console-find-household-hint", &typed.household),
            ("parent", "console-find-parent", "console-find-parent-hint", &typed.parent),
        ]
    }
}

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
    /// Why they were found.
    pub why: Vec<&'static str>,
}

/// A person with their timeline.
#[derive(Clone, Debug)]
pub struct PersonView {
    pub name: String,
    pub number: String,
    pub handle: String,
    pub as_of: String,
    /// What was typed is no day.
    pub no_day: bool,
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

/// Who did something, as colleagues call them: the trail's prefix is not shown.
pub(super) fn who<'a>(frame: &Frame, actor: &'a str) -> Cow<'a, str> {
    match actor.split_once(':') {
        Some(("operator", name)) => Cow::Borrowed(name),
        Some(("agency", client)) => Cow::Owned(frame.t1("console-by-system", "client", client)),
        _ => Cow::Borrowed(actor),
    }
}

/// A decision's reason: an officer's words as they are, the service's own by what they mean.
pub(super) fn reason(frame: &Frame, reason: &str) -> String {
    if reason == "stale" {
        return frame.t("console-reason-stale").into_owned();
    }
    let Some(codes) = reason.strip_prefix("impossible: ") else { return reason.to_owned() };
    let whys: Option<Vec<_>> =
        codes.split(", ").map(|code| Why::ALL.into_iter().find(|why| why.code() == code)).collect();
    whys.map_or_else(
        || reason.to_owned(),
        |whys| {
            let words: Vec<_> = whys.into_iter().map(|one| why(frame, one)).collect();
            format!("{} {}", frame.t("console-reason-impossible"), words.join(" "))
        },
    )
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
