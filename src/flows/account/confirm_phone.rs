//! A code to the account's own phone, before what proves its holder is changed. It belongs to one session.

use serde_json::json;

use super::{
    fresh::Freshly,
    phone,
    phone_code::{CodeDigests, CodeToSend, Sent, try_newest},
    words,
};
use crate::{
    base::{Fault, Timestamp},
    flows::{Provider, sessions::Recognised},
    registry::PhoneNumber,
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit, accounts,
        audit::Actor,
        phone_codes::{self, CodePurpose, Tried},
        sessions,
    },
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSent {
    Yes,
    /// The phone had too many; the next may go then.
    Wait {
        until: Timestamp,
    },
    NoPhone,
    /// The password first.
    NotFresh,
}

/// Sends a code, once the password, and the second factor of who has one, were proven a moment ago.
pub async fn send(provider: &Provider, session: &Recognised, now: Timestamp) -> Result<CodeSent, Fault> {
    let account = session.account.account_id;
    let (fresh, account) = {
        let mut conn = provider.db.read().await?;
        (Freshly::of(&mut conn, &session.session, now).await?, accounts::find(&mut conn, account).await?)
    };
    if !fresh.is_known() {
        return Ok(CodeSent::NotFresh);
    }
    let Some(account) = account else { return Ok(CodeSent::NoPhone) };
    let Some(phone) = phone::open(&provider.secrets.sealer, &account)? else { return Ok(CodeSent::NoPhone) };
    let to = (CodePurpose::EnrolTotp, session.session.id.0);
    let code = CodeToSend::to(provider, &phone, to, words::enrolment_code, now)?;
    let sent = provider.writer.submit(SendCode { session: session.clone(), code, now }).await?;
    provider.outbox_wake.notify_one();
    Ok(match sent {
        Sent::Withheld { until } => CodeSent::Wait { until },
        Sent::Yes | Sent::Nothing => CodeSent::Yes,
    })
}

struct SendCode {
    session: Recognised,
    code: CodeToSend,
    now: Timestamp,
}

impl Unit for SendCode {
    type Out = Sent;
    const KIND: &'static str = "account.send_code";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Sent, Fault> {
        let sent = self.code.write(tx).await?;
        let outcome = if sent == Sent::Yes { Outcome::Done } else { Outcome::Refused };
        tx.record(event(&self.session, "account.phone_code_sent", outcome, self.now));
        Ok(sent)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneConfirmed {
    Yes,
    Wrong,
    /// Used, too old or tried too often.
    CodeOver,
}

pub async fn confirm(
    provider: &Provider,
    session: &Recognised,
    typed: &str,
    now: Timestamp,
) -> Result<PhoneConfirmed, Fault> {
    let newest = {
        let mut conn = provider.db.read().await?;
        phone_codes::newest_code(&mut conn, CodePurpose::EnrolTotp, session.session.id.0, now).await?
    };
    let Some(newest) = newest else { return Ok(PhoneConfirmed::CodeOver) };
    let digests = CodeDigests::of_typed(provider, &newest, typed);
    provider.writer.submit(TakeCode { session: session.clone(), digests, now }).await
}

struct TakeCode {
    session: Recognised,
    digests: CodeDigests,
    now: Timestamp,
}

impl Unit for TakeCode {
    type Out = PhoneConfirmed;
    const KIND: &'static str = "account.confirm_phone";
    const CLASS: Class = Class::Interactive;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.session.account.account_id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<PhoneConfirmed, Fault> {
        let id = self.session.session.id;
        if !sessions::is_live(tx, id, self.now).await? {
            return Ok(PhoneConfirmed::CodeOver);
        }
        let confirmed = match try_newest(tx, &self.digests, (CodePurpose::EnrolTotp, id.0), self.now).await? {
            Tried::Right => PhoneConfirmed::Yes,
            Tried::Wrong => PhoneConfirmed::Wrong,
            Tried::Over => PhoneConfirmed::CodeOver,
        };
        let outcome = if confirmed == PhoneConfirmed::Yes { Outcome::Done } else { Outcome::Refused };
        tx.record(event(&self.session, "account.phone_confirmed", outcome, self.now));
        Ok(confirmed)
    }
}

/// The phone that a code of this session is awaited from, and until when.
pub async fn awaited(
    provider: &Provider,
    session: &Recognised,
    now: Timestamp,
) -> Result<Option<(PhoneNumber, Timestamp)>, Fault> {
    let mut conn = provider.db.read().await?;
    let newest = phone_codes::newest_code(&mut conn, CodePurpose::EnrolTotp, session.session.id.0, now).await?;
    let account = accounts::find(&mut conn, session.account.account_id).await?;
    let (Some(newest), Some(account)) = (newest, account) else { return Ok(None) };
    Ok(phone::open(&provider.secrets.sealer, &account)?.map(|phone| (phone, newest.expires_at)))
}

pub(super) fn event(session: &Recognised, action: &'static str, outcome: Outcome, now: Timestamp) -> AuditEvent {
    AuditEvent::new(now, action, outcome, Actor::Person)
        .account(session.account.account_id)
        .person(session.account.person_id)
        .session(session.session.id)
        .detail(json!({}))
}
