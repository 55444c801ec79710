//! Use cases on both engines, without a socket.

mod account;
mod events;
mod means;
mod operators;
mod register;
mod upkeep;
