//! One-time codes for phones: six digits, five minutes, five tries, and never more of them than a phone is allowed.

use uuid::Uuid;

use crate::{
    assurance::failures::Decision,
    base::{Fault, Secret, Timestamp},
    crypto::code_key::six_digits,
    flows::{
        Provider,
        outbox::{ShortMessage, short_message},
        sign_in::counters::Subject,
    },
    registry::PhoneNumber,
    store::{
        Conn, Tx,
        failures::CounterKind,
        outbox::{self, NewMessage},
        phone_codes::{self, CodePurpose, StoredPhoneCode, Tried},
    },
};

/// Wrong tries after which a code is over.
pub const MOST_TRIES: i64 = 5;

/// A code about to be stored, with what is to be sent.
///
/// Where nothing is sent, because nobody matched or the phone got too many today, the row is there all the same, with a
/// digest that no code has: its pages and answers are those of any other.
#[derive(Debug)]
pub struct CodeToSend {
    id: Uuid,
    purpose: CodePurpose,
    subject: Uuid,
    expires_at: Timestamp,
    decoy: Vec<u8>,
    real: Option<(Vec<u8>, SentMessage)>,
    now: Timestamp,
}

/// A message that counts against its phone's allowance.
#[derive(Debug)]
pub struct SentMessage {
    message: NewMessage,
    phone: Subject,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    Yes,
    /// Its phone had too many; the next may go then.
    Withheld {
        until: Timestamp,
    },
    /// There was none.
    Nothing,
}

impl SentMessage {
    pub fn new(provider: &Provider, phone: &PhoneNumber, message: NewMessage) -> Self {
        let phone = Subject::of(&provider.secrets.counter_index, None, &format!("phone:{}", phone.e164()));
        Self { message, phone }
    }

    pub async fn write(&self, conn: &mut Conn, now: Timestamp) -> Result<Sent, Fault> {
        self.phone.take_turn(conn, CounterKind::CodeSend).await?;
        if let Decision::Wait { until } = self.phone.send_code(conn, now).await? {
            return Ok(Sent::Withheld { until });
        }
        outbox::insert(conn, &self.message, now).await?;
        Ok(Sent::Yes)
    }
}

impl CodeToSend {
    /// Nothing goes out, and no code fits.
    pub fn decoy(provider: &Provider, purpose: CodePurpose, subject: Uuid, now: Timestamp) -> Self {
        Self {
            id: provider.entropy.uuid(now),
            purpose,
            subject,
            expires_at: now + provider.settings.lifetimes.phone_code,
            decoy: provider.entropy.bytes::<32>().to_vec(),
            real: None,
            now,
        }
    }

    /// `words` puts the code, and the minutes that it is good for, into a message.
    pub fn to(
        provider: &Provider,
        phone: &PhoneNumber,
        (purpose, subject): (CodePurpose, Uuid),
        words: impl FnOnce(&Secret, i64) -> String,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let mut made = Self::decoy(provider, purpose, subject, now);
        let code = six_digits(&provider.entropy);
        let digest = provider.secrets.codes.digest(made.id.as_bytes(), code.reveal());
        let minutes = provider.settings.lifetimes.phone_code.as_secs() / 60;
        let message = ShortMessage { to: phone.e164().to_owned(), text: words(&code, minutes) };
        let recipient = format!("{} {subject}", purpose.as_str());
        let message = short_message(provider, &message, recipient, made.expires_at, now)?;
        made.real = Some((digest.as_bytes().to_vec(), SentMessage::new(provider, phone, message)));
        Ok(made)
    }

    pub async fn write(&self, tx: &mut Tx) -> Result<Sent, Fault> {
        let sent = match &self.real {
            Some((_, message)) => message.write(tx, self.now).await?,
            None => Sent::Nothing,
        };
        let digest = match &self.real {
            Some((digest, _)) if sent == Sent::Yes => digest,
            _ => &self.decoy,
        };
        let code = StoredPhoneCode { id: self.id, digest: digest.clone(), attempts: 0, expires_at: self.expires_at };
        phone_codes::insert_code(tx, &code, self.purpose, self.subject, self.now).await?;
        Ok(sent)
    }
}

/// Tries a typed code against the newest of its purpose and subject; one that is right is used up.
pub async fn try_newest(
    tx: &mut Tx,
    codes: &CodeDigests,
    (purpose, subject): (CodePurpose, Uuid),
    now: Timestamp,
) -> Result<Tried, Fault> {
    let Some(newest) = phone_codes::newest_code(tx, purpose, subject, now).await? else { return Ok(Tried::Over) };
    match codes.of(newest.id) {
        Some(digest) => phone_codes::try_code(tx, newest.id, digest, now, MOST_TRIES).await,
        // A newer code was sent between reading and writing: the typed one is of the older.
        None => Ok(Tried::Wrong),
    }
}

/// The digest that a typed code has for the row it was meant for: computed before the unit, which does nothing but SQL.
#[derive(Debug)]
pub struct CodeDigests {
    row: Uuid,
    digest: Vec<u8>,
}

impl CodeDigests {
    pub fn of_typed(provider: &Provider, newest: &StoredPhoneCode, typed: &str) -> Self {
        let digest = provider.secrets.codes.digest(newest.id.as_bytes(), typed);
        Self { row: newest.id, digest: digest.as_bytes().to_vec() }
    }

    fn of(&self, row: Uuid) -> Option<&[u8]> {
        (self.row == row).then_some(self.digest.as_slice())
    }
}
