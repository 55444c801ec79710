//! Interfaces for other systems, JSON in and out.

pub mod registry;
