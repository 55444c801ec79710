//! `registry events FILE`: a file of civil events is proposed, row by row. Exit status 0: all rows are kept, proposed or as
//! cases; 1: some were refused; 2: the file, the settings or the record stopped it.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{import::digest, report::Report};
use crate::{
    cli::{context::Context, failure::Failure, out::Out, start},
    flows::registry::events::{
        Teller,
        file::{EventFile, EventFileError, Row, RowFate, Watch},
    },
    registry::civil_event::MessageFault,
    store::{audit::Actor, imports::Tally},
};

/// Propose the civil events of a file; officers decide about them in the console.
#[derive(clap::Args)]
pub struct Args {
    /// An .ndjson file: one object a line with `source_id`, `kind`, `fields`, and if need be `unit` and `note`.
    file: PathBuf,
    /// Whose file it is: source ids are theirs, and the same id of the same source is the same event.
    #[arg(long, value_name = "NAME", value_parser = source)]
    source: String,
    /// Who looks after cases whose place neither the row nor a person in it tells: a province or commune.
    #[arg(long, value_name = "CODE")]
    unit: Option<String>,
    /// Read, check and compare everything, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write what became of every row here, one JSON object a line; refused rows go to standard error otherwise.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The file's expected SHA-256 in hex: another one changes nothing.
    #[arg(long, value_name = "HEX", value_parser = digest)]
    sha256: Option<[u8; 32]>,
}

const SOME_REFUSED: u8 = 1;
const STOPPED: u8 = 2;

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match Box::pin(attempt(args, context)).await {
        Ok(rows) if rows.refused > 0 => Ok(ExitCode::from(SOME_REFUSED)),
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(failure) => {
            context.out.failure(&failure);
            Ok(ExitCode::from(STOPPED))
        }
    }
}

async fn attempt(args: Args, context: &Context) -> Result<Tally, Failure> {
    let today = context.clock.now().vietnam_date();
    if let Some(unit) = args.unit.as_deref().filter(|unit| crate::registry::admin_unit::on(unit, today).is_none()) {
        return Err(Failure::new("--unit", format!("{unit} is no province or commune of today"), "give its code"));
    }
    let loaded = context.load(Vec::new())?;
    let sealed = context.open_sealed(&loaded).await?;
    let provider = start::provider_of_command(context, &loaded, sealed)?;
    let teller = Teller {
        actor: Actor::CommandLine,
        source: format!("file:{}", args.source),
        part: None,
        unit: args.unit,
        on_behalf: Some(args.source),
    };
    let path = args.file.clone();
    let file = EventFile { provider: &provider, clock: &context.clock, teller: &teller, path, expected: args.sha256 };
    let mut watch = Watching::new(context.out, Report::open(args.report.as_deref(), &args.file)?);
    let result = if args.dry_run { file.rehearse(&mut watch).await } else { file.tell(&mut watch).await };
    provider.writer.stop().await;
    let (by_fate, resumed) = watch.end()?;
    let rows = result.map_err(|error| failed(&args.file, &error))?;
    let machine = json!({
        "file": args.file.display().to_string(), "rows": rows.added + rows.known + rows.refused, "told": rows.added,
        "proposed": by_fate.proposed, "waiting": by_fate.waiting, "cases": by_fate.cases, "known": rows.known,
        "refused": rows.refused, "dry_run": args.dry_run, "resumed_after_line": resumed,
    });
    let mut person = format!(
        "{} proposed, {} waiting for what they build on, {} cases, {} known already, {} refused",
        by_fate.proposed, by_fate.waiting, by_fate.cases, rows.known, rows.refused
    );
    if let Some(line) = resumed {
        let _ = write!(person, "; gone on after line {line}");
    }
    if args.dry_run {
        person.push_str("; a dry run: nothing was written");
    }
    context.out.answer(&machine, person);
    Ok(rows)
}

