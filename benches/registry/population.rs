//! Synthetic people into a file, and from it into the registry, as an operator brings them in.

use std::{io::BufWriter, sync::Arc, time::Instant};

use dinhdanh::{
    base::{Clock, Entropy, ids::InstanceId},
    crypto::{Kek, random},
    flows::registry::{
        Import, PersonVault, Refusal, Watch,
        source_file::{Facts, Format},
    },
    registry::{
        Field, PersonRecord,
        synthetic::{Settings, Synthetic, USUAL_DAY},
    },
    store::{Db, Writer, audit::Actor, imports::Tally},
};

use super::Trouble;

pub struct Loaded {
    pub seconds: f64,
    pub resident_mb: u64,
    /// Some of the people, to look for.
    pub sample: Vec<PersonRecord>,
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

pub async fn load(db: &Db, people: u64) -> Result<Loaded, Trouble> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("people.csv");
    let mut csv = csv::Writer::from_writer(BufWriter::with_capacity(1 << 20, std::fs::File::create(&path)?));
    csv.write_record(Field::ALL.map(Field::column))?;
    let mut sample = Vec::new();
    let every = (people / SAMPLE).max(1);
    for (person, at) in Synthetic::new(Settings { seed: 1, count: people, as_of: USUAL_DAY })?.zip(0_u64..) {
        csv.write_record(person.row().cells())?;
        if at.is_multiple_of(every) {
            sample.push(person.record);
        }
    }
    csv.flush()?;
    drop(csv);
    let entropy: Entropy = random::entropy();
    let clock = Clock::System;
    let writer = Writer::start(db, InstanceId::generate(&entropy, clock.now()));
    let import = Import {
        db: db.clone(),
        writer: writer.clone(),
        vault: Arc::new(PersonVault::new(&Kek::from_bytes(&entropy.bytes()))),
        clock,
        entropy,
        actor: Actor::CommandLine,
        decided: false,
    };
    let begun = Instant::now();
    import.run(path, Format::Csv, None, &mut Quiet).await?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(Loaded { seconds, resident_mb: most_resident()? / 1024, sample })
}

/// In KB, as the kernel counts it for this process.
fn most_resident() -> Result<u64, Trouble> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    Ok(line.split_whitespace().next().unwrap_or("0").parse()?)
}
