//! Change counters, and PostgreSQL's word that one has changed.

use std::{sync::Arc, time::Duration};

use dinhdanh::store::{
    Engine,
    changes::{self, Topic},
};
use tokio::{sync::Notify, time::timeout};

use super::case::{Case, both, number, run};
use crate::support::database::TestDb;

#[tokio::test(flavor = "multi_thread")]
async fn each_topic_is_counted_by_itself() {
    both(async |case| {
        let before = changes::read(&mut case.conn().await).await.unwrap();
        changes::bump(&mut case.conn().await, Topic::Keys).await.unwrap();
        let after = changes::read(&mut case.conn().await).await.unwrap();
        assert_eq!(after, (before.0, before.1 + 1));
    })
    .await;
}

/// Somebody who listens, and what wakes them.
async fn listener(case: &Case) -> Arc<Notify> {
    let (wake, db) = (Arc::new(Notify::new()), case.another().await);
    let woken = Arc::clone(&wake);
    tokio::spawn(async move { changes::listen(&db, &woken).await });
    assert!(hears(&wake, 30_000).await, "at its beginning it looks once");
    wake
}

async fn hears(wake: &Notify, millis: u64) -> bool {
    timeout(Duration::from_millis(millis), wake.notified()).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_heard_when_it_is_committed_and_not_before() {
    let case = Case::on(TestDb::postgres().await);
    let wake = listener(&case).await;
    let mut conn = case.begin().await;
    changes::bump(&mut conn, Topic::Clients).await.unwrap();
    assert!(!hears(&wake, 200).await, "nothing has happened yet");
    run(&mut conn, "COMMIT").await;
    assert!(hears(&wake, 30_000).await);
    let mut conn = case.begin().await;
    changes::bump(&mut conn, Topic::Clients).await.unwrap();
    run(&mut conn, "ROLLBACK").await;
    assert!(!hears(&wake, 200).await, "nothing has happened");
}

/// What was told while nobody listened is not lost: the listener looks when it is back.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_whose_connection_ended_listens_again() {
    let case = Case::on(TestDb::postgres().await);
    let wake = listener(&case).await;
    let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    assert_eq!(number(&mut case.conn().await, ended).await, 1);
    assert!(hears(&wake, 30_000).await, "it looks again");
    changes::bump(&mut case.conn().await, Topic::Keys).await.unwrap();
    assert!(hears(&wake, 30_000).await, "and is told again");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_nobody_tells() {
    let case = Case::on(TestDb::sqlite().await);
    assert_eq!(case.engine(), Engine::Sqlite);
    let wake = Notify::new();
    timeout(Duration::from_secs(20), changes::listen(&case.test.db, &wake))
        .await
        .expect("there is nothing to wait for");
}
