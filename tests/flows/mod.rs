//! Use cases on both engines, without a socket.

mod account;
mod deciders;
pub mod events;
mod few_statements;
mod in_laws;
mod key_schedule;
mod means;
mod merging;
mod off_duty;
mod operators;
mod outbox;
mod pairs;
mod register;
mod renew;
mod upkeep;
mod whose_event;
mod year;
