//! The lanes: one commit for many, deadlines, a queue that is full, faults and panics that stay their unit's own.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use dinhdanh::{
    base::{
        Fault, Span,
        fault::FaultKind,
        ids::{AccountId, ClientId, GrantId, SessionId},
    },
    cli::{context::Context, out::Out},
    store::{
        Class, Conn, Engine, LaneKey, Tx, Unit, Writer,
        codes::{self, StoredCode},
        grants::{self, StoredGrant},
    },
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use serde_json::json;
use tokio::task::JoinHandle;

use super::{
    case::{Case, NOW, both, run},
    ledger::{self, ADMIN, Entry, Gate, How, INTERACTIVE, Order, TOKEN},
};

const LANE: u64 = 7;

type Answers = Vec<(i64, Result<i64, Fault>)>;

/// A lane that is taken until its gate opens, so that what is submitted meanwhile becomes one batch.
struct Held {
    gate: Gate,
    unit: JoinHandle<Result<i64, Fault>>,
}

impl Held {
    async fn by(writer: &Writer, n: i64) -> Self {
        let (writer, order, gate) = (writer.clone(), Order::default(), Gate::new());
        let seen = Arc::clone(&order);
        let unit =
            tokio::spawn(
                async move { writer.submit(Entry::<ADMIN> { n, key: LANE, how: How::Until(gate), order }).await },
            );
        while seen.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Self { gate, unit }
    }

    /// What it was answered, after its gate was opened.
    async fn answer(self) -> i64 {
        self.unit.await.unwrap().unwrap()
    }
}

/// Submits all while the lane is held, and waits for every answer.
async fn in_one_batch(writer: &Writer, entries: Vec<Entry<ADMIN>>) -> Answers {
    let held = Held::by(writer, 1_001).await;
    let mut waiting: FuturesUnordered<_> = entries
        .into_iter()
        .map(|entry| async {
            let n = entry.n;
            (n, writer.submit(entry).await)
        })
        .collect();
    // Asked once, each is in the queue.
    assert!(waiting.next().now_or_never().is_none());
    held.gate.open();
    let mut answers = Answers::new();
    while let Some(answer) = waiting.next().await {
        answers.push(answer);
    }
    held.answer().await;
    answers.sort_by_key(|(n, _)| *n);
    answers
}

/// Forty in one batch, of which those named behave as said; answers who was refused.
async fn forty(case: &Case, behaving: &[(i64, How)]) -> Vec<i64> {
    ledger::create(&mut case.conn().await).await;
    forty_again(case, &case.writer().await, behaving).await
}

async fn forty_again(case: &Case, writer: &Writer, behaving: &[(i64, How)]) -> Vec<i64> {
    let how = |n| behaving.iter().find(|(named, _)| *named == n).map_or(How::Well, |(_, how)| *how);
    let answers = in_one_batch(writer, (1..=40).map(|n| Entry::new(n, LANE, how(n))).collect()).await;
    let (kept, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.is_ok());
    let kept: Vec<_> = kept.into_iter().map(|(n, _)| n).collect();
    let mut conn = case.conn().await;
    ledger::reconcile(&mut conn, &kept).await;
    let there: Vec<_> = ledger::numbers(&mut conn).await.into_iter().filter(|n| *n < 1_000).collect();
    assert_eq!(there, kept, "what was refused did not happen");
    refused.into_iter().map(|(n, _)| n).collect()
}

