//! The second step: the code that went to the phone.

use serde_json::json;

use super::{begin::place_of_typed, live, typed_phone};
use crate::{
    assurance::failures::Decision,
    base::{Fault, SecretBytes, Timestamp},
    crypto::Digest,
    flows::{
        Provider,
        account::{
            phone_code::{CodeDigests, CodeToSend, Sent, try_newest},
            words,
        },
        sign_in::counters::Subject,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        failures::CounterKind,
        phone_codes::{self, CodePurpose, Tried},
        registrations::{self, StoredRegistration},
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// On to the password.
    Yes,
    Wrong,
    /// Used, too old, or tried too often: another must be asked for.
    CodeOver,
    /// There is nothing here to confirm: never begun, over, or confirmed already.
    Nothing,
}

/// Takes the code that was typed.
pub async fn confirm(provider: &Provider, browser: &Digest, typed: &str, now: Timestamp) -> Result<Confirmed, Fault> {
    let Some(registration) = live(provider, browser, now).await? else { return Ok(Confirmed::Nothing) };
    if registration.confirmed_at.is_some() {
        return Ok(Confirmed::Nothing);
    }
    let newest = {
        let mut conn = provider.db.read().await?;
        phone_codes::newest_code(&mut conn, CodePurpose::Register, registration.id.0, now).await?
    };
    let Some(newest) = newest else { return Ok(Confirmed::CodeOver) };
    let digests = CodeDigests::of_typed(provider, &newest, typed);
    provider.writer.submit(TakeCode { registration, digests, now }).await
}

struct TakeCode {
    registration: StoredRegistration,
    digests: CodeDigests,
    now: Timestamp,
}

impl Unit for TakeCode {
    type Out = Confirmed;
    const KIND: &'static str = "registration.confirm";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.registration.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Confirmed, Fault> {
        let id = self.registration.id;
        let confirmed = match try_newest(tx, &self.digests, (CodePurpose::Register, id.0), self.now).await? {
            Tried::Right if registrations::confirm(tx, id, self.now).await? => Confirmed::Yes,
            Tried::Right => Confirmed::Nothing,
            Tried::Wrong => Confirmed::Wrong,
            Tried::Over => Confirmed::CodeOver,
        };
        let outcome = if confirmed == Confirmed::Yes { Outcome::Done } else { Outcome::Refused };
        let mut event = AuditEvent::new(self.now, "registration.phone_confirmed", outcome, Actor::Person)
            .detail(json!({"registration": id}));
        if let Some(person) = self.registration.person_id {
            event = event.person(person);
        }
        tx.record(event);
        Ok(confirmed)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    /// As far as this page knows.
    Yes,
    /// The next may be asked for then.
    Wait { until: Timestamp },
    /// There is nothing that a code could be for.
    Nothing,
}

/// Sends another code, or seems to.
pub async fn resend(provider: &Provider, browser: &Digest, now: Timestamp) -> Result<Resent, Fault> {
    let (resent, ()) = tokio::join!(send_again(provider, browser, now), super::even_time(provider));
    resent
}

async fn send_again(provider: &Provider, browser: &Digest, now: Timestamp) -> Result<Resent, Fault> {
    let Some(registration) = live(provider, browser, now).await? else { return Ok(Resent::Nothing) };
    if registration.confirmed_at.is_some() {
        return Ok(Resent::Nothing);
    }
    let to = (CodePurpose::Register, registration.id.0);
    let code = if registration.person_id.is_some() {
        let phone = typed_phone(provider, &registration)?;
        CodeToSend::to(provider, &phone, to, words::registration_code, now)?
    } else {
        CodeToSend::decoy(provider, to.0, to.1, now)
    };
    let sends = Subject::of(&provider.secrets.counter_index, None, &format!("registration:{}", registration.id));
    let resent = provider.writer.submit(SendAgain { registration, sends, code, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(resent)
}

struct SendAgain {
    registration: StoredRegistration,
    sends: Subject,
    code: CodeToSend,
    now: Timestamp,
}

impl Unit for SendAgain {
    type Out = Resent;
    const KIND: &'static str = "registration.resend";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.registration.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Resent, Fault> {
        self.sends.take_turn(tx, CounterKind::CodeSend).await?;
        if let Decision::Wait { until } = self.sends.send_code(tx, self.now).await? {
            return Ok(Resent::Wait { until });
        }
        let sent = self.code.write(tx).await?;
        let mut event = AuditEvent::new(self.now, "registration.code_sent_again", Outcome::Done, Actor::Person)
            .detail(json!({"registration": self.registration.id, "message": sent == Sent::Yes}));
        if let Some(person) = self.registration.person_id {
            event = event.person(person);
        }
        tx.record(event);
        Ok(Resent::Yes)
    }
}

/// The person corrects their details: what was begun is over, and what was typed comes back once, as long as it is there.
pub async fn abandon(provider: &Provider, browser: &Digest, now: Timestamp) -> Result<Option<SecretBytes>, Fault> {
    let Some(registration) = live(provider, browser, now).await? else { return Ok(None) };
    let open = |sealed: &Vec<u8>| provider.secrets.sealer.open(place_of_typed(&registration.id), sealed);
    let typed = registration.details_sealed.as_ref().map(open).transpose();
    let typed = typed.map_err(|error| Fault::internal("typed details do not open", error))?;
    provider.writer.submit(Abandon { registration, now }).await?;
    Ok(typed)
}

struct Abandon {
    registration: StoredRegistration,
    now: Timestamp,
}

impl Unit for Abandon {
    type Out = ();
    const KIND: &'static str = "registration.abandon";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.registration.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        registrations::abandon(tx, self.registration.id, self.now).await?;
        tx.record(
            AuditEvent::new(self.now, "registration.abandoned", Outcome::Done, Actor::Person)
                .detail(json!({"registration": self.registration.id})),
        );
        Ok(())
    }
}
