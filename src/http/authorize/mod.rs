//! The authorization endpoint's pages: consent, and the way back by form.

pub mod view;
