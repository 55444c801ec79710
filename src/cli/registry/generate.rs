//! `registry generate N --out FILE`: people who never lived, for trying and for measuring.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use time::{Date, macros::format_description};

use crate::{
    cli::{context::Context, failure::Failure},
    flows::registry::{source_file::Format, unnamed_file::UnnamedFile},
    registry::{
        Field, SourceRow,
        synthetic::{Settings, Synthetic, USUAL_DAY},
    },
};

/// Make a synthetic population: believable, the same for the same seed, with numbers and telephones that are nobody's.
#[derive(clap::Args)]
pub struct Args {
    /// How many people, up to 100,000,000.
    count: u64,
    /// The file to write: .csv, or .ndjson.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Another seed makes other people.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The day on which ages and cards are as they are written.
    #[arg(long, value_name = "YYYY-MM-DD", default_value_t = USUAL_DAY, value_parser = day)]
    as_of: Date,
}

fn day(text: &str) -> Result<Date, String> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).map_err(|error| error.to_string())
}

pub async fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let place = args.out.display().to_string();
    let form = match format_of(&args.out)? {
        Format::Csv => Form::Csv,
        Format::Ndjson => Form::Ndjson,
        Format::Xml => {
            let cure = "name it .csv or .ndjson; `registry export` writes the citizens' message";
            return Err(Failure::new(place, "people are made as .csv or .ndjson", cure));
        }
    };
    let people = Synthetic::new(Settings { seed: args.seed, count: args.count, as_of: args.as_of })
        .map_err(|error| Failure::new("N", error.to_string(), "ask for fewer"))?;
    let bar = if context.out.shows_progress() { bar(args.count) } else { ProgressBar::hidden() };
    let written = write(people, &args.out, form, &bar).await;
    bar.finish_and_clear();
    let bytes = written
        .map_err(|error| Failure::new(&place, error.to_string(), "choose a folder that can be written and has room"))?;
    let machine = json!({ "people": args.count, "seed": args.seed, "file": place, "bytes": bytes, "synthetic": true });
    context.out.answer(&machine, format_args!("{} synthetic people in {place} ({bytes} bytes)", args.count));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn format_of(path: &Path) -> Result<Format, Failure> {
    Format::of_path(path).ok_or_else(|| {
        Failure::new(path.display().to_string(), "the file's kind is not known", "name it .csv, .ndjson or .xml")
    })
}

enum Form {
    Csv,
    Ndjson,
}

/// What breaks off leaves no file that looks like all of them.
async fn write(people: Synthetic, path: &Path, form: Form, bar: &ProgressBar) -> io::Result<u64> {
    let unnamed = UnnamedFile::beside(path);
    // Nobody's data: who may read it, the umask says.
    let file = unnamed.create(0o666)?;
    let mut out = Counted { inner: BufWriter::with_capacity(1 << 20, file), bytes: 0 };
    match form {
        Form::Csv => {
            let mut csv = csv::Writer::from_writer(&mut out);
            csv.write_record(Field::ALL.map(Field::column))?;
            for (person, count) in people.zip(1_u64..) {
                csv.write_record(person.row().cells())?;
                tick(bar, count).await;
            }
            csv.flush()?;
        }
        Form::Ndjson => {
            for (person, count) in people.zip(1_u64..) {
                let row: SourceRow<'_> = person.row();
                serde_json::to_writer(&mut out, &row)?;
                out.write_all(b"\n")?;
                tick(bar, count).await;
            }
        }
    }
    out.inner.flush()?;
    out.inner.get_ref().sync_all()?;
    unnamed.name()?;
    Ok(out.bytes)
}

/// Also when somebody may say that it shall stop.
async fn tick(bar: &ProgressBar, count: u64) {
    if count.is_multiple_of(4_096) {
        bar.set_position(count);
        tokio::task::yield_now().await;
    }
}

struct Counted<W> {
    inner: W,
    bytes: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.bytes += u64::try_from(count).unwrap_or(0);
        Ok(count)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

fn bar(people: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len}  {per_sec}  {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(people).with_style(style)
}
