//! What the sign-out pages show.

use crate::http::frame::{Phrase, page};

/// Asks before ending the session. Posts `action=sign_out|stay`.
#[derive(Clone, Debug)]
pub struct ConfirmPage {
    /// Every portal that this session is signed in at.
    pub portals: Vec<Phrase>,
    /// Who sent the person here; `None` when they came by our own link.
    pub asked_by: Option<Phrase>,
}
page!(ConfirmPage, ConfirmDocument, "logout/confirm.html");

/// The session is over.
#[derive(Clone, Debug)]
pub struct SignedOutPage {
    /// At how many portals it was.
    pub portals: u32,
    /// Those that have not confirmed the end yet.
    pub unconfirmed: Vec<Phrase>,
    /// Where a portal wants the person back: its checked `post_logout_redirect_uri` with `state`.
    pub back: Option<WayBack>,
    /// Pages of portals that end their own sessions (Front-Channel Logout 1.0 §3).
    pub frames: Vec<String>,
}
page!(SignedOutPage, SignedOutDocument, "logout/signed_out.html");

#[derive(Clone, Debug)]
pub struct WayBack {
    pub portal: Phrase,
    pub href: String,
}
