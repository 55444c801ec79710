//! F3: one use case a file, by actor. Knows neither axum nor SQL nor HTML.

pub mod keys;
pub mod provider;
pub mod registry;
pub mod sessions;
pub mod sign_in;

pub use provider::{Lifetimes, Provider, Secrets, Settings};
