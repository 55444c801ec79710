//! Sends what the outbox holds, and tries again what did not arrive. A receiver that hangs delays nobody else.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Semaphore, time::timeout};

use super::{SmsTransport, open_short_message};
use crate::{
    base::{Clock, Entropy, Fault, Span, Timestamp},
    flows::{Provider, backchannel::notice, logout::backchannel},
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        outbox::{self, DueMessage, MessageKind},
    },
};

/// How many are under way at once: each takes three seconds at most, so this many slow receivers still let others through.
const AT_ONCE: usize = 64;
/// Longer than any attempt takes: who died holding a message holds it no longer than this.
const LEASE: Span = Span::secs(20);
/// What another process wrote, and what is due again, is found by looking.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Runs for as long as the process lives; what it had begun when it died is taken over when the lease ends.
pub async fn work(provider: Arc<Provider>, sms: Arc<dyn SmsTransport>, clock: Clock) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let free = i64::try_from(permits.available_permits()).unwrap_or(0);
        let due = take_due(&provider, clock.now(), free.min(32)).await.unwrap_or_else(|fault| {
            tracing::warn!(%fault, "the outbox could not be read");
            Vec::new()
        });
        if due.is_empty() {
            // Woken, or time to look: the same.
            timeout(LOOK_EVERY, provider.outbox_wake.notified()).await.unwrap_or_default();
        }
        for message in due {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { return };
            let (provider, sms, clock) = (Arc::clone(&provider), Arc::clone(&sms), clock.clone());
            tokio::spawn(async move {
                deliver(&provider, sms.as_ref(), message, &clock).await;
                drop(permit);
            });
        }
    }
}

/// Looks before it writes: most of the time nothing is due.
async fn take_due(provider: &Provider, now: Timestamp, limit: i64) -> Result<Vec<DueMessage>, Fault> {
    let oldest = outbox::oldest_due(&mut provider.db.read().await?).await?;
    if limit == 0 || oldest.is_none_or(|at| at > now) {
        return Ok(Vec::new());
    }
    provider.writer.submit(ClaimDue { now, limit }).await
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    Done,
    /// Worth another try; the words are kept with the message and hold no personal data.
    Failed(String),
    /// No try can help: the receiver is gone, or no longer wants it.
    Pointless(&'static str),
}

async fn deliver(provider: &Provider, sms: &dyn SmsTransport, message: DueMessage, clock: &Clock) {
    let result = match message.kind {
        MessageKind::Sms => send_sms(provider, sms, &message).await,
        MessageKind::BackchannelLogout => backchannel::send(provider, &message, clock.now()).await,
        MessageKind::CibaNotice => notice::send(provider, &message, clock.now()).await,
    };
    let outcome = match &result {
        Delivery::Done => "done",
        Delivery::Failed(_) => "failed",
        Delivery::Pointless(_) => "pointless",
    };
    metrics::counter!("outbox_attempts_total", "kind" => message.kind.as_str(), "outcome" => outcome).increment(1);
    let now = clock.now();
    let (id, next) = (message.id, next_attempt(&message, now, &provider.entropy));
    if let Err(fault) = provider.writer.submit(Settle { message, result, next, now }).await {
        // The lease ends and somebody sends it again.
        tracing::warn!(%fault, message = %id, "a delivery could not be recorded");
    }
}

async fn send_sms(provider: &Provider, sms: &dyn SmsTransport, message: &DueMessage) -> Delivery {
    let Ok(short) = open_short_message(&provider.secrets.sealer, message.id, &message.payload) else {
        return Delivery::Pointless("it does not open");
    };
    match sms.send(&short.to, &short.text).await {
        Ok(()) => Delivery::Done,
        Err(why) => Delivery::Failed(why.to_owned()),
    }
}

/// 1 s, 5 s, 30 s, 2 min, 10 min, then every half hour; ±10 %, so that who comes back is not met by everybody at once.
fn next_attempt(message: &DueMessage, now: Timestamp, entropy: &Entropy) -> Option<Timestamp> {
    let wait = match message.attempts {
        ..=1 => Span::secs(1),
        2 => Span::secs(5),
        3 => Span::secs(30),
        4 => Span::minutes(2),
        5 => Span::minutes(10),
        _ => Span::minutes(30),
    };
    let thousandths = 900 + i64::from(entropy.below(200));
    let at = now + Span::micros(wait.as_micros() / 1_000 * thousandths);
    (at < message.gives_up_at).then_some(at)
}

struct ClaimDue {
    now: Timestamp,
    limit: i64,
}

impl Unit for ClaimDue {
    type Out = Vec<DueMessage>;
    const KIND: &'static str = "outbox.claim";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"outbox")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<Vec<DueMessage>, Fault> {
        outbox::claim(tx, self.now, self.now + LEASE, self.limit).await
    }
}

struct Settle {
    message: DueMessage,
    result: Delivery,
    next: Option<Timestamp>,
    now: Timestamp,
}

impl Unit for Settle {
    type Out = ();
    const KIND: &'static str = "outbox.settle";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.message.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        let (outcome, why) = match &self.result {
            Delivery::Done => {
                if !outbox::done(tx, self.message.id, self.now).await? {
                    return Ok(());
                }
                (Outcome::Done, None)
            }
            Delivery::Failed(why) => {
                let kept = outbox::again(tx, self.message.id, self.next, self.now, why).await?;
                if !kept || self.next.is_some() {
                    return Ok(());
                }
                (Outcome::Refused, Some(why.as_str()))
            }
            Delivery::Pointless(why) => {
                if !outbox::again(tx, self.message.id, None, self.now, why).await? {
                    return Ok(());
                }
                (Outcome::Refused, Some(*why))
            }
        };
        tx.record(AuditEvent::new(self.now, "outbox.delivered", outcome, Actor::Service).detail(serde_json::json!({
            "kind": self.message.kind.as_str(), "message": self.message.id, "recipient": self.message.recipient,
            "attempts": self.message.attempts, "why": why,
        })));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::MessageId;

    fn after(attempts: i64, gives_up: Span) -> Option<Span> {
        let now = Timestamp::from_secs(1_000_000);
        let message = DueMessage {
            id: MessageId(uuid::Uuid::nil()),
            kind: MessageKind::Sms,
            recipient: String::new(),
            payload: Vec::new(),
            attempts,
            created_at: now,
            gives_up_at: now + gives_up,
        };
        next_attempt(&message, now, &Entropy::counted(7)).map(|at| at.since(now))
    }

    #[test]
    fn waits_grow_and_end_when_the_message_gives_up() {
        for (attempts, secs) in [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600), (6, 1_800), (60, 1_800)] {
            let wait = after(attempts, Span::hours(24)).unwrap().as_micros();
            let expected = Span::secs(secs).as_micros();
            assert!((expected * 9 / 10..=expected * 11 / 10).contains(&wait), "{attempts}: {wait}");
        }
        assert_eq!(after(6, Span::minutes(20)), None);
    }
}
