//! F19: a process whose clock is not the database's is not sent requests, however well it answers.

use std::time::{Duration, Instant};

use dinhdanh::{
    base::{Clock, Span},
    cli::probes::SameTime,
    http::health::Probe,
    store::Engine,
};

use crate::support::database::TestDb;

/// Of a clock that stands: how long the looking takes is added to how far it is off, so a machine that stood still is asked again.
async fn told(test: &TestDb, ahead: Span) -> Result<(), String> {
    loop {
        let began = Instant::now();
        let clock = Clock::set_to(Clock::System.now() + ahead);
        let said = SameTime { db: test.db.clone(), clock }.check().await;
        if began.elapsed() < Duration::from_secs(1) {
            return said;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_astray_is_not_ready() {
    for test in TestDb::each().await {
        for (ahead, well) in
            [(0, true), (2, true), (-2, true), (9, false), (-9, false), (3_600, false), (-3_600, false)]
        {
            let said = told(&test, Span::secs(ahead)).await;
            // A file on this machine has this machine's clock.
            assert_eq!(said.is_ok(), well || test.engine == Engine::Sqlite, "{ahead} s: {said:?}");
        }
    }
}
