//! Proving who one is: password, then a second factor when the level asks for it. Each success is a proof in the session.

pub mod counters;
pub mod password;
pub mod second_factor;
pub mod wrong_password;
