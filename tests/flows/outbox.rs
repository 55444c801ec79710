//! What the outbox holds arrives: tried again after failures, taken over from a worker that died, and given up on record.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dinhdanh::{
    base::{Fault, Span, Timestamp},
    flows::outbox::{ShortMessage, SmsTransport, short_message, worker::work},
    store::{
        Class, LaneKey, Tx, Unit,
        outbox::{self, NewMessage},
    },
};

use crate::support::provider::TestProvider;

struct Write(NewMessage, Timestamp);

impl Unit for Write {
    type Out = ();
    const KIND: &'static str = "test.message";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.0.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<(), Fault> {
        outbox::insert(tx, &self.0, self.1).await
    }
}

/// As long as a worker may hold a message.
const LEASE: Span = Span::secs(20);

/// A worker that took everything, and died.
struct TakeAndDie(Timestamp);

impl Unit for TakeAndDie {
    type Out = usize;
    const KIND: &'static str = "test.take";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(b"outbox")
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<usize, Fault> {
        Ok(outbox::claim(tx, self.0, self.0 + LEASE, 10).await?.len())
    }
}

/// Fails so often, and then writes down what it was given.
#[derive(Default)]
struct Gateway {
    failures: AtomicUsize,
    asked: AtomicUsize,
    sent: Mutex<Vec<(String, String)>>,
}

impl SmsTransport for Gateway {
    fn send<'a>(
        &'a self,
        to: &'a str,
        text: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), &'static str>> + Send + 'a>> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let left = self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_ok() {
                return Err("the gateway is down");
            }
            self.sent.lock().unwrap().push((to.to_owned(), text.to_owned()));
            Ok(())
        })
    }
}

async fn write(at: &TestProvider, gives_up: Span) {
    let message = ShortMessage { to: "+84900000001".to_owned(), text: "Chào".to_owned() };
    let message = short_message(&at.provider, &message, "test".to_owned(), at.now() + gives_up, at.now()).unwrap();
    at.provider.writer.submit(Write(message, at.now())).await.unwrap();
}

/// Until it holds, moving the test's clock a second at each look: not while a message is due or held by a worker, whose lease
/// would run out under it on a slow machine.
async fn eventually(at: &TestProvider, what: impl AsyncFn() -> bool) {
    for _ in 0..4_000 {
        if what().await {
            return;
        }
        if at_rest(at).await {
            // No multiple of a millisecond, as the waits are: a wait is never mistaken for a lease.
            at.clock.advance(Span::micros(1_000_007));
        }
        at.provider.outbox_wake.notify_one();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came to that");
}

/// Nothing is due, and nothing was claimed at this very moment.
async fn at_rest(at: &TestProvider) -> bool {
    let next = outbox::oldest_due(&mut at.conn().await).await.unwrap();
    next.is_some_and(|next| next > at.now() && next.since(at.now()) != LEASE)
}

const WAITING: &str = "SELECT count(*) FROM outbox WHERE state = 'waiting'";
const DONE: &str = "SELECT count(*) FROM outbox WHERE state = 'done'";
const DEAD: &str = "SELECT count(*) FROM outbox WHERE state = 'dead'";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_is_sent_again_and_once() {
    for at in TestProvider::each().await {
        let gateway = Arc::new(Gateway { failures: AtomicUsize::new(3), ..Gateway::default() });
        write(&at, Span::hours(24)).await;
        let worker = tokio::spawn(work(at.provider.clone(), gateway.clone(), at.clock.clone()));
        eventually(&at, async || at.count(DONE).await == 1).await;
        assert_eq!(gateway.asked.load(Ordering::SeqCst), 4);
        assert_eq!(*gateway.sent.lock().unwrap(), [("+84900000001".to_owned(), "Chào".to_owned())]);
        assert_eq!(at.audited("outbox.delivered", "done").await, 1);
        worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_held_is_taken_over_when_its_lease_ends() {
    for at in TestProvider::each().await {
        write(&at, Span::hours(24)).await;
        assert_eq!(at.provider.writer.submit(TakeAndDie(at.now())).await.unwrap(), 1);
        let gateway = Arc::new(Gateway::default());
        let worker = tokio::spawn(work(at.provider.clone(), gateway.clone(), at.clock.clone()));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(gateway.asked.load(Ordering::SeqCst), 0, "it is another's until then");
        at.clock.advance(LEASE);
        at.provider.outbox_wake.notify_one();
        eventually(&at, async || at.count(DONE).await == 1).await;
        assert_eq!(gateway.sent.lock().unwrap().len(), 1);
        worker.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_in_its_time_is_given_up_on_record() {
    let at = TestProvider::sqlite().await;
    let gateway = Arc::new(Gateway { failures: AtomicUsize::new(usize::MAX), ..Gateway::default() });
    write(&at, Span::minutes(2)).await;
    let worker = tokio::spawn(work(at.provider.clone(), gateway.clone(), at.clock.clone()));
    eventually(&at, async || at.count(DEAD).await == 1).await;
    assert_eq!(at.count(WAITING).await, 0);
    assert_eq!(at.audited("outbox.delivered", "refused").await, 1);
    let asked = gateway.asked.load(Ordering::SeqCst);
    assert!((4..=5).contains(&asked), "1 s, 5 s, 30 s, and nothing after two minutes: {asked}");
    worker.abort();
}
