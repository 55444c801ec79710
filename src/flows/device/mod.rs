//! Device authorization (RFC 8628): a device without a keyboard asks, a person answers at another one.

pub mod begin;
pub mod enter;

pub use begin::{Device, begin};
pub use enter::{Entered, enter};
