//! What the registration pages show. Forms post to the address they stand at, with `csrf` and a button `action`;
//! `action=cancel` leads back to the portal. No page tells whether a person exists or which of their details did not match.

use crate::{
    assurance::AccountLevel,
    base::Timestamp,
    http::frame::{Phrase, Problems, grouped, page, typed::TypedDate},
};

/// Step 1: who the person is. Posts `username` (the number), `name`, `birth_day`, `birth_month`, `birth_year`, `card_day`,
/// `card_month`, `card_year` (date of issue of the card), `phone`; `action=continue|cancel`.
/// Problems are those of form alone: what the registry says shows nowhere.
#[derive(Clone, Debug, Default)]
pub struct DetailsPage {
    pub number: String,
    pub name: String,
    pub birth: TypedDate,
    pub card_issued: TypedDate,
    pub phone: String,
    pub problems: Problems,
}
page!(DetailsPage, DetailsDocument, "register/details.html");

/// Step 2: the code sent to the phone, shown alike whether one was sent or not. Posts `code`; `action=continue|resend|edit|cancel`.
#[derive(Clone, Debug)]
pub struct PhoneCodePage {
    /// The last three digits of the phone number that was entered.
    pub phone_end: String,
    /// Until when a code sent now is good.
    pub good_until: Timestamp,
    /// The person has just asked for another code.
    pub sent_again: bool,
    pub problems: Problems,
}
page!(PhoneCodePage, PhoneCodeDocument, "register/phone_code.html");

/// Step 3: a password. Posts `password`; `action=continue|cancel`. `username` comes along for password managers only.
#[derive(Clone, Debug)]
pub struct PasswordPage {
    pub number: String,
    pub min_length: u32,
    pub problems: Problems,
}
page!(PasswordPage, PasswordDocument, "register/password.html");

impl PasswordPage {
    fn grouped(&self) -> String {
        grouped(&self.number)
    }
}

/// The account is there. Posts `action=continue` where a portal waits; otherwise a link leads to signing in.
#[derive(Clone, Debug)]
pub struct DonePage {
    pub name: Phrase,
    pub level: AccountLevel,
}
page!(DonePage, DoneDocument, "register/done.html");

/// Registration stopped and made nothing.
#[derive(Clone, Copy, Debug)]
pub struct StoppedPage {
    pub why: Stopped,
}
page!(StoppedPage, StoppedDocument, "register/stopped.html");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    Time,
    TooManyCodes,
    /// This deployment registers in person only.
    Closed,
}

impl Stopped {
    const fn key(self) -> &'static str {
        match self {
            Self::Time => "stopped-time",
            Self::TooManyCodes => "stopped-too-many-codes",
            Self::Closed => "stopped-closed",
        }
    }
}
