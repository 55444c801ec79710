//! Use cases on both engines, without a socket.

mod account;
mod means;
mod operators;
mod register;
mod upkeep;
