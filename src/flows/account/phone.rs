//! The account's phone: the number in the holder's own name, sealed with the account.

use super::words;
use crate::{
    base::{Entropy, Fault, Secret, Span, Timestamp, fault::FaultKind, ids::AccountId},
    crypto::{Place, Sealer},
    flows::{
        Provider,
        outbox::{ShortMessage, short_message},
    },
    registry::PhoneNumber,
    store::{accounts::StoredAccount, outbox::NewMessage},
};

/// A notice that is not delivered within a day tells nothing new any more.
const NOTICE: Span = Span::hours(24);

pub fn seal(sealer: &Sealer, entropy: &Entropy, account: AccountId, phone: &PhoneNumber) -> Result<Vec<u8>, Fault> {
    sealer
        .seal(place(&account), phone.e164().as_bytes(), entropy)
        .map_err(|error| Fault::internal("a phone number cannot be sealed", error))
}

/// `None` for an account without one.
pub fn open(sealer: &Sealer, account: &StoredAccount) -> Result<Option<PhoneNumber>, Fault> {
    account.phone_sealed.as_deref().map(|sealed| open_at(sealer, place(&account.id), sealed)).transpose()
}

/// Opens a sealed number wherever it lies.
pub(super) fn open_at(sealer: &Sealer, place: Place<'_>, sealed: &[u8]) -> Result<PhoneNumber, Fault> {
    let opened = sealer
        .open(place, sealed)
        .map_err(|error| Fault::because(FaultKind::Inconsistent, "a phone number does not open", error))?;
    let text = std::str::from_utf8(opened.reveal()).ok().map(Secret::new);
    text.and_then(|text| PhoneNumber::parse(text.reveal()).ok())
        .ok_or_else(|| Fault::new(FaultKind::Inconsistent, "a sealed phone number is none"))
}

/// A notice to the holder; none when the account has no phone.
pub fn notice(
    provider: &Provider,
    account: &StoredAccount,
    text: String,
    now: Timestamp,
) -> Result<Option<NewMessage>, Fault> {
    let Some(phone) = open(&provider.secrets.sealer, account)? else { return Ok(None) };
    notice_to(provider, account.id, &phone, text, now).map(Some)
}

pub(super) fn notice_to(
    provider: &Provider,
    account: AccountId,
    phone: &PhoneNumber,
    text: String,
    now: Timestamp,
) -> Result<NewMessage, Fault> {
    let message = ShortMessage { to: phone.e164().to_owned(), text };
    short_message(provider, &message, format!("account {account}"), now + NOTICE, now)
}

/// The last three digits: enough for the holder to know which of their numbers it is.
pub fn end_of(phone: &PhoneNumber) -> String {
    phone.e164().get(9..).unwrap_or_default().to_owned()
}

/// To the phone of an account that somebody tried to register again.
pub(super) fn tried_to_register(
    provider: &Provider,
    account: &StoredAccount,
    now: Timestamp,
) -> Result<Option<(NewMessage, PhoneNumber)>, Fault> {
    let Some(phone) = open(&provider.secrets.sealer, account)? else { return Ok(None) };
    let message = notice_to(provider, account.id, &phone, words::tried_to_register(now), now)?;
    Ok(Some((message, phone)))
}

const fn place(account: &AccountId) -> Place<'_> {
    Place { table: "account", column: "phone_sealed", row: account.0.as_bytes() }
}
