//! The first step: who somebody says they are. What follows looks the same and takes the same time, whatever the registry
//! answers; only the right person's phone hears of it.

use serde_json::json;

use super::eligibility::{Details, Judgement, judge};
use crate::{
    assurance::failures::{Decision, Throttle},
    base::{
        Fault, SecretBytes, Timestamp,
        ids::{InteractionId, PersonId, RegistrationId},
    },
    crypto::{Digest, Place},
    flows::{
        CitizenRegistration, Provider,
        account::{
            phone,
            phone_code::{CodeToSend, Sent, SentMessage},
            subscriber_check::SubscriberCheck,
            words,
        },
        sign_in::counters::Subject,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        phone_codes::CodePurpose,
        registrations::{self, StoredRegistration},
    },
};

#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    pub details: &'a Details,
    /// The form as it was typed, to be given back to this browser alone ([`super::abandon`]); not read here.
    pub typed: &'a SecretBytes,
    /// Of this browser's cookie: nobody else continues what it began.
    pub browser: &'a Digest,
    /// The network that attempts are counted for.
    pub network: &'a str,
    /// The sign-in that waits for this registration.
    pub interaction: Option<InteractionId>,
    pub now: Timestamp,
}

/// Everything that a page may show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begun {
    /// On to the code, whether one was sent or not.
    Yes,
    /// This number or this network was tried too often.
    Wait { until: Timestamp },
}

pub async fn begin(
    provider: &Provider,
    subscribers: &dyn SubscriberCheck,
    request: &Begin<'_>,
) -> Result<Begun, Fault> {
    // The little that differs between one answer and another hides in a wait that is longer than all of them.
    let (begun, ()) = tokio::join!(decide(provider, subscribers, request), super::even_time(provider));
    begun
}

async fn decide(provider: &Provider, subscribers: &dyn SubscriberCheck, request: &Begin<'_>) -> Result<Begun, Fault> {
    let (details, now) = (request.details, request.now);
    let judgement = judge(provider, subscribers, details, now).await?;
    let id = RegistrationId::generate(&provider.entropy, now);
    let sealed = provider
        .secrets
        .sealer
        .seal(place(&id), details.phone.e164().as_bytes(), &provider.entropy)
        .map_err(|error| Fault::internal("a phone number cannot be sealed", error))?;
    let typed = provider
        .secrets
        .sealer
        .seal(place_of_typed(&id), request.typed.reveal(), &provider.entropy)
        .map_err(|error| Fault::internal("typed details cannot be sealed", error))?;
    let to = (CodePurpose::Register, id.0);
    let (code, notice) = match &judgement {
        Judgement::Eligible(_) => (CodeToSend::to(provider, &details.phone, to, words::registration_code, now)?, None),
        Judgement::HasAccount(account) => {
            let notice = phone::tried_to_register(provider, account, now)?;
            let notice = notice.map(|(message, phone)| SentMessage::new(provider, &phone, message));
            (CodeToSend::decoy(provider, to.0, to.1, now), notice)
        }
        Judgement::Refused(_) => (CodeToSend::decoy(provider, to.0, to.1, now), None),
    };
    let person = match &judgement {
        Judgement::Eligible(person) => Some(*person),
        _ => None,
    };
    let index = &provider.secrets.counter_index;
    let unit = WriteBegun {
        per_network: per_network(provider),
        near: Subject::of(index, None, &format!("register:{}:{}", details.number.as_str(), request.network)),
        network: Subject::of(index, None, &format!("register-network:{}", request.network)),
        registration: StoredRegistration {
            id,
            browser_digest: request.browser.as_bytes().to_vec(),
            person_id: person,
            phone_sealed: Some(sealed),
            details_sealed: Some(typed),
            interaction_id: request.interaction,
            created_at: now,
            expires_at: now + provider.settings.lifetimes.registration,
            confirmed_at: None,
            finished_at: None,
        },
        sends: Subject::of(index, None, &format!("registration:{id}")),
        code,
        notice,
        judgement,
        now,
    };
    let begun = provider.writer.submit(unit).await?;
    provider.outbox_wake.notify_one();
    Ok(begun)
}

pub(super) const fn place(id: &RegistrationId) -> Place<'_> {
    Place { table: "registration", column: "phone_sealed", row: id.0.as_bytes() }
}

pub(super) const fn place_of_typed(id: &RegistrationId) -> Place<'_> {
    Place { table: "registration", column: "details_sealed", row: id.0.as_bytes() }
}

/// The policy's own delays, with the deployment's number of attempts.
fn per_network(provider: &Provider) -> Throttle {
    match provider.settings.citizen_registration {
        CitizenRegistration::Open { attempts } => {
            Throttle { burst: attempts.burst, window: attempts.per, ..Throttle::REGISTER_NETWORK }
        }
        CitizenRegistration::Closed => Throttle::REGISTER_NETWORK,
    }
}

struct WriteBegun {
    per_network: Throttle,
    near: Subject,
    network: Subject,
    registration: StoredRegistration,
    /// Codes of this registration, sent or seeming so: their allowance is the same for everybody.
    sends: Subject,
    code: CodeToSend,
    notice: Option<SentMessage>,
    judgement: Judgement,
    now: Timestamp,
}

impl WriteBegun {
    fn event(&self, sent: Sent) -> AuditEvent {
        let (outcome, person, why): (Outcome, Option<PersonId>, &str) = match &self.judgement {
            Judgement::Eligible(person) => (Outcome::Done, Some(*person), "matched"),
            Judgement::HasAccount(account) => (Outcome::Refused, Some(account.person_id), "has_account"),
            Judgement::Refused(why) => (Outcome::Refused, None, why.as_str()),
        };
        let event = AuditEvent::new(self.now, "registration.begun", outcome, Actor::Person)
            .detail(json!({"registration": self.registration.id, "judged": why, "message": sent == Sent::Yes}));
        match person {
            Some(person) => event.person(person),
            None => event,
        }
    }
}

impl Unit for WriteBegun {
    type Out = Begun;
    const KIND: &'static str = "registration.begin";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.registration.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Begun, Fault> {
        for (subject, throttle) in [(&self.network, self.per_network), (&self.near, Throttle::REGISTER)] {
            if let Decision::Wait { until } = subject.count_registration(tx, &throttle, self.now).await? {
                return Ok(Begun::Wait { until });
            }
        }
        registrations::insert(tx, &self.registration).await?;
        self.sends.send_code(tx, self.now).await?;
        let mut sent = self.code.write(tx).await?;
        if let Some(notice) = &self.notice {
            sent = notice.write(tx, self.now).await?;
        }
        tx.record(self.event(sent));
        Ok(Begun::Yes)
    }
}