// ── faults stay their unit's own ─────────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn faults_leave_their_neighbours_unharmed() {
    both(async |case| {
        let refused = forty(case, &[(1, How::Fault), (7, How::Fault), (8, How::Fault), (40, How::Fault)]).await;
        assert_eq!(refused, [1, 7, 8, 40]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_leave_their_neighbours_unharmed() {
    both(async |case| {
        let refused = forty(case, &[(2, How::Panic), (23, How::PanicEarly), (24, How::Fault)]).await;
        assert_eq!(refused, [2, 23, 24]);
    })
    .await;
}

/// PostgreSQL answers COMMIT with "done" after an error inside the transaction, and rolls back.
#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_keeps_an_sql_error_to_itself_is_not_acknowledged_for_nothing() {
    both(async |case| {
        let refused = forty(case, &[(11, How::Swallow), (30, How::Swallow)]).await;
        // SQLite undoes the statement alone and goes on: there both did happen.
        let expected: &[i64] = if case.engine() == Engine::Sqlite { &[] } else { &[11, 30] };
        assert_eq!(refused, expected);
    })
    .await;
}

/// Makes one insert fail from outside, as a constraint or a broken page would (F15).
async fn poison(conn: &mut Conn, table: &'static str) {
    let (sqlite, postgres) = match table {
        "ledger" => (
            "CREATE TRIGGER poison BEFORE INSERT ON ledger WHEN new.n = 17 BEGIN SELECT RAISE(ABORT, 'poison'); END",
            "CREATE TRIGGER poison BEFORE INSERT ON ledger FOR EACH ROW WHEN (new.n = 17) EXECUTE FUNCTION poison()",
        ),
        "audit_event" => (
            "CREATE TRIGGER poison BEFORE INSERT ON audit_event WHEN EXISTS (SELECT 1 FROM ledger WHERE n = 18) \
             BEGIN SELECT RAISE(ABORT, 'poison'); END",
            "CREATE TRIGGER poison BEFORE INSERT ON audit_event FOR EACH ROW EXECUTE FUNCTION poison_if_there()",
        ),
        "refresh_family" => (
            "CREATE TRIGGER poison BEFORE INSERT ON refresh_family BEGIN SELECT RAISE(ABORT, 'poison'); END",
            "CREATE TRIGGER poison BEFORE INSERT ON refresh_family FOR EACH ROW EXECUTE FUNCTION poison()",
        ),
        _ => panic!("{table}"),
    };
    match conn.engine() {
        Engine::Sqlite => run(conn, sqlite).await,
        Engine::Postgres => {
            run(conn, "CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''poison''; END'")
                .await;
            run(
                conn,
                "CREATE FUNCTION poison_if_there() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN IF EXISTS (SELECT 1 FROM ledger WHERE n = 18) THEN RAISE ''poison''; END IF; RETURN new; END'",
            )
            .await;
            run(conn, postgres).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_statement_is_its_units_own() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        poison(&mut case.conn().await, "ledger").await;
        assert_eq!(forty_again(case, &case.writer().await, &[]).await, [17]);
    })
    .await;
}

/// Where the fault shows only at the end of the batch, halves find whose it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_event_is_found_by_halves() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        poison(&mut case.conn().await, "audit_event").await;
        assert_eq!(forty_again(case, &case.writer().await, &[]).await, [18]);
    })
    .await;
}

/// Redeems a code as the flow does: consumes it, stores the grant, begins the family.
struct Redeem {
    digest: Vec<u8>,
    code: StoredCode,
}

impl Unit for Redeem {
    type Out = bool;
    const KIND: &'static str = "test.redeem";
    const CLASS: Class = Class::Admin;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(&LANE.to_be_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let code = &self.code;
        let redeemed = codes::consume(tx, &self.digest, &code.client_id, (NOW, NOW)).await?;
        let grant = StoredGrant {
            id: code.grant_id,
            client_id: code.client_id.clone(),
            account_id: code.account_id,
            session_id: code.session_id,
            offline: false,
            authorized: json!({}),
            expires_at: code.expires_at,
            revoked_at: None,
        };
        grants::insert(tx, &grant, NOW).await?;
        let end = code.expires_at;
        grants::insert_family(tx, code.grant_id, &code.client_id, NOW, end, end).await?;
        Ok(redeemed)
    }
}

impl Redeem {
    async fn new(case: &Case, client: &ClientId) -> Self {
        let code = StoredCode {
            client_id: client.clone(),
            grant_id: GrantId(case.uuid()),
            account_id: AccountId(case.uuid()),
            session_id: SessionId(case.uuid()),
            redirect_uri: None,
            code_challenge: None,
            authorized: json!({}),
            expires_at: NOW + Span::minutes(1),
            used_at: None,
        };
        let digest = case.digest();
        codes::insert(&mut case.conn().await, &digest, &code, NOW).await.unwrap();
        Self { digest, code }
    }
}

