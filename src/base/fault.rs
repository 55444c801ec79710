//! Infrastructure that failed: a store, a disk, a peer. Logged once at the edge with the request's reference; the person or client sees only that reference.

use std::{error::Error, fmt, sync::Arc};

/// What broke, told to the people who run the service. Cheap to clone: one lost COMMIT is the fault of every unit in its batch.
#[derive(Clone, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    what: &'static str,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing is known to have been done; the same request may succeed shortly (503 with Retry-After).
    Unavailable,
    /// A transaction that the engine asked to run again (40001, 40P01, a lost connection before COMMIT).
    Retry,
    /// The database holds what no code path writes: table, column and row are in the message.
    Inconsistent,
    /// Anything else.
    Internal,
}

impl Fault {
    pub fn new(kind: FaultKind, what: &'static str) -> Self {
        Self { kind, what, source: None }
    }

    pub fn because(kind: FaultKind, what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, what, source: Some(Arc::from(source.into())) }
    }

    pub fn unavailable(what: &'static str) -> Self {
        Self::new(FaultKind::Unavailable, what)
    }

    pub fn internal(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::because(FaultKind::Internal, what, source)
    }

    /// A row that cannot be: names table, column and row key, never the value (it may be personal).
    pub fn inconsistent(table: &'static str, column: &'static str, row: &dyn fmt::Display) -> Self {
        Self::because(FaultKind::Inconsistent, "the database is inconsistent", format!("{table}.{column} of row {row}"))
    }

    pub const fn what(&self) -> &'static str {
        self.what
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)?;
        let mut cause = self.source.as_deref().map(|source| source as &(dyn Error + 'static));
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
