//! Files of people, CSV, NDJSON and the citizens' XML message, read as a stream: a row at a time, memory flat whatever the size.

mod citizens_xml;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use csv::{ErrorKind, StringRecord};
use thiserror::Error;

pub use citizens_xml::{LeftOut, XmlRows};

use super::export::unguarded;
use crate::{
    crypto::digest::Sha256,
    registry::{Field, SourceRow},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    Ndjson,
    /// QCVN 109:2017/BTTTT.
    Xml,
}

impl Format {
    /// `.csv`, `.ndjson` or `.jsonl`, and `.xml`.
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    /// How names of such files end.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Xml => "xml",
        }
    }
}

/// The file is not what it should be: nothing of it can be trusted, so nothing is taken.
#[derive(Debug, Error)]
pub enum FileFault {
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("the file has no rows")]
    Empty,
    #[error("line 1: there is no column of the name {0:?}")]
    UnknownColumn(String),
    #[error("line 1: the column {0:?} stands there twice")]
    RepeatedColumn(&'static str),
    #[error("line 1: the column {0:?} is missing")]
    MissingColumn(&'static str),
    #[error("line {line}: the text is not UTF-8")]
    NotUtf8 { line: u64 },
    #[error("line {line}: the row has {found} cells and the header {expected}")]
    Cells { line: u64, found: u64, expected: u64 },
    #[error("line {line}: {what}")]
    Json { line: u64, what: String },
    #[error("line {line}: {what}")]
    Xml { line: u64, what: String },
    #[error("a row is longer than 8 MiB: a quote that nothing closes, or no file of rows")]
    LineTooLong,
    #[error("the file ends within a quoted cell that began in line {line}")]
    OpenQuote { line: u64 },
    #[error("the file changed while it was read")]
    Changed,
}

/// What a first reading tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub sha256: [u8; 32],
    pub rows: u64,
    pub bytes: u64,
    /// What the message carries and the record has no place for.
    pub left_out: LeftOut,
}

/// Reads a file to its end without taking anything: its digest, its number of rows, or the place where it is broken.
pub fn survey(path: &Path, format: Format) -> Result<Facts, FileFault> {
    let mut rows = Rows::open(path, format)?;
    let mut count = 0;
    while rows.next_row()?.is_some() {
        count += 1;
    }
    if count == 0 {
        return Err(FileFault::Empty);
    }
    let left_out = rows.left_out();
    let (sha256, bytes) = rows.digest()?;
    Ok(Facts { sha256, rows: count, bytes, left_out })
}

/// A file's rows, one after the other.
pub enum Rows {
    Csv(CsvRows),
    Ndjson(NdjsonRows),
    Xml(Box<XmlRows>),
}

impl Rows {
    pub fn open(path: &Path, format: Format) -> Result<Self, FileFault> {
        let source = Source::new(File::open(path)?, format);
        match format {
            Format::Csv => CsvRows::open(source).map(Self::Csv),
            Format::Ndjson => Ok(Self::Ndjson(NdjsonRows {
                source: BufReader::with_capacity(1 << 16, source),
                line: Vec::new(),
                number: 0,
            })),
            Format::Xml => Ok(Self::Xml(Box::new(XmlRows::open(source)))),
        }
    }

    /// The next row with the line it began in.
    pub fn next_row(&mut self) -> Result<Option<(u64, SourceRow<'_>)>, FileFault> {
        match self {
            Self::Csv(rows) => rows.next_row(),
            Self::Ndjson(rows) => rows.next_row(),
            Self::Xml(rows) => rows.next_row(),
        }
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Csv(rows) => rows.reader.get_ref().bytes,
            Self::Ndjson(rows) => rows.source.get_ref().bytes,
            Self::Xml(rows) => rows.bytes(),
        }
    }

    fn left_out(&self) -> LeftOut {
        match self {
            Self::Xml(rows) => rows.left_out(),
            Self::Csv(_) | Self::Ndjson(_) => LeftOut::default(),
        }
    }

    /// Of the whole file: call it after the last row.
    pub fn digest(self) -> Result<([u8; 32], u64), FileFault> {
        let mut source = match self {
            Self::Csv(rows) => {
                if rows.reader.get_ref().open_quote() {
                    return Err(FileFault::OpenQuote { line: rows.line });
                }
                rows.reader.into_inner()
            }
            Self::Ndjson(rows) => rows.source.into_inner(),
            Self::Xml(rows) => rows.into_source(),
        };
        io::copy(&mut source, &mut io::sink())?;
        Ok((source.digest.finish(), source.bytes))
    }
}

/// The file with its digest taken on the way, and a bound on its lines.
pub struct Source {
    file: File,
    digest: Sha256,
    bytes: u64,
    format: Format,
    /// Bytes of the piece that is being read: of a line, in CSV of a row with the line ends in its quotes, in XML of a tag, a
    /// text or a comment.
    piece: usize,
    quotes: u64,
}

const LONGEST_LINE: usize = 8 << 20;

