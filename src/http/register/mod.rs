//! The pages of self-registration for an account of level 01.

pub mod view;
