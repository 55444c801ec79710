//! The pages of self-registration for an account of level 01.

mod handlers;
mod note;
mod render;
mod typed;
pub mod view;

pub use handlers::routes;
