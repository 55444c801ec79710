//! Messages that leave the service: how they are made, and who carries them.

pub mod worker;

use std::{future::Future, pin::Pin};

use serde::{Deserialize, Serialize};

use super::Provider;
use crate::{
    base::{Fault, Timestamp, fault::FaultKind, ids::MessageId},
    crypto::{Place, Sealer},
    store::outbox::{MessageKind, NewMessage},
};

/// Carries a short message to a phone. Development's writes it to the console and the demo's helper page.
pub trait SmsTransport: Send + Sync {
    /// `Err` is why it was not taken, in words without personal data.
    fn send<'a>(
        &'a self,
        to: &'a str,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send + 'a>>;
}

/// A short message; sealed while it waits.
#[derive(Serialize, Deserialize)]
pub struct ShortMessage {
    /// E.164.
    pub to: String,
    pub text: String,
}

/// A message to a phone, ready to be written with the change that causes it.
pub fn short_message(
    provider: &Provider,
    message: &ShortMessage,
    recipient: String,
    gives_up_at: Timestamp,
    now: Timestamp,
) -> Result<NewMessage, Fault> {
    let id = MessageId::generate(&provider.entropy, now);
    let plain = serde_json::to_vec(message).map_err(|error| Fault::internal("a message cannot be written", error))?;
    let payload = provider
        .secrets
        .sealer
        .seal(place(&id), &plain, &provider.entropy)
        .map_err(|error| Fault::internal("a message cannot be sealed", error))?;
    Ok(NewMessage { id, kind: MessageKind::Sms, recipient, payload, gives_up_at })
}

/// What a waiting message says, for who carries it.
pub fn open_short_message(sealer: &Sealer, id: MessageId, payload: &[u8]) -> Result<ShortMessage, Fault> {
    let opened = sealer
        .open(place(&id), payload)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "a message does not open", error))?;
    serde_json::from_slice(opened.reveal()).map_err(|_| Fault::inconsistent("outbox", "payload", &id))
}

const fn place(id: &MessageId) -> Place<'_> {
    Place { table: "outbox", column: "payload", row: id.0.as_bytes() }
}