fn failed(file: &Path, error: &EventFileError) -> Failure {
    let place = file.display().to_string();
    match error {
        EventFileError::Record(fault) => super::record(fault.clone()),
        EventFileError::Changed => Failure::new(place, error.to_string(), "fetch the file again, and tell it again"),
        _ => Failure::new(place, format!("{error}; nothing was changed"), "mend or fetch the file again"),
    }
}

fn source(text: &str) -> Result<String, String> {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=60).contains(&text.len()) && text.bytes().all(sound) {
        Ok(text.to_owned())
    } else {
        Err("a source's name has 1 to 60 letters, digits and . _ -".to_owned())
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct ByFate {
    proposed: u64,
    waiting: u64,
    cases: u64,
}

/// The progress bar, and the report.
struct Watching {
    out: Out,
    bar: ProgressBar,
    report: Report,
    by_fate: ByFate,
    resumed: Option<u64>,
}

impl Watching {
    fn new(out: Out, report: Report) -> Self {
        Self { out, bar: ProgressBar::hidden(), report, by_fate: ByFate::default(), resumed: None }
    }

    fn end(self) -> Result<(ByFate, Option<u64>), Failure> {
        self.bar.finish_and_clear();
        self.report.end()?;
        Ok((self.by_fate, self.resumed))
    }
}

impl Watch for Watching {
    fn surveyed(&mut self, _rows: u64, bytes: u64) {
        if self.out.shows_progress() {
            let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}  {msg}  {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = ProgressBar::new(bytes).with_style(style);
        }
    }

    fn resumed(&mut self, line: u64) {
        self.resumed = Some(line);
    }

    fn row(&mut self, row: &Row, bytes: u64, rows: Tally) {
        match row.fate {
            RowFate::Told("waiting") => self.by_fate.waiting += 1,
            RowFate::Told("case") => self.by_fate.cases += 1,
            RowFate::Told(_) => self.by_fate.proposed += 1,
            _ => {}
        }
        self.bar.set_position(bytes);
        self.bar.set_message(format!("+{} ={} ✗{}", rows.added, rows.known, rows.refused));
        let (status, errors) = told(&row.fate);
        let object = || {
            let errors: Vec<Value> = errors.iter().map(in_words).collect();
            json!({ "line": row.line, "source_id": row.source_id, "status": status, "errors": errors })
        };
        // Nobody reading standard error is no reason to stop.
        if self.report.is_there() {
            self.report.write(&object());
        } else if is_refused(&row.fate) && self.out.is_json() {
            let _reader_gone = writeln!(io::stderr(), "{}", object());
        } else if is_refused(&row.fate) {
            let line = for_people(row, status, &errors);
            let _reader_gone = self.bar.suspend(|| writeln!(io::stderr(), "{line}"));
        }
    }
}

const fn is_refused(fate: &RowFate) -> bool {
    matches!(fate, RowFate::Refused(_) | RowFate::OtherContent | RowFate::NotTheirs)
}

fn told(fate: &RowFate) -> (&'static str, Vec<MessageFault>) {
    match fate {
        RowFate::Told(word) => (word, Vec::new()),
        RowFate::Known(_) => ("known", Vec::new()),
        RowFate::OtherContent => ("other_content", vec![MessageFault::other_content()]),
        RowFate::NotTheirs => ("not_theirs", Vec::new()),
        RowFate::Refused(faults) => ("refused", faults.clone()),
    }
}

fn in_words(fault: &MessageFault) -> Value {
    json!({ "pointer": fault.pointer, "reason": fault.code, "vi": fault.vi, "en": fault.en })
}

fn for_people(row: &Row, status: &str, errors: &[MessageFault]) -> String {
    let mut line = format!("dòng/line {} ({}): {status}", row.line, row.source_id.as_deref().unwrap_or("-"));
    for fault in errors {
        let _ = write!(line, "\n  {} {} / {}", fault.pointer, fault.vi, fault.en);
    }
    line
}
