//! What the first page shows.

use crate::http::frame::{Phrase, page};

/// What this is, and the ways in.
#[derive(Clone, Debug)]
pub struct WelcomePage {
    /// The name of whom this browser is signed in as.
    pub signed_in: Option<Phrase>,
    pub registration: Registration,
}
page!(WelcomePage, WelcomeDocument, "home/welcome.html");

/// Whether people can register by themselves here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    Open,
    Closed,
}
