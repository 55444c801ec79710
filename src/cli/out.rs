//! What a command prints: lines for people, or JSON. A reader that went away is nobody's error.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
};

use serde::Serialize;
use serde_json::json;

use super::failure::Failure;

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

    #[expect(clippy::unused_self, reason = "printing goes through what the person chose")]
    fn print(self, line: &str) {
        let _reader_gone = writeln!(io::stdout(), "{line}");
    }
}
