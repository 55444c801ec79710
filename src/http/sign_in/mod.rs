//! The pages of an interaction: number, password, second factor, and where signing in ends otherwise.

pub mod view;
