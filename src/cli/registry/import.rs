//! `registry import FILE`: bring people in. Exit status 0: all rows came or were there; 1: some were refused; 2: the file,
//! the settings or the record stopped it.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Instant,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{generate::format_of, report::Report};
use crate::{
    base::hex::{hex, unhex},
    cli::{
        context::{Context, Sealed},
        failure::Failure,
        out::Out,
    },
    flows::registry::{
        Import, ImportError, PersonVault, Refusal, Watch,
        source_file::Facts,
        words::{code, vietnamese},
    },
    store::{audit::Actor, imports::Tally},
};

/// Add the people of a file that are not known yet; nobody who is known is changed.
#[derive(clap::Args)]
pub struct Args {
    /// A .csv or .ndjson file, as `registry generate` writes them, or the citizens' message of QCVN 109 as .xml.
    file: PathBuf,
    /// Read, check and compare everything, and write nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write refused rows here, one JSON object a line, instead of to standard error.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The file's expected SHA-256 in hex: another one changes nothing.
    #[arg(long, value_name = "HEX", value_parser = digest)]
    sha256: Option<[u8; 32]>,
}

const SOME_REFUSED: u8 = 1;
const STOPPED: u8 = 2;

pub async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match attempt(args, context).await {
        Ok(rows) if rows.refused > 0 => Ok(ExitCode::from(SOME_REFUSED)),
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err(failure) => {
            context.out.failure(&failure);
            Ok(ExitCode::from(STOPPED))
        }
    }
}

async fn attempt(args: Args, context: &Context) -> Result<Tally, Failure> {
    let format = format_of(&args.file)?;
    let loaded = context.load(Vec::new())?;
    let Sealed { db, kek, .. } = context.open_sealed(&loaded).await?;
    let vault = Arc::new(PersonVault::new(&kek));
    let import = Import {
        writer: context.writer(&db),
        db: db.clone(),
        vault,
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        actor: Actor::CommandLine,
        decided: false,
    };
    let mut watch = Watching::new(context.out, Report::open(args.report.as_deref(), &args.file)?);
    let begun = Instant::now();
    let result = if args.dry_run {
        import.rehearse(args.file.clone(), format, args.sha256, &mut watch).await
    } else {
        import.run(args.file.clone(), format, args.sha256, &mut watch).await
    };
    let (resumed, left_out, likely) = (watch.resumed, watch.left_out(), watch.likely);
    drop(import);
    db.close().await;
    let facts = watch.end()?;
    let rows = result.map_err(|error| failed(&args.file, &error, facts.is_some()))?;
    let seconds = begun.elapsed().as_secs_f64();
    let machine = json!({
        "file": args.file.display().to_string(),
        "sha256": facts.map(|facts| hex(&facts.sha256)),
        "rows": rows.added + rows.known + rows.refused,
        "added": rows.added,
        "known": rows.known,
        "refused": rows.refused,
        "seconds": seconds,
        "dry_run": args.dry_run,
        "resumed_after_line": resumed,
        "left_out": left_out,
        "likely": likely,
    });
    let mut person =
        format!("{} added, {} known already, {} refused, in {seconds:.1} s", rows.added, rows.known, rows.refused);
    if let Some(line) = resumed {
        let _ = write!(person, "; gone on after line {line}");
    }
    if !left_out.is_empty() {
        let _ = write!(person, "; the record has no place for: {}", left_out.join(", "));
    }
    if likely > 0 {
        let _ = write!(person, "; {likely} may be recorded already under another number");
    }
    if args.dry_run {
        person.push_str("; a dry run: nothing was written");
    }
    context.out.answer(&machine, person);
    Ok(rows)
}

fn failed(file: &Path, error: &ImportError, surveyed: bool) -> Failure {
    let place = file.display().to_string();
    match error {
        ImportError::File(fault) if !surveyed => Failure::new(
            place,
            format!("{fault}; nothing was changed"),
            "mend or fetch the file again; `registry generate 10 --out sample.csv` writes one in the right form",
        ),
        ImportError::NotFirst => Failure::new(
            place,
            format!("{error}; nothing was changed"),
            "lay it into the folder of imports (`registry.import_folder`) and propose it at /console/imports; `--dry-run` tells what it would do",
        ),
        ImportError::Digest { .. } => {
            Failure::new(place, format!("{error}; nothing was changed"), "fetch the file again")
        }
        ImportError::File(fault) => Failure::new(
            place,
            format!("{fault}; the rows before it are in"),
            "run the import again: who is in already is left as they are",
        ),
        ImportError::Record(fault) => super::record(fault.clone()),
    }
}

/// The progress bar, and the report of refused rows.
struct Watching {
    out: Out,
    bar: ProgressBar,
    report: Report,
    facts: Option<Facts>,
    resumed: Option<u64>,
    /// Rows of a dry run that may be somebody who is recorded under another number.
    likely: u64,
}

impl Watching {
    fn left_out(&self) -> Vec<&'static str> {
        self.facts.map(|facts| facts.left_out.names().collect()).unwrap_or_default()
    }

    fn new(out: Out, report: Report) -> Self {
        Self { out, bar: ProgressBar::hidden(), report, facts: None, resumed: None, likely: 0 }
    }

    /// What the survey found, if it came that far.
    fn end(self) -> Result<Option<Facts>, Failure> {
        self.bar.finish_and_clear();
        self.report.end()?;
        Ok(self.facts)
    }
}

impl Watch for Watching {
    fn surveyed(&mut self, facts: &Facts) {
        self.facts = Some(*facts);
        if self.out.shows_progress() {
            let style = ProgressStyle::with_template("{wide_bar} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  {eta}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = ProgressBar::new(facts.bytes).with_style(style);
        }
    }

    fn refused(&mut self, refusal: &Refusal) {
        let Refusal { line, field, reason } = refusal;
        let (field, vi) = (field.column(), vietnamese(reason));
        let object =
            || json!({ "line": line, "field": field, "reason": code(reason), "vi": vi, "en": reason.to_string() });
        // Nobody reading standard error is no reason to stop.
        if self.report.is_there() {
            self.report.write(&object());
        } else if self.out.is_json() {
            let _reader_gone = writeln!(io::stderr(), "{}", object());
        } else {
            let line = format!("dòng/line {line}, {field}: {vi} / {reason}");
            let _reader_gone = self.bar.suspend(|| writeln!(io::stderr(), "{line}"));
        }
    }

    fn likely(&mut self, line: u64) {
        self.likely += 1;
        self.report.write(&json!({ "line": line, "likely": true }));
    }

    fn resumed(&mut self, line: u64) {
        self.resumed = Some(line);
    }

    fn progressed(&mut self, bytes: u64, rows: Tally) {
        self.bar.set_position(bytes);
        self.bar.set_message(format!("{} +{} ={} ✗{}", rows_of(rows), rows.added, rows.known, rows.refused));
    }
}

const fn rows_of(rows: Tally) -> u64 {
    rows.added + rows.known + rows.refused
}

pub(super) fn digest(text: &str) -> Result<[u8; 32], String> {
    let wrong = || "a SHA-256 has 64 hexadecimal digits".to_owned();
    unhex(text).and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)
}