/// F15: the family cannot be stored, so the code is not spent.
#[tokio::test(flavor = "multi_thread")]
async fn a_redemption_that_fails_half_way_burns_nothing() {
    both(async |case| {
        let client = case.client("rp").await;
        let (writer, mut conn) = (case.writer().await, case.conn().await);
        let redeem = Redeem::new(case, &client).await;
        let (digest, code) = (redeem.digest.clone(), redeem.code.clone());
        poison(&mut conn, "refresh_family").await;
        assert_eq!(writer.submit(redeem).await.unwrap_err().kind, FaultKind::Internal);
        assert_eq!(codes::find(&mut conn, &digest).await.unwrap(), Some(code.clone()));
        assert_eq!(grants::find(&mut conn, code.grant_id).await.unwrap(), None);
        let drop = match conn.engine() {
            Engine::Sqlite => "DROP TRIGGER poison",
            Engine::Postgres => "DROP TRIGGER poison ON refresh_family",
        };
        run(&mut conn, drop).await;
        assert!(writer.submit(Redeem { digest, code: code.clone() }).await.unwrap());
        assert!(grants::find(&mut conn, code.grant_id).await.unwrap().is_some());
    })
    .await;
}

/// A kind that goes on faulting runs in transactions of its own: its neighbours run once.
#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_faults_repeatedly_is_set_apart() {
    struct Bad(Order);
    impl Unit for Bad {
        type Out = ();
        const KIND: &'static str = "test.bad";
        const CLASS: Class = Class::Admin;
        fn lane_key(&self) -> LaneKey {
            LaneKey::of_bytes(&LANE.to_be_bytes())
        }
        async fn run<'a>(&'a self, _tx: &'a mut Tx) -> Result<(), Fault> {
            self.0.lock().unwrap().push(-1);
            Err(Fault::new(FaultKind::Internal, "on purpose"))
        }
    }
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let mut runs = Vec::new();
        for _ in 0..4 {
            let order = Order::default();
            let held = Held::by(&writer, 1_001).await;
            let neighbour =
                |n| writer.submit(Entry::<ADMIN> { n, key: LANE, how: How::Well, order: Arc::clone(&order) });
            let bad = || writer.submit(Bad(Arc::clone(&order)));
            let answers =
                tokio::join!(biased; neighbour(2), bad(), neighbour(4), bad(), neighbour(6), async { held.gate.open() });
            assert!(answers.0.is_ok() && answers.2.is_ok() && answers.4.is_ok());
            assert!(answers.1.is_err() && answers.3.is_err());
            held.answer().await;
            let order = order.lock().unwrap();
            runs.push(order.iter().filter(|n| **n > 0).count());
        }
        assert!(runs[0] > 3, "at first they share its rollback: {runs:?}");
        assert_eq!(runs[3], 3, "then they don't");
    })
    .await;
}

/// Not a unit's code but what becomes of its answer: the lane goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_outside_any_unit_ends_a_batch_and_not_the_lane() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "on purpose");
        }
    }
    struct Grenade;
    impl Unit for Grenade {
        type Out = Bomb;
        const KIND: &'static str = "test.grenade";
        fn lane_key(&self) -> LaneKey {
            LaneKey::of_bytes(&LANE.to_be_bytes())
        }
        async fn run<'a>(&'a self, _tx: &'a mut Tx) -> Result<Bomb, Fault> {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok(Bomb)
        }
    }
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let thrower = writer.clone();
        let left = tokio::time::timeout(Duration::from_millis(30), thrower.submit(Grenade)).await;
        assert!(left.is_err(), "its caller left while it ran");
        for n in [2, 4] {
            assert_eq!(writer.submit(Entry::<ADMIN>::new(n, LANE, How::Well)).await.unwrap(), n);
        }
        ledger::reconcile(&mut case.conn().await, &[2, 4]).await;
    })
    .await;
}

// ── time and room ────────────────────────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_waits_a_second_and_what_it_left_behind_is_not_done() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let held = Held::by(&writer, 1).await;
        let started = Instant::now();
        let late = writer.submit(Entry::<INTERACTIVE>::new(2, LANE, How::Well)).await;
        let waited = started.elapsed();
        assert_eq!(late.unwrap_err().kind, FaultKind::Unavailable, "while the lane is still taken");
        assert!(waited >= Duration::from_millis(900), "{waited:?}");
        held.gate.open();
        assert_eq!(held.answer().await, 1);
        assert_eq!(writer.submit(Entry::<INTERACTIVE>::new(3, LANE, How::Well)).await.unwrap(), 3);
        assert_eq!(ledger::numbers(&mut case.conn().await).await, [1, 3]);
    })
    .await;
}

