//! What the pages of device authorization show.

use crate::http::frame::{Problems, page};

/// Asks for the code that stands on the device. Posts `user_code`, `action=continue`.
#[derive(Clone, Debug, Default)]
pub struct EnterPage {
    /// From `verification_uri_complete`, or as typed before. The person still presses the button (RFC 8628 §5.4).
    pub user_code: String,
    pub problems: Problems,
}
page!(EnterPage, EnterDocument, "device/enter.html");

/// The person has answered; the other device goes on by itself.
#[derive(Clone, Copy, Debug)]
pub struct AnsweredPage {
    pub what: Answered,
}
page!(AnsweredPage, AnsweredDocument, "device/answered.html");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Approved,
    Denied,
    TooLate,
}

impl Answered {
    const fn title_key(self) -> &'static str {
        match self {
            Self::Approved => "device-approved-title",
            Self::Denied => "device-denied-title",
            Self::TooLate => "device-late-title",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Approved => "device-approved",
            Self::Denied => "device-denied",
            Self::TooLate => "device-late",
        }
    }
}
