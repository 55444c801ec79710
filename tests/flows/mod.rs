//! Use cases on both engines, without a socket.

mod register;
mod upkeep;
