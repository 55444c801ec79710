//! Whole journeys through the real binary: `demo` in a folder of its own, a browser with JavaScript off.

pub mod browser;
mod console;
mod demo;
mod registration;
mod step_up;
mod walk;
