//! The demo's telephone network: what is sent appears on the console and on the helper page, and nowhere else.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use crate::{
    base::{Clock, Timestamp},
    cli::out::Out,
    flows::outbox::SmsTransport,
};

/// A message that somebody's telephone would have shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    pub at: Timestamp,
    pub to: String,
    pub text: String,
}

pub struct ConsoleSms {
    out: Out,
    clock: Clock,
    last: Mutex<VecDeque<Received>>,
}

const KEPT: usize = 20;

impl ConsoleSms {
    pub const fn new(out: Out, clock: Clock) -> Self {
        Self { out, clock, last: Mutex::new(VecDeque::new()) }
    }

    /// The newest first.
    pub fn last(&self) -> Vec<Received> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

impl SmsTransport for ConsoleSms {
    fn send<'a>(
        &'a self,
        to: &'a str,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send + 'a>> {
        self.out.note(format_args!("  SMS → {to}: {text}"));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_front(Received { at: self.clock.now(), to: to.to_owned(), text: text.to_owned() });
        last.truncate(KEPT);
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newest_messages_are_kept_and_the_oldest_let_go() {
        let sms = ConsoleSms::new(Out::new(true), Clock::System);
        for at in 0..30 {
            sms.send("+84500000001", &format!("message {at}")).await.unwrap();
        }
        let last = sms.last();
        assert_eq!((last.len(), last[0].text.as_str(), last[19].text.as_str()), (KEPT, "message 29", "message 10"));
    }
}
