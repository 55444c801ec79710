//! The demo: everything embedded, for trying. None of it is in a build with `--no-default-features`.

mod accounts;
mod cast;
mod ciba;
pub mod command;
mod console_sms;
pub mod file;
mod first_run;
mod greeting;
mod guide;
mod hosts;
pub mod layout;
mod populate;
pub mod portal;
mod ports;
mod registered;
mod resource;
