//! What the account pages show. Forms post to the address they stand at, with `csrf` and a button `action`.

use askama::filters::Safe;
use serde::{Deserialize, Serialize};

use super::{device, qr};
use crate::{
    assurance::AccountLevel,
    base::{Secret, Timestamp},
    http::frame::{Frame, Phrase, Problems, claims, page},
};

/// Sessions, portals, level and means of authentication. Each session's form posts `session`, `action=end`; that of a
/// renewal that was asked for at the desk posts `action=refuse_renewal`;
/// the form for all posts `action=end_all` and is answered by [`EndAllPage`].
#[derive(Clone, Debug)]
pub struct AccountPage {
    pub name: Phrase,
    /// The last three digits of the personal number.
    pub number_end: String,
    pub level: AccountLevel,
    /// When the desk renews everything that proves the person, where somebody asked for it there.
    pub renewal: Option<Timestamp>,
    /// What waits for the person's answer, the newest first.
    pub requests: Vec<RequestRow>,
    /// The one of this browser first.
    pub sessions: Vec<SessionRow>,
    pub means: Means,
    /// What the person has just done, said once.
    pub done: Option<Done>,
}
page!(AccountPage, AccountDocument, "account/home.html");

/// A request from elsewhere (CIBA). Its form posts `request`, `action=answer`.
#[derive(Clone, Debug)]
pub struct RequestRow {
    pub id: String,
    pub portal: Phrase,
    pub begun: Timestamp,
    pub expires_at: Timestamp,
    /// What stands at the other device, without a number that is to be typed.
    pub message: Option<String>,
}

/// One session, as the person would recognise it.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Posted back as `session`.
    pub id: String,
    /// The session of this browser: ending it is signing out.
    pub current: bool,
    /// The browser's own words (`User-Agent`), shown shortened: `Chrome, Android`. Never trusted for anything.
    pub user_agent: String,
    pub started: Timestamp,
    pub last_used: Timestamp,
    /// The authentication level it has now, 1 to 4.
    pub level: u8,
    pub portals: Vec<PortalRow>,
}

impl SessionRow {
    fn device(&self, f: &Frame) -> String {
        device::name(&self.user_agent).unwrap_or_else(|| f.t("account-unknown-device").into_owned())
    }
}

#[derive(Clone, Debug)]
pub struct PortalRow {
    pub name: Phrase,
    pub entered: Timestamp,
    /// Where its sign-in begins, when it said so (OIDC Core §4).
    pub open: Option<String>,
}

/// The person's means of authentication.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    pub password_changed: Timestamp,
    pub totp_added: Option<Timestamp>,
    pub recovery_codes_left: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Done {
    SessionEnded,
    PasswordChanged,
    TotpAdded,
    RecoveryCodesMade,
    RenewalRefused,
}

impl Done {
    const fn key(self) -> &'static str {
        match self {
            Self::SessionEnded => "account-done-session-ended",
            Self::PasswordChanged => "account-done-password-changed",
            Self::TotpAdded => "account-done-totp-added",
            Self::RecoveryCodesMade => "account-done-recovery-codes",
            Self::RenewalRefused => "account-done-renewal-refused",
        }
    }
}

/// Asks before ending every session, this browser's too (the signed-out page follows). Posts `action=confirm|stay`.
#[derive(Clone, Copy, Debug)]
pub struct EndAllPage {
    /// How many sessions end.
    pub sessions: u32,
    /// How many portals they are signed in at.
    pub portals: u32,
}
page!(EndAllPage, EndAllDocument, "account/end_all.html");

/// Asks for the password before a change of the means of authentication. Posts `password`, `action=continue`.
#[derive(Clone, Debug)]
pub struct ConfirmPasswordPage {
    /// For password managers.
    pub number: String,
    pub before: Before,
    pub problems: Problems,
}
page!(ConfirmPasswordPage, ConfirmPasswordDocument, "account/confirm_password.html");

/// Asks for the code sent to the registered phone, the second proof before an authenticator app is added.
/// Posts `code`, `action=continue|resend`.
#[derive(Clone, Debug)]
pub struct ConfirmPhonePage {
    pub phone_end: String,
    pub good_until: Timestamp,
    pub problems: Problems,
}
page!(ConfirmPhonePage, ConfirmPhoneDocument, "account/confirm_phone.html");

/// The change that a confirmation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    AddTotp,
    NewRecoveryCodes,
}

impl Before {
    const fn title_key(self) -> &'static str {
        match self {
            Self::AddTotp => "account-add-totp",
            Self::NewRecoveryCodes => "account-new-recovery-codes",
        }
    }
}

