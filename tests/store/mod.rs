//! Contract tests of the store: each on both engines.

mod writer;
