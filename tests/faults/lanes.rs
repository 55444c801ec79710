//! A lane whose PostgreSQL goes away, hangs, or is not heard any more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use dinhdanh::{
    base::{Fault, fault::FaultKind, ids::InstanceId},
    store::{Conn, Db, DbSettings, Engine, Writer, audit_log},
};
use futures_util::{StreamExt as _, stream::FuturesUnordered};

use crate::{
    store::{
        case::{Case, number, run},
        ledger::{self, ADMIN, Entry, Gate, How, INTERACTIVE},
    },
    support::{
        database::TestDb,
        postgres::Cluster,
        proxy::{Proxy, Wire},
        watched::signal,
    },
};

const LANE: u64 = 7;

/// A writer's own second, on a machine that may stand still in between: far less than what hangs would take.
const SOON: Duration = Duration::from_secs(15);

/// One on the shared cluster, with a ledger.
async fn case() -> Case {
    let case = Case::on(TestDb::postgres().await);
    ledger::create(&mut case.conn().await).await;
    case
}

/// The lanes of a process whose database is at this URL, with one lane alone.
async fn one_lane(case: &Case, url: &str) -> Writer {
    let settings = DbSettings { url: url.to_owned(), read_connections: 1, postgres_lanes: 1, notices_restores: true };
    Writer::start(&Db::open(&settings).await.unwrap(), InstanceId(case.uuid()))
}

/// Every backend of this database that the service opened.
const OURS: &str = "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'dinhdanh'";

/// Ends them as an administrator does; answers how many there were.
async fn terminate(conn: &mut Conn) -> i64 {
    number(conn, format!("SELECT count(pg_terminate_backend(pid)) {OURS}").leak()).await
}

