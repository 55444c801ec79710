//! Contract tests of the store: each on both engines.

mod cache;
mod engines;
mod persons;
mod writer;
