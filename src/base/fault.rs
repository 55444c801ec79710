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
        let mut told = String::new();
        let mut cause = self.source.as_deref().map(|source| source as &(dyn Error + 'static));
        while let Some(error) = cause {
            let text = error.to_string();
            // Many end with their cause's words already.
            if !told.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            told = text;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "the wire broke: {}", self.0)
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn each_cause_is_told_once() {
        let refused = || std::io::Error::other("connection refused");
        let fault = Fault::internal("the database cannot be reached", Outer(refused()));
        assert_eq!(fault.to_string(), "the database cannot be reached: the wire broke: connection refused");
        assert_eq!(Fault::internal("a file", refused()).to_string(), "a file: connection refused");
    }
}
