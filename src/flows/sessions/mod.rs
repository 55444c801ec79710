//! Single sign-on sessions: recognised by their cookie, opened and raised by proofs, ended with everything that hangs on them.

pub mod end;
pub mod keep_alive;
pub mod recognise;
pub mod rise;

pub use end::{EndReason, EndSession, end_in, tell_holder, tell_holders};
pub use keep_alive::keep_alive;
pub use recognise::{Recognised, is_over, name_of, recognise};
pub use rise::{RiseSession, Risen};
