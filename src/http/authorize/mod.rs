//! The authorization endpoint and its pages: consent, and the way back by form.

mod developer;
pub mod handlers;
pub mod view;
