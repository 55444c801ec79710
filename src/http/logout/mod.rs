//! The pages of leaving.

pub mod view;
