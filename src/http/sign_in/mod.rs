//! The pages of an interaction: number, password, second factor, consent, and where signing in ends otherwise.

pub mod asker;
pub mod handlers;
pub mod render;
pub mod view;
