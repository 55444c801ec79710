//! Bringing a file of people into the registry: surveyed first, then streamed in batches. It only adds; run twice it
//! changes nothing, so that an interrupted import is simply run again.

mod differing;
mod rehearsal;

use std::{
    future::Future,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::{sync::mpsc, time::Instant};

use super::{
    add_people::{AddPeople, Batch, FinishImport, OpenImport},
    load_units::load_units,
    pace::Pace,
    prepare,
    source_file::{Facts, FileFault, Format, Rows, survey},
    vault::PersonVault,
};
use crate::{
    base::{Clock, Entropy, Fault, Span, fault::FaultKind, hex},
    registry::{Field, PersonRecord, Reason},
    store::{
        Db, Writer,
        audit::Actor,
        imports::{self, ImportFile, Tally},
        intake::NewPerson,
    },
};

/// What an import needs.
pub struct Import {
    pub db: Db,
    pub writer: Writer,
    pub vault: Arc<PersonVault>,
    pub clock: Clock,
    pub entropy: Entropy,
    pub actor: Actor,
    /// Without a decision by two people only the first file of an empty registry comes in.
    pub decided: bool,
}

/// A field of a row that keeps the row out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub line: u64,
    pub field: Field,
    pub reason: Reason,
}

#[derive(Debug, Error)]
pub enum ImportError {
    #[error(transparent)]
    File(#[from] FileFault),
    #[error("the file's SHA-256 is {found}, not the one that was expected")]
    Digest { found: String },
    #[error("there are people in the registry: a file is proposed and decided by two operators")]
    NotFirst,
    #[error(transparent)]
    Record(#[from] Fault),
}

/// Who looks on: a progress bar, a report, a console page.
pub trait Watch: Send {
    fn surveyed(&mut self, facts: &Facts);
    fn refused(&mut self, refusal: &Refusal);
    /// A row that would be added is very like somebody who is recorded under another number.
    fn likely(&mut self, _line: u64) {}
    fn progressed(&mut self, bytes: u64, rows: Tally);
    /// An earlier run came as far as this line; it is gone on with from there.
    fn resumed(&mut self, _line: u64) {}
}

/// What the reading thread hands over.
struct Chunk {
    people: Vec<(u64, NewPerson)>,
    refusals: Vec<Refusal>,
    refused_rows: u64,
    first_line: u64,
    last_line: u64,
    bytes: u64,
}

const MOST_TRIES: u64 = 40;
/// Longer than any batch takes: an import that was not touched for so long is nobody's any more.
const QUIET: Span = Span::secs(10);

fn check_digest(expected: Option<[u8; 32]>, facts: &Facts) -> Result<(), ImportError> {
    match expected {
        Some(expected) if expected != facts.sha256 => Err(ImportError::Digest { found: hex(&facts.sha256) }),
        _ => Ok(()),
    }
}

/// How the reading of a file ended.
type Read = Result<Result<(), ImportError>, Fault>;

impl Import {
    /// `expected` is the digest that came with the file, where one did.
    pub async fn run(
        &self,
        path: PathBuf,
        format: Format,
        expected: Option<[u8; 32]>,
        watch: &mut dyn Watch,
    ) -> Result<Tally, ImportError> {
        let surveyed = path.clone();
        let facts = on_a_thread(move || survey(&surveyed, format)).await??;
        check_digest(expected, &facts)?;
        if !self.decided && !imports::is_first_load(&mut self.db.read().await?, &facts.sha256).await? {
            return Err(ImportError::NotFirst);
        }
        watch.surveyed(&facts);
        load_units(&self.db, &self.writer, self.actor.clone(), self.clock.now()).await?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let now = self.clock.now();
        let broken_off = imports::broken_off(&mut self.db.read().await?, &facts.sha256, now - QUIET).await?;
        let (id, done) = broken_off.unwrap_or_else(|| (self.entropy.uuid(now), 0));
        let file = Arc::new(ImportFile { id, sha256: facts.sha256, name });
        if broken_off.is_some() {
            watch.resumed(done);
        } else {
            self.writer.submit(OpenImport { file: Arc::clone(&file), now }).await?;
        }
        let rows = self.stream((path, format, done), &file, watch).await?;
        let finish = FinishImport { file, rows, actor: self.actor.clone(), now: self.clock.now() };
        self.writer.submit(finish).await?;
        Ok(rows)
    }

    async fn stream(
        &self,
        (path, format, done): (PathBuf, Format, u64),
        file: &Arc<ImportFile>,
        watch: &mut dyn Watch,
    ) -> Result<Tally, ImportError> {
        let mut pace = Pace::on(self.db.engine());
        let (mut chunks, reading, size) = self.reading(path, format, file.sha256, done);
        let mut total = Tally::default();
        while let Some(chunk) = chunks.recv().await {
            chunk.refusals.iter().for_each(|refusal| watch.refused(refusal));
            let (bytes, people) = (chunk.bytes, chunk.people.len());
            let begun = Instant::now();
            let added = self.add(chunk.into_batch(Arc::clone(file))).await?;
            let next = pace.next(people, begun.elapsed(), size.load(Ordering::Relaxed), added.changes_of_others);
            size.store(next, Ordering::Relaxed);
            for (line, field, reason) in added.refused {
                watch.refused(&Refusal { line, field, reason });
            }
            total.added += added.tally.added;
            total.known += added.tally.known;
            total.refused += added.tally.refused;
            watch.progressed(bytes, total);
        }
        reading.await??;
        Ok(total)
    }

    /// The reading thread, at work from the line after `done`; batches are as large as `size` says at the time.
    fn reading(
        &self,
        path: PathBuf,
        format: Format,
        sha256: [u8; 32],
        done: u64,
    ) -> (mpsc::Receiver<Chunk>, impl Future<Output = Read> + use<>, Arc<AtomicUsize>) {
        let size = Arc::new(AtomicUsize::new(Pace::on(self.db.engine()).start()));
        let (hand, chunks) = mpsc::channel(2);
        let reader = Reader {
            vault: Arc::clone(&self.vault),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            size: Arc::clone(&size),
            sha256,
            done,
        };
        (chunks, on_a_thread(move || reader.read(&path, format, &hand)), size)
    }

    /// Adds a batch, and opens a case for whom the registry knows otherwise.
    async fn add(&self, batch: Batch) -> Result<super::add_people::Added, Fault> {
        let batch = Arc::new(batch);
        let added = self.submitted(&batch).await?;
        differing::open_cases(self, &batch, &added.refused, self.clock.now()).await?;
        Ok(added)
    }

    /// Another process may hold the write lock or the turn for a moment: the batch waits.
    async fn submitted(&self, batch: &Arc<Batch>) -> Result<super::add_people::Added, Fault> {
        let mut tries = 0;
        loop {
            let unit = AddPeople {
                batch: Arc::clone(batch),
                compares: self.decided,
                actor: self.actor.clone(),
                now: self.clock.now(),
            };
            match self.writer.submit(unit).await {
                Err(fault) if tries < MOST_TRIES && matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry) => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50 * tries.min(10))).await;
                }
                other => return other,
            }
        }
    }
}