/// Of what a command made after it was told to come back, nobody would ever see the credentials.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_for_what_a_request_gives_up() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = Context::of_process(Out::new(true), None).writer(&case.test.db);
        let held = Held::by(&writer, 1).await;
        let waiting = writer.clone();
        let waiting = tokio::spawn(async move { waiting.submit(Entry::<INTERACTIVE>::new(2, LANE, How::Well)).await });
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        held.gate.open();
        assert_eq!(waiting.await.unwrap().unwrap(), 2);
        assert_eq!(held.answer().await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_at_once_and_keeps_what_it_took() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let held = Held::by(&writer, 1_000_001).await;
        let asked = Instant::now();
        let mut waiting: FuturesUnordered<_> =
            (0..2_048).map(|n| writer.submit(Entry::<ADMIN>::new(n, LANE, How::Well))).collect();
        assert!(waiting.next().now_or_never().is_none());
        // Refused by the first look: nobody waits for a queue that is full.
        let refused = writer.submit(Entry::<ADMIN>::new(9_999, LANE, How::Well)).now_or_never().unwrap();
        assert_eq!(refused.unwrap_err().kind, FaultKind::Unavailable);
        // Another class has room of its own.
        let other = writer.submit(Entry::<TOKEN>::new(3_000, LANE, How::Well));
        let mut other = std::pin::pin!(other);
        assert!((&mut other).now_or_never().is_none());
        held.gate.open();
        let mut kept = vec![held.answer().await];
        kept.extend(other.await.ok());
        let mut late = 0;
        while let Some(answer) = waiting.next().await {
            match answer {
                Ok(n) => kept.push(n),
                // Their five seconds were over, on a slow machine.
                Err(fault) => {
                    assert!(
                        fault.kind == FaultKind::Unavailable && asked.elapsed() > Duration::from_secs(4),
                        "{fault:?}"
                    );
                    late += 1;
                }
            }
        }
        ledger::reconcile(&mut case.conn().await, &kept).await;
        let there = ledger::numbers(&mut case.conn().await).await;
        assert!(late > 0 || there.len() == kept.len(), "{} of {}", kept.len(), there.len());
        assert!(!there.contains(&9_999));
    })
    .await;
}

/// A crowd in one class leaves the others their share of every batch.
#[tokio::test(flavor = "multi_thread")]
async fn no_class_starves() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let order = Order::default();
        let held = Held::by(&writer, 1_001).await;
        let crowd: FuturesUnordered<_> = (0..300)
            .map(|n| writer.submit(Entry::<ADMIN> { n, key: LANE, how: How::Well, order: Arc::clone(&order) }))
            .collect();
        let mut crowd = crowd.collect::<Vec<_>>();
        assert!((&mut crowd).now_or_never().is_none());
        let one = |n| writer.submit(Entry::<INTERACTIVE> { n, key: LANE, how: How::Well, order: Arc::clone(&order) });
        let (answers, one, two, ()) = tokio::join!(biased; crowd, one(601), one(602), async { held.gate.open() });
        assert!(answers.iter().all(Result::is_ok) && one.is_ok() && two.is_ok());
        held.answer().await;
        let order = order.lock().unwrap();
        for n in [601, 602] {
            let place = order.iter().position(|ran| *ran == n).unwrap();
            assert!(place < 64, "{n} ran in place {place}: not in the first batch");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_is_dropped_finishes_what_waits() {
    both(async |case| {
        ledger::create(&mut case.conn().await).await;
        let writer = case.writer().await;
        let held = Held::by(&writer, 1_001).await;
        let waiting: Vec<_> = (0..20)
            .map(|n| {
                let writer = writer.clone();
                tokio::spawn(async move { writer.submit(Entry::<ADMIN>::new(n, LANE, How::Well)).await })
            })
            .collect();
        drop(writer);
        held.gate.open();
        for (n, answer) in (0..).zip(waiting) {
            assert_eq!(answer.await.unwrap().unwrap(), n);
        }
        held.answer().await;
    })
    .await;
}
