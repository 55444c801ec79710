//! `--report FILE`: what became of the rows of a file, one JSON object a line.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use serde_json::Value;

use crate::cli::failure::Failure;

/// Absent when nobody asked for one.
pub struct Report {
    file: Option<BufWriter<File>>,
    broken: Option<io::Error>,
}

impl Report {
    /// For its owner alone: rows hold names and numbers. Never over the file whose rows it tells of.
    pub fn open(path: Option<&Path>, source: &Path) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self { file: None, broken: None }) };
        let place = path.display().to_string();
        let cure = "choose another file for --report";
        if is_the_same(path, source) {
            return Err(Failure::new(place, "is the file that is to be read", cure));
        }
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| Failure::new(place, error.to_string(), cure))?;
        Ok(Self { file: Some(BufWriter::new(file)), broken: None })
    }

    pub const fn is_there(&self) -> bool {
        self.file.is_some()
    }

    /// A full disk under it is told at the end: the rows are in, or will be.
    pub fn write(&mut self, line: &Value) {
        let written = self.file.as_mut().map_or(Ok(()), |file| writeln!(file, "{line}"));
        if let Err(error) = written {
            self.broken.get_or_insert(error);
        }
    }

    pub fn end(mut self) -> Result<(), Failure> {
        let flushed = self.file.as_mut().map_or(Ok(()), Write::flush);
        self.broken.map_or(flushed, Err).map_err(|error| {
            Failure::new("--report", error.to_string(), "make room, and run it again: what is in is left as it is")
        })
    }
}

fn is_the_same(one: &Path, other: &Path) -> bool {
    let id = |path| fs::metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((id(one), id(other)), (Ok(one), Ok(other)) if one == other)
}
