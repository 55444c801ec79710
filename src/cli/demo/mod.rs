//! The demo: everything embedded, for trying. None of it is in a build with `--no-default-features`.

pub mod file;
pub mod layout;
pub mod portal;
