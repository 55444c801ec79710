//! The two changes of what a person holds, an authenticator app and recovery codes, and the one way that leads to either:
//! password, the second factor of who has one, code to the phone, then the change. Where a session stands on it follows from the record.

use super::{
    confirm_phone::{self, CodeSent},
    enrol_totp,
    fresh::{Freshly, SecondFactor},
    recovery_codes,
};
use crate::{
    base::{Fault, Secret, SecretBytes, Timestamp},
    flows::{Provider, sessions::Recognised},
    registry::PhoneNumber,
    store::authenticators,
};

/// What is to be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// An authenticator app, in the place of an earlier one.
    Totp,
    /// Ten new recovery codes, in the place of the earlier ones.
    RecoveryCodes,
}

/// What the page asks for, or shows, now.
#[derive(Debug)]
pub enum Step {
    /// Proven now, even when it was proven a moment ago: from here the code is sent.
    Password,
    /// The code of the app that there is, or a recovery code.
    SecondFactor,
    Phone {
        phone: PhoneNumber,
        good_until: Timestamp,
    },
    /// Show the seed and ask for its first code.
    Seed(SecretBytes),
    /// Show the codes that were just made.
    Codes {
        codes: Vec<Secret>,
        made: Timestamp,
    },
    /// Recovery codes stand in for an authenticator app, and there is none.
    NeedsTotp,
}

/// Computed from the record alone: to look changes nothing.
pub async fn step(provider: &Provider, session: &Recognised, goal: Goal, now: Timestamp) -> Result<Step, Fault> {
    if let Some((codes, made)) = recovery_codes::sheet(provider, session, now).await? {
        return Ok(Step::Codes { codes, made });
    }
    let fresh = {
        let mut conn = provider.db.read().await?;
        if goal == Goal::RecoveryCodes
            && authenticators::active_totp(&mut conn, session.account.account_id).await?.is_none()
        {
            return Ok(Step::NeedsTotp);
        }
        Freshly::of(&mut conn, &session.session, now).await?
    };
    if fresh.is_enough()
        && goal == Goal::Totp
        && let Some(seed) = enrol_totp::pending(provider, session, now).await?
    {
        return Ok(Step::Seed(seed));
    }
    if fresh.password && fresh.second_factor == SecondFactor::Missing {
        return Ok(Step::SecondFactor);
    }
    if fresh.is_known()
        && !fresh.phone
        && let Some((phone, good_until)) = confirm_phone::awaited(provider, session, now).await?
    {
        return Ok(Step::Phone { phone, good_until });
    }
    Ok(Step::Password)
}

/// What came of going on after a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// The page of the next step says the rest.
    Yes,
    /// No further code for this phone before then.
    Wait { until: Timestamp },
    /// The account has no phone: only the desk can help.
    NoPhone,
    /// A proof is missing or too old, or the session changed meanwhile.
    No,
}

/// Goes on once a proof was added: sends the code, begins the enrolment, makes the codes.
pub async fn advance(provider: &Provider, session: &Recognised, goal: Goal, now: Timestamp) -> Result<Advanced, Fault> {
    let fresh = {
        let mut conn = provider.db.read().await?;
        Freshly::of(&mut conn, &session.session, now).await?
    };
    if !fresh.password {
        return Ok(Advanced::No);
    }
    if fresh.second_factor == SecondFactor::Missing {
        return Ok(Advanced::Yes);
    }
    if !fresh.phone {
        return Ok(match confirm_phone::send(provider, session, now).await? {
            CodeSent::Yes => Advanced::Yes,
            CodeSent::Wait { until } => Advanced::Wait { until },
            CodeSent::NoPhone => Advanced::NoPhone,
            CodeSent::NotFresh => Advanced::No,
        });
    }
    let done = match goal {
        Goal::Totp => enrol_totp::begin(provider, session, now).await?,
        Goal::RecoveryCodes => recovery_codes::make(provider, session, now).await?,
    };
    Ok(if done { Advanced::Yes } else { Advanced::No })
}