/// The backend that holds an open transaction, once there is one; `state` as PostgreSQL calls it.
async fn backend_in(conn: &mut Conn, state: &str) -> i64 {
    let sql: &'static str = format!("SELECT coalesce(max(pid), 0)::bigint {OURS} AND state = '{state}'").leak();
    for _ in 0..500 {
        let pid = number(conn, sql).await;
        if pid != 0 {
            return pid;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no backend is {state}");
}

/// A frozen backend, thawed at the end also of a test that failed.
struct Frozen(i64);

impl Frozen {
    fn new(pid: i64) -> Self {
        assert!(signal(pid, "-STOP"));
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let _it_may_have_ended = signal(self.0, "-CONT");
    }
}

async fn entry(writer: &Writer, n: i64, how: How) -> Result<i64, Fault> {
    writer.submit(Entry::<ADMIN>::new(n, LANE, how)).await
}

/// Tries as a client does, until it is written.
async fn until_written(writer: &Writer, n: i64) {
    let began = Instant::now();
    while let Err(fault) = writer.submit(Entry::<INTERACTIVE>::new(n, LANE, How::Well)).await {
        assert_eq!(fault.kind, FaultKind::Unavailable, "{fault:?}");
        assert!(began.elapsed() < Duration::from_mins(1), "the lane does not come back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

// ── connections that end ─────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_ended_while_it_rested_costs_nobody_anything() {
    let case = case().await;
    let writer = one_lane(&case, &case.test.url).await;
    entry(&writer, 2, How::Well).await.unwrap();
    assert!(terminate(&mut case.conn().await).await >= 2, "the lane's and the reader's");
    entry(&writer, 4, How::Well).await.unwrap();
    ledger::reconcile(&mut case.conn().await, &[2, 4]).await;
}

/// 57P01 before COMMIT was sent: nothing happened, so it is done again.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_whose_connection_ended_under_it_runs_again() {
    let case = case().await;
    let writer = one_lane(&case, &case.test.url).await;
    let gate = Gate::new();
    let at_work = tokio::spawn({
        let writer = writer.clone();
        async move { entry(&writer, 2, How::Until(gate)).await }
    });
    let mut conn = case.conn().await;
    backend_in(&mut conn, "idle in transaction").await;
    assert!(terminate(&mut conn).await >= 1);
    // A moment for the backend to end: the unit asks for its COMMIT afterwards.
    tokio::time::sleep(Duration::from_millis(500)).await;
    gate.open();
    assert_eq!(at_work.await.unwrap().unwrap(), 2);
    ledger::reconcile(&mut conn, &[2]).await;
}

/// F11: every connection ended ten times a second, under load; what was acknowledged is there, once.
#[tokio::test(flavor = "multi_thread")]
async fn ended_connections_under_load_lose_and_double_nothing() {
    let case = case().await;
    let writer = case.writer().await;
    let over = Arc::new(AtomicBool::new(false));
    let users: Vec<_> = (0..8_i64)
        .map(|user| {
            let (writer, over) = (writer.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let (mut written, mut refused, mut n) = (Vec::new(), 0, user * 100_000);
                while !over.load(Ordering::Relaxed) {
                    let own = u64::try_from(user).unwrap();
                    match writer.submit(Entry::<INTERACTIVE>::new(n, own, How::Well)).await {
                        Ok(n) => written.push(n),
                        Err(fault) => {
                            assert_eq!(fault.kind, FaultKind::Unavailable, "{fault:?}");
                            refused += 1;
                        }
                    }
                    n += 1;
                }
                (written, refused)
            })
        })
        .collect();
    let (mut conn, mut ended, rounds) = (case.conn().await, 0, 30);
    for _ in 0..rounds {
        ended += terminate(&mut conn).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    over.store(true, Ordering::Relaxed);
    let (mut written, mut refused) = (Vec::new(), 0);
    for user in users {
        let (own, no) = user.await.unwrap();
        written.extend(own);
        refused += no;
    }
    assert!(ended > 10 && written.len() > 20, "{ended} ended, {} written", written.len());
    // Only a COMMIT that is under way when its connection ends is not done again: of what each of the eight waits for, at most
    // one in each round, and where commits are quick hardly any.
    let bound = if written.len() > 1_000 { written.len() / 20 } else { rounds * 8 };
    assert!(refused <= bound, "{refused} refused of {}", written.len());
    ledger::reconcile(&mut conn, &written).await;
}

/// F8: while it is down everybody hears so within a second or so, and nobody who left is worked for afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stopped_and_came_back_is_written_to_at_once() {
    let mut cluster = tokio::task::block_in_place(Cluster::start);
    let test = TestDb::of(&cluster).await;
    let case = Case::on(test);
    ledger::create(&mut case.conn().await).await;
    let writer = one_lane(&case, &case.test.url).await;
    entry(&writer, 2, How::Well).await.unwrap();
    tokio::task::block_in_place(|| cluster.stop("-QUIT"));
    let began = Instant::now();
    let crowd: FuturesUnordered<_> =
        (10..50).map(|n| writer.submit(Entry::<INTERACTIVE>::new(n, LANE, How::Well))).collect();
    let answers: Vec<_> = crowd.collect().await;
    assert!(answers.iter().all(|answer| answer.as_ref().is_err_and(|fault| fault.kind == FaultKind::Unavailable)));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    tokio::task::block_in_place(|| cluster.start_again());
    until_written(&writer, 4).await;
    let mut conn = case.conn().await;
    ledger::reconcile(&mut conn, &[2, 4]).await;
    assert_eq!(ledger::numbers(&mut conn).await, [2, 4], "what was refused did not happen");
}

// ── servers that do not answer ───────────────────────────────────────────────────────────────────────────────────────

/// F9: a backend that hangs holds its lane for four seconds, not until somebody thaws it.
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_hangs_is_left() {
    let case = case().await;
    let writer = one_lane(&case, &case.test.url).await;
    entry(&writer, 2, How::Well).await.unwrap();
    let mut conn = case.conn().await;
    let lane = "SELECT max(pid)::bigint FROM pg_stat_activity WHERE datname = current_database() AND query = 'COMMIT'";
    let frozen = Frozen::new(number(&mut conn, lane).await);
    let began = Instant::now();
    let late = writer.submit(Entry::<INTERACTIVE>::new(3, LANE, How::Well)).await.unwrap_err();
    assert_eq!(late.kind, FaultKind::Unavailable);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    until_written(&writer, 4).await;
    drop(frozen);
    tokio::time::sleep(Duration::from_millis(300)).await;
    ledger::reconcile(&mut conn, &[2, 4]).await;
    assert_eq!(ledger::numbers(&mut conn).await, [2, 4]);
}

/// Its COMMIT takes a while, in which something may happen to it.
async fn commit_slowly(conn: &mut Conn) {
    run(
        conn,
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS \
         'BEGIN IF new.n = 6 THEN PERFORM pg_sleep(1.5); END IF; RETURN NULL; END'; \
         CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED \
         FOR EACH ROW EXECUTE FUNCTION slowly()",
    )
    .await;
}

/// The hung COMMIT happens in the end, beside what its lane wrote meanwhile: in another chain, or both would have claimed
/// the same number.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_hangs_and_happens_later_leaves_the_chains_whole() {
    let case = case().await;
    let mut conn = case.conn().await;
    commit_slowly(&mut conn).await;
    let writer = one_lane(&case, &case.test.url).await;
    entry(&writer, 2, How::Well).await.unwrap();
    let committing = tokio::spawn({
        let writer = writer.clone();
        async move { entry(&writer, 6, How::Well).await }
    });
    let asleep: &'static str = format!("SELECT coalesce(max(pid), 0)::bigint {OURS} AND wait_event = 'PgSleep'").leak();
    let (mut pid, began) = (0, Instant::now());
    while pid == 0 {
        assert!(began.elapsed() < Duration::from_mins(1), "its COMMIT was not seen asleep");
        pid = number(&mut conn, asleep).await;
    }
    let frozen = Frozen::new(pid);
    assert_eq!(committing.await.unwrap().unwrap_err().kind, FaultKind::Unavailable);
    until_written(&writer, 8).await;
    drop(frozen);
    while number(&mut conn, "SELECT count(*) FROM ledger WHERE n = 6").await == 0 {
        assert!(began.elapsed() < Duration::from_mins(3), "it never happens");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    entry(&writer, 10, How::Well).await.unwrap();
    ledger::reconcile(&mut conn, &[2, 8, 10]).await;
    assert_eq!(audit_log::verify(&mut conn).await.unwrap().chains, 2);
}

/// F2 at the wire: it was committed, and nobody heard. It is a fault to its caller, and is not done again.
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_was_lost_is_not_repeated() {
    let case = case().await;
    let url = url::Url::parse(&case.test.url).unwrap();
    let proxy = Proxy::before(url.port().unwrap()).await;
    let mut through = url.clone();
    through.set_port(Some(proxy.port)).unwrap();
    let writer = one_lane(&case, through.as_str()).await;
    entry(&writer, 2, How::Well).await.unwrap();
    proxy.set(Wire::CutAfterCommit);
    // The odd one has no event to prove its transaction by.
    for n in [4, 5] {
        assert_eq!(entry(&writer, n, How::Well).await.unwrap_err().kind, FaultKind::Unavailable);
    }
    proxy.set(Wire::Whole);
    entry(&writer, 6, How::Well).await.unwrap();
    let mut conn = case.conn().await;
    ledger::reconcile(&mut conn, &[2, 6]).await;
    assert_eq!(ledger::numbers(&mut conn).await, [2, 4, 5, 6]);
}

/// A network that swallows everything: no answer and no error, at any step.
#[tokio::test(flavor = "multi_thread")]
async fn a_wire_that_goes_silent_holds_nobody() {
    let case = case().await;
    assert_eq!(case.engine(), Engine::Postgres);
    let url = url::Url::parse(&case.test.url).unwrap();
    let proxy = Proxy::before(url.port().unwrap()).await;
    let mut through = url.clone();
    through.set_port(Some(proxy.port)).unwrap();
    let writer = one_lane(&case, through.as_str()).await;
    entry(&writer, 2, How::Well).await.unwrap();
    proxy.set(Wire::Silent);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(7) {
        let asked = Instant::now();
        writer.submit(Entry::<INTERACTIVE>::new(3, LANE, How::Well)).await.unwrap_err();
        assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    }
    proxy.set(Wire::Whole);
    until_written(&writer, 4).await;
    let mut conn = case.conn().await;
    ledger::reconcile(&mut conn, &[2, 4]).await;
}
