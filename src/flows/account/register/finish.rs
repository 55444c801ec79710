//! The last step: a password, and the account is there.

use serde_json::json;

use super::{
    eligibility::{self, Ineligible},
    live, person_of, typed_phone,
};
use crate::{
    assurance::{AccountLevel, AccountState},
    base::{
        Fault, Secret, Timestamp,
        ids::{AccountId, InteractionId, PersonId, RegistrationId},
    },
    crypto::{
        Digest,
        password::CheckError,
        password_policy::{self, Unsuitable},
    },
    flows::{
        Provider,
        account::{personal, phone, words},
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        accounts::{self, StoredAccount},
        audit::Actor,
        outbox::{self, NewMessage},
        registrations,
    },
};

#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    pub browser: &'a Digest,
    pub password: &'a Secret,
    pub now: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The account is active.
    Yes { account: AccountId, interaction: Option<InteractionId> },
    /// Another password, please.
    Unsuitable(Unsuitable),
    /// Too many passwords are being hashed at this moment.
    Busy,
    /// Nothing was made: no confirmed registration in this browser, or what was confirmed holds no more.
    Nothing,
}

pub async fn finish(provider: &Provider, request: &Finish<'_>) -> Result<Finished, Fault> {
    let now = request.now;
    let confirmed = live(provider, request.browser, now).await?.filter(|found| found.confirmed_at.is_some());
    let Some(registration) = confirmed else { return Ok(Finished::Nothing) };
    let Some(person) = registration.person_id else { return Ok(Finished::Nothing) };
    let stored = person_of(provider, person).await?;
    let phone = typed_phone(provider, &registration)?;
    let texts = personal::texts(&stored.person, Some(&phone));
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    if let Err(unsuitable) = password_policy::check(request.password, &texts) {
        return Ok(Finished::Unsuitable(unsuitable));
    }
    let hash = match provider.passwords.hash(request.password).await {
        Ok(hash) => hash,
        Err(CheckError::Overloaded) => return Ok(Finished::Busy),
        Err(error) => return Err(Fault::internal("a password could not be hashed", error)),
    };
    let id = AccountId::generate(&provider.entropy, now);
    let unit = MakeAccount {
        registration: registration.id,
        account: StoredAccount {
            id,
            person_id: person,
            version: 1,
            level: AccountLevel::One,
            state: AccountState::Active,
            password_hash: Some(hash),
            password_set_at: Some(now),
            phone_sealed: Some(phone::seal(&provider.secrets.sealer, &provider.entropy, id, &phone)?),
            created_at: now,
        },
        notice: phone::notice_to(provider, id, &phone, words::registered(now), now)?,
        now,
    };
    let made = provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(match made {
        Made::Yes => Finished::Yes { account: id, interaction: registration.interaction_id },
        Made::No(_) => Finished::Nothing,
    })
}

struct MakeAccount {
    registration: RegistrationId,
    account: StoredAccount,
    notice: NewMessage,
    now: Timestamp,
}

#[derive(Clone, Copy, Debug)]
enum Made {
    Yes,
    No(WhyNot),
}

/// For the audit.
#[derive(Clone, Copy, Debug)]
enum WhyNot {
    /// Finished from another tab, or too late.
    NotConfirmed,
    Ineligible(Ineligible),
    HasAccount,
}

impl WhyNot {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NotConfirmed => "not_confirmed",
            Self::Ineligible(why) => why.as_str(),
            Self::HasAccount => "has_account",
        }
    }
}

impl MakeAccount {
    async fn make(&self, tx: &mut Tx) -> Result<Made, Fault> {
        let person: PersonId = self.account.person_id;
        if let Err(why) = eligibility::still_may_hold(tx, person, self.now.vietnam_date()).await? {
            return Ok(Made::No(WhyNot::Ineligible(why)));
        }
        if !registrations::finish(tx, self.registration, self.now).await? {
            return Ok(Made::No(WhyNot::NotConfirmed));
        }
        if !accounts::insert(tx, &self.account).await? {
            return Ok(Made::No(WhyNot::HasAccount));
        }
        outbox::insert(tx, &self.notice, self.now).await?;
        Ok(Made::Yes)
    }
}

impl Unit for MakeAccount {
    type Out = Made;
    const KIND: &'static str = "registration.finish";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.account.person_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Made, Fault> {
        let made = self.make(tx).await?;
        let event = |outcome| AuditEvent::new(self.now, "account.registered", outcome, Actor::Person);
        let event = match made {
            Made::Yes => event(Outcome::Done)
                .account(self.account.id)
                .detail(json!({"registration": self.registration, "level": "01"})),
            Made::No(why) => {
                event(Outcome::Refused).detail(json!({"registration": self.registration, "why": why.as_str()}))
            }
        };
        tx.record(event.person(self.account.person_id));
        Ok(made)
    }
}
