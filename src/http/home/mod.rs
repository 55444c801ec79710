//! The first page of the service's own address.

pub mod view;
