//! Many rows of one table at once: COPY in PostgreSQL's binary format, wide INSERTs on SQLite.
//!
//! Besides `dialect` the one place where the engines part, and the one that puts SQL text together: only from the names of
//! a [`Table`] written in this crate.

use std::sync::OnceLock;

use sqlx::{
    Arguments as _,
    error::BoxDynError,
    postgres::PgConnection,
    sqlite::{SqliteArguments, SqliteConnection},
};
use time::{Date, macros::date};
use uuid::Uuid;

use super::{Conn, db::failed};
use crate::base::{Fault, Timestamp, fault::FaultKind};

/// A table and the columns that are filled; the others take their default.
pub(super) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    texts: OnceLock<Texts>,
}

struct Texts {
    copy: String,
    many: String,
    one: String,
}

/// One cell, borrowed from what is stored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell<'a> {
    Null,
    Text(&'a str),
    /// A JSON document: `jsonb` on PostgreSQL.
    Json(&'a str),
    Bytes(&'a [u8]),
    Id(Uuid),
    Day(Date),
    At(Timestamp),
    Bool(bool),
    Count(i64),
}

impl<'a> Cell<'a> {
    pub(super) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
    pub(super) fn bytes(bytes: Option<&'a [u8]>) -> Self {
        bytes.map_or(Self::Null, Self::Bytes)
    }
    pub(super) fn id(id: Option<Uuid>) -> Self {
        id.map_or(Self::Null, Self::Id)
    }
    pub(super) fn day(day: Option<Date>) -> Self {
        day.map_or(Self::Null, Self::Day)
    }
}

/// Rows in a statement on SQLite: beyond this a row gets no cheaper, and the variables stay far below their limit.
const WIDE: usize = 32;

impl Table {
    pub(super) const fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, texts: OnceLock::new() }
    }

    fn texts(&'static self) -> &'static Texts {
        self.texts.get_or_init(|| {
            let columns = self.columns.join(", ");
            let insert = |rows: usize| {
                let row = format!("({})", vec!["?"; self.columns.len()].join(", "));
                format!("INSERT INTO {} ({columns}) VALUES {}", self.name, vec![row; rows].join(", "))
            };
            Texts {
                copy: format!("COPY {} ({columns}) FROM STDIN (FORMAT binary)", self.name),
                many: insert(WIDE),
                one: insert(1),
            }
        })
    }
}

/// The rows for one table, one after the other.
pub(super) struct Rows<'a> {
    table: &'static Table,
    cells: Vec<Cell<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn of(table: &'static Table) -> Self {
        Self { table, cells: Vec::new() }
    }

    /// One cell for each column, in the table's order.
    pub(super) fn push<const N: usize>(&mut self, row: [Cell<'a>; N]) {
        self.cells.extend(row);
    }

    pub(super) async fn insert(self, conn: &mut Conn) -> Result<(), Fault> {
        let width = self.table.columns.len();
        if !self.cells.len().is_multiple_of(width.max(1)) {
            return Err(Fault::because(
                FaultKind::Internal,
                "a bulk row has too many or too few cells",
                self.table.name,
            ));
        }
        if self.cells.is_empty() {
            return Ok(());
        }
        match conn {
            Conn::Postgres(conn) => self.copy(conn).await,
            Conn::Sqlite(conn) => {
                for chunk in self.cells.chunks(width * WIDE) {
                    if chunk.len() == width * WIDE {
                        run_sqlite(conn, &self.table.texts().many, chunk).await?;
                    } else {
                        for row in chunk.chunks(width) {
                            run_sqlite(conn, &self.table.texts().one, row).await?;
                        }
                    }
                }
                Ok(())
            }
        }
    }

    async fn copy(self, conn: &mut PgConnection) -> Result<(), Fault> {
        let width = i16::try_from(self.table.columns.len()).unwrap_or(i16::MAX);
        // Signature, no flags, no header extension (PostgreSQL documentation, COPY, "Binary Format").
        let mut buffer = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0".to_vec();
        buffer.reserve(self.cells.len() * 24);
        for row in self.cells.chunks(self.table.columns.len()) {
            buffer.extend_from_slice(&width.to_be_bytes());
            for cell in row {
                cell.write_postgres(&mut buffer);
            }
        }
        buffer.extend_from_slice(&(-1_i16).to_be_bytes());
        let mut copy = conn.copy_in_raw(&self.table.texts().copy).await.map_err(failed("beginning a bulk load"))?;
        copy.send(buffer).await.map_err(failed("sending a bulk load"))?;
        copy.finish().await.map(|_| ()).map_err(failed("finishing a bulk load"))
    }
}

async fn run_sqlite(conn: &mut SqliteConnection, sql: &'static str, cells: &[Cell<'_>]) -> Result<(), Fault> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(cells.len(), 0);
    for cell in cells {
        cell.bind_sqlite(&mut arguments).map_err(|error| Fault::internal("binding a bulk row", error))?;
    }
    sqlx::query_with(sql, arguments).execute(conn).await.map(|_| ()).map_err(failed("inserting bulk rows"))
}

/// Day 0 and microsecond 0 of PostgreSQL's binary formats.
const POSTGRES_EPOCH: Date = date!(2000 - 01 - 01);
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl Cell<'_> {
    /// A length and the value in network order; -1 is NULL.
    fn write_postgres(&self, buffer: &mut Vec<u8>) {
        let mut value = |parts: &[&[u8]]| {
            let length: usize = parts.iter().map(|part| part.len()).sum();
            // No cell comes near 2 GiB: every text was bounded when it was read.
            buffer.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
            for part in parts {
                buffer.extend_from_slice(part);
            }
        };
        match self {
            Self::Null => buffer.extend_from_slice(&(-1_i32).to_be_bytes()),
            Self::Text(text) => value(&[text.as_bytes()]),
            // jsonb's first byte is its version.
            Self::Json(text) => value(&[&[1], text.as_bytes()]),
            Self::Bytes(bytes) => value(&[bytes]),
            Self::Id(id) => value(&[id.as_bytes()]),
            Self::Day(day) => {
                let days = (*day - POSTGRES_EPOCH).whole_days();
                value(&[&i32::try_from(days).unwrap_or(i32::MAX).to_be_bytes()]);
            }
            Self::At(at) => value(&[&at.micros().saturating_sub(POSTGRES_EPOCH_MICROS).to_be_bytes()]),
            Self::Bool(bool) => value(&[&[u8::from(*bool)]]),
            Self::Count(count) => value(&[&count.to_be_bytes()]),
        }
    }

    fn bind_sqlite(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        match self {
            Self::Null => arguments.add(None::<&str>),
            Self::Text(text) | Self::Json(text) => arguments.add(*text),
            Self::Bytes(bytes) => arguments.add(*bytes),
            Self::Id(id) => arguments.add(*id),
            Self::Day(day) => arguments.add(*day),
            Self::At(at) => arguments.add(*at),
            Self::Bool(bool) => arguments.add(*bool),
            Self::Count(count) => arguments.add(*count),
        }
    }
}
