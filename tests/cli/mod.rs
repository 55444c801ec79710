//! F5: the binary as people run it.

mod account;
mod client;
mod audit;
mod config;
mod doctor;
mod keys;
mod operator;
mod registry;
mod serve;
