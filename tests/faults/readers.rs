//! Readers whose PostgreSQL goes away or hangs.

use std::time::{Duration, Instant};

use dinhdanh::{
    base::fault::FaultKind,
    store::{Db, DbSettings, changes},
};

use crate::{
    store::case::{Case, number},
    support::{
        database::TestDb,
        proxy::{Proxy, Wire},
        watched::signal,
    },
};

async fn reader(url: &str) -> Db {
    let settings = DbSettings { url: url.to_owned(), read_connections: 2, postgres_lanes: 1, notices_restores: true };
    Db::open(&settings).await.unwrap()
}

async fn read(db: &Db) -> Result<(), FaultKind> {
    let mut conn = db.read().await.map_err(|fault| fault.kind)?;
    changes::read(&mut conn).await.map(drop).map_err(|fault| fault.kind)
}

/// F10: what rested while its server ended is not handed to anybody.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_ended_while_they_rested_are_replaced() {
    let case = Case::on(TestDb::postgres().await);
    let db = reader(&case.test.url).await;
    let (one, two) = tokio::join!(db.read(), db.read());
    drop((one.unwrap(), two.unwrap()));
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let ended = number(
        &mut case.conn().await,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'dinhdanh'",
    )
    .await;
    assert!(ended >= 3, "{ended}");
    for _ in 0..4 {
        assert_eq!(read(&db).await, Ok(()));
    }
}

/// The first to notice pays; those beside it are not tried one by one.
#[tokio::test(flavor = "multi_thread")]
async fn one_broken_connection_speaks_for_those_that_rest_beside_it() {
    let case = Case::on(TestDb::postgres().await);
    let db = reader(&case.test.url).await;
    let (one, two) = tokio::join!(db.read(), db.read());
    drop((one.unwrap(), two.unwrap()));
    let rested = Instant::now();
    let _ended = number(
        &mut case.conn().await,
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'dinhdanh'",
    )
    .await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let first = read(&db).await;
    // What rested for a second is looked at before it is handed out; a slow machine may get there.
    assert!(first == Err(FaultKind::Retry) || rested.elapsed() > Duration::from_secs(1), "{first:?}");
    for _ in 0..4 {
        assert_eq!(read(&db).await, Ok(()));
    }
}

/// F9: neither a statement nor a connection is waited for longer than three seconds, and what hangs is left behind.
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_hangs_does_not_hold_its_reader() {
    let case = Case::on(TestDb::postgres().await);
    let db = reader(&case.test.url).await;
    assert_eq!(read(&db).await, Ok(()));
    let frozen: i64 = number(
        &mut case.conn().await,
        "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() \
         AND application_name = 'dinhdanh' AND query LIKE '%change_counter%'",
    )
    .await;
    assert!(signal(frozen, "-STOP"));
    let began = Instant::now();
    let hung = tokio::time::timeout(Duration::from_secs(30), read(&db)).await;
    let took = began.elapsed();
    // Another connection, while the first one still hangs.
    let other = tokio::time::timeout(Duration::from_secs(30), async { [read(&db).await, read(&db).await] }).await;
    let rested = tokio::time::timeout(Duration::from_secs(30), async {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        read(&db).await
    });
    let rested = rested.await;
    signal(frozen, "-CONT");
    assert_eq!(hung, Ok(Err(FaultKind::Retry)));
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert_eq!(other, Ok([Ok(()), Ok(())]));
    assert_eq!(rested, Ok(Ok(())));
}

/// Whoever leaves in the middle of a read leaves a connection that is read to its end before anybody gets it.
#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_was_left_in_the_middle_disturbs_nobody() {
    for test in TestDb::each().await {
        let case = Case::on(test);
        let db = reader(&case.test.url).await;
        for _ in 0..200 {
            let left = tokio::time::timeout(Duration::from_micros(150), read(&db)).await;
            drop(left);
            assert_eq!(
                tokio::time::timeout(Duration::from_secs(30), read(&db)).await,
                Ok(Ok(())),
                "{:?}",
                case.engine()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_goes_silent_frees_its_readers() {
    let case = Case::on(TestDb::postgres().await);
    let url = url::Url::parse(&case.test.url).unwrap();
    let proxy = Proxy::before(url.port().unwrap()).await;
    let mut through = url.clone();
    through.set_port(Some(proxy.port)).unwrap();
    let db = reader(through.as_str()).await;
    assert_eq!(read(&db).await, Ok(()));
    proxy.set(Wire::Silent);
    for _ in 0..3 {
        let began = Instant::now();
        assert!(tokio::time::timeout(Duration::from_secs(30), read(&db)).await.unwrap().is_err());
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
    proxy.set(Wire::Whole);
    assert_eq!(read(&db).await, Ok(()));
}
