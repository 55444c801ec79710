//! Signing out: from a portal (`end_session_endpoint`) and from our own pages.

pub mod handlers;
pub mod view;

pub use handlers::routes;
