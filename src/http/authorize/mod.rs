//! The authorization endpoint and its pages: consent, and the way back by form.

pub mod handlers;
pub mod view;
