//! The rows of a file of events: counted, digested, and handed on in steps without holding more than one step.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read as _},
    path::Path,
};

use tokio::sync::mpsc;

use super::EventFileError;
use crate::{crypto::digest::Sha256, registry::civil_event::MessageFault};

#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub sha256: [u8; 32],
    pub rows: u64,
    pub bytes: u64,
}

/// Rows of one step: so many are told again after a break at the most.
const STEP: usize = 128;
/// An event's longest row; a longer one is refused without being held.
const LONGEST: u64 = 64 * 1024;
/// A row with its number, and the bytes up to its end.
pub type Line = (u64, Result<Vec<u8>, MessageFault>, u64);

/// Reads the file to its end without taking anything.
pub fn survey(path: &Path) -> Result<Facts, EventFileError> {
    let mut file = File::open(path)?;
    let mut digest = Sha256::new();
    let (mut rows, mut bytes, mut blank) = (0, 0, true);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else { break };
        digest.update(read);
        bytes += u64::try_from(count).unwrap_or(0);
        for byte in read {
            if *byte == b'\n' {
                rows += u64::from(!blank);
                blank = true;
            } else if !byte.is_ascii_whitespace() {
                blank = false;
            }
        }
    }
    rows += u64::from(!blank);
    if rows == 0 {
        return Err(EventFileError::Empty);
    }
    Ok(Facts { sha256: digest.finish(), rows, bytes })
}

/// Hands the rows after line `done` on, in steps. A row that is too long is passed over in place, never held.
pub fn read(path: &Path, done: u64, hand: &mpsc::Sender<io::Result<Vec<Line>>>) -> io::Result<()> {
    let mut source = BufReader::with_capacity(1 << 16, File::open(path)?);
    let (mut number, mut bytes, mut chunk) = (0, 0, Vec::new());
    loop {
        let mut line = Vec::new();
        let count = (&mut source).take(LONGEST).read_until(b'\n', &mut line)?;
        if count == 0 {
            break;
        }
        number += 1;
        bytes += u64::try_from(count).unwrap_or(0);
        let mut row = Ok(line);
        if row.as_ref().is_ok_and(|line| line.last() != Some(&b'\n')) && u64::try_from(count).unwrap_or(0) == LONGEST {
            bytes += skip_line(&mut source)?;
            row = Err(MessageFault::too_long());
        }
        let blank = row.as_ref().is_ok_and(|line| line.trim_ascii().is_empty());
        if number <= done || blank {
            continue;
        }
        if let (1, Ok(line)) = (number, &mut row)
            && line.starts_with(b"\xEF\xBB\xBF")
        {
            line.drain(..3);
        }
        chunk.push((number, row, bytes));
        // Nobody takes it any more: the telling failed, and says why itself.
        if chunk.len() >= STEP && hand.blocking_send(Ok(std::mem::take(&mut chunk))).is_err() {
            return Ok(());
        }
    }
    if !chunk.is_empty() {
        let _nobody_takes_it = hand.blocking_send(Ok(chunk));
    }
    Ok(())
}

fn skip_line(source: &mut impl BufRead) -> io::Result<u64> {
    let mut skipped = 0;
    loop {
        let buffer = source.fill_buf()?;
        if buffer.is_empty() {
            return Ok(skipped);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let count = end.map_or(buffer.len(), |at| at + 1);
        source.consume(count);
        skipped += u64::try_from(count).unwrap_or(0);
        if end.is_some() {
            return Ok(skipped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &[u8], done: u64) -> (Facts, Vec<Line>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.ndjson");
        std::fs::write(&path, text).unwrap();
        let (hand, mut lines) = mpsc::channel(100);
        read(&path, done, &hand).unwrap();
        drop(hand);
        let mut all = Vec::new();
        while let Some(chunk) = lines.blocking_recv() {
            all.extend(chunk.unwrap());
        }
        (survey(&path).unwrap(), all)
    }

    #[test]
    fn rows_are_numbered_by_their_lines_and_gone_on_with() {
        let (facts, all) = rows(b"\xEF\xBB\xBFone\n\n  \ntwo\r\nthree", 0);
        assert_eq!((facts.rows, facts.bytes), (3, 21));
        let text = |line: &Line| String::from_utf8(line.1.clone().unwrap()).unwrap();
        let found: Vec<_> = all.iter().map(|line| (line.0, text(line).trim().to_owned(), line.2)).collect();
        let numbered: Vec<_> = found.iter().map(|one| (one.0, one.1.as_str())).collect();
        assert_eq!(numbered, [(1, "one"), (4, "two"), (5, "three")]);
        assert_eq!(found.last().unwrap().2, facts.bytes);
        assert_eq!(rows(b"one\ntwo\n", 1).1.iter().map(|line| line.0).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_long_row_is_passed_over_and_the_next_is_read() {
        let long = usize::try_from(LONGEST).unwrap();
        for (length, fits) in [(long - 1, true), (long, false), (long + 1, false), (5 * long, false)] {
            let mut text = vec![b'x'; length];
            text.extend(b"\nnext\n");
            let (facts, all) = rows(&text, 0);
            assert_eq!((all[0].1.is_ok(), facts.rows), (fits, 2), "{length}");
            assert_eq!(all[1].1.as_ref().unwrap(), b"next\n", "{length}");
            assert_eq!(all[1].2, facts.bytes, "{length}");
        }
    }

    #[test]
    fn many_rows_come_in_steps_and_an_empty_file_is_none() {
        let (facts, all) = rows("x\n".repeat(STEP * 3 + 1).as_bytes(), 0);
        assert_eq!(facts.rows, all.len() as u64);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty");
        std::fs::write(&path, " \n\n").unwrap();
        assert!(matches!(survey(&path), Err(EventFileError::Empty)));
    }
}
