//! A file of events, one JSON object a line: surveyed, then told row by row, some at once, those under one name in the order of the file. Told twice
//! it changes nothing; one that was broken off is gone on with.

mod lines;

use std::{collections::HashSet, io, path::PathBuf, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use serde_json::json;
use thiserror::Error;
use tokio::sync::mpsc;

use lines::{Facts, Line, survey};

use super::told::{self, Teller, Told, tell};
use crate::{
    base::{Clock, Fault, Span, Timestamp, fault::FaultKind, hex, json},
    crypto::digest::sha256_of,
    flows::{Provider, registry::import::on_a_thread},
    registry::civil_event::{Message, MessageFault},
    store::{
        AuditEvent, Class, LaneKey, Outcome as Audited, Tx, Unit,
        imports::{self, ImportFile, Tally},
    },
};

/// What became of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowFate {
    /// Proposed, a case, or waiting for what it builds on; in a dry run what it would be.
    Told(&'static str),
    /// Told before, with the same content.
    Known(&'static str),
    OtherContent,
    NotTheirs,
    Refused(Vec<MessageFault>),
}

#[derive(Clone, Debug)]
pub struct Row {
    pub line: u64,
    pub source_id: Option<String>,
    pub fate: RowFate,
}

/// Who looks on.
pub trait Watch: Send {
    fn surveyed(&mut self, rows: u64, bytes: u64);
    fn resumed(&mut self, line: u64);
    fn row(&mut self, row: &Row, bytes: u64, so_far: Tally);
}

#[derive(Debug, Error)]
pub enum EventFileError {
    #[error("{0}")]
    Read(#[from] io::Error),
    #[error("the file has no rows")]
    Empty,
    #[error("the file's SHA-256 is {0}, not the one that was expected")]
    Digest(String),
    #[error("the file changed while it was read")]
    Changed,
    #[error(transparent)]
    Record(#[from] Fault),
}

/// A file and how it is told.
pub struct EventFile<'a> {
    pub provider: &'a Provider,
    pub clock: &'a Clock,
    pub teller: &'a Teller,
    pub path: PathBuf,
    /// The digest that came with the file.
    pub expected: Option<[u8; 32]>,
}

/// Lanes share commits when several rows wait.
const AT_ONCE: usize = 16;
const MOST_TRIES: u64 = 40;
/// Nobody goes on with a file any more that was not touched for so long.
const QUIET: Span = Span::secs(10);

impl EventFile<'_> {
    pub async fn tell(&self, watch: &mut dyn Watch) -> Result<Tally, EventFileError> {
        let facts = self.survey(watch).await?;
        let now = self.clock.now();
        let mut conn = self.provider.db.read().await?;
        // The same bytes of another source are another file: each has its own names for events.
        let key = *sha256_of(&[&facts.sha256, self.teller.source.as_bytes()]).as_bytes();
        let broken_off = imports::broken_off(&mut conn, &key, now - QUIET).await?;
        drop(conn);
        let (id, done) = broken_off.unwrap_or_else(|| (self.provider.entropy.uuid(now), 0));
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let file = Arc::new(ImportFile { id, sha256: key, name });
        match broken_off {
            Some(_) => watch.resumed(done),
            None => self.submit(Step::Open, &file).await?,
        }
        let mut total = Tally::default();
        let (mut lines, reading) = self.lines(done);
        let mut last = done;
        while let Some(chunk) = next(&mut lines).await? {
            let mut step = Tally::default();
            for rows in without_a_name_twice(chunk.into_iter().map(ReadRow::of)) {
                let mut told = stream::iter(rows).map(|row| self.told(row)).buffered(AT_ONCE);
                while let Some(row) = told.next().await {
                    let (row, bytes) = row?;
                    count(&mut step, &row.fate);
                    last = row.line;
                    watch.row(&row, bytes, plus(total, step));
                }
            }
            total = plus(total, step);
            self.submit(Step::Rows(step, last), &file).await?;
        }
        reading.await?;
        let path = self.path.clone();
        if on_a_thread(move || survey(&path)).await??.sha256 != facts.sha256 {
            return Err(EventFileError::Changed);
        }
        self.submit(Step::Finish(total, facts.sha256), &file).await?;
        Ok(total)
    }

    /// What [`Self::tell`] would do; nothing is written. A name that stands twice in the file is not noticed.
    pub async fn rehearse(&self, watch: &mut dyn Watch) -> Result<Tally, EventFileError> {
        self.survey(watch).await?;
        let mut total = Tally::default();
        let (mut lines, reading) = self.lines(0);
        while let Some(chunk) = next(&mut lines).await? {
            for read in chunk.into_iter().map(ReadRow::of) {
                let (row, bytes) = self.judged(read).await?;
                count(&mut total, &row.fate);
                watch.row(&row, bytes, total);
            }
        }
        reading.await?;
        Ok(total)
    }

    async fn survey(&self, watch: &mut dyn Watch) -> Result<Facts, EventFileError> {
        let path = self.path.clone();
        let facts = on_a_thread(move || survey(&path)).await??;
        if self.expected.is_some_and(|expected| expected != facts.sha256) {
            return Err(EventFileError::Digest(hex(&facts.sha256)));
        }
        watch.surveyed(facts.rows, facts.bytes);
        Ok(facts)
    }

    /// The rows after line `done`, and the end of their reading.
    fn lines(
        &self,
        done: u64,
    ) -> (mpsc::Receiver<io::Result<Vec<Line>>>, impl Future<Output = Result<(), Fault>> + use<>) {
        let (hand, lines) = mpsc::channel(2);
        let path = self.path.clone();
        let reading = on_a_thread(move || {
            if let Err(error) = lines::read(&path, done, &hand) {
                let _nobody_takes_it = hand.blocking_send(Err(error));
            }
        });
        (lines, reading)
    }

    async fn told(&self, ReadRow { line, message, bytes }: ReadRow) -> Result<(Row, u64), Fault> {
        let message = match message {
            Ok(message) => message,
            Err(refused) => return Ok((refused, bytes)),
        };
        let mut tries = 0;
        let told = loop {
            match tell(self.provider, self.teller, &message, self.clock.now()).await {
                Err(fault) if tries < MOST_TRIES && matches!(fault.kind, FaultKind::Unavailable | FaultKind::Retry) => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(50 * tries.min(10))).await;
                }
                other => break other?,
            }
        };
        let fate = match told {
            Told::Kept { event, known } => {
                let standing = told::standing(self.provider, event, self.clock.now()).await?;
                let word = standing.as_ref().map_or("proposed", told::Standing::word);
                if known { RowFate::Known(word) } else { RowFate::Told(word) }
            }
            Told::OtherContent(_) => RowFate::OtherContent,
            Told::NotTheirs => RowFate::NotTheirs,
            Told::Refused(faults) => RowFate::Refused(faults),
        };
        Ok((Row { line, source_id: Some(message.source_id), fate }, bytes))
    }

    async fn judged(&self, ReadRow { line, message, bytes }: ReadRow) -> Result<(Row, u64), Fault> {
        let message = match message {
            Ok(message) => message,
            Err(refused) => return Ok((refused, bytes)),
        };
        let fate = told::would_be(self.provider, self.teller, &message, self.clock.now()).await?;
        Ok((Row { line, source_id: Some(message.source_id), fate }, bytes))
    }

    async fn submit(&self, step: Step, file: &Arc<ImportFile>) -> Result<(), Fault> {
        let unit = WriteStep { step, file: Arc::clone(file), by: self.teller.clone(), now: self.clock.now() };
        self.provider.writer.submit(unit).await
    }
}