impl Chunk {
    fn new() -> Self {
        Self { people: Vec::new(), refusals: Vec::new(), refused_rows: 0, first_line: 0, last_line: 0, bytes: 0 }
    }

    fn rows(&self) -> u64 {
        u64::try_from(self.people.len()).unwrap_or(u64::MAX).saturating_add(self.refused_rows)
    }

    fn into_batch(self, file: Arc<ImportFile>) -> Batch {
        Batch {
            file,
            people: self.people,
            refused: self.refused_rows,
            first_line: self.first_line,
            last_line: self.last_line,
        }
    }
}

/// Parses, checks and seals beside the writer, on a thread of its own.
struct Reader {
    vault: Arc<PersonVault>,
    clock: Clock,
    entropy: Entropy,
    size: Arc<AtomicUsize>,
    sha256: [u8; 32],
    /// Rows up to this line are in already.
    done: u64,
}

impl Reader {
    fn read(self, path: &Path, format: Format, hand: &mpsc::Sender<Chunk>) -> Result<(), ImportError> {
        let mut rows = Rows::open(path, format)?;
        let mut chunk = Chunk::new();
        let mut full = self.full();
        let mut now = self.clock.now();
        while let Some((line, row)) = rows.next_row()? {
            if line <= self.done {
                continue;
            }
            if chunk.rows() == 0 {
                chunk.first_line = line;
            }
            chunk.last_line = line;
            match PersonRecord::read(&row, now.vietnam_date()) {
                Ok(record) => {
                    chunk.people.push((line, prepare::new_person(record, &self.vault, &self.entropy, now)?));
                }
                Err(faults) => {
                    chunk.refused_rows += 1;
                    let refusal =
                        |fault: crate::registry::FieldFault| Refusal { line, field: fault.field, reason: fault.reason };
                    chunk.refusals.extend(faults.into_iter().map(refusal));
                }
            }
            if chunk.rows() >= full {
                chunk.bytes = rows.bytes();
                // Nobody takes it any more: the import failed, and says why itself.
                if hand.blocking_send(std::mem::replace(&mut chunk, Chunk::new())).is_err() {
                    return Ok(());
                }
                (full, now) = (self.full(), self.clock.now());
            }
        }
        chunk.bytes = rows.bytes();
        if chunk.rows() > 0 {
            let _nobody_takes_it = hand.blocking_send(chunk);
        }
        let (sha256, _) = rows.digest()?;
        if sha256 == self.sha256 { Ok(()) } else { Err(FileFault::Changed.into()) }
    }

    fn full(&self) -> u64 {
        u64::try_from(self.size.load(Ordering::Relaxed)).unwrap_or(u64::MAX)
    }
}

/// Reading a file blocks, and would hold up everything else on the runtime's threads. The thread runs from the call on;
/// the future only waits for it.
pub(super) fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T, Fault>> {
    let (done, wait) = tokio::sync::oneshot::channel();
    let run = move || {
        let _nobody_waits = done.send(work());
    };
    let started = std::thread::Builder::new().name("registry-import".to_owned()).spawn(run);
    async move {
        started.map_err(|error| Fault::internal("starting the reading thread", error))?;
        wait.await.map_err(|error| Fault::internal("the reading thread panicked", error))
    }
}
