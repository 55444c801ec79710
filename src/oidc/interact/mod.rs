//! What the person must still do for a request: sign in, choose, prove more, agree; or nothing, and it is answered.
//!
//! [`next`] is computed anew from the stored request and the session's proofs at every step, never from a step that a form
//! names. `prompt=none` reads the same table, with each page turned into its error (OpenID Connect Core §3.1.2.6).

mod standing;
pub mod steps;
mod terms;
#[cfg(test)]
mod tests;

pub use standing::{Consent, Password, Presence, Refusal, Selection, Standing};
pub use terms::{ConsentRule, Granted, Terms};

use self::steps::STEPS;
use super::{
    acr::AcrLevel,
    authorize::Request,
    error::{OAuthError, OAuthErrorCode},
    prompt::Prompt,
};

/// What happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Prove who you are: nobody has, or it must be proved again.
    Login,
    SelectAccount,
    /// Set a password of one's own in the place of one that was handed over.
    NewPassword,
    /// Prove more, up to this level.
    StepUp(AcrLevel),
    /// Agree to these scopes and claims.
    Consent(Granted),
    Finish(Finish),
    Refuse(OAuthError),
}

/// The answer may be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    /// The value to emit.
    pub acr: AcrLevel,
    /// `auth_time` is the time of the oldest proof that `acr` counts, of these.
    pub counting: Counting,
    pub granted: Granted,
}

/// Which proofs of the session count for this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counting {
    All,
    /// Only those newer than the interaction's start: `prompt=login`, or `max_age` was exceeded.
    SinceStart,
}

/// The first row of the table that has something to say; when none has, the request is finished.
pub fn next(request: &Request, standing: &Standing) -> Next {
    next_by(request, standing, |_| true)
}

/// With only some rows of the table, so that tests can show what each of them is for.
fn next_by(request: &Request, standing: &Standing, runs: impl Fn(&str) -> bool) -> Next {
    let next = STEPS
        .iter()
        .filter(|step| runs(step.name))
        .find_map(|step| (step.decide)(request, standing))
        .unwrap_or_else(|| finish(request, standing));
    if request.prompts.contains(Prompt::None) { without_pages(next) } else { next }
}

fn finish(request: &Request, standing: &Standing) -> Next {
    match standing.usable(request) {
        Some(reached) => Next::Finish(Finish {
            acr: request.acr.emitted(reached),
            counting: standing.counting(request),
            granted: standing.granted(request),
        }),
        None => Next::Login,
    }
}

/// "What a refusal looks like" under `prompt=none`.
fn without_pages(next: Next) -> Next {
    let (code, description) = match next {
        Next::Login => (OAuthErrorCode::LoginRequired, "the person must sign in"),
        Next::SelectAccount => (OAuthErrorCode::AccountSelectionRequired, "the person must choose an account"),
        Next::NewPassword => (OAuthErrorCode::InteractionRequired, "the person must set a password of their own"),
        Next::StepUp(_) => (OAuthErrorCode::InteractionRequired, "the person must prove more"),
        Next::Consent(_) => (OAuthErrorCode::ConsentRequired, "the person must agree"),
        Next::Finish(_) | Next::Refuse(_) => return next,
    };
    Next::Refuse(OAuthError::new(code, description))
}
