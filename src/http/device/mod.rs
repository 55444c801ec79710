//! `/device`: the page where a person types the code of a device (RFC 8628 §3.3), and what they read when it is answered.

pub mod handlers;
pub mod view;
