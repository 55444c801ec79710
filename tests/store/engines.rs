//! The databases that every other test stands on: real, separate, durable.

use dinhdanh::store::{Engine, migrations};
use sqlx::{Connection, PgConnection, Row};

use crate::support::{database::TestDb, postgres, redis};

#[tokio::test(flavor = "multi_thread")]
async fn each_engine_is_there_with_the_whole_schema() {
    for test in TestDb::each().await {
        let state = migrations::state(&test.db).await.unwrap();
        assert!(state.is_current(), "{:?}: {state:?}", test.engine);
        assert_eq!(test.db.engine(), test.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_is_as_durable_as_in_production() {
    let test = TestDb::postgres().await;
    assert_eq!(test.engine, Engine::Postgres);
    let mut conn = PgConnection::connect(&test.url).await.unwrap();
    for (setting, sql) in [
        ("fsync", "SHOW fsync"),
        ("full_page_writes", "SHOW full_page_writes"),
        ("synchronous_commit", "SHOW synchronous_commit"),
    ] {
        let value: String = sqlx::query(sql).fetch_one(&mut conn).await.unwrap().get(0);
        assert_eq!(value, "on", "{setting}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tests_database_is_its_own_and_goes_with_it() {
    let (one, two) = (postgres::shared().database(), postgres::shared().database());
    let mut conn = PgConnection::connect(&one.url).await.unwrap();
    sqlx::query("CREATE TABLE mine (x integer)").execute(&mut conn).await.unwrap();
    let mut other = PgConnection::connect(&two.url).await.unwrap();
    assert!(sqlx::query("SELECT * FROM mine").fetch_optional(&mut other).await.is_err());
    let url = one.url.clone();
    drop(one);
    // The clerk works in order: when the next exists, the dropped one is gone.
    let _next = postgres::shared().database();
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_answers_and_is_empty() {
    let client = ::redis::Client::open(redis::shared().url()).unwrap();
    let mut conn = client.get_multiplexed_async_connection().await.unwrap();
    let size: u64 = ::redis::cmd("DBSIZE").query_async(&mut conn).await.unwrap();
    assert_eq!(size, 0);
}

/// A server of a test's own can be stopped, killed and is cleaned up.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_leaves_nothing_behind() {
    let cluster = postgres::Cluster::start();
    let database = cluster.database();
    assert!(PgConnection::connect(&database.url).await.is_ok());
    let pid = cluster.server().pid;
    cluster.server().signal("-KILL");
    drop(cluster);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}
