//! How a session and its person stand to a request: plain values, which the floor above gathers.

use std::collections::BTreeMap;

use super::{
    Counting,
    terms::{Granted, Terms},
};
use crate::{
    base::Span,
    oidc::{acr::AcrLevel, authorize::Request, prompt::Prompt, scope::AccountLevel},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub presence: Presence,
    /// What the session's proofs are worth now, each counted as long as it is fresh for the level.
    pub reached: Option<AcrLevel>,
    /// The same, counting only proofs newer than the interaction's start.
    pub reached_since_start: Option<AcrLevel>,
    /// The highest level that this person can reach with what they have enrolled.
    pub reachable: AcrLevel,
    /// How old `auth_time` would be if this level were emitted, for each level up to the one reached.
    pub auth_time_ages: BTreeMap<AcrLevel, Span>,
    pub account_level: AccountLevel,
    pub selection: Selection,
    /// Measured against [`Standing::granted`], not against what was asked for.
    pub consent: Consent,
    pub terms: Terms,
    pub refusal: Option<Refusal>,
    pub password: Password,
}

/// Whether somebody is signed in in this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Absent,
    /// Somebody, but not the person of `id_token_hint` or of the `sub` that the claims ask for.
    AnotherPerson,
    Present,
}

/// Whose the password is that the person signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    Own,
    /// Handed over at the desk: to be replaced before anything is issued.
    Given,
}

/// `prompt=select_account`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    NotYet,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    Missing,
    /// Given earlier, for at least these scopes and claims and this version of the purpose.
    Remembered,
    /// Given in this interaction.
    Given,
}

/// Why nothing will be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Dead, locked, card expired, account not active: told to nobody apart.
    NotAvailable,
    /// The person said no.
    ByPerson,
}

impl Standing {
    /// Which proofs count: all, unless everything must be proved again. `max_age` looks at the `auth_time` that would be
    /// emitted; `max_age=0` is `prompt=login` by another name (OpenID Connect Core §3.1.2.1).
    pub fn counting(&self, request: &Request) -> Counting {
        let too_old = |max_age: u64| {
            let emitted = self.reached.map(|reached| request.acr.emitted(reached));
            let age = emitted.and_then(|level| self.auth_time_ages.get(&level));
            let limit = Span::secs(i64::try_from(max_age).unwrap_or(i64::MAX));
            max_age == 0 || age.is_none_or(|age| *age > limit)
        };
        if request.prompts.contains(Prompt::Login) || request.max_age.is_some_and(too_old) {
            Counting::SinceStart
        } else {
            Counting::All
        }
    }

    /// The level that counts for this request.
    pub fn usable(&self, request: &Request) -> Option<AcrLevel> {
        match self.counting(request) {
            Counting::All => self.reached,
            Counting::SinceStart => self.reached_since_start,
        }
    }

    /// What this person can be granted of what is asked for: scopes and claims whose floor is out of reach are left out.
    pub fn granted(&self, request: &Request) -> Granted {
        self.terms.grantable(request, self.reachable, self.account_level)
    }
}