/// A row before it is told, or what it is refused for.
struct ReadRow {
    line: u64,
    message: Result<Message, Row>,
    /// How far into the file it reaches.
    bytes: u64,
}

impl ReadRow {
    fn of((line, text, bytes): Line) -> Self {
        let message = text.map_err(Row::refused).and_then(|text| message(&text));
        Self { line, message: message.map_err(|refused| Row { line, ..refused }), bytes }
    }
}

/// Cut so that no part has two rows under one name: the first of them is the event, whatever happens to be quicker.
fn without_a_name_twice(rows: impl Iterator<Item = ReadRow>) -> Vec<Vec<ReadRow>> {
    let mut parts = vec![Vec::new()];
    let mut names = HashSet::new();
    for row in rows {
        if let Ok(message) = &row.message
            && !names.insert(message.source_id.clone())
        {
            names = HashSet::from([message.source_id.clone()]);
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(row);
        }
    }
    parts
}

impl Row {
    fn refused(fault: MessageFault) -> Self {
        Self { line: 0, source_id: None, fate: RowFate::Refused(vec![fault]) }
    }
}

fn message(bytes: &[u8]) -> Result<Message, Row> {
    let value = json::value(bytes).map_err(|_| Row::refused(MessageFault::not_json()))?;
    let source_id = value.get("source_id").and_then(|id| id.as_str()).map(|id| id.chars().take(80).collect());
    Message::read(&value).map_err(|faults| Row { line: 0, source_id, fate: RowFate::Refused(faults) })
}

async fn next(lines: &mut mpsc::Receiver<io::Result<Vec<Line>>>) -> Result<Option<Vec<Line>>, EventFileError> {
    Ok(lines.recv().await.transpose()?)
}

fn count(tally: &mut Tally, fate: &RowFate) {
    match fate {
        RowFate::Told(_) => tally.added += 1,
        RowFate::Known(_) => tally.known += 1,
        RowFate::OtherContent | RowFate::NotTheirs | RowFate::Refused(_) => tally.refused += 1,
    }
}

const fn plus(a: Tally, b: Tally) -> Tally {
    Tally { added: a.added + b.added, known: a.known + b.known, refused: a.refused + b.refused }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Open,
    /// Rows by what became of them, and the last line of them.
    Rows(Tally, u64),
    /// All rows, and the digest of the file.
    Finish(Tally, [u8; 32]),
}

struct WriteStep {
    step: Step,
    file: Arc<ImportFile>,
    by: Teller,
    now: Timestamp,
}

impl Unit for WriteStep {
    type Out = ();
    const KIND: &'static str = "registry.event_file";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.file.id)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        match self.step {
            Step::Open => imports::open(tx, &self.file, self.now).await,
            Step::Rows(rows, line) => imports::count_rows(tx, self.file.id, (rows, line), self.now).await,
            Step::Finish(rows, sha256) => {
                imports::finish(tx, self.file.id, self.now).await?;
                let event = AuditEvent::new(self.now, "registry.events_told", Audited::Done, self.by.actor.clone());
                tx.record(event.detail(json!({
                    "file": self.file.id, "sha256": hex(&sha256), "source": self.by.source,
                    "told": rows.added, "known": rows.known, "refused": rows.refused,
                })));
                Ok(())
            }
        }
    }
}
