//! What tests stand on: sockets, databases, a service under test.

pub mod app;
pub mod binary;
pub mod certificates;
pub mod database;
pub mod elsewhere;
pub mod operators;
pub mod people;
pub mod postgres;
pub mod postgres_copy;
pub mod provider;
pub mod proxy;
pub mod redis;
pub mod routes;
pub mod scripted;
pub mod served;
pub mod signer;
pub mod watched;
pub mod wire;
