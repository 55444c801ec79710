//! Authorization: from a request in the browser to a code, with whatever the person must do between.
//!
//! The next step is computed from the stored request and the session's proofs each time ([`case::Case::next`]); no form says it.

pub mod act;
pub mod begin;
pub mod case;
pub mod decide;
pub mod issue;
pub mod objects;
pub mod pushed;
mod read;
mod respond;
pub mod step;
pub mod targets;
pub mod watched;

use serde::{Deserialize, Serialize};

use crate::{
    base::{Secret, Timestamp, ids::SessionId},
    crypto::{Digest, OpaqueToken, opaque::kind},
    flows::sessions::Recognised,
    oidc::interact::Granted,
};

pub use begin::{Begun, begin, begin_posted};
pub use case::Case;
pub use step::{Step, step};

/// The browser that a request came from, as far as its cookies say.
#[derive(Debug)]
pub struct Browser {
    pub session: Option<Recognised>,
    /// Digest of the cookie that ties interactions to this browser.
    pub digest: Option<Digest>,
    /// What relying parties' scripts compare ([`watched`]); none where that is not offered.
    pub watched: Option<String>,
    pub now: Timestamp,
}

impl Browser {
    /// The digest of a browser cookie; `None` for what is no cookie of ours.
    pub fn digest_of(cookie: Option<&str>) -> Option<Digest> {
        cookie.and_then(|text| OpaqueToken::<kind::InteractionCookie>::parse(text).ok()).map(|token| token.digest())
    }
}

/// A browser cookie that was just made, for its one receiver.
#[derive(Debug)]
pub struct NewCookie(pub Secret);

/// What the person did in an interaction that is not a proof.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that the person did or not, in any combination")]
pub struct Progress {
    /// The number as typed, until a password goes with it.
    pub typed_number: Option<String>,
    pub account_chosen: bool,
    /// "Another account" was chosen while this session, in this version, was signed in: it counts as nobody until it rises or is
    /// replaced.
    pub not_as: Option<(SessionId, i64)>,
    /// Exactly what was agreed to on the consent page.
    pub agreed: Option<Granted>,
    pub refused: bool,
    /// The number of the other device was typed.
    pub number_matched: bool,
    /// The person asked to type a recovery code instead.
    pub by_recovery_code: bool,
    /// What the last form came to, for the page that follows it: after a POST there is always a 303.
    pub note: Option<Note>,
}

/// What a person is told on the page after their form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    NumberMissing,
    NumberForm,
    PasswordMissing,
    SignInWrong,
    Busy,
    CodeMissing,
    CodeForm,
    CodeWrong,
    MatchMissing,
    MatchWrong,
    Wait {
        until: Timestamp,
    },
    /// The password was right: this may be told. (locked, card expired; neither: nothing more is said)
    NotPossible {
        locked: bool,
        card_expired: bool,
    },
}