/// Shows the secret of a new authenticator app and asks for its first code. Posts `code`, `action=continue|cancel`.
#[derive(Clone, Debug)]
pub struct AddTotpPage {
    /// The `otpauth://totp/…` address.
    pub uri: Secret,
    /// The same secret in Base32, to be typed.
    pub secret: Secret,
    pub problems: Problems,
}
page!(AddTotpPage, AddTotpDocument, "account/add_totp.html");

impl AddTotpPage {
    fn qr(&self, f: &Frame) -> Option<Safe<String>> {
        qr::svg(self.uri.reveal(), &f.t("add-totp-qr"))
    }

    /// In groups of four, as people copy it.
    fn groups(&self) -> String {
        let mut groups = String::new();
        for (at, letter) in self.secret.reveal().chars().enumerate() {
            if at > 0 && at % 4 == 0 {
                groups.push(' ');
            }
            groups.push(letter);
        }
        groups
    }
}

/// Shows new recovery codes, once. Posts `action=continue`.
#[derive(Clone, Debug)]
pub struct RecoveryCodesPage {
    pub codes: Vec<Secret>,
    pub made: Timestamp,
    /// The last three digits of the personal number, so that a printed page can be told apart.
    pub number_end: String,
}
page!(RecoveryCodesPage, RecoveryCodesDocument, "account/recovery_codes.html");

/// Changes the password. Posts `password` (the present one), `new_password`, `action=change`.
#[derive(Clone, Debug)]
pub struct ChangePasswordPage {
    pub number: String,
    pub min_length: u32,
    /// The present one was handed over at the desk, and nothing goes on with it.
    pub given: bool,
    pub problems: Problems,
}
page!(ChangePasswordPage, ChangePasswordDocument, "account/change_password.html");

/// Asks before the person's own lock, which ends everything at once. Posts `action=confirm|stay`.
#[derive(Clone, Copy, Debug)]
pub struct LockPage {
    /// How many sessions end.
    pub sessions: u32,
    /// How many portals they are signed in at.
    pub portals: u32,
}
page!(LockPage, LockDocument, "account/lock.html");

/// Which authorities asked the registry about the person, the newest first.
#[derive(Clone, Debug)]
pub struct UsesPage {
    pub uses: Vec<UseRow>,
}
page!(UsesPage, UsesDocument, "account/uses.html");

#[derive(Clone, Debug)]
pub struct UseRow {
    pub name: Phrase,
    /// The agency's code.
    pub agency: String,
    pub at: Timestamp,
    /// In the agency's words.
    pub purpose: Phrase,
    pub procedure: String,
    pub dossier: String,
    /// `verify`, `look_up`, `predicates`, `household`, `event`, `changes`.
    pub what: String,
    pub matched: bool,
}

impl UseRow {
    fn what_key(&self) -> &'static str {
        match (self.matched, self.what.as_str()) {
            (_, "event") => "uses-event",
            (_, "changes") => "uses-changes",
            (false, _) => "uses-not-matched",
            (true, "verify") => "uses-verify",
            (true, "predicates") => "uses-predicates",
            (true, "household") => "uses-household",
            (true, _) => "uses-look-up",
        }
    }
}

/// What the person agreed that portals may have, the latest first. Each row's form posts `client`, `action=withdraw`.
#[derive(Clone, Debug)]
pub struct AgreementsPage {
    pub rows: Vec<AgreementRow>,
    /// One was taken back a moment ago.
    pub withdrawn: bool,
}
page!(AgreementsPage, AgreementsDocument, "account/agreements.html");

#[derive(Clone, Debug)]
pub struct AgreementRow {
    /// Posted back as `client`.
    pub client: String,
    pub portal: Phrase,
    pub given_at: Timestamp,
    /// OIDC names, in the order of the consent page.
    pub claims: Vec<String>,
    pub while_away: bool,
}

/// How it is now, and what can be done about it.
#[derive(Clone, Copy, Debug)]
pub struct ToldPage {
    pub what: Told,
}
page!(ToldPage, ToldDocument, "account/told.html");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// By the person themselves, a moment ago.
    Locked,
    /// No phone is registered that a code could be sent to.
    NoPhone,
}

impl Told {
    /// Whether there is still an account page to go back to.
    const fn leaves_the_account(self) -> bool {
        matches!(self, Self::NoPhone)
    }

    const fn title_key(self) -> &'static str {
        match self {
            Self::Locked => "locked-title",
            Self::NoPhone => "no-phone-title",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::NoPhone => "no-phone",
        }
    }

    const fn way_key(self) -> &'static str {
        match self {
            Self::Locked => "lock-undo",
            Self::NoPhone => "no-phone-way",
        }
    }
}
