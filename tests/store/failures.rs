//! Failure counters: the policy's own JSON, and turns that lose no count.

use std::{sync::Arc, time::Duration};

use dinhdanh::{
    assurance::failures::{PasswordTallies, Sends},
    base::Span,
    store::failures::{self, CounterKey, CounterKind},
};

use super::case::{Case, NOW, both, run};
use crate::support::database::TestDb;

fn key(kind: CounterKind, subject: &[u8], network: &str) -> CounterKey {
    CounterKey { kind, subject: subject.to_vec(), network: network.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tally_is_read_back_as_the_policy_wrote_it() {
    both(async |case| {
        let mut conn = case.conn().await;
        let key = key(CounterKind::Password, &[0, 1, 255], "");
        assert_eq!(failures::find::<PasswordTallies>(&mut conn, &key).await.unwrap(), None);
        let mut tally = PasswordTallies::default();
        for second in 0..7 {
            tally = tally.after_failure(NOW + Span::secs(second));
            failures::set(&mut conn, &key, &tally, NOW + Span::secs(second)).await.unwrap();
            assert_eq!(failures::find(&mut conn, &key).await.unwrap(), Some(tally));
        }
        failures::forgive(&mut conn, &key).await.unwrap();
        assert_eq!(failures::find::<PasswordTallies>(&mut conn, &key).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_subjects_and_networks_are_counted_apart() {
    both(async |case| {
        let mut conn = case.conn().await;
        let kinds = [
            CounterKind::Password,
            CounterKind::SecondFactor,
            CounterKind::CodeSend,
            CounterKind::Register,
            CounterKind::Client,
        ];
        let mut keys: Vec<_> = kinds.into_iter().map(|kind| key(kind, b"a", "")).collect();
        keys.extend([key(CounterKind::Password, b"b", ""), key(CounterKind::Password, b"a", "203.0.113.0/24")]);
        for (today, key) in (0..).zip(&keys) {
            failures::set(&mut conn, key, &Sends { today, ..Sends::default() }, NOW).await.unwrap();
        }
        failures::forgive(&mut conn, &keys[0]).await.unwrap();
        for (today, key) in (0..).zip(&keys) {
            let found = failures::find::<Sends>(&mut conn, key).await.unwrap().map(|sends| sends.today);
            assert_eq!(found, (today > 0).then_some(today));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_turn_keeps_it_until_the_end_of_the_transaction() {
    let case = Case::on(TestDb::postgres().await);
    let key = key(CounterKind::Password, b"one", "");
    let mut first = case.begin().await;
    failures::take_turn(&mut first, &key).await.unwrap();

    let mut other = case.begin().await;
    failures::take_turn(&mut other, &CounterKey { subject: b"two".to_vec(), ..key.clone() }).await.unwrap();

    let mut second = case.begin().await;
    let waiting = tokio::time::timeout(Duration::from_millis(150), failures::take_turn(&mut second, &key)).await;
    assert!(waiting.is_err(), "the second waits");
    // Its statement is still under way: the connection is not used again.
    second.discard().await;
    let mut third = case.begin().await;
    run(&mut third, "SET LOCAL lock_timeout = '50ms'").await;
    assert!(failures::take_turn(&mut third, &key).await.is_err());
    run(&mut third, "ROLLBACK; BEGIN").await;
    run(&mut first, "COMMIT").await;
    tokio::time::timeout(Duration::from_mins(1), failures::take_turn(&mut third, &key)).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_two_at_once_are_all_counted() {
    for test in TestDb::each().await {
        let case = Arc::new(Case::on(test));
        let key = key(CounterKind::SecondFactor, b"one", "");
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (case, key) = (Arc::clone(&case), key.clone());
                tokio::spawn(async move {
                    let mut conn = case.begin().await;
                    failures::take_turn(&mut conn, &key).await.unwrap();
                    let sends = failures::find::<Sends>(&mut conn, &key).await.unwrap().unwrap_or_default();
                    let next = Sends { today: sends.today + 1, ..sends };
                    failures::set(&mut conn, &key, &next, NOW).await.unwrap();
                    run(&mut conn, "COMMIT").await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let counted = failures::find::<Sends>(&mut case.conn().await, &key).await.unwrap().unwrap().today;
        assert_eq!(counted, 32, "{:?}", case.engine());
    }
}
