//! Whole journeys through the real binary: `demo` in a folder of its own, a browser with JavaScript off.

mod browser;
mod demo;
mod walk;
