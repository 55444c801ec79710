//! F4: routes, extraction, pages and answers.

pub mod address;
pub mod edge;
pub mod health;
pub mod published;
pub mod server;