impl Source {
    fn new(file: File, format: Format) -> Self {
        Self { file, digest: Sha256::new(), bytes: 0, format, piece: 0, quotes: 0 }
    }

    /// The reader of XML took a piece whole: what it reads next is another. What it read ahead counts for the next.
    const fn next_piece(&mut self) {
        self.piece = 0;
    }

    /// In CSV every quote has its partner, or the file was cut off.
    const fn open_quote(&self) -> bool {
        self.quotes % 2 == 1
    }
}

impl Source {
    /// The longest piece that these bytes go on with or hold.
    fn counted(&mut self, read: &[u8]) -> usize {
        match self.format {
            Format::Xml => {
                self.piece += read.len();
                self.piece
            }
            Format::Csv | Format::Ndjson => {
                let mut longest = 0;
                for (at, line) in read.split(|byte| *byte == b'\n').enumerate() {
                    // A quote that nothing closes makes one row of the rest of the file.
                    let goes_on = at == 0 || (self.format == Format::Csv && self.open_quote());
                    self.piece = line.len() + if goes_on { self.piece + usize::from(at > 0) } else { 0 };
                    self.quotes += line.iter().map(|byte| u64::from(*byte == b'"')).sum::<u64>();
                    longest = longest.max(self.piece);
                }
                longest
            }
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        self.digest.update(read);
        self.bytes += u64::try_from(count).unwrap_or(0);
        if self.counted(read) > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, FileFault::LineTooLong));
        }
        Ok(count)
    }
}

/// The bound on lines travels through the readers as an input error; here it becomes itself again.
fn io_fault(error: io::Error) -> FileFault {
    let too_long = error.get_ref().is_some_and(|inner| matches!(inner.downcast_ref(), Some(FileFault::LineTooLong)));
    if too_long { FileFault::LineTooLong } else { FileFault::Io(error) }
}

pub struct CsvRows {
    reader: csv::Reader<Source>,
    record: StringRecord,
    columns: Vec<Field>,
    /// Where the last row began.
    line: u64,
}

impl CsvRows {
    fn open(source: Source) -> Result<Self, FileFault> {
        // Lines end with LF here, or the reader miscounts those of files with CRLF; a CR left in the last cell is a space.
        let mut reader = csv::ReaderBuilder::new()
            .buffer_capacity(1 << 16)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(source);
        let header = reader.headers().map_err(csv_fault)?;
        let mut columns = Vec::with_capacity(header.len());
        for (at, name) in header.iter().enumerate() {
            // Spreadsheets write a byte-order mark before the first name.
            let name = if at == 0 { name.trim_start_matches('\u{FEFF}') } else { name };
            let field = Field::of_column(name.trim()).ok_or_else(|| FileFault::UnknownColumn(name.to_owned()))?;
            if columns.contains(&field) {
                return Err(FileFault::RepeatedColumn(field.column()));
            }
            columns.push(field);
        }
        if columns.is_empty() {
            return Err(FileFault::Empty);
        }
        if let Some(missing) = Field::REQUIRED.into_iter().find(|field| !columns.contains(field)) {
            return Err(FileFault::MissingColumn(missing.column()));
        }
        Ok(Self { reader, record: StringRecord::new(), columns, line: 1 })
    }

    fn next_row(&mut self) -> Result<Option<(u64, SourceRow<'_>)>, FileFault> {
        if !self.reader.read_record(&mut self.record).map_err(csv_fault)? {
            return Ok(None);
        }
        self.line = self.record.position().map_or(0, csv::Position::line);
        let mut row = SourceRow::default();
        for (field, cell) in self.columns.iter().zip(&self.record) {
            // As an export guards it from spreadsheets.
            row.set(*field, unguarded(cell));
        }
        Ok(Some((self.line, row)))
    }
}

fn csv_fault(error: csv::Error) -> FileFault {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        ErrorKind::Io(error) => io_fault(error),
        ErrorKind::Utf8 { .. } => FileFault::NotUtf8 { line },
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            FileFault::Cells { line, found: len, expected: expected_len }
        }
        other => FileFault::Json { line, what: format!("{other:?}") },
    }
}

pub struct NdjsonRows {
    source: BufReader<Source>,
    line: Vec<u8>,
    number: u64,
}

impl NdjsonRows {
    fn next_row(&mut self) -> Result<Option<(u64, SourceRow<'_>)>, FileFault> {
        loop {
            self.line.clear();
            if self.source.read_until(b'\n', &mut self.line).map_err(io_fault)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let line = self.number;
        let text = std::str::from_utf8(&self.line).map_err(|_| FileFault::NotUtf8 { line })?;
        let text = if line == 1 { text.trim_start_matches('\u{FEFF}') } else { text };
        let row = serde_json::from_str(text).map_err(|error| FileFault::Json { line, what: error.to_string() })?;
        Ok(Some((line, row)))
    }
}

#[cfg(test)]
#[path = "source_file_tests.rs"]
mod tests;
