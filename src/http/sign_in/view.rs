//! What the sign-in pages show. All forms post to the address they stand at; each view names the fields that come back.
//! Every form has `csrf` and a button `action`; `action=cancel` leads back to the portal with `access_denied`.

use crate::{
    assurance::Refusal,
    base::Timestamp,
    http::{
        frame::{Frame, Phrase, Problems, grouped, page},
        paths,
    },
};

/// Asks for the personal number. Posts `username`, `action=continue|cancel`.
#[derive(Clone, Debug, Default)]
pub struct NumberPage {
    /// As typed before, or from `login_hint`.
    pub number: String,
    /// The session that this browser had has ended: why the person is asked again.
    pub ended: bool,
    pub problems: Problems,
}
page!(NumberPage, NumberDocument, "sign_in/number.html");

impl NumberPage {
    /// Registration comes back to the sign-in that this page belongs to.
    #[expect(clippy::unused_self, reason = "the template asks its page")]
    fn register(&self, f: &Frame) -> String {
        let query = f.here.find('?').and_then(|at| f.here.get(at..)).unwrap_or_default();
        format!("{}{query}", paths::REGISTER)
    }
}

/// Asks for the password. Posts `password`, `action=continue|change_number|cancel`; `username` comes along for password
/// managers and is never to be believed: the interaction knows the number.
#[derive(Clone, Debug, Default)]
pub struct PasswordPage {
    /// The number that was entered: 12 digits.
    pub number: String,
    /// The person is signed in already and must prove the password anew (`prompt=login`, `max_age`).
    pub again: bool,
    pub problems: Problems,
}
page!(PasswordPage, PasswordDocument, "sign_in/password.html");

impl PasswordPage {
    fn grouped(&self) -> String {
        grouped(&self.number)
    }
}

/// Asks for the code of the authenticator app. Posts `code`, `action=continue|use_recovery_code|cancel`.
#[derive(Clone, Debug, Default)]
pub struct TotpPage {
    /// The level that this step is for, when the person was signed in before: shown as "one more step is enough".
    pub step_up: Option<u8>,
    /// Before a change of the password or of what proves the person, on their own pages.
    pub changing: bool,
    /// Whether recovery codes are left.
    pub recovery_codes: bool,
    pub problems: Problems,
}
page!(TotpPage, TotpDocument, "sign_in/totp.html");

/// Asks for a recovery code. Posts `code`, `action=continue|use_totp|cancel`.
#[derive(Clone, Debug, Default)]
pub struct RecoveryCodePage {
    pub problems: Problems,
}
page!(RecoveryCodePage, RecoveryCodeDocument, "sign_in/recovery_code.html");

/// Asks whether to go on as the person signed in (`prompt=select_account`). Posts `action=continue|another|cancel`.
#[derive(Clone, Debug)]
pub struct SelectAccountPage {
    pub name: Phrase,
    /// The last three digits of the number.
    pub number_end: String,
    pub signed_in_at: Timestamp,
}
page!(SelectAccountPage, SelectAccountDocument, "sign_in/select_account.html");

/// The person cannot reach the level asked. Posts `action=return`: the portal gets `unmet_authentication_requirements`.
#[derive(Clone, Debug)]
pub struct UnreachablePage {
    pub level: u8,
    pub how: WayUp,
    pub portal: Phrase,
}
page!(UnreachablePage, UnreachableDocument, "sign_in/unreachable.html");

/// What would bring the level into reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayUp {
    /// An authenticator app, added on the account page.
    AddTotp,
    /// An account of level 02, given after a check in person.
    AccountLevel02,
    /// The level needs a biometric factor, which this deployment has none of.
    NotOffered,
}

impl WayUp {
    const fn key(self) -> &'static str {
        match self {
            Self::AddTotp => "unreachable-add-totp",
            Self::AccountLevel02 => "unreachable-account-level-02",
            Self::NotOffered => "unreachable-not-offered",
        }
    }
}

/// Signing in ended without success, told only to who has proven enough. Posts `action=return` where a portal asks.
#[derive(Clone, Copy, Debug)]
pub struct BlockedPage {
    pub why: Blocked,
}
page!(BlockedPage, BlockedDocument, "sign_in/blocked.html");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// By the person, an authority or after too many failures.
    Locked,
    /// Decree 69/2024 Art 15(1).
    CardExpired,
    /// Too many wrong codes: this attempt is over, the account is not locked.
    TooManyCodes,
    /// Any other reason; the words say no more than that the commune police can help.
    NotPossible,
}

/// A death, a detention or an order of court is told to nobody here: they all read "not possible".
impl From<Refusal> for Blocked {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Locked(_) => Self::Locked,
            Refusal::CardExpired => Self::CardExpired,
            Refusal::PersonDead
            | Refusal::PersonMissing
            | Refusal::AccountNotActive(_)
            | Refusal::CardHeld
            | Refusal::CardWithdrawn
            | Refusal::NoCard
            | Refusal::PasswordGiven => Self::NotPossible,
        }
    }
}

impl Blocked {
    const fn key(self) -> &'static str {
        match self {
            Self::Locked => "blocked-locked",
            Self::CardExpired => "blocked-card-expired",
            Self::TooManyCodes => "blocked-too-many-codes",
            Self::NotPossible => "blocked-not-possible",
        }
    }
}

/// Asks for the number that stands at the other device. Posts `number`, `action=continue|refuse`.
#[derive(Clone, Debug)]
pub struct MatchNumberPage {
    /// What the client shows there, with dots in the number's place.
    pub message: String,
    pub problems: Problems,
}
page!(MatchNumberPage, MatchNumberDocument, "sign_in/match_number.html");

/// The interaction is over or belongs to another browser.
#[derive(Clone, Debug)]
pub struct ExpiredPage {
    pub why: Expired,
    /// Where the person was going: an address that starts again (the portal's `initiate_login_uri`).
    pub again: Option<String>,
    pub portal: Option<Phrase>,
}
page!(ExpiredPage, ExpiredDocument, "sign_in/expired.html");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// Its time ran out.
    Time,
    /// It ended already: answered in another tab, or gone back to.
    Ended,
    /// This browser holds no cookie for it: cookies are off, or another browser began.
    OtherBrowser,
}

impl Expired {
    const fn key(self) -> &'static str {
        match self {
            Self::Time => "expired-time",
            Self::Ended => "expired-ended",
            Self::OtherBrowser => "expired-other-browser",
        }
    }
}
