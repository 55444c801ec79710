//! Synthetic people into a file, and from it into the registry, as an operator brings them in.

use std::{
    fs::File,
    io::BufWriter,
    path::{Path, PathBuf},
    time::Instant,
};

use dinhdanh::{
    base::Clock,
    flows::{
        Provider,
        registry::{
            Import, Refusal, Watch,
            source_file::{Facts, Format},
        },
    },
    registry::{
        Field, PersonRecord,
        synthetic::{Settings, Synthetic, SyntheticPerson, USUAL_DAY},
    },
    store::{audit::Actor, imports::Tally},
};

use super::Trouble;

pub struct Loaded {
    pub seconds: f64,
    pub resident_mb: u64,
}

struct Quiet;

impl Watch for Quiet {
    fn surveyed(&mut self, _facts: &Facts) {}
    fn refused(&mut self, refusal: &Refusal) {
        panic!("a generated row was refused: {refusal:?}");
    }
    fn progressed(&mut self, _bytes: u64, _rows: Tally) {}
}

const SAMPLE: u64 = 5_000;

/// The same people for the same number of them, each told to `each`; some of them, to look for.
pub fn people(
    count: u64,
    mut each: impl FnMut(&SyntheticPerson) -> Result<(), Trouble>,
) -> Result<Vec<PersonRecord>, Trouble> {
    let mut sample = Vec::new();
    let every = (count / SAMPLE).max(1);
    for (person, at) in Synthetic::new(Settings { seed: 1, count, as_of: USUAL_DAY })?.zip(0_u64..) {
        each(&person)?;
        if at.is_multiple_of(every) {
            sample.push(person.record);
        }
    }
    Ok(sample)
}

pub async fn load(provider: &Provider, path: PathBuf) -> Result<Loaded, Trouble> {
    let import = Import {
        db: provider.db.clone(),
        writer: provider.writer.clone(),
        vault: provider.secrets.vault.clone(),
        clock: Clock::System,
        entropy: provider.entropy.clone(),
        actor: Actor::CommandLine,
        decided: false,
    };
    let begun = Instant::now();
    import.run(path, Format::Csv, None, &mut Quiet).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Loaded { seconds, resident_mb: most_resident()? / 1024 })
}

/// As `registry generate` writes them.
pub fn write(count: u64, path: &Path) -> Result<Vec<PersonRecord>, Trouble> {
    let mut csv = csv::Writer::from_writer(BufWriter::with_capacity(1 << 20, File::create(path)?));
    csv.write_record(Field::ALL.map(Field::column))?;
    let sample = people(count, |person| Ok(csv.write_record(person.row().cells())?))?;
    csv.flush()?;
    Ok(sample)
}

/// In KB, as the kernel counts it for this process.
fn most_resident() -> Result<u64, Trouble> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    Ok(line.split_whitespace().next().unwrap_or("0").parse()?)
}
