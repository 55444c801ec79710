//! A new password: after the present one, and the end of every other session.

use serde_json::json;

use super::{
    confirm_phone::event,
    fresh::{Freshly, SecondFactor},
    personal, phone, words,
};
use crate::{
    assurance::Refusal,
    base::{Fault, Secret, Timestamp, ids::AccountId},
    crypto::{
        password::{CheckError, normal_form},
        password_policy::{self, Unsuitable},
    },
    flows::{
        Provider,
        sessions::{EndReason, Recognised, end_in, recognise},
        sign_in::password::{Attempt, SignedIn, sign_in},
    },
    store::{
        Class, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        outbox::{self, NewMessage},
        persons, sessions, standing,
    },
};

#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    pub session: &'a Recognised,
    pub present: &'a Secret,
    pub new: &'a Secret,
    pub network: &'a str,
    pub user_agent: &'a str,
    pub now: Timestamp,
}

#[derive(Debug)]
pub enum Changed {
    /// With the session's new cookie; other sessions have ended.
    Yes {
        cookie: Secret,
        ended: usize,
    },
    /// The present password.
    Wrong,
    Wait {
        until: Timestamp,
    },
    /// The second factor of who has one was not proven a moment ago.
    NeedsSecondFactor,
    /// Both were typed alike.
    Same,
    Unsuitable(Unsuitable),
    NotPossible(Refusal),
    Busy,
    /// The present password was right, and yet nothing was changed (too busy, or something else changed meanwhile): the
    /// session's new cookie, to try again with.
    Again {
        cookie: Secret,
    },
}

pub async fn change(provider: &Provider, request: &Change<'_>) -> Result<Changed, Fault> {
    let (number, texts, account) = read(provider, request.session.account.account_id).await?;
    if needs_second_factor(provider, request.session, request.now).await? {
        return Ok(Changed::NeedsSecondFactor);
    }
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if let Err(unsuitable) = password_policy::check(request.new, &texts) {
        return Ok(Changed::Unsuitable(unsuitable));
    }
    if normal_form(request.present.reveal()) == normal_form(request.new.reveal()) {
        return Ok(Changed::Same);
    }
    let attempt = Attempt {
        typed_number: &number,
        password: request.present,
        network: request.network,
        user_agent: request.user_agent,
        session: Some(request.session),
        now: request.now,
    };
    let cookie = match sign_in(provider, &attempt).await? {
        SignedIn::Yes { cookie, .. } => cookie,
        SignedIn::Wrong => return Ok(Changed::Wrong),
        SignedIn::Wait { until } => return Ok(Changed::Wait { until }),
        SignedIn::NotPossible(refusal) => return Ok(Changed::NotPossible(refusal)),
        SignedIn::Busy => return Ok(Changed::Busy),
    };
    replace(provider, request, &account, cookie).await
}

/// Whether the second factor comes first: a password alone replaces no password where there is more (ASVS 5.0 6.4.3).
pub async fn needs_second_factor(provider: &Provider, session: &Recognised, now: Timestamp) -> Result<bool, Fault> {
    let fresh = Freshly::of(&mut provider.db.read().await?, &session.session, now).await?;
    Ok(fresh.second_factor == SecondFactor::Missing)
}

/// The number for signing in, the texts that must not make up a password, the account.
async fn read(provider: &Provider, id: AccountId) -> Result<(String, Vec<String>, StoredAccount), Fault> {
    let gone = || Fault::inconsistent("account", "person_id", &id);
    let mut conn = provider.db.read().await?;
    let account = accounts::find(&mut conn, id).await?.ok_or_else(gone)?;
    let person = persons::find(&mut conn, account.person_id).await?.ok_or_else(gone)?.person;
    let phone = phone::open(&provider.secrets.sealer, &account)?;
    let number = person.number.map(|number| number.as_str().to_owned()).unwrap_or_default();
    Ok((number, personal::texts(&person, phone.as_ref()), account))
}

async fn replace(
    provider: &Provider,
    request: &Change<'_>,
    account: &StoredAccount,
    cookie: Secret,
) -> Result<Changed, Fault> {
    let now = request.now;
    let hash = match provider.passwords.hash(request.new).await {
        Ok(hash) => hash,
        Err(CheckError::Overloaded) => return Ok(Changed::Again { cookie }),
        Err(error) => return Err(Fault::internal("a password could not be hashed", error)),
    };
    // The session as it is after the present password was proven.
    let Some(session) = recognise(provider, Some(cookie.reveal()), now).await? else {
        return Ok(Changed::Again { cookie });
    };
    let notice = phone::notice(provider, account, words::password_changed(now), now)?;
    let ended = provider.writer.submit(SetPassword { session, hash, notice, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(match ended {
        Some(ended) => Changed::Yes { cookie, ended },
        None => Changed::Again { cookie },
    })
}

struct SetPassword {
    session: Recognised,
    hash: String,
    notice: Option<NewMessage>,
    now: Timestamp,
}

impl Unit for SetPassword {
    type Out = Option<usize>;
    const KIND: &'static str = "account.set_password";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Option<usize>, Fault> {
        let read = &self.session.account;
        let (id, own) = (read.account_id, self.session.session.id);
        if !standing::is_unchanged(tx, read).await?
            || !sessions::is_live(tx, own, self.now).await?
            || !Freshly::of(tx, &self.session.session, self.now).await?.is_known()
            || !accounts::set_password(tx, id, read.account_version, &self.hash, self.now).await?
        {
            tx.record(event(&self.session, "account.password_changed", Outcome::Refused, self.now));
            return Ok(None);
        }
        let mut ended = 0;
        for other in sessions::unended_of_account(tx, id, self.now).await? {
            if other != own {
                end_in(tx, other, id, EndReason::CredentialsChanged, Actor::Person, self.now).await?;
                ended += 1;
            }
        }
        if let Some(notice) = &self.notice {
            outbox::insert(tx, notice, self.now).await?;
        }
        let changed = event(&self.session, "account.password_changed", Outcome::Done, self.now);
        tx.record(changed.detail(json!({"sessions_ended": ended})));
        Ok(Some(ended))
    }
}
