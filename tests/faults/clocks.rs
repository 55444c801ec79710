//! F19: a process whose clock is not the database's is not sent requests, however well it answers.

use dinhdanh::{
    base::{Clock, Span},
    cli::probes::SameTime,
    http::health::Probe,
    store::Engine,
};

use crate::support::database::TestDb;

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_went_astray_is_not_ready() {
    for test in TestDb::each().await {
        for (ahead, well) in
            [(0, true), (2, true), (-2, true), (9, false), (-9, false), (3_600, false), (-3_600, false)]
        {
            let clock = Clock::set_to(Clock::System.now() + Span::secs(ahead));
            let said = SameTime { db: test.db.clone(), clock }.check().await;
            // A file on this machine has this machine's clock.
            assert_eq!(said.is_ok(), well || test.engine == Engine::Sqlite, "{ahead} s: {said:?}");
        }
    }
}
