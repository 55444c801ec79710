//! F5: the binary as people run it.

mod config;
mod doctor;
mod keys;
mod registry;
mod serve;
