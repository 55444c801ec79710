//! What a command prints: lines for people, or JSON. A reader that went away is nobody's error; a full disk is.

use std::{
    fmt::{Display, Write as _},
    io::{self, IsTerminal, Write},
    sync::OnceLock,
};

use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;

/// Why something could not be printed, kept until the command ends.
static UNWRITTEN: OnceLock<String> = OnceLock::new();

#[derive(Clone, Copy, Debug)]
pub struct Out {
    json: bool,
}

impl Out {
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    pub const fn is_json(self) -> bool {
        self.json
    }

    /// Whether a progress bar would be seen.
    pub fn shows_progress(self) -> bool {
        !self.json && io::stderr().is_terminal()
    }

    /// The command's answer, in the form that was asked for.
    pub fn answer(self, machine: &impl Serialize, person: impl Display) {
        if self.json {
            self.print(&serde_json::to_string(machine).unwrap_or_default());
        } else {
            self.print(&person.to_string());
        }
    }

    /// A line on the way, for people only.
    pub fn note(self, line: impl Display) {
        if !self.json {
            self.print(&line.to_string());
        }
    }

    pub fn failure(self, failure: &Failure) {
        let text = if self.json {
            let errors: Vec<_> = failure
                .0
                .iter()
                .map(|problem| json!({ "place": problem.place, "what": problem.what, "cure": problem.cure }))
                .collect();
            json!({ "errors": errors }).to_string()
        } else {
            failure.to_string()
        };
        let _reader_gone = writeln!(io::stderr(), "{text}");
    }

    /// A command whose answer was cut off did not succeed: what is shown once may be lost, or `> FILE` hold half of it.
    pub fn unwritten(self) -> Option<Failure> {
        let cure = "make room where it goes. What was to be changed is changed: look with `list` or `show`; what is shown once is made \
                    anew (`client rotate-secret`, `operator reset`, `account renew`)";
        UNWRITTEN.get().map(|error| Failure::new("standard output", error, cure))
    }

    #[expect(clippy::unused_self, reason = "printing goes through what the person chose")]
    fn print(self, line: &str) {
        let mut out = io::stdout();
        match writeln!(out, "{line}").and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let _the_first_is_kept = UNWRITTEN.set(error.to_string());
            }
            _ => {}
        }
    }
}

/// One line a fact, in the order of the JSON form.
pub fn as_lines(facts: &Value) -> String {
    let mut text = String::new();
    if let Value::Object(members) = facts {
        for (name, value) in members {
            tell(&mut text, name, value, 0);
        }
    }
    text.truncate(text.trim_end().len());
    text
}

fn tell(text: &mut String, name: &str, value: &Value, depth: usize) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Null => {}
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) => items.iter().for_each(|item| tell(text, name, item, depth)),
        Value::Object(members) if members.is_empty() => {}
        Value::Object(members) => {
            let _ = writeln!(text, "{indent}{name}:");
            members.iter().for_each(|(name, value)| tell(text, name, value, depth + 1));
        }
        Value::String(value) => {
            let _ = writeln!(text, "{indent}{name}: {value}");
        }
        other => {
            let _ = writeln!(text, "{indent}{name}: {other}");
        }
    }
}
