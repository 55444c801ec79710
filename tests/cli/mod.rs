//! F5: the binary as people run it.

mod account;
mod audit;
mod client;
mod config;
mod doctor;
mod first_start;
mod guides;
mod image;
mod keys;
mod operations;
mod operator;
mod registry;
mod registry_events;
mod serve;
