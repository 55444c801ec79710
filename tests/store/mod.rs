//! Contract tests of the store: each on both engines.

mod engines;
mod persons;
mod writer;
