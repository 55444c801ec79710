//! `doctor`: looks at everything that serving stands on, changes nothing, and says what to do.

mod clients;
mod database;
mod keys;
mod machine;
mod serving;
mod settings;

use std::{fmt::Write, process::ExitCode};

use serde_json::json;

use super::{config::Problem, context::Context, failure::Failure};

/// Look at settings, keys, database and machine, and say what is wrong and how to mend it.
#[derive(clap::Args)]
pub struct Args {}

/// What one check saw.
#[derive(Clone, Debug)]
struct Finding {
    check: &'static str,
    state: State,
    saw: String,
    /// Empty when there is nothing to do.
    cure: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// The service runs, but not as well as it could.
    Warning,
    Bad,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }
}

impl Finding {
    fn good(check: &'static str, saw: impl Into<String>) -> Self {
        Self { check, state: State::Good, saw: saw.into(), cure: String::new() }
    }

    fn warning(check: &'static str, saw: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, state: State::Warning, saw: saw.into(), cure: cure.into() }
    }

    fn bad(check: &'static str, saw: impl Into<String>, cure: impl Into<String>) -> Self {
        Self { check, state: State::Bad, saw: saw.into(), cure: cure.into() }
    }

    fn of_problem(check: &'static str, Problem { place, what, cure }: Problem) -> Self {
        Self::bad(check, format!("{place}: {what}"), cure)
    }
}

pub async fn run(Args {}: Args, context: &Context) -> Result<ExitCode, Failure> {
    let mut findings = machine::checks(context);
    match context.load(Vec::new()) {
        Ok(loaded) => {
            findings.extend(settings::checks(context, &loaded).await);
            findings.extend(machine::checks_with(&loaded.config));
            findings.extend(database::checks(context, &loaded).await);
        }
        Err(Failure(problems)) => {
            findings.extend(problems.into_iter().map(|problem| Finding::of_problem("settings", problem)));
        }
    }
    let bad = findings.iter().any(|finding| finding.state == State::Bad);
    let rows: Vec<_> = findings
        .iter()
        .map(|f| json!({ "check": f.check, "state": f.state.word(), "saw": f.saw, "cure": f.cure }))
        .collect();
    context.out.answer(&json!({ "healthy": !bad, "checks": rows }), told(&findings));
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn told(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { check, state, saw, cure } in findings {
        let _infallible = writeln!(text, "{:<8} {check}: {saw}", state.word());
        if !cure.is_empty() {
            let _infallible = writeln!(text, "         cure: {cure}");
        }
    }
    let count = |wanted| findings.iter().filter(|finding| finding.state == wanted).count();
    let (bad, warnings) = (count(State::Bad), count(State::Warning));
    let _infallible = write!(text, "{} checks, {bad} bad, {warnings} warnings", findings.len());
    text
}
