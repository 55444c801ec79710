//! What tests stand on: sockets, databases, a service under test.

pub mod wire;
