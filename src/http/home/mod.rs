//! The first page of the service's own address.

pub mod handlers;
pub mod view;

pub use handlers::routes;
