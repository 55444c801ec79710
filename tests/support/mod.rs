//! What tests stand on: sockets, databases, a service under test.

pub mod binary;
pub mod database;
pub mod postgres;
pub mod redis;
pub mod watched;
pub mod wire;
